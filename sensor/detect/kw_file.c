/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: name, extension, size, type.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

static bool name_stick(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    return draft_stick(d, buffer_special(d->loader, "file.name", BUFFER_FILE_NAME, SIDE_BOTH));
}

static bool magic_stick(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    return draft_stick(d, buffer_special(d->loader, "file.magic", BUFFER_FILE_MAGIC, SIDE_BOTH));
}

/* filename:"x", fileext:"exe", filemagic:"PE32": a content without case on the buffer. */
static bool text_op(struct draft *d, const struct buffer *b, struct slice value, bool extension)
{
    uint8_t bytes[512];
    uint32_t n = 0;

    value = slice_trim(value);
    bool negated = value.len && value.at[0] == '!';
    if (negated)
        value = slice_from(value, 1);
    value = draft_unquote(value);
    if (!value.len || value.len > 500)
        return draft_fail(d, "a text in quotes is wanted");
    if (extension)
        bytes[n++] = '.';
    int32_t len = draft_bytes(d, value, bytes + n, sizeof(bytes) - n, false);
    if (len < 0)
        return false;
    n += (uint32_t)len;
    for (uint32_t i = 0; i < n; i++)
        bytes[i] = bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] | 32 : bytes[i];
    struct op *op = draft_op(d, b, OP_CONTENT);
    if (!op)
        return false;
    op->content.text = arena_keep(d->loader->arena, (struct slice){bytes, n});
    op->flags = OP_NOCASE | OP_NOT_FAST | (negated ? OP_NEGATED : 0u) | (extension ? OP_ENDS : 0u);
    d->last_group = -1;
    return true;
}

static bool filename_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    return text_op(d, buffer_special(d->loader, "file.name", BUFFER_FILE_NAME, SIDE_BOTH), value,
                   false);
}

static bool fileext_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    return text_op(d, buffer_special(d->loader, "file.name", BUFFER_FILE_NAME, SIDE_BOTH), value,
                   true);
}

static bool filemagic_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    return text_op(d, buffer_special(d->loader, "file.magic", BUFFER_FILE_MAGIC, SIDE_BOTH), value,
                   false);
}

static bool filesize_match(const struct inspection *in, const void *args)
{
    const struct file *f = buffer_file(in);

    return f && rule_num_ok(args, f->size);
}

static bool filesize_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));
    struct op *op =
        draft_op(d, buffer_special(d->loader, "file.meta", BUFFER_FILE_META, SIDE_BOTH), OP_CALL);

    if (!num || !op)
        return false;
    d->last_group = -1;
    op->call.match = filesize_match;
    op->call.args = num;
    return (draft_num(value, NULL, num) || draft_fail(d, "bad size")) &&
           draft_fits(d, kw->name, num, UINT64_MAX);
}

static void store_run(const struct inspection *in, const void *args)
{
    files_order(in->flow, in->tx, buffer_file(in), args, in->rule->info.sid);
}

/* One word of "filestore:response,tx". */
static bool order_word(struct files_order *order, struct slice word)
{
    static const struct {
        struct slice word;
        uint32_t dirs; /* 0: the word is a scope */
        enum files_scope scope;
    } words[] = {
        {SLICE_LIT("request"), 1u << TO_SERVER, 0},
        {SLICE_LIT("to_server"), 1u << TO_SERVER, 0},
        {SLICE_LIT("response"), 1u << TO_CLIENT, 0},
        {SLICE_LIT("to_client"), 1u << TO_CLIENT, 0},
        {SLICE_LIT("both"), 3, 0},
        {SLICE_LIT("file"), 0, FILES_SCOPE_FILE},
        {SLICE_LIT("tx"), 0, FILES_SCOPE_TX},
        {SLICE_LIT("ssn"), 0, FILES_SCOPE_FLOW},
        {SLICE_LIT("flow"), 0, FILES_SCOPE_FLOW},
    };

    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!slice_eq(words[i].word, word))
            continue;
        if (words[i].dirs)
            order->dirs = words[i].dirs;
        else
            order->scope = words[i].scope;
        return true;
    }
    return false;
}

/* One to keep has begun in the direction that is looked at. */
static bool has_file(const struct inspection *in, const void *args)
{
    (void)args;
    return buffer_file(in) != NULL;
}

static bool filestore_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct files_order *order = draft_alloc(d, sizeof(*order));

    (void)kw;
    if (!order)
        return false;
    *order = (struct files_order){FILES_SCOPE_FILE, 3};
    while (value.len) {
        int64_t comma = slice_find_byte(value, ',');
        uint32_t len = comma < 0 ? value.len : (uint32_t)comma;
        if (!order_word(order, slice_trim(slice_head(value, len))))
            return draft_fail(d, "filestore takes request, response or both, then file, tx or "
                                 "flow");
        value = slice_from(value, comma < 0 ? len : len + 1);
    }
    struct op *op =
        draft_op(d, buffer_special(d->loader, "file.name", BUFFER_FILE_NAME, SIDE_BOTH), OP_CALL);
    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = has_file;
    return draft_act(d, store_run, order);
}

static const struct keyword rows[] = {
    {.name = "file.name",
     .aliases = "file_name",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = name_stick,
     .example = "file.name; content:\".exe\"; endswith",
     .doc = "Buffer: name of the file"},
    {.name = "file.magic",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = magic_stick,
     .example = "file.magic; content:\"PE32\"",
     .doc = "Buffer: type of the file by its content"},
    {.name = "filename",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = filename_parse,
     .example = "filename:\"secret\"",
     .doc = "Part of the file's name, in any case"},
    {.name = "fileext",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = fileext_parse,
     .example = "fileext:\"exe\"",
     .doc = "Extension of the file's name"},
    {.name = "filemagic",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = filemagic_parse,
     .example = "filemagic:\"PDF\"",
     .doc = "Part of the file's type"},
    {.name = "filesize",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = filesize_parse,
     .example = "filesize:>1MB",
     .doc = "Size of the file"},
    {.name = "filestore",
     .stage = AT_HIT,
     .value = VALUE_PLAIN,
     .parse = filestore_parse,
     .example = "filestore:response,tx",
     .doc = "Keep the file, or those of the transaction (tx) or flow, where filestore.enabled"},
    KEYWORD_END,
};

const struct kw_family kw_file = {.doc = "Files", .rows = rows};
