/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire.h"
#include "common/check.h"
#include "common/compress.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/jsonw.h"

#include <math.h>
#include <stdio.h>

enum { WIRE_VERSION = 1, WIRE_HEAD_MAX = 1024, WIRE_CONTROL_MAX = 65536, ZSTD_LEVEL = 3 };

static const char *const class_names[WIRE_CLASSES] = {
    [CLASS_ALERT] = "alert", [CLASS_DEVICE] = "device", [CLASS_TX] = "tx",
    [CLASS_FLOW] = "flow",   [CLASS_STATS] = "stats",
};

const char *wire_class_name(enum event_class cls)
{
    return class_names[cls];
}

bool wire_class_parse(struct slice text, enum event_class *cls)
{
    for (uint32_t i = 0; i < WIRE_CLASSES; i++) {
        if (slice_eq(text, slice_of_str(class_names[i]))) {
            *cls = (enum event_class)i;
            return true;
        }
    }
    return false;
}

static bool name_byte(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool keep_name(struct slice text, char out[WIRE_NAME_MAX + 1])
{
    if (text.len == 0 || text.len > WIRE_NAME_MAX)
        return false;
    for (uint32_t i = 0; i < text.len; i++) {
        if (!name_byte(text.at[i]))
            return false;
    }
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return true;
}

bool wire_name_ok(const char *name)
{
    char copy[WIRE_NAME_MAX + 1];
    return keep_name(slice_of_str(name), copy);
}

uint32_t wire_partition(const struct addr *host)
{
    if (host->family == 0)
        return 0;
    struct slice bytes = {host->b, host->family == 4 ? 4 : 16};
    return (uint32_t)(hash_bytes(bytes, 0) % WIRE_PARTITIONS);
}

/* ---- envelopes ---- */

static bool number_ok(uint64_t n)
{
    return n > 0 && n <= WIRE_NUMBER_MAX;
}

static bool envelope_ok(const struct wire_envelope *e)
{
    return number_ok(e->epoch) && number_ok(e->seq) && e->n <= WIRE_LINES_MAX &&
           (e->n == 0 || e->shed == 0) && (e->n == 0) == (e->lines.len == 0);
}

/* Exactly `n` lines, none empty or too long, the last one ended. */
static bool lines_ok(struct slice lines, uint32_t n)
{
    struct slice line;

    if (lines.len && lines.at[lines.len - 1] != '\n')
        return false;
    while (wire_line(&lines, &line)) {
        if (n-- == 0 || line.len == 0 || line.len > WIRE_LINE_MAX)
            return false;
    }
    return n == 0;
}

static void write_head(const struct wire_envelope *e, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "v", WIRE_VERSION);
    jsonw_str(&w, "sensor", e->sensor);
    jsonw_str(&w, "site", e->site);
    jsonw_u64(&w, "epoch", e->epoch);
    jsonw_u64(&w, "seq", e->seq);
    jsonw_str(&w, "class", class_names[e->cls]);
    jsonw_u64(&w, "n", e->n);
    if (e->shed)
        jsonw_u64(&w, "shed", e->shed);
    jsonw_obj_close(&w);
    strbuf_char(out, '\n');
}

enum err wire_build(const struct wire_envelope *envelope, struct strbuf *out)
{
    if (!envelope_ok(envelope) || !wire_name_ok(envelope->sensor) ||
        !wire_name_ok(envelope->site) || !lines_ok(envelope->lines, envelope->n))
        return ERR_INPUT;
    if (envelope->lines.len > WIRE_PLAIN_MAX - WIRE_HEAD_MAX)
        return ERR_FULL;
    if (envelope->lines.len + WIRE_HEAD_MAX / 4 <= WIRE_COMPRESS_ABOVE) {
        write_head(envelope, out);
        strbuf_slice(out, envelope->lines);
        return out->full ? ERR_FULL : ERR_OK;
    }
    struct strbuf plain;
    size_t before = out->len;
    strbuf_init(&plain, 0);
    write_head(envelope, &plain);
    strbuf_slice(&plain, envelope->lines);
    enum err err = plain.full ? ERR_NOMEM : compress_zstd(strbuf_view(&plain), ZSTD_LEVEL, out);
    strbuf_fini(&plain);
    if (!err && out->len - before > WIRE_MESSAGE_MAX) {
        out->len = before;
        err = ERR_FULL;
    }
    return err;
}

