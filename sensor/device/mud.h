/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manufacturer Usage Descriptions (RFC 8520, ACLs of RFC 8519) as JSON, compiled to a policy.
 *
 * Liberal in: the containers `acls`, `access-lists` (older) and `access-list-entries` (2017 draft)
 * are read; members that are not understood become notes. Strict out: what no entry accepts is
 * denied. How the entries apply to a flow is decided here; who stands behind a name, a role or a
 * maker is asked of the caller.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_MUD_H
#define TRAMGAC_SENSOR_DEVICE_MUD_H

#include "common/addr.h"
#include "common/err.h"

struct mud;
struct strbuf;

/** The other end that an entry speaks of. */
enum mud_peer {
    MUD_ANY,
    MUD_LOCAL,             /* local-networks */
    MUD_DNS_NAME,          /* ietf-acldns */
    MUD_CONTROLLER,        /* controller: a URI */
    MUD_MY_CONTROLLER,     /* my-controller */
    MUD_MANUFACTURER,      /* manufacturer: host part of the peer's MUD URL */
    MUD_SAME_MANUFACTURER, /* same-manufacturer */
    MUD_MODEL,             /* model: MUD URL of the peer */
    MUD_NETWORK,           /* ipv4 or ipv6 network */
};

/** A flow as seen from the device. */
struct mud_flow {
    uint8_t ip_version, proto;
    bool device_is_client;
    bool start_seen; /* the handshake was seen: who began is known */
    uint16_t server_port;
    const struct addr *peer;
    /** Whether the peer is what the entry says; see enum mud_peer. */
    enum mud_answer {
        MUD_NO,
        MUD_YES,
        MUD_UNKNOWN
    } (*is)(void *context, enum mud_peer kind, const char *text);
    void *context;
};

enum mud_verdict {
    MUD_DENIED,
    MUD_ALLOWED,
    MUD_UNRESOLVED, /* would be allowed if the peer had a name that the device could look up */
};

/** `path` only for messages. Fails on text that is no MUD file; notes go to `report`, a line
 * each. */
enum err mud_parse(struct slice text, const char *path, struct mud **mud, struct strbuf *report);
enum err mud_load(const char *path, struct mud **mud, struct strbuf *report);
void mud_free(struct mud **mud);

/** `entry`: name of the entry that decided, NULL when none did. */
enum mud_verdict mud_judge(const struct mud *mud, const struct mud_flow *flow, const char **entry);
uint32_t mud_entries(const struct mud *mud);
const char *mud_url(const struct mud *mud);
/** Host part of the MUD URL: the manufacturer. */
const char *mud_authority(const struct mud *mud);

#endif
