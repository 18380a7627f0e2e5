/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/report/doc.h"
#include "common/check.h"

#include <stdio.h>

enum { TEXT_MAX = 64 * 1024, PATH_ROOM = 160, NUMBER_ROOM = 32 };

struct builder {
    const struct json *facts;
    const char *language;
    struct arena *arena;
    struct doc *doc;
};

const char *doc_word(const struct json *v, const char *language)
{
    if (json_kind(v) == JSON_STR)
        return json_str(v, "");
    const char *word = json_str(json_get(v, language), "");
    return *word ? word : json_str(json_get(v, "en"), "");
}

static const char *keep(struct builder *b, const char *text)
{
    const char *copy = arena_str(b->arena, slice_of_str(text));

    return copy ? copy : "";
}

/* A value as text in the builder's language. `of` first, then the facts. */
static const char *value_of(struct builder *b, const struct json *of, const char *path)
{
    const struct json *v = of ? json_path(of, path) : NULL;
    char number[NUMBER_ROOM];

    v = v ? v : json_path(b->facts, path);
    if (json_kind(v) != JSON_NUM)
        return keep(b, doc_word(v, b->language));
    snprintf(number, sizeof(number), "%.15g", json_num(v, 0));
    return keep(b, number);
}

/* A text of the form with its {{paths}} filled in. */
static const char *fill(struct builder *b, const char *text)
{
    struct strbuf out;
    char path[PATH_ROOM];
    const char *end = NULL;

    strbuf_init(&out, TEXT_MAX);
    for (const char *open = strstr(text, "{{"); open && (end = strstr(open, "}}"));
         open = strstr(text, "{{")) {
        strbuf_bytes(&out, text, (size_t)(open - text));
        snprintf(path, sizeof(path), "%.*s", (int)(end - open - 2), open + 2);
        strbuf_str(&out, value_of(b, NULL, path));
        text = end + 2;
    }
    strbuf_str(&out, text);
    const char *filled = keep(b, out.at ? out.at : "");
    strbuf_fini(&out);
    return filled;
}

static struct doc_block *add(struct builder *b, enum doc_kind kind, uint32_t columns, uint32_t rows)
{
    if (b->doc->n == DOC_BLOCKS_MAX || columns > DOC_COLUMNS_MAX)
        return NULL;
    const char **cells = arena_alloc(b->arena, sizeof(char *) * ((size_t)columns * rows + 1));
    if (!cells)
        return NULL;
    struct doc_block *block = &b->doc->blocks[b->doc->n++];
    *block = (struct doc_block){
        .kind = kind, .text = "", .n_columns = columns, .n_rows = rows, .cells = cells};
    return block;
}

static void add_text(struct builder *b, enum doc_kind kind, const struct json *v)
{
    struct doc_block *block = add(b, kind, 0, 0);

    if (block)
        block->text = fill(b, doc_word(v, b->language));
}

static void add_fields(struct builder *b, const struct json *list)
{
    struct doc_block *block = add(b, DOC_FIELDS, 2, json_count(list));
    uint32_t n = 0;

    if (!block)
        return;
    for (const struct json *f = json_first(list); f; f = json_next(f)) {
        block->cells[n++] = keep(b, doc_word(json_get(f, "label"), b->language));
        block->cells[n++] = value_of(b, NULL, json_str(json_get(f, "value"), ""));
    }
}

static void add_table(struct builder *b, const struct json *table)
{
    const struct json *columns = json_get(table, "columns");
    const struct json *rows = json_path(b->facts, json_str(json_get(table, "of"), ""));
    uint32_t n_rows = json_count(rows) < DOC_ROWS_MAX ? json_count(rows) : DOC_ROWS_MAX;
    struct doc_block *block = add(b, DOC_TABLE, json_count(columns), n_rows + 1);
    uint32_t n = 0;
    uint32_t c_at = 0;

    if (!block)
        return;
    for (const struct json *c = json_first(columns); c; c = json_next(c)) {
        block->widths[c_at++] = (uint8_t)json_i64(json_get(c, "width"), 10);
        block->cells[n++] = keep(b, doc_word(json_get(c, "label"), b->language));
    }
    for (const struct json *row = json_first(rows); row && n_rows; row = json_next(row), n_rows--) {
        for (const struct json *c = json_first(columns); c; c = json_next(c))
            block->cells[n++] = value_of(b, row, json_str(json_get(c, "value"), ""));
    }
    if (json_count(rows) == 0)
        b->doc->n--; /* replaced by what is said when there is nothing */
    if (json_count(rows) == 0 && json_get(table, "none"))
        add_text(b, DOC_TEXT, json_get(table, "none"));
}

static void add_sign(struct builder *b, const struct json *list)
{
    struct doc_block *block = add(b, DOC_SIGN, json_count(list), 1);
    uint32_t n = 0;

    for (const struct json *s = json_first(list); s && block; s = json_next(s))
        block->cells[n++] = keep(b, doc_word(s, b->language));
}

static void add_part(struct builder *b, const struct json *part)
{
    if (json_get(part, "heading"))
        add_text(b, DOC_HEADING, json_get(part, "heading"));
    if (json_get(part, "text"))
        add_text(b, DOC_TEXT, json_get(part, "text"));
    if (json_get(part, "fields"))
        add_fields(b, json_get(part, "fields"));
    if (json_get(part, "table"))
        add_table(b, json_get(part, "table"));
    if (json_get(part, "sign"))
        add_sign(b, json_get(part, "sign"));
}

void doc_build(const struct json *form, const struct json *facts, const char *language,
               struct arena *arena, struct doc *doc)
{
    struct builder b = {facts, language, arena, doc};

    memset(doc, 0, sizeof(*doc));
    doc->language = language;
    doc->unit = value_of(&b, NULL, "soc.unit");
    doc->number = value_of(&b, NULL, "number");
    doc->title = fill(&b, doc_word(json_get(form, "title"), language));
    doc->basis = fill(&b, doc_word(json_get(form, "basis"), language));
    doc->foot = fill(&b, doc_word(json_get(form, "foot"), language));
    for (const struct json *part = json_first(json_get(form, "parts")); part;
         part = json_next(part))
        add_part(&b, part);
}
