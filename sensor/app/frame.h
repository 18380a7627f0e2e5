/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: the units that a protocol's bytes are made of, by the names that rules use for them
 * (`frame:tls.pdu`). A row knows where the units of one protocol begin and end; who feeds it keeps
 * the bytes. Nothing here is called unless a rule names a frame of the protocol.
 */
#ifndef TRAMGAC_SENSOR_APP_FRAME_H
#define TRAMGAC_SENSOR_APP_FRAME_H

#include "sensor/app/proto.h"

enum {
    FRAME_TYPES_MAX = 31,
    FRAME_STREAM = 31, /* all bytes of a direction: every protocol over TCP has it */
    FRAME_FOUND_MAX = 48,
    FRAME_MEMORY = 64,
    FRAME_MORE = 0, /* answers of `cut` beside the number of bytes used */
};
#define FRAME_LOST UINT32_MAX       /* no unit of this protocol begins here */
#define FRAME_OFF  (UINT32_MAX - 1) /* nothing more to cut in this direction (encrypted) */
#define FRAME_OPEN UINT32_MAX       /* length of a frame whose end is not known yet */

/** A frame that a cut has found, or the end of an open one. */
struct frame_found {
    uint8_t type;
    bool closes; /* the open frame of this type ends at `at` */
    uint32_t at; /* from the start of `in` */
    uint32_t len;
};

/** One step of cutting: `in` begins where a unit does. */
struct frame_cut {
    enum dir dir;
    bool datagram; /* `in` is complete by itself */
    struct slice in;
    void *memory; /* FRAME_MEMORY bytes of the flow, zeroed at first, of both directions */
    uint32_t n;
    struct frame_found found[FRAME_FOUND_MAX];
};

struct frame_def {
    const char *proto;
    const char *const *names; /* by type, ended by NULL */
    uint32_t l4;
    /** Bytes used (more than there are: the rest is skipped when it comes), or FRAME_MORE (all or
     * nothing was found), FRAME_LOST, FRAME_OFF. Must not depend on how the bytes were cut. */
    uint32_t (*cut)(struct frame_cut *cut);
    bool grows; /* a unit is told before it is whole */
};

/** The row of a protocol; NULL when it has no frames. */
const struct frame_def *frame_of(const struct proto_def *proto);
/** Number of a frame's name in the protocol ("stream" too), -1 when it has none of that name. */
int frame_type(const struct proto_def *proto, struct slice name);
/** Its name; "stream" for FRAME_STREAM. */
const char *frame_name(const struct proto_def *proto, uint8_t type);
/** i-th row; NULL behind the last. For documents and tests. */
const struct frame_def *frame_at(uint32_t i);

/** For rows: adds a frame, or says that the open one of this type ends. */
void frame_found(struct frame_cut *cut, uint8_t type, uint32_t at, uint32_t len);
void frame_closes(struct frame_cut *cut, uint8_t type, uint32_t at);

/* Rows that stand in files of their own. */
uint32_t frame_http_cut(struct frame_cut *cut);
uint32_t frame_sip_cut(struct frame_cut *cut);
uint32_t frame_telnet_cut(struct frame_cut *cut);
uint32_t frame_rfb_cut(struct frame_cut *cut);
uint32_t frame_nfs_cut(struct frame_cut *cut);

#endif
