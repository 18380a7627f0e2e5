/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DCE/RPC messages, as TCP, UDP and named pipes carry them: headers, interfaces, calls.
 * Spec: C706 (DCE 1.1 RPC) chapter 12, MS-RPCE 2.2.2.
 * Limits: DCERPC_CONTEXTS_MAX contexts of a connection, DCERPC_STUB_MAX bytes of stub data of each
 * direction of a call; more is counted, not kept.
 */
#ifndef TRAMGAC_SENSOR_APP_DCERPC_PDU_H
#define TRAMGAC_SENSOR_APP_DCERPC_PDU_H

#include "sensor/app/proto.h"

enum {
    DCERPC_HEADER = 16,
    DCERPC_UUID = 16,
    DCERPC_CONTEXTS_MAX = 24,
    DCERPC_STUB_MAX = 256 * 1024,
};

enum dcerpc_type {
    DCERPC_REQUEST = 0,
    DCERPC_PING = 1,
    DCERPC_RESPONSE = 2,
    DCERPC_FAULT = 3,
    DCERPC_BIND = 11,
    DCERPC_BIND_ACK = 12,
    DCERPC_BIND_NAK = 13,
    DCERPC_ALTER = 14,
    DCERPC_ALTER_RESPONSE = 15,
    DCERPC_AUTH3 = 16,
    DCERPC_TYPE_LAST = 20,
};

enum { DCERPC_FIRST = 1, DCERPC_LAST = 2, DCERPC_OBJECT = 0x80 };

/** Header of a connection's message. */
struct dcerpc_header {
    uint8_t version, minor, type, flags;
    bool little;
    uint16_t length, auth_length;
    uint32_t call_id;
};

/** An interface that a client asked for, and what the server said. */
struct dcerpc_iface {
    uint8_t uuid[DCERPC_UUID]; /* in the order in which it is written */
    uint16_t major, minor;
    uint16_t context;
    uint16_t result, reason;
    bool acked;
    bool first_fragment; /* asked for in the first fragment of a bind */
};

/** Contexts of one connection or pipe. */
struct dcerpc_contexts {
    uint32_t n;
    struct dcerpc_iface at[DCERPC_CONTEXTS_MAX];
};

/** A call with its answer: part of the transaction of whoever carries it. */
struct dcerpc_call {
    bool seen[2]; /* by direction */
    uint8_t type[2];
    bool has_opnum;
    bool whole_result; /* the stub of an answer begins with its size hint */
    bool little[2];
    uint16_t opnum, context;
    uint32_t call_id;
    uint32_t fragments[2];
    uint32_t stub_bytes[2];
    struct slice stub[2];
    struct list ifaces; /* struct dcerpc_iface: of a bind, or those a request may use */
};

/** False when the bytes are not (all of) a header of version 5. */
bool dcerpc_pdu_header(struct slice in, struct dcerpc_header *header);
/** Sixteen bytes in the order in which the identifier is written. */
void dcerpc_pdu_uuid(struct cursor *c, bool little, uint8_t out[DCERPC_UUID]);
/** "12345778-1234-abcd-ef00-0123456789ac" */
void dcerpc_pdu_uuid_text(const uint8_t uuid[DCERPC_UUID], char out[37]);
/** "REQUEST", "BINDACK" …; the number for what has no name, written to `room`. */
const char *dcerpc_pdu_type_name(uint8_t type, char room[8]);

/** Adds one message of a direction to a call. `pdu` begins with the header and holds what there is
 * of the message. False when its body is malformed. */
bool dcerpc_pdu_add(struct app *app, struct tx *tx, struct dcerpc_call *call,
                    struct dcerpc_contexts *contexts, enum dir dir,
                    const struct dcerpc_header *header, struct slice pdu);
/** Appends bytes of stub data that come behind the first part of their message. */
void dcerpc_pdu_stub(struct app *app, struct tx *tx, struct dcerpc_call *call, enum dir dir,
                     struct slice more);

/** The call's interface that `uuid` names, when the server took it; `strict`: that of the call's
 * own context only. NULL = none. */
const struct dcerpc_iface *dcerpc_pdu_iface(const struct dcerpc_call *call,
                                            const uint8_t uuid[DCERPC_UUID], bool strict,
                                            const struct dcerpc_iface *after);
/** The call of a transaction: of dcerpc or smb. NULL when it holds none. */
const struct dcerpc_call *dcerpc_pdu_call(const struct tx *tx);

#endif
