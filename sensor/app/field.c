/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields by name: the one way rules, events and baselines look into transactions.
 */
#include "common/jsonw.h"
#include "sensor/app/app.h"

enum { DEPTH_MAX = 6, SEGMENT_MAX = 48 };

/* ---- finding ------------------------------------------------------------------------------ */

static bool is_called(const struct field *field, struct slice name)
{
    return slice_eq(slice_of_str(field->name), name) ||
           slice_has_word(slice_of_str(field->alias), name);
}

static bool find_in(const struct proto_def *proto, const struct field *list,
                    const struct field *fields, struct slice name, uint32_t *n,
                    struct field_ref *ref)
{
    for (const struct field *f = fields; f && f->name; f++) {
        if (is_called(f, name) && (*n)-- == 0) {
            *ref = (struct field_ref){proto, list, f};
            return true;
        }
        if (!list && f->type == FIELD_LIST && find_in(proto, f, f->items, name, n, ref))
            return true;
    }
    return false;
}

bool field_find(struct slice name, uint32_t n, struct field_ref *ref)
{
    for (uint32_t i = 0; proto_rows[i]; i++)
        if (find_in(proto_rows[i], NULL, proto_rows[i]->fields, name, &n, ref))
            return true;
    return false;
}

/* ---- reading ------------------------------------------------------------------------------ */

static const void *member(const struct field *field, const void *base)
{
    return (const char *)base + field->offset;
}

static const void *item_of(const struct field *list, const void *data, uint32_t i)
{
    const struct list *items = member(list, data);
    return i < items->n ? (const char *)items->at + (size_t)i * list->item_size : NULL;
}

static const void *base_of(const struct field_ref *ref, const struct tx *tx, uint32_t i)
{
    const void *data = tx_data_const(tx);
    if (!ref->list)
        return i == 0 ? data : NULL;
    return item_of(ref->list, data, i);
}

uint32_t field_instances(const struct field_ref *ref, const struct tx *tx)
{
    if (!ref->list)
        return 1;
    const struct list *items = member(ref->list, tx_data_const(tx));
    return items->n;
}

static inline bool meaningful(const struct field *field, const struct tx *tx, const void *base)
{
    return !field->has || field->has(tx, base);
}

static bool bytes_of(const struct field *field, struct tx *tx, const void *base, struct slice *out)
{
    if (field->type != FIELD_BYTES || !meaningful(field, tx, base))
        return false;
    if (field->get)
        return field->get(tx, out);
    *out = *(const struct slice *)member(field, base);
    return out->at != NULL;
}

bool field_bytes(const struct field_ref *ref, struct tx *tx, uint32_t i, struct slice *out)
{
    const void *base = base_of(ref, tx, i);
    return base && bytes_of(ref->field, tx, base, out);
}

static inline uint64_t number_at(enum field_type type, const void *at)
{
    switch (type) {
    case FIELD_BOOL:
        return *(const bool *)at;
    case FIELD_U8:
        return *(const uint8_t *)at;
    case FIELD_U16:
        return *(const uint16_t *)at;
    case FIELD_U32:
        return *(const uint32_t *)at;
    case FIELD_U64:
        return *(const uint64_t *)at;
    default:
        return 0;
    }
}

static inline bool number_of(const struct field *field, const struct tx *tx, const void *base,
                             uint64_t *out)
{
    if (field->type >= FIELD_BYTES || !meaningful(field, tx, base))
        return false;
    *out = number_at(field->type, member(field, base));
    return true;
}

bool field_number(const struct field_ref *ref, struct tx *tx, uint32_t i, uint64_t *out)
{
    const void *base = base_of(ref, tx, i);
    return base && number_of(ref->field, tx, base, out);
}

