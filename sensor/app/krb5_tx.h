/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kerberos message: what proto_krb5.c fills in and krb5_event.c writes.
 */
#ifndef TRAMGAC_SENSOR_APP_KRB5_TX_H
#define TRAMGAC_SENSOR_APP_KRB5_TX_H

#include "sensor/app/krb5_msg.h"
#include "sensor/app/proto.h"

struct krb5_text {
    struct slice text;
};

struct krb5_tx {
    uint8_t type, failed; /* enum krb5_type; failed: of the request, 0 = unknown */
    bool has_error, has_etype, has_ticket, has_realm, weak, weak_ticket;
    int32_t error, etype, ticket_etype;
    struct slice realm;
    struct krb5_name cname, sname;
    struct list cnames, snames; /* struct krb5_text */
};

void krb5_event_write(struct tx *tx, uint32_t i, struct jsonw *w);
/** Name of a kind of encryption, NULL when it has none. */
const char *krb5_event_etype(int32_t etype);
/** Its number by the name or as digits; false when unknown. */
bool krb5_event_etype_of(struct slice name, int32_t *etype);

#endif