/* A member that must be a whole number in [least, most]. */
static bool take_number(const struct json *obj, const char *key, uint64_t least, uint64_t most,
                        uint64_t *value)
{
    double d = json_num(json_get(obj, key), -1);

    if (!(d >= (double)least && d <= (double)most) || d != floor(d))
        return false;
    *value = (uint64_t)d;
    return true;
}

static bool read_head(const struct json *head, struct wire_envelope *e)
{
    uint64_t version = 0;
    uint64_t n = 0;
    uint64_t shed = 0;

    if (!take_number(head, "v", WIRE_VERSION, WIRE_VERSION, &version) ||
        !keep_name(json_text(json_get(head, "sensor")), e->sensor) ||
        !keep_name(json_text(json_get(head, "site")), e->site) ||
        !take_number(head, "epoch", 1, WIRE_NUMBER_MAX, &e->epoch) ||
        !take_number(head, "seq", 1, WIRE_NUMBER_MAX, &e->seq) ||
        !take_number(head, "n", 0, WIRE_LINES_MAX, &n) ||
        !wire_class_parse(json_text(json_get(head, "class")), &e->cls))
        return false;
    if (json_get(head, "shed") && !take_number(head, "shed", 0, WIRE_LINES_MAX, &shed))
        return false;
    e->n = (uint32_t)n;
    e->shed = (uint32_t)shed;
    return true;
}

enum err wire_parse(struct slice message, struct strbuf *room, struct wire_envelope *envelope)
{
    *envelope = (struct wire_envelope){0};
    if (message.len > WIRE_MESSAGE_MAX)
        return ERR_INPUT;
    if (compress_is_zstd(message)) {
        strbuf_clear(room);
        enum err err = compress_unzstd(message, WIRE_PLAIN_MAX, room);
        if (err)
            return err == ERR_NOMEM ? err : ERR_INPUT;
        message = strbuf_view(room);
    }
    int64_t end = slice_find_byte(slice_head(message, WIRE_HEAD_MAX), '\n');
    struct json *head = NULL;
    if (end < 0 || json_parse(slice_head(message, (uint32_t)end), &head, NULL))
        return ERR_INPUT;
    bool good = read_head(head, envelope);
    json_free(&head);
    envelope->lines = slice_from(message, (uint32_t)end + 1);
    good = good && envelope_ok(envelope) && lines_ok(envelope->lines, envelope->n);
    return good ? ERR_OK : ERR_INPUT;
}

bool wire_line(struct slice *lines, struct slice *line)
{
    if (lines->len == 0)
        return false;
    int64_t end = slice_find_byte(*lines, '\n');
    uint32_t len = end < 0 ? lines->len : (uint32_t)end;
    *line = slice_head(*lines, len);
    *lines = slice_from(*lines, len + 1);
    return true;
}

/* ---- control messages ---- */

enum { HAS_SENDER = 1, HAS_EPOCH = 2, HAS_SEQ = 4, HAS_RANGE = 8, SENDER_OPTIONAL = 16 };

static const struct {
    const char *name;
    uint32_t has;
} controls[] = {
    [WIRE_HELLO] = {"hello", HAS_SENDER | SENDER_OPTIONAL | HAS_EPOCH | HAS_RANGE},
    [WIRE_BYE] = {"bye", HAS_SENDER | HAS_EPOCH},
    [WIRE_ACK] = {"ack", HAS_EPOCH | HAS_SEQ},
    [WIRE_RESEND] = {"resend", HAS_EPOCH | HAS_RANGE},
};

