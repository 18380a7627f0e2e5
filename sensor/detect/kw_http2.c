/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 beyond the buffers it shares with HTTP/1: what its frames say. Each keyword holds when any
 * frame of the stream, in the direction looked at, fits; it is tried again while the stream lives.
 */
#include "sensor/app/http2_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

static const struct http2_tx *stream_of(const struct inspection *in)
{
    return in->tx && strcmp(in->tx->proto->name, "http2") == 0 ? tx_data_const(in->tx) : NULL;
}

/* ---- numbers of frames -------------------------------------------------------------------- */

static bool frame_type(const struct http2_frame *f, uint64_t *value)
{
    *value = f->type;
    return true;
}

static bool frame_error(const struct http2_frame *f, uint64_t *value)
{
    *value = f->error;
    return f->has_error;
}

static bool frame_priority(const struct http2_frame *f, uint64_t *value)
{
    *value = f->priority;
    return f->has_priority;
}

static bool frame_window(const struct http2_frame *f, uint64_t *value)
{
    *value = f->window;
    return f->has_window;
}

struct frame_args {
    bool (*read)(const struct http2_frame *f, uint64_t *value);
    struct num num;
};

/** What a keyword looks at, and the names its values have. */
struct frame_number {
    bool (*read)(const struct http2_frame *f, uint64_t *value);
    const struct label *labels;
};
static const struct frame_number types = {frame_type, http2_fields_types};
static const struct frame_number errors = {frame_error, http2_fields_errors};
static const struct frame_number priorities = {frame_priority, NULL};
static const struct frame_number windows = {frame_window, NULL};

static bool frame_match(const struct inspection *in, const void *args)
{
    const struct frame_args *a = args;
    const struct http2_tx *http2 = stream_of(in);
    uint64_t value;

    if (!http2)
        return false;
    const struct http2_frame *frames = http2->frames[in->dir].at;
    for (uint32_t i = 0; i < http2->frames[in->dir].n; i++)
        if (a->read(&frames[i], &value) && rule_num_ok(&a->num, value))
            return true;
    return false;
}

static bool call(struct draft *d, bool (*match)(const struct inspection *, const void *),
                 const void *args)
{
    struct op *op = draft_op(d, buffer_special(d->loader, "http2", BUFFER_TX, SIDE_BOTH), OP_CALL);

    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = match;
    op->call.args = args;
    return true;
}

static bool frame_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    const struct frame_number *what = kw->extra;
    struct frame_args *a = draft_alloc(d, sizeof(*a));

    if (!a || !draft_num(draft_unquote(slice_trim(value)), what->labels, &a->num))
        return draft_fail(d, "%s wants a %s", kw->name, what->labels ? "name or number" : "number");
    a->read = what->read;
    return call(d, frame_match, a);
}

/* ---- size_update -------------------------------------------------------------------------- */

static bool size_match(const struct inspection *in, const void *args)
{
    const struct http2_tx *http2 = stream_of(in);

    if (!http2)
        return false;
    const struct http2_size *sizes = http2->sizes[in->dir].at;
    for (uint32_t i = 0; i < http2->sizes[in->dir].n; i++)
        if (rule_num_ok(args, sizes[i].bytes))
            return true;
    return false;
}

static bool size_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));

    if (!num || !draft_num(slice_trim(value), NULL, num))
        return draft_fail(d, "%s wants a number", kw->name);
    return call(d, size_match, num);
}

/* ---- settings ----------------------------------------------------------------------------- */

struct setting_args {
    uint16_t id;
    bool has_value;
    struct num num;
};

static bool setting_match(const struct inspection *in, const void *args)
{
    const struct setting_args *a = args;
    const struct http2_tx *http2 = stream_of(in);

    if (!http2)
        return false;
    const struct http2_setting *settings = http2->settings[in->dir].at;
    for (uint32_t i = 0; i < http2->settings[in->dir].n; i++)
        if (settings[i].id == a->id && (!a->has_value || rule_num_ok(&a->num, settings[i].value)))
            return true;
    return false;
}

static uint32_t name_length(struct slice text)
{
    uint32_t n = 0;
    while (n < text.len && ((text.at[n] >= 'A' && text.at[n] <= 'Z') || text.at[n] == '_'))
        n++;
    return n;
}

/* "SETTINGS_ENABLE_PUSH=0", "SETTINGS_HEADER_TABLE_SIZE>4096". */
static bool setting_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct setting_args *a = draft_alloc(d, sizeof(*a));
    const struct label *label = http2_fields_settings;

    value = draft_unquote(slice_trim(value));
    struct slice name = slice_head(value, name_length(value));
    struct slice rest = slice_trim(slice_from(value, name.len));
    while (label->name && !slice_eq(name, slice_of_str(label->name)))
        label++;
    if (!a || !label->name)
        return draft_fail(d, "%s wants the name of a setting, as SETTINGS_ENABLE_PUSH", kw->name);
    a->id = (uint16_t)label->value;
    if (slice_starts(rest, SLICE_LIT("=")))
        rest = slice_from(rest, 1);
    a->has_value = rest.len != 0;
    if (a->has_value && !draft_num(slice_trim(rest), NULL, &a->num))
        return draft_fail(d, "behind the name of a setting =, < or > and a number are wanted");
    return call(d, setting_match, a);
}

static const struct keyword rows[] = {
    {.name = "http2.frametype",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = frame_parse,
     .extra = &types,
     .example = "http2.frametype:GOAWAY",
     .doc = "Type of a frame: DATA HEADERS PRIORITY RSTSTREAM SETTINGS PUSHPROMISE PING GOAWAY "
            "WINDOWUPDATE CONTINUATION"},
    {.name = "http2.errorcode",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = frame_parse,
     .extra = &errors,
     .example = "http2.errorcode:INADEQUATE_SECURITY",
     .doc = "Reason in a GOAWAY or RST_STREAM frame, by its name in RFC 9113"},
    {.name = "http2.priority",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = frame_parse,
     .extra = &priorities,
     .example = "http2.priority:>100",
     .doc = "Weight in a PRIORITY or HEADERS frame"},
    {.name = "http2.window",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = frame_parse,
     .extra = &windows,
     .example = "http2.window:<10000",
     .doc = "Bytes in a WINDOW_UPDATE frame"},
    {.name = "http2.size_update",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = size_parse,
     .example = "http2.size_update:>4096",
     .doc = "Size of the table of headers, as announced at the start of a block"},
    {.name = "http2.settings",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = setting_parse,
     .example = "http2.settings:SETTINGS_MAX_FRAME_SIZE>16384",
     .doc = "A setting, and its value (=, <, >)"},
    KEYWORD_END,
};

const struct kw_family kw_http2 = {.doc = "HTTP/2", .rows = rows};
