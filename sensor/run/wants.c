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
    wants->pauses = !conf_bool(conf, "decode.as-suricata");
}

uint32_t wants_of_files(const struct ruleset *ruleset)
{
    static const struct {
        const char *what;
        enum files_want want;
    } wants[] = {{"file.magic", FILES_MAGIC}, {"filemagic", FILES_MAGIC},  {"md5", FILES_MD5},
                 {"filemd5", FILES_MD5},      {"sha1", FILES_SHA1},        {"filesha1", FILES_SHA1},
                 {"sha256", FILES_SHA256},    {"filesha256", FILES_SHA256}};
    uint32_t mask = 0;

    for (uint32_t i = 0; ruleset && i < sizeof(wants) / sizeof(wants[0]); i++) {
        if (ruleset_wants(ruleset, wants[i].what))
            mask |= wants[i].want;
    }
    return mask;
}
