/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos 5 messages: the parts that are not encrypted. Spec: RFC 4120 section 5.
 * Slices point into the message.
 */
#ifndef TRAMGAC_SENSOR_APP_KRB5_MSG_H
#define TRAMGAC_SENSOR_APP_KRB5_MSG_H

#include "common/cursor.h"

enum { KRB5_PARTS_MAX = 6, KRB5_ETYPES_MAX = 16 };

enum krb5_type {
    KRB5_AS_REQ = 10,
    KRB5_AS_REP = 11,
    KRB5_TGS_REQ = 12,
    KRB5_TGS_REP = 13,
    KRB5_AP_REQ = 14,
    KRB5_AP_REP = 15,
    KRB5_ERROR = 30,
};

/** A principal: "krbtgt", "EXAMPLE.ORG". */
struct krb5_name {
    bool present;
    uint32_t n;
    struct slice part[KRB5_PARTS_MAX];
};

struct krb5_ticket {
    bool present;
    struct slice realm;
    struct krb5_name sname;
    int32_t etype;
};

struct krb5_message {
    uint8_t type; /* enum krb5_type */
    bool has_realm, has_etype, has_error;
    struct slice realm;
    struct krb5_name cname, sname;
    int32_t etype;             /* of the answer's encrypted part */
    struct krb5_ticket ticket; /* of an answer */
    uint32_t n_etypes;         /* that a request offers */
    int32_t etypes[KRB5_ETYPES_MAX];
    int32_t error;
};

/** False when it is none of the types above or malformed. */
bool krb5_msg_read(struct slice message, struct krb5_message *out);
/** The ticket of an AP-REQ. */
bool krb5_msg_ap_request(struct slice message, struct krb5_ticket *out);

#endif
