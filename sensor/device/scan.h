/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans from minute 0. Sequential hypothesis test over first contacts (Jung et al., "Fast Portscan
 * Detection Using Sequential Hypothesis Testing", 2004): a refused first contact adds ln 4, a
 * successful one takes it away; at ln(0.99/0.0001) the device scans. Beside it a count of distinct
 * addresses asked for (ARP, echo) within a minute.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_SCAN_H
#define TRAMGAC_SENSOR_DEVICE_SCAN_H

#include "common/addr.h"

enum { SCAN_CONTACTS = 128, SCAN_TARGETS = 64 };

struct scan {
    int32_t score_m;           /* thousandths */
    uint32_t failed, answered; /* first contacts since the last alarm */
    uint8_t n_contacts, next_contact;
    uint8_t n_targets;
    uint32_t contacts_room, targets_room;
    uint32_t *contacts; /* hashes of the newest contacts, SCAN_CONTACTS at most */
    uint32_t *targets;  /* SCAN_TARGETS at most */
    uint64_t sweep_ns;  /* start of the minute */
};

/** A contact of (peer, proto, port); true = the test says scan now. `figures`: failed and answered
 * first contacts that led there. The test then starts anew. */
bool scan_contact(struct scan *scan, const struct addr *peer, uint8_t proto, uint16_t port,
                  bool answered, uint32_t figures[2]);
/** An address was asked for; true when `limit` distinct ones were within 60 s (once). */
bool scan_target(struct scan *scan, const struct addr *target, uint64_t now_ns, uint32_t limit);

/** Contacts, oldest place first, and targets of a saved state. */
void scan_restore(struct scan *scan, const uint32_t *contacts, uint8_t n_contacts,
                  uint8_t next_contact, const uint32_t *targets, uint8_t n_targets);
void scan_fini(struct scan *scan);

#endif
