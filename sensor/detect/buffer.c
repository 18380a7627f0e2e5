/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers: made once per name (and transforms) while rules load, read while they match.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/transform.h"

#include "common/pcre.h"
#include "sensor/app/frame.h"

#include <stdio.h>
#include <stdlib.h>

struct buffer_scratch {
    struct pcre_scratch *pcre;
    uint8_t room[2][TRANSFORM_ROOM + 64];
};

struct buffer_scratch *buffer_scratch_new(void)
{
    static const struct pcre_limits limits = {3500, 1500, 64 * 1024};
    struct buffer_scratch *scratch = calloc(1, sizeof(*scratch));

    if (scratch)
        scratch->pcre = pcre_scratch_new(&limits);
    if (scratch && !scratch->pcre)
        buffer_scratch_free(&scratch);
    return scratch;
}

void buffer_scratch_free(struct buffer_scratch **scratch)
{
    if (*scratch)
        pcre_scratch_free(&(*scratch)->pcre);
    free(*scratch);
    *scratch = NULL;
}

/* ---- making ------------------------------------------------------------------------------- */

static struct buffer *buffer_new(struct loader *loader, struct intern_entry *entry)
{
    struct buffer *b = arena_alloc(loader->arena, sizeof(*b));

    if (!b)
        abort();
    b->name = (const char *)entry->text.at;
    b->id = entry->id;
    b->progress = TX_DONE;
    entry->value = b;
    return b;
}

const struct buffer *buffer_special(struct loader *loader, const char *name, enum buffer_kind kind,
                                    enum field_side side)
{
    struct intern_entry *entry = intern_get(&loader->buffers, slice_of_str(name));

    if (!entry->value) {
        struct buffer *b = buffer_new(loader, entry);
        b->kind = kind;
        b->side = side;
        if (kind == BUFFER_TX)
            b->progress = TX_NONE;
    }
    return entry->value;
}

const struct buffer *buffer_payload(struct loader *loader)
{
    return buffer_special(loader, "payload", BUFFER_PAYLOAD, SIDE_BOTH);
}

const struct buffer *buffer_packet(struct loader *loader, const char *name,
                                   bool (*get)(const struct inspection *, struct slice *))
{
    struct intern_entry *entry = intern_get(&loader->buffers, slice_of_str(name));

    if (!entry->value) {
        struct buffer *b = buffer_new(loader, entry);
        b->kind = BUFFER_PACKET;
        b->packet = get;
    }
    return entry->value;
}

const struct buffer *buffer_frame(struct loader *loader, int proto, int type)
{
    char name[64];

    snprintf(name, sizeof(name), "frame:%s.%s", proto_rows[proto]->name,
             frame_name(proto_rows[proto], (uint8_t)type));
    struct intern_entry *entry = intern_get(&loader->buffers, slice_of_str(name));
    if (!entry->value) {
        struct buffer *b = buffer_new(loader, entry);
        b->kind = BUFFER_FRAME;
        b->proto = (uint16_t)proto;
        b->frame = (uint8_t)type;
    }
    return entry->value;
}

static bool is_number(const struct field *f)
{
    return f->type <= FIELD_U64;
}

/* "http_header_names" is the older way to write http.header_names. */
static const struct buffer *buffer_dotted(struct loader *loader, struct slice name)
{
    char text[96];
    int64_t at = slice_find_byte(name, '_');

    if (at <= 0 || name.len >= sizeof(text))
        return NULL;
    memcpy(text, name.at, name.len);
    text[at] = '.';
    return buffer_field(loader, (struct slice){(const uint8_t *)text, name.len});
}

