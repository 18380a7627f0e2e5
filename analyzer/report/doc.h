/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as a document without a form on paper: what the writers (html, pdf) lay out. Made from a
 * form, which is data (rules/reports), and facts. Texts are hostile: a writer escapes them.
 */
#ifndef TRAMGAC_ANALYZER_REPORT_DOC_H
#define TRAMGAC_ANALYZER_REPORT_DOC_H

#include "common/arena.h"
#include "common/json.h"
#include "common/strbuf.h"

enum { DOC_COLUMNS_MAX = 10, DOC_BLOCKS_MAX = 200, DOC_ROWS_MAX = 2000 };

enum doc_kind {
    DOC_HEADING,
    DOC_TEXT,
    DOC_FIELDS, /* two columns: label, value; an empty value is a line to be filled in by hand */
    DOC_TABLE,  /* cells[0 … n_columns): headings, then rows */
    DOC_SIGN,   /* one cell per column: who signs there */
};

struct doc_block {
    enum doc_kind kind;
    const char *text; /* DOC_HEADING, DOC_TEXT */
    uint32_t n_columns, n_rows;
    const char **cells;              /* n_rows × n_columns */
    uint8_t widths[DOC_COLUMNS_MAX]; /* of a table: shares of the page */
};

struct doc {
    const char *language; /* "vi", "en" */
    const char *unit;     /* who reports */
    const char *number;   /* of the incident, or the period */
    const char *title;
    const char *basis; /* law or order that asks for it; "" = none */
    const char *foot;  /* stands at the foot of each page */
    struct doc_block blocks[DOC_BLOCKS_MAX];
    uint32_t n;
};

/** Lays `facts` into `form`. Everything lives in `arena`. What a form asks for and the facts lack
 * is empty. */
void doc_build(const struct json *form, const struct json *facts, const char *language,
               struct arena *arena, struct doc *doc);

/** {"vi":…,"en":…} in a language, or a text as it is; "" for anything else. */
const char *doc_word(const struct json *v, const char *language);

#endif