const char *field_label(const struct field *field, uint64_t value)
{
    for (const struct label *label = field->labels; label && label->name; label++)
        if (label->value == value)
            return label->name;
    return NULL;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* Objects that are open while the rows of a table are written: segments of the dotted path. */
struct path {
    char open[DEPTH_MAX][SEGMENT_MAX];
    uint32_t depth;
};

static void write_bytes(const struct field *field, struct slice bytes, struct jsonw *w,
                        struct slice key)
{
    const char *name = (const char *)key.at; /* ends with a zero */

    switch (field->form) {
    case FORM_TEXT:
        jsonw_put_text(w, key, bytes);
        return;
    case FORM_HEX:
        jsonw_hex(w, name, bytes, 0);
        return;
    case FORM_HEX_COLON:
        jsonw_hex(w, name, bytes, ':');
        return;
    case FORM_BASE64:
        jsonw_base64(w, name, bytes);
        return;
    case FORM_PRINTABLE:
        jsonw_printable(w, name, bytes);
        return;
    }
}

static void write_number(const struct field *field, uint64_t value, struct jsonw *w,
                         struct slice key)
{
    const char *label = field->labels ? field_label(field, value) : NULL;

    if (label)
        jsonw_put_text(w, key, slice_of_str(label));
    else if (field->type == FIELD_BOOL)
        jsonw_put_raw(w, key, value ? SLICE_LIT("true") : SLICE_LIT("false"));
    else
        jsonw_put_u64(w, key, value);
}

/* Whether there is something to write: absent and (unless `zero`) empty values are left out. What
 * is empty is seen before anybody is asked whether it means something. */
__attribute__((always_inline)) static inline bool present(const struct field *field, struct tx *tx,
                                                          const void *base, struct slice *bytes,
                                                          uint64_t *number)
{
    const void *at = member(field, base);

    switch (field->type) {
    case FIELD_BYTES:
        if (!field->get) {
            *bytes = *(const struct slice *)at;
            return bytes->at && (bytes->len || field->zero) && meaningful(field, tx, base);
        }
        return bytes_of(field, tx, base, bytes) && (bytes->len || field->zero);
    case FIELD_ADDR:
        return ((const struct addr *)at)->family && meaningful(field, tx, base);
    case FIELD_MAC:
        return meaningful(field, tx, base);
    case FIELD_LIST:
        return ((const struct list *)at)->n && meaningful(field, tx, base);
    default:
        *number = number_at(field->type, at);
        return (*number || field->zero) && meaningful(field, tx, base);
    }
}

/* Closes and opens objects so that the field's parent objects are open; returns its own key. */
static const char *move_to(struct path *path, const char *dotted, struct jsonw *w)
{
    uint32_t depth = 0;
    const char *dot;

    while ((dot = strchr(dotted, '.')) && depth < DEPTH_MAX) {
        size_t len = (size_t)(dot - dotted);
        if (len >= SEGMENT_MAX)
            break;
        bool same = depth < path->depth && strncmp(path->open[depth], dotted, len) == 0 &&
                    path->open[depth][len] == '\0';
        if (!same) {
            for (; path->depth > depth; path->depth--)
                jsonw_obj_close(w);
            memcpy(path->open[depth], dotted, len);
            path->open[depth][len] = '\0';
            jsonw_obj_open(w, path->open[depth]);
            path->depth++;
        }
        depth++;
        dotted = dot + 1;
    }
    for (; path->depth > depth; path->depth--)
        jsonw_obj_close(w);
    return dotted;
}

/* The same; most fields stand in the outermost object. */
static inline struct slice path_to(struct path *path, const char *dotted, struct jsonw *w)
{
    const char *end = strchrnul(dotted, '.');

    return !path->depth && !*end ? (struct slice){(const uint8_t *)dotted, (uint32_t)(end - dotted)}
                                 : slice_of_str(move_to(path, dotted, w));
}

static void write_scalar(const struct field *field, const void *base, struct slice bytes,
                         uint64_t number, struct jsonw *w, struct slice key)
{
    switch (field->type) {
    case FIELD_BYTES:
        write_bytes(field, bytes, w, key);
        return;
    case FIELD_ADDR:
        jsonw_put_addr(w, key, member(field, base));
        return;
    case FIELD_MAC:
        jsonw_put_mac(w, key, member(field, base));
        return;
    default:
        write_number(field, number, w, key);
        return;
    }
}

/* The rows of a sub-table for one item, without nested lists. */
static void write_item(const struct field *rows, struct tx *tx, const void *item, struct jsonw *w)
{
    struct path path;

    path.depth = 0;
    for (const struct field *f = rows; f->name; f++) {
        struct slice bytes = SLICE_NONE;
        uint64_t number = 0;
        if (f->eve && (f->uses & IN_EVE) && f->type != FIELD_LIST &&
            present(f, tx, item, &bytes, &number))
            write_scalar(f, item, bytes, number, w, path_to(&path, f->eve, w));
    }
    for (; path.depth; path.depth--)
        jsonw_obj_close(w);
}

static void write_list(const struct field *field, struct tx *tx, const void *base, struct jsonw *w,
                       struct slice key)
{
    const struct list *items = member(field, base);
    const struct field *only = field->items;
    bool plain = only->eve && !only->eve[0];

    jsonw_put_open(w, key, '[');
    for (uint32_t i = 0; i < items->n; i++) {
        const void *item = item_of(field, base, i);
        if (!plain) {
            jsonw_obj_open(w, NULL);
            write_item(field->items, tx, item, w);
            jsonw_obj_close(w);
            continue;
        }
        struct slice bytes = SLICE_NONE;
        uint64_t number = 0;
        if (!present(only, tx, item, &bytes, &number)) {
            bytes = SLICE_NONE;
            number = 0;
        }
        write_scalar(only, item, bytes, number, w, SLICE_NONE);
    }
    jsonw_arr_close(w);
}

void field_write_eve(struct tx *tx, struct jsonw *w)
{
    const void *data = tx_data_const(tx);
    struct path path;

    path.depth = 0;
    for (const struct field *f = tx->proto->fields; f && f->name; f++) {
        if (!f->eve || !(f->uses & IN_EVE))
            continue;
        struct slice bytes = SLICE_NONE;
        uint64_t number = 0;
        if (!present(f, tx, data, &bytes, &number))
            continue;
        struct slice key = path_to(&path, f->eve, w);
        if (f->type == FIELD_LIST)
            write_list(f, tx, data, w, key);
        else
            write_scalar(f, data, bytes, number, w, key);
    }
    for (; path.depth; path.depth--)
        jsonw_obj_close(w);
}