const struct buffer *buffer_field(struct loader *loader, struct slice name)
{
    struct intern_entry *known = intern_find(&loader->buffers, name);
    struct field_ref ref;

    if (known)
        return known->value;
    if (!field_find(name, 0, &ref) || !(ref.field->uses & IN_RULES))
        return buffer_dotted(loader, name);
    /* one object per field, whatever alias it was called by */
    struct slice own = slice_of_str(ref.field->name);
    if (!slice_eq(own, name)) {
        const struct buffer *b = buffer_field(loader, own);
        intern_get(&loader->buffers, name)->value = b;
        return b;
    }
    struct buffer *b = buffer_new(loader, intern_get(&loader->buffers, name));
    b->kind = is_number(ref.field) ? BUFFER_NUMBER : BUFFER_FIELD;
    b->side = ref.field->side;
    for (uint32_t i = 0; b->n_refs < BUFFER_REFS_MAX && field_find(name, i, &ref); i++) {
        if (!(ref.field->uses & IN_RULES) || is_number(ref.field) != (b->kind == BUFFER_NUMBER))
            continue;
        b->refs[b->n_refs++] = ref;
        if (ref.field->side != b->side)
            b->side = SIDE_BOTH;
        if (ref.field->progress < b->progress)
            b->progress = ref.field->progress;
    }
    return b;
}

const struct buffer *buffer_transformed(struct loader *loader, const struct buffer *base,
                                        const struct transform_use *uses, uint8_t n)
{
    char name[512];
    int len = snprintf(name, sizeof(name), "%s", base->name);

    for (uint8_t i = 0; i < n && len < (int)sizeof(name); i++)
        len += snprintf(name + len, sizeof(name) - (size_t)len, "+%s:%.*s", uses[i].def->name,
                        (int)uses[i].arg.len, (const char *)uses[i].arg.at);
    if (len >= (int)sizeof(name))
        len = (int)sizeof(name) - 1;
    struct intern_entry *entry =
        intern_get(&loader->buffers, (struct slice){(const uint8_t *)name, (uint32_t)len});
    if (!entry->value) {
        struct buffer *b = buffer_new(loader, entry);
        const char *full = b->name;
        uint32_t id = b->id;
        *b = *base;
        b->name = full;
        b->id = id;
        for (uint8_t i = 0; i < n && b->n_transforms < BUFFER_TRANSFORMS_MAX; i++) {
            b->transforms[b->n_transforms] = uses[i];
            b->transforms[b->n_transforms++].arg = arena_keep(loader->arena, uses[i].arg);
        }
    }
    return entry->value;
}

/* ---- reading ------------------------------------------------------------------------------ */

const struct field_ref *buffer_ref(const struct buffer *b, const struct proto_def *proto,
                                   enum dir dir)
{
    enum field_side side = dir == TO_SERVER ? SIDE_CLIENT : SIDE_SERVER;
    const struct field_ref *other = NULL;

    for (uint8_t i = 0; i < b->n_refs; i++) {
        if (b->refs[i].proto != proto)
            continue;
        if (b->refs[i].field->side == SIDE_BOTH || b->refs[i].field->side == side)
            return &b->refs[i];
        other = &b->refs[i];
    }
    return other;
}

static const struct field_ref *ref_of(const struct buffer *b, const struct inspection *in)
{
    return in->tx ? buffer_ref(b, in->tx->proto, in->dir) : NULL;
}

bool buffer_of_proto(const struct buffer *b, const struct proto_def *proto)
{
    if (b->kind != BUFFER_FIELD && b->kind != BUFFER_NUMBER)
        return true;
    for (uint8_t i = 0; i < b->n_refs; i++) {
        if (b->refs[i].proto == proto)
            return true;
    }
    return false;
}

struct file *buffer_file(const struct inspection *in)
{
    if (in->file)
        return in->file;
    return in->tx ? files_of_tx(in->tx, in->dir) : NULL;
}

/* The direction whose progress completes the buffer. */
static enum dir side_dir(const struct field *f, enum dir dir)
{
    return f->side == SIDE_CLIENT ? TO_SERVER : f->side == SIDE_SERVER ? TO_CLIENT : dir;
}

enum buffer_state buffer_ref_state(const struct field_ref *ref, const struct inspection *in)
{
    uint8_t progress = in->tx->progress[side_dir(ref->field, in->dir)];
    if (progress >= ref->field->progress || progress == TX_DONE)
        return BUFFER_READY;
    return ref->field->early ? BUFFER_GROWING : BUFFER_LATER;
}

static enum buffer_state field_state(const struct buffer *b, const struct inspection *in)
{
    const struct field_ref *ref = ref_of(b, in);

    return ref ? buffer_ref_state(ref, in) : BUFFER_NEVER;
}

enum { FILE_FIRST_LOOK = 32 * 1024 };

