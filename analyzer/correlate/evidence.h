/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of an event that proves something: enough to tell the story and to find the event.
 * One block of memory, shared and counted. Texts are as in record.h: bounded, never NULL, hostile.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_EVIDENCE_H
#define TRAMGAC_ANALYZER_CORRELATE_EVIDENCE_H

#include "analyzer/record/record.h"
#include "common/strbuf.h"

enum {
    EVIDENCE_FIELDS_MAX = 32, /* values kept for chains */
    EVIDENCE_TEXT_MAX = 256,  /* bytes of one text */
    EVIDENCE_PROOF_MAX = 1024,
};

enum evidence_text {
    EVIDENCE_TYPE, /* event_type */
    EVIDENCE_SENSOR,
    EVIDENCE_SITE,
    EVIDENCE_SIGNATURE,
    EVIDENCE_SIGNATURE_VI, /* "" when the rule has none */
    EVIDENCE_SOURCE,       /* "rule", "deviation", ... of alerts */
    EVIDENCE_REASON_EN,
    EVIDENCE_REASON_VI,
    EVIDENCE_PROTO,
    EVIDENCE_APP,
    EVIDENCE_PROOF,      /* JSON object: `matches` (buffer, offset, length) or `numbers` */
    EVIDENCE_TECHNIQUES, /* ids with blanks between */
    EVIDENCE_TACTICS,
    EVIDENCE_SRC_IP,
    EVIDENCE_SRC_NAME,
    EVIDENCE_SRC_DEVICE,
    EVIDENCE_SRC_ZONE,
    EVIDENCE_DST_IP,
    EVIDENCE_DST_NAME,
    EVIDENCE_DST_DEVICE,
    EVIDENCE_DST_ZONE,
    EVIDENCE_TEXTS,
};

struct evidence {
    uint32_t refs;
    uint64_t ts_ns;
    int64_t event_id, group_id;
    int64_t gid, sid;
    uint16_t src_port, dst_port;
    uint8_t severity, src_criticality, dst_criticality;
    bool is_alert, src_internal, dst_internal, src_ot, dst_ot;
    const char *text[EVIDENCE_TEXTS];
    uint32_t n_fields;
    const char **fields; /* "" when the event has none */
};

/** Copy of what matters of `r`, with `n` extra values; NULL without memory. One reference. */
struct evidence *evidence_new(const struct record *r, const struct slice *fields, uint32_t n);
struct evidence *evidence_keep(struct evidence *e);
void evidence_drop(struct evidence **e);

/** As one JSON object, and back. ERR_INPUT when it is not one. */
void evidence_write(const struct evidence *e, struct strbuf *out);
enum err evidence_read(const struct json *v, struct evidence **e);

#endif
