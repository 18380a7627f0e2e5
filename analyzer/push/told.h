/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a receiver may know of an incident. Redaction is done here, for every form of message: a
 * connector with `mask_internal` learns neither addresses nor names of own hosts, only pseudonyms
 * that stay the same; payloads of packets are never told to anybody.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_TOLD_H
#define TRAMGAC_ANALYZER_PUSH_TOLD_H

#include "analyzer/push/push.h"
#include "analyzer/record/incident_name.h"
#include "common/json.h"

enum { TOLD_HOST_MAX = 64, TOLD_TEXT_MAX = 2000 };

struct told {
    const struct connector *c;
    const struct incident *incident;
    const char *kind; /* "opened", "updated", "closed", "exercise" */
    bool exercise;
    char name[INCIDENT_NAME_MAX];
    struct json *why;             /* of the incident; NULL when it could not be read */
    const struct json *worst;     /* the most severe stage, the newest of equals; NULL = none */
    char title_en[TOLD_TEXT_MAX]; /* redacted */
    char title_vi[TOLD_TEXT_MAX];
    char entity[TOLD_TEXT_MAX]; /* name and address, redacted */
    char src[TOLD_HOST_MAX];    /* of the worst stage; "" = none */
    char dst[TOLD_HOST_MAX];
};

void told_open(struct told *told, const struct telling *telling);
void told_close(struct told *told);

/** "host-1a2b3c4d": the same for the same text and secret. */
void told_mask(const struct connector *c, const char *text, char out[TOLD_HOST_MAX]);
/** An address as the receiver may see it. */
void told_host(const struct connector *c, const char *ip, char out[TOLD_HOST_MAX]);
/** A text in which own addresses and names of own hosts are replaced where they must be. */
void told_text(const struct told *told, const char *text, char out[TOLD_TEXT_MAX]);
/** One member of a stage or entity ("src", "text.en"), redacted. */
void told_member(const struct told *told, const struct json *of, const char *path,
                 char out[TOLD_TEXT_MAX]);

#endif