static enum buffer_state file_state(const struct inspection *in, bool bytes)
{
    const struct file *file = buffer_file(in);

    if (!file)
        return in->tx && in->tx->progress[in->dir] == TX_DONE ? BUFFER_NEVER : BUFFER_LATER;
    if (file->state != FILE_OPEN)
        return BUFFER_READY;
    return bytes && file->data.len >= FILE_FIRST_LOOK ? BUFFER_GROWING : BUFFER_LATER;
}

enum buffer_state buffer_state(const struct buffer *b, const struct inspection *in)
{
    switch (b->kind) {
    case BUFFER_FIELD:
    case BUFFER_NUMBER:
        return field_state(b, in);
    case BUFFER_FILE:
        return file_state(in, true);
    case BUFFER_FILE_NAME:
        return buffer_file(in) ? BUFFER_READY : file_state(in, false);
    case BUFFER_FILE_MAGIC:
    case BUFFER_FILE_META:
        return file_state(in, false);
    case BUFFER_PAYLOAD:
        return BUFFER_GROWING;
    default:
        return BUFFER_READY;
    }
}

static bool field_instance(const struct buffer *b, const struct inspection *in, uint32_t i,
                           struct slice *out)
{
    const struct field_ref *ref = ref_of(b, in);

    if (!ref || i >= field_instances(ref, in->tx))
        return false;
    if (field_bytes(ref, in->tx, i, out) && (out->len || !ref->field->filled))
        return true;
    *out = SLICE_NONE;
    return i > 0 || ref->list; /* an absent item of a list keeps its place */
}

static bool file_instance(const struct buffer *b, const struct inspection *in, struct slice *out)
{
    struct file *file = buffer_file(in);

    if (!file || (b->kind == BUFFER_FILE_MAGIC && !files_magic(file)))
        return false;
    if (b->kind == BUFFER_FILE_MAGIC)
        *out = slice_of_str(file->magic);
    else
        *out = b->kind == BUFFER_FILE ? file->data : file->name;
    return true;
}

static bool plain_instance(const struct buffer *b, const struct inspection *in, uint32_t i,
                           struct slice *out)
{
    switch (b->kind) {
    case BUFFER_FIELD:
        return field_instance(b, in, i, out);
    case BUFFER_PAYLOAD:
        *out = in->payload;
        return i == 0;
    case BUFFER_FILE:
    case BUFFER_FILE_NAME:
    case BUFFER_FILE_MAGIC:
        return i == 0 && file_instance(b, in, out);
    case BUFFER_BASE64:
        *out = in->base64;
        return i == 0 && in->base64.at;
    case BUFFER_PACKET:
        return i == 0 && in->packet && b->packet(in, out);
    case BUFFER_FRAME:
        *out = in->frame;
        return i == 0;
    default:
        return false;
    }
}

/* The first parenthesis of the match; all of the bytes when nothing matches. */
static struct slice captured(const struct pcre *pcre, struct pcre_scratch *scratch, struct slice in)
{
    uint32_t from, to;

    if (pcre_run(pcre, scratch, in, 0, &from, &to) != PCRE_YES ||
        !pcre_group(scratch, 1, &from, &to))
        return in;
    return slice_head(slice_from(in, from), to - from);
}

bool buffer_instance(const struct buffer *b, const struct inspection *in, uint32_t i,
                     struct buffer_scratch *scratch, struct slice *out)
{
    if (!plain_instance(b, in, i, out))
        return false;
    for (uint8_t t = 0; t < b->n_transforms; t++) {
        const struct transform_use *use = &b->transforms[t];
        uint8_t *room = scratch->room[t & 1];
        if (use->compiled)
            *out = captured(use->compiled, scratch->pcre, *out);
        else
            *out = (struct slice){room, use->def->run(*out, use, room)};
    }
    return true;
}

uint32_t buffer_count(const struct buffer *b, const struct inspection *in)
{
    const struct field_ref *ref = ref_of(b, in);

    return ref ? field_instances(ref, in->tx) : 0;
}

bool buffer_number(const struct buffer *b, const struct inspection *in, uint32_t i, uint64_t *value)
{
    const struct field_ref *ref = ref_of(b, in);

    return ref && field_number(ref, in->tx, i, value);
}
