/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which transactions of a protocol become events, what stands around alerts, and whose address
 * behind a proxy: the settings of Suricata's eve-log for dns, alert and xff.
 */
#ifndef TRAMGAC_SENSOR_EVENT_CHOICE_H
#define TRAMGAC_SENSOR_EVENT_CHOICE_H

#include "sensor/app/app.h"

enum { CHOICE_TYPES_MAX = 64 };

struct choice {
    bool requests, responses; /* of DNS */
    uint8_t n_types;          /* record types of DNS; 0 = all */
    uint16_t types[CHOICE_TYPES_MAX];
    bool flow, rule_metadata, verdict; /* what alerts carry */
    bool xff, xff_overwrite, xff_first;
    bool body_printable; /* of HTTP, in alerts */
    bool ethernet;       /* events carry hardware addresses */
    bool file_name;      /* events of a replay tell the capture file */
    bool more;           /* one of these two */
    bool marks;          /* events carry what rules left on the flow */
    bool rule_text;      /* alerts carry their rule */
    bool note_packet;    /* notes of decoders carry the frame */
};

extern const struct option choice_options[];
void choice_read(const struct conf *conf, struct choice *choice);
/** False when the transaction is not to become an event. */
bool choice_wants(const struct choice *choice, struct tx *tx);
/** The address a proxy says it speaks for (X-Forwarded-For); false when there is none. */
bool choice_forwarded(const struct choice *choice, struct tx *tx, struct addr *addr);

#endif
