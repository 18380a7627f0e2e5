/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of two copies of the same bytes a host keeps, when segments or fragments overlap: by the
 * network stack of the host that receives them. Networks are named in `host-os-policy` (the shape
 * of Suricata's); elsewhere the stack is guessed from what the host sends, else the default holds.
 *
 * After Shankar and Paxson, "Active Mapping" (2003), and Novak and Sturges, "Target-Based TCP
 * Stream Reassembly" (2007).
 */
#ifndef TRAMGAC_SENSOR_DECODE_OS_POLICY_H
#define TRAMGAC_SENSOR_DECODE_OS_POLICY_H

#include "common/addr.h"
#include "common/conf.h"

enum os_policy {
    OS_NONE, /* not known */
    OS_FIRST,
    OS_LAST,
    OS_BSD,
    OS_BSD_RIGHT,
    OS_OLD_LINUX,
    OS_LINUX,
    OS_OLD_SOLARIS,
    OS_SOLARIS,
    OS_HPUX10,
    OS_HPUX11,
    OS_IRIX,
    OS_MACOS,
    OS_WINDOWS,
    OS_WINDOWS2K3,
    OS_VISTA,
    OS_COUNT
};

struct os_policies;

struct os_policies *os_policies_new(const struct conf *conf);
void os_policies_free(struct os_policies **policies);

/** Of the longest network that holds the address; OS_NONE when none does. */
enum os_policy os_policy_of(const struct os_policies *policies, const struct addr *addr);

/** By name, as in the configuration ("old-linux"); OS_NONE for an unknown one. */
enum os_policy os_policy_find(const char *name);

/** Guessed from the SYN or SYN-ACK of a host: its hop limit, window and options. */
enum os_policy os_policy_guess(uint8_t ttl, uint16_t window, uint16_t mss, bool has_ts,
                               bool has_wscale);

/** A piece of a numbered space: first byte and the byte behind the last, modulo 2^32. */
struct os_span {
    uint32_t from, to;
};

/** True when a host takes the newcomer's bytes where it overlaps a segment that waits. */
bool os_policy_tcp_newer(enum os_policy policy, struct os_span newer, struct os_span waiting);
/** The same of fragments of IP. */
bool os_policy_ip_newer(enum os_policy policy, struct os_span newer, struct os_span waiting);

#endif
