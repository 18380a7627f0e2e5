/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers: what operations look at. Names come from keyword rows and from the protocols' fields.
 */
#ifndef TRAMGAC_SENSOR_DETECT_BUFFER_H
#define TRAMGAC_SENSOR_DETECT_BUFFER_H

#include "sensor/detect/keyword.h"
#include "sensor/detect/loader.h"

/** What a file has: there is none of it without one. */
static inline bool buffer_of_file(const struct buffer *b)
{
    return b->kind == BUFFER_FILE || b->kind == BUFFER_FILE_NAME || b->kind == BUFFER_FILE_MAGIC ||
           b->kind == BUFFER_FILE_META;
}

/** Packet payload or stream. */
const struct buffer *buffer_payload(struct loader *loader);
/** A buffer that is no field: made once per name. */
const struct buffer *buffer_special(struct loader *loader, const char *name, enum buffer_kind kind,
                                    enum field_side side);
const struct buffer *buffer_packet(struct loader *loader, const char *name,
                                   bool (*get)(const struct inspection *, struct slice *));
/** The frames of a type of the protocol with this row; see sensor/app/frame.h. */
const struct buffer *buffer_frame(struct loader *loader, int proto, int type);
/** A field of one or more protocols by name or alias; NULL when no protocol has it. Its kind says
 * whether it holds bytes or a number. */
const struct buffer *buffer_field(struct loader *loader, struct slice name);
const struct buffer *buffer_transformed(struct loader *loader, const struct buffer *base,
                                        const struct transform_use *uses, uint8_t n);

enum buffer_state {
    BUFFER_READY,   /* complete: what does not match now never will */
    BUFFER_GROWING, /* may be looked at, and looked at again when there is more */
    BUFFER_LATER,   /* not there yet */
    BUFFER_NEVER,   /* this transaction has none, or no more of them */
};

struct buffer_scratch; /* one worker's room for transformed bytes */
struct buffer_scratch *buffer_scratch_new(void);
void buffer_scratch_free(struct buffer_scratch **scratch);

/** The field that a name stands for in this protocol and direction: it may be one of the request or
 * one of the response (http.header). NULL: there is none. */
const struct field_ref *buffer_ref(const struct buffer *buffer, const struct proto_def *proto,
                                   enum dir dir);
/** State of that field in the transaction that is inspected. */
enum buffer_state buffer_ref_state(const struct field_ref *ref, const struct inspection *in);
/** State of a transaction's buffer in the direction that is inspected. */
enum buffer_state buffer_state(const struct buffer *buffer, const struct inspection *in);
/** The i-th instance; false behind the last. Transformed bytes live until the next call. */
bool buffer_instance(const struct buffer *buffer, const struct inspection *in, uint32_t i,
                     struct buffer_scratch *scratch, struct slice *out);
/** The i-th number. `*more` false behind the last; absent ones give false. */
bool buffer_number(const struct buffer *buffer, const struct inspection *in, uint32_t i,
                   uint64_t *value);
uint32_t buffer_count(const struct buffer *buffer, const struct inspection *in);
/** True when this protocol has the buffer. */
bool buffer_of_proto(const struct buffer *buffer, const struct proto_def *proto);
/** The file the inspection is about. */
struct file *buffer_file(const struct inspection *in);

#endif