void wire_control_build(const struct wire_control *control, struct strbuf *out)
{
    struct jsonw w;

    CHECK(control->type < WIRE_OTHER);
    uint32_t has = controls[control->type].has;
    if (has & SENDER_OPTIONAL && !control->sensor[0])
        has = 0;
    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "v", WIRE_VERSION);
    jsonw_str(&w, "t", controls[control->type].name);
    if (has & HAS_SENDER) {
        jsonw_str(&w, "sensor", control->sensor);
        jsonw_str(&w, "site", control->site);
    }
    if (has & HAS_EPOCH)
        jsonw_u64(&w, "epoch", control->epoch);
    if (has & HAS_SEQ)
        jsonw_u64(&w, "seq", control->seq);
    if (has & HAS_RANGE) {
        jsonw_u64(&w, "from", control->from);
        jsonw_u64(&w, "to", control->to);
    }
    jsonw_obj_close(&w);
}

static enum wire_control_type type_of(const char *name)
{
    for (uint32_t i = 0; i < WIRE_OTHER; i++) {
        if (strcmp(name, controls[i].name) == 0)
            return (enum wire_control_type)i;
    }
    return WIRE_OTHER;
}

/* The members that a message of this kind must have. */
static bool read_members(const struct json *obj, uint32_t has, struct wire_control *c)
{
    if (has & HAS_SENDER && (!keep_name(json_text(json_get(obj, "sensor")), c->sensor) ||
                             !keep_name(json_text(json_get(obj, "site")), c->site)))
        return false;
    if (has & HAS_EPOCH && !take_number(obj, "epoch", 1, WIRE_NUMBER_MAX, &c->epoch))
        return false;
    if (has & HAS_SEQ && !take_number(obj, "seq", 0, WIRE_NUMBER_MAX, &c->seq))
        return false;
    return !(has & HAS_RANGE) || (take_number(obj, "from", 0, WIRE_NUMBER_MAX, &c->from) &&
                                  take_number(obj, "to", 0, WIRE_NUMBER_MAX, &c->to));
}

static bool read_control(const struct json *obj, struct wire_control *c)
{
    struct slice name = json_text(json_get(obj, "t"));
    uint64_t version = 0;

    if (!take_number(obj, "v", WIRE_VERSION, WIRE_VERSION, &version) || name.len == 0 ||
        name.len >= sizeof(c->name))
        return false;
    memcpy(c->name, name.at, name.len);
    c->type = type_of(c->name);
    if (c->type == WIRE_OTHER)
        return true;
    uint32_t has = controls[c->type].has;
    bool anonymous = has & SENDER_OPTIONAL && !json_get(obj, "sensor");
    return anonymous || read_members(obj, has, c);
}

enum err wire_control_parse(struct slice message, struct wire_control *control)
{
    struct json *obj = NULL;

    *control = (struct wire_control){0};
    if (message.len > WIRE_CONTROL_MAX || json_parse(message, &obj, NULL))
        return ERR_INPUT;
    bool good = read_control(obj, control);
    json_free(&obj);
    return good ? ERR_OK : ERR_INPUT;
}

bool wire_is_control(struct slice message)
{
    struct wire_control control;

    /* An envelope's first line has no "t"; one with lines is not a single JSON value. */
    return !compress_is_zstd(message) && wire_control_parse(message, &control) == ERR_OK;
}

/* ---- topics ---- */

#define TOPIC_ROOT "tramgac/v1/"

void wire_topic_text(const struct wire_topic *topic, char out[WIRE_TOPIC_MAX])
{
    switch (topic->kind) {
    case WIRE_TOPIC_EVENTS:
        snprintf(out, WIRE_TOPIC_MAX, TOPIC_ROOT "%s/%s/ev/p%02u/%s", topic->site, topic->sensor,
                 topic->partition % WIRE_PARTITIONS, class_names[topic->cls]);
        break;
    case WIRE_TOPIC_STATUS:
        snprintf(out, WIRE_TOPIC_MAX, TOPIC_ROOT "%s/%s/status", topic->site, topic->sensor);
        break;
    case WIRE_TOPIC_CTL:
        snprintf(out, WIRE_TOPIC_MAX, TOPIC_ROOT "%s/%s/ctl", topic->site, topic->sensor);
        break;
    }
}

