/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sdnotify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

void sdnotify_ready(void)
{
    sd_notify(0, "READY=1");
}

void sdnotify_reloading(uint64_t mono_ns)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, mono_ns / 1000);
}

void sdnotify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void sdnotify_status(const char *text)
{
    sd_notifyf(0, "STATUS=%s", text);
}

uint64_t sdnotify_watchdog_ns(void)
{
    uint64_t usec = 0;
    return sd_watchdog_enabled(0, &usec) > 0 ? usec * 1000 : 0;
}

void sdnotify_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}
