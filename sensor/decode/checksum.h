/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet checksums (RFC 1071) and what a wrong one means. Hosts that leave checksums to their
 * network card look wrong when the capture is taken on the host itself; an attacker sends wrong
 * ones so that only the sensor believes them. In `auto` each sender is judged by its own record.
 */
#ifndef TRAMGAC_SENSOR_DECODE_CHECKSUM_H
#define TRAMGAC_SENSOR_DECODE_CHECKSUM_H

#include "sensor/decode/packet.h"

enum checksum_mode { CHECKSUM_NONE, CHECKSUM_AUTO, CHECKSUM_ALL };
enum checksum_verdict { CHECKSUM_FINE, CHECKSUM_FORGIVEN, CHECKSUM_BAD };
enum { CHECKSUM_HOSTS = 4096 };

struct checksum_host {
    uint32_t tag; /* of the address; a collision starts the record anew */
    uint16_t good, bad;
};

struct checksum_policy {
    enum checksum_mode mode;
    struct checksum_host host[CHECKSUM_HOSTS];
};

/** "none", "auto" or "all"; anything else counts as auto ("yes" as all, "no" as none). */
void checksum_policy_init(struct checksum_policy *policy, const char *mode);

/** Judges the sums of a decoded IP packet. A cut or fragmented packet cannot be judged: fine.
 * `sum`: of the words of `l4`; NULL: not known yet. */
enum checksum_verdict checksum_judge(struct checksum_policy *policy, const struct packet *p,
                                     const uint64_t *sum);

/** The IPv4 header's own sum is right, or there is none. */
bool checksum_header_right(const struct packet *p);
/** The sum of TCP, UDP or ICMP is right, or there is none. The packet must be whole. */
bool checksum_transport_right(const struct packet *p);

/** Ones' complement sum of 16-bit words, not folded; start with 0 or an earlier sum of even length.
 */
uint64_t checksum_add(uint64_t sum, struct slice bytes);
/** Folded to 16 bits: 0xffff for data that includes a right checksum. */
uint16_t checksum_fold(uint64_t sum);

#endif
