/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to systemd when it started us; nothing happens otherwise (libsystemd stays inside
 * sdnotify.c).
 */
#ifndef TRAMGAC_COMMON_SDNOTIFY_H
#define TRAMGAC_COMMON_SDNOTIFY_H

#include <stdint.h>

/** Start-up is over. */
void sdnotify_ready(void);
/** Rules or configuration are being read again; sdnotify_ready() ends it. */
void sdnotify_reloading(uint64_t mono_ns);
void sdnotify_stopping(void);
/** One line for `systemctl status`. */
void sdnotify_status(const char *text);

/** How often sdnotify_alive() must be called at least; 0: the watchdog is off. Ask for half of it.
 */
uint64_t sdnotify_watchdog_ns(void);
void sdnotify_alive(void);

#endif