/* Text up to the next '/', which is skipped. */
static struct slice level(struct slice *text)
{
    int64_t slash = slice_find_byte(*text, '/');
    uint32_t len = slash < 0 ? text->len : (uint32_t)slash;
    struct slice part = slice_head(*text, len);

    *text = slice_from(*text, len + 1);
    return part;
}

static bool read_partition(struct slice text, uint32_t *partition)
{
    uint64_t n = 0;

    if (text.len != 3 || text.at[0] != 'p' || !slice_to_u64(slice_from(text, 1), &n))
        return false;
    *partition = (uint32_t)n;
    return n < WIRE_PARTITIONS;
}

bool wire_topic_parse(struct slice text, struct wire_topic *topic)
{
    *topic = (struct wire_topic){0};
    if (text.len >= WIRE_TOPIC_MAX || !slice_starts(text, SLICE_LIT(TOPIC_ROOT)))
        return false;
    text = slice_from(text, sizeof(TOPIC_ROOT) - 1);
    if (!keep_name(level(&text), topic->site) || !keep_name(level(&text), topic->sensor))
        return false;
    struct slice kind = level(&text);
    if (slice_eq(kind, SLICE_LIT("ev"))) {
        topic->kind = WIRE_TOPIC_EVENTS;
        return read_partition(level(&text), &topic->partition) &&
               wire_class_parse(text, &topic->cls);
    }
    bool status = slice_eq(kind, SLICE_LIT("status"));
    topic->kind = status ? WIRE_TOPIC_STATUS : WIRE_TOPIC_CTL;
    return text.len == 0 && (status || slice_eq(kind, SLICE_LIT("ctl")));
}

/* ---- framing ---- */

void wire_framer_init(struct wire_framer *framer)
{
    *framer = (struct wire_framer){0};
    strbuf_init(&framer->in, 2 * ((size_t)WIRE_MESSAGE_MAX + 4));
}

void wire_framer_fini(struct wire_framer *framer)
{
    strbuf_fini(&framer->in);
}

enum err wire_framer_feed(struct wire_framer *framer, struct slice bytes)
{
    struct strbuf *in = &framer->in;

    if (framer->at) {
        memmove(in->at, in->at + framer->at, in->len - framer->at);
        in->len -= framer->at;
        framer->at = 0;
    }
    strbuf_slice(in, bytes);
    if (!in->full)
        return ERR_OK;
    in->full = false;
    return ERR_FULL;
}

enum err wire_framer_next(struct wire_framer *framer, struct slice *message)
{
    struct slice left = slice_from(strbuf_view(&framer->in), (uint32_t)framer->at);

    if (left.len < 4)
        return ERR_AGAIN;
    uint32_t len = (uint32_t)left.at[0] << 24 | (uint32_t)left.at[1] << 16 |
                   (uint32_t)left.at[2] << 8 | left.at[3];
    if (len == 0 || len > WIRE_MESSAGE_MAX)
        return ERR_INPUT;
    if (left.len - 4 < len)
        return ERR_AGAIN;
    *message = slice_head(slice_from(left, 4), len);
    framer->at += 4 + (size_t)len;
    return ERR_OK;
}

void wire_frame(struct slice message, struct strbuf *out)
{
    uint8_t head[4] = {(uint8_t)(message.len >> 24), (uint8_t)(message.len >> 16),
                       (uint8_t)(message.len >> 8), (uint8_t)message.len};

    strbuf_bytes(out, head, sizeof(head));
    strbuf_slice(out, message);
}
