/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libpcap does for other ways of capturing: it compiles filters.
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_CAP_LIVE_H
#define TRAMGAC_SENSOR_CAPTURE_CAP_LIVE_H

#include "sensor/capture/capture.h"
#include "sensor/capture/iface.h"

struct sock_filter;

enum { CAP_LIVE_FILTER_MAX = 4096 }; /* BPF_MAXINSNS: what the kernel takes */

/** Compiles the filter of `s` for an interface, as the kernel sees its frames (VLAN tags beside
 * them). `code` has room for CAP_LIVE_FILTER_MAX; `n` is how many were written. ERR_INPUT with a
 * sentence when it is no filter. */
enum err cap_live_filter(const char *iface, const struct iface_settings *s,
                         struct sock_filter *code, unsigned short *n, struct capture_fault *fault);

/** A filter for frames that come from files. */
struct cap_live_sieve;
/** NULL with a sentence when the text is no filter. */
struct cap_live_sieve *cap_live_sieve_new(const char *text, struct capture_fault *fault);
void cap_live_sieve_free(struct cap_live_sieve **sieve);
/** True when the frame passes. */
bool cap_live_sieve_passes(struct cap_live_sieve *sieve, const struct frame *frame);

#endif
