/* SPDX-License-Identifier: Apache-2.0 */
#include "common/listing.h"
#include "common/arena.h"
#include "common/check.h"
#include "common/jsonw.h"

#include <stdlib.h>

struct listing {
    struct arena arena;
    const char *heads[LISTING_COLUMNS_MAX];
    uint32_t columns;
    const char **cells; /* row by row */
    uint32_t rows;
    uint32_t room;
};

struct listing *listing_new(const char *const *heads)
{
    struct listing *l = calloc(1, sizeof(*l));
    CHECK(l);
    arena_init(&l->arena, 65536, 0);
    while (heads[l->columns]) {
        CHECK(l->columns < LISTING_COLUMNS_MAX);
        l->heads[l->columns] = heads[l->columns];
        l->columns++;
    }
    return l;
}

void listing_row(struct listing *l, const char *const *cells)
{
    if (l->rows == l->room) {
        l->room = l->room ? l->room * 2 : 64;
        l->cells = realloc(l->cells, (size_t)l->room * l->columns * sizeof(*l->cells));
        CHECK(l->cells);
    }
    for (uint32_t c = 0; c < l->columns; c++) {
        const char *copy = arena_str(&l->arena, slice_of_str(cells[c]));
        CHECK(copy);
        l->cells[(size_t)l->rows * l->columns + c] = copy;
    }
    l->rows++;
}

static const char *cell(const struct listing *l, uint32_t row, uint32_t column)
{
    return l->cells[(size_t)row * l->columns + column];
}

/* Characters, not bytes, so that Vietnamese text lines up. */
static uint32_t width_of(const char *text)
{
    uint32_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_text_row(const struct listing *l, const char *const *cells, const uint32_t *widths,
                         struct strbuf *out)
{
    for (uint32_t c = 0; c < l->columns; c++) {
        strbuf_str(out, cells[c]);
        if (c + 1 == l->columns)
            break;
        for (uint32_t w = width_of(cells[c]); w < widths[c] + 2; w++)
            strbuf_char(out, ' ');
    }
    while (out->len && out->at[out->len - 1] == ' ')
        out->at[--out->len] = '\0';
    strbuf_char(out, '\n');
}

static void print_text(const struct listing *l, struct strbuf *out)
{
    uint32_t widths[LISTING_COLUMNS_MAX] = {0};

    for (uint32_t c = 0; c < l->columns; c++) {
        widths[c] = width_of(l->heads[c]);
        for (uint32_t r = 0; r < l->rows; r++) {
            uint32_t w = width_of(cell(l, r, c));
            widths[c] = w > widths[c] ? w : widths[c];
        }
    }
    put_text_row(l, l->heads, widths, out);
    for (uint32_t r = 0; r < l->rows; r++)
        put_text_row(l, &l->cells[(size_t)r * l->columns], widths, out);
}

static void put_md_row(const struct listing *l, const char *const *cells, struct strbuf *out)
{
    strbuf_char(out, '|');
    for (uint32_t c = 0; c < l->columns; c++) {
        strbuf_char(out, ' ');
        for (const char *p = cells[c]; *p; p++) {
            if (*p == '|' || *p == '<')
                strbuf_char(out, '\\');
            strbuf_char(out, *p == '\n' ? ' ' : *p);
        }
        strbuf_str(out, " |");
    }
    strbuf_char(out, '\n');
}

static void print_md(const struct listing *l, struct strbuf *out)
{
    put_md_row(l, l->heads, out);
    strbuf_char(out, '|');
    for (uint32_t c = 0; c < l->columns; c++)
        strbuf_str(out, "---|");
    strbuf_char(out, '\n');
    for (uint32_t r = 0; r < l->rows; r++)
        put_md_row(l, &l->cells[(size_t)r * l->columns], out);
}

static void print_json(const struct listing *l, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_arr_open(&w, NULL);
    for (uint32_t r = 0; r < l->rows; r++) {
        jsonw_obj_open(&w, NULL);
        for (uint32_t c = 0; c < l->columns; c++)
            jsonw_str(&w, l->heads[c], cell(l, r, c));
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    strbuf_char(out, '\n');
}

void listing_print(const struct listing *l, enum listing_format format, struct strbuf *out)
{
    switch (format) {
    case LISTING_TEXT:
        print_text(l, out);
        break;
    case LISTING_MD:
        print_md(l, out);
        break;
    case LISTING_JSON:
        print_json(l, out);
        break;
    }
}

void listing_free(struct listing **l)
{
    if (!*l)
        return;
    arena_fini(&(*l)->arena);
    free((*l)->cells);
    free(*l);
    *l = NULL;
}

bool listing_format_parse(const char *text, enum listing_format *format)
{
    static const char *const names[] = {"text", "md", "json"};

    for (uint32_t i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *format = (enum listing_format)i;
            return true;
        }
    }
    return false;
}
