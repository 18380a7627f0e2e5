/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/wants.h"

static bool is_written(const struct event_options *options, const char *const *names)
{
    struct event_ctx ctx = {.options = options};

    for (; *names; names++) {
        if (event_wanted(*names, &ctx))
            return true;
    }
    return false;
}

void wants_read(const struct conf *conf, bool rules, struct wants *wants)
{
    static const char *const of_devices[] = {"device", "deviation", NULL};
    static const char *const of_notes[] = {"anomaly", "anomaly_summary", NULL};
    static const char *const of_content[] = {"fileinfo", "yara", NULL};
    struct event_options options;

    event_options_read(conf, &options);
    wants->devices = rules || is_written(&options, of_devices) || *conf_text(conf, "device.state");
    wants->notes = rules || is_written(&options, of_notes);
    wants->content = wants->devices || wants->notes || options.protocols != 0 ||
                     is_written(&options, of_content);
}
