/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of SIP, and its event: the first line's parts, and the session description.
 */
#include "sensor/app/sip_tx.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

static const struct field from_fields[] = {
    {.name = "sip.from",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_value, value),
     .progress = TX_DONE,
     .doc = "From header"},
    FIELD_END,
};

static const struct field to_fields[] = {
    {.name = "sip.to",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_value, value),
     .progress = TX_DONE,
     .doc = "To header"},
    FIELD_END,
};

static const struct field via_fields[] = {
    {.name = "sip.via",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_value, value),
     .progress = TX_DONE,
     .doc = "Via header"},
    FIELD_END,
};

static const struct field user_agent_fields[] = {
    {.name = "sip.user_agent",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_value, value),
     .progress = TX_DONE,
     .doc = "User-Agent header"},
    FIELD_END,
};

static const struct field content_type_fields[] = {
    {.name = "sip.content_type",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_value, value),
     .progress = TX_DONE,
     .doc = "Content-Type header"},
    FIELD_END,
};

static const struct field content_length_fields[] = {
    {.name = "sip.content_length",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_value, value),
     .progress = TX_DONE,
     .doc = "Content-Length header"},
    FIELD_END,
};

static const struct field bandwidth_fields[] = {
    {.name = "sdp.bandwidth",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_attribute, value),
     .progress = TX_DONE,
     .doc = "Line b="},
    FIELD_END,
};

static const struct field attribute_fields[] = {
    {.name = "sdp.attribute",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_attribute, value),
     .progress = TX_DONE,
     .doc = "Line a= of the session"},
    FIELD_END,
};

static const struct field media_fields[] = {
    {.name = "sdp.media.media",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_media, media),
     .progress = TX_DONE,
     .doc = "Line m="},
    {.name = "sdp.media.media_info",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_media, info),
     .progress = TX_DONE,
     .doc = "Line i= of a media"},
    {.name = "sdp.media.connection_data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_media, connection),
     .progress = TX_DONE,
     .doc = "Line c= of a media"},
    {.name = "sdp.media.encryption_key",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_media, key),
     .progress = TX_DONE,
     .doc = "Line k= of a media"},
    FIELD_END,
};

const struct field sip_fields[] = {
    {.name = "sip.method",
     .eve = "method",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, method),
     .progress = TX_DONE,
     .doc = "Method of a request"},
    {.name = "sip.uri",
     .eve = "uri",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, uri),
     .progress = TX_DONE,
     .doc = "Target of a request"},
    {.name = "sip.protocol",
     .eve = "version",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, version),
     .progress = TX_DONE,
     .doc = "Version: SIP/2.0"},
    {.name = "sip.stat_code",
     .eve = "code",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, code),
     .progress = TX_DONE,
     .doc = "Status code of a response as text"},
    {.name = "sip.stat_msg",
     .eve = "reason",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, reason),
     .progress = TX_DONE,
     .doc = "Text behind the status code"},
    {.name = "sip.request_line",
     .eve = "request_line",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, request_line),
     .progress = TX_DONE,
     .doc = "First line of a request"},
    {.name = "sip.response_line",
     .eve = "response_line",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, response_line),
     .progress = TX_DONE,
     .doc = "First line of a response"},
    {.name = "sip.froms",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, from),
     .progress = TX_DONE,
     .items = from_fields,
     .item_size = sizeof(struct sip_value),
     .doc = "Each From header"},
    {.name = "sip.tos",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, to),
     .progress = TX_DONE,
     .items = to_fields,
     .item_size = sizeof(struct sip_value),
     .doc = "Each To header"},
    {.name = "sip.vias",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, via),
     .progress = TX_DONE,
     .items = via_fields,
     .item_size = sizeof(struct sip_value),
     .doc = "Each Via header"},
    {.name = "sip.user_agents",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, user_agent),
     .progress = TX_DONE,
     .items = user_agent_fields,
     .item_size = sizeof(struct sip_value),
     .doc = "Each User-Agent header"},
    {.name = "sip.content_types",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, content_type),
     .progress = TX_DONE,
     .items = content_type_fields,
     .item_size = sizeof(struct sip_value),
     .doc = "Each Content-Type header"},
    {.name = "sip.content_lengths",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, content_length),
     .progress = TX_DONE,
     .items = content_length_fields,
     .item_size = sizeof(struct sip_value),
     .doc = "Each Content-Length header"},
    {.name = "sdp.origin",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.origin),
     .progress = TX_DONE,
     .doc = "Line o= of the session description"},
    {.name = "sdp.session_name",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.session_name),
     .progress = TX_DONE,
     .doc = "Line s="},
    {.name = "sdp.session_info",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.session_info),
     .progress = TX_DONE,
     .doc = "Line i= of the session"},
    {.name = "sdp.uri",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.uri),
     .progress = TX_DONE,
     .doc = "Line u="},
    {.name = "sdp.email",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.email),
     .progress = TX_DONE,
     .doc = "Line e="},
    {.name = "sdp.phone_number",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.phone),
     .progress = TX_DONE,
     .doc = "Line p="},
    {.name = "sdp.connection_data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.connection),
     .progress = TX_DONE,
     .doc = "Line c= of the session"},
    {.name = "sdp.time",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.time),
     .progress = TX_DONE,
     .doc = "Line t="},
    {.name = "sdp.repeat_time",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.repeat),
     .progress = TX_DONE,
     .doc = "Line r="},
    {.name = "sdp.timezone",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.zone),
     .progress = TX_DONE,
     .doc = "Line z="},
    {.name = "sdp.encryption_key",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct sip_tx, sdp.key),
     .progress = TX_DONE,
     .doc = "Line k= of the session"},
    {.name = "sdp.bandwidths",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, sdp.bandwidths),
     .progress = TX_DONE,
     .items = bandwidth_fields,
     .item_size = sizeof(struct sip_attribute),
     .doc = "Each line b="},
    {.name = "sdp.attributes",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, sdp.attributes),
     .progress = TX_DONE,
     .items = attribute_fields,
     .item_size = sizeof(struct sip_attribute),
     .doc = "Each line a= of the session"},
    {.name = "sdp.media",
     .type = FIELD_LIST,
     .offset = offsetof(struct sip_tx, sdp.media),
     .progress = TX_DONE,
     .items = media_fields,
     .item_size = sizeof(struct sip_media),
     .doc = "Each description of media"},
    FIELD_END,
};

static void write_text(struct jsonw *w, const char *key, struct slice text)
{
    if (text.at)
        jsonw_text(w, key, text);
}

static void write_texts(struct jsonw *w, const char *key, const struct list *list)
{
    const struct sip_attribute *at = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++)
        jsonw_text(w, NULL, at[i].value);
    jsonw_arr_close(w);
}

static void write_media(struct jsonw *w, const struct list *list)
{
    const struct sip_media *media = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, "media_descriptions");
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        write_text(w, "media", media[i].media);
        write_text(w, "media_info", media[i].info);
        write_text(w, "connection_data", media[i].connection);
        write_text(w, "encryption_key", media[i].key);
        write_texts(w, "attributes", &media[i].attributes);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_sdp(struct jsonw *w, const struct sip_sdp *sdp)
{
    jsonw_obj_open(w, "sdp");
    write_text(w, "origin", sdp->origin);
    write_text(w, "session_name", sdp->session_name);
    write_text(w, "session_info", sdp->session_info);
    write_text(w, "uri", sdp->uri);
    write_text(w, "email", sdp->email);
    write_text(w, "phone_number", sdp->phone);
    write_text(w, "connection_data", sdp->connection);
    write_texts(w, "bandwidths", &sdp->bandwidths);
    if (sdp->time.at) {
        jsonw_arr_open(w, "time_descriptions");
        jsonw_obj_open(w, NULL);
        write_text(w, "time", sdp->time);
        write_text(w, "repeat_time", sdp->repeat);
        jsonw_obj_close(w);
        jsonw_arr_close(w);
    }
    write_text(w, "timezone", sdp->zone);
    write_text(w, "encryption_key", sdp->key);
    write_texts(w, "attributes", &sdp->attributes);
    write_media(w, &sdp->media);
    jsonw_obj_close(w);
}

void sip_fields_event(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct sip_tx *sip = tx_data_const(tx);

    (void)i;
    field_write_eve(tx, w);
    if (sip->sdp.seen)
        write_sdp(w, &sip->sdp);
}
