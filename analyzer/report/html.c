/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/report/html.h"

static const char style[] =
    "body{font:11pt/1.45 'Be Vietnam Pro','Noto Sans',sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem;color:#111;background:#fff}h1{font-size:15pt;text-align:center;margin:.4rem 0}"
    "h2{font-size:12pt;margin:1.2rem 0 .4rem}.unit,.number,.basis{text-align:center;margin:.1rem}"
    ".unit{font-weight:600}.basis,footer{font-size:9pt;color:#444}table{border-collapse:collapse;"
    "width:100%;margin:.4rem 0}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;"
    "overflow-wrap:anywhere}.rows th,.rows td{border:1px solid #999;font-size:9pt}.rows th"
    "{background:#eee}.fields th{width:14rem;font-weight:600}.fields td:empty{border-bottom:"
    "1px dotted #666}.sign td{text-align:center;height:7rem}p{white-space:pre-line}footer"
    "{margin-top:2rem;border-top:1px solid #999}@page{size:A4;margin:18mm}";

static void put(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&\"'", *text))
            strbuf_fmt(out, "&#%d;", *text);
        else
            strbuf_char(out, *text);
    }
}

static void put_element(struct strbuf *out, const char *name, const char *class, const char *text)
{
    if (!*text)
        return;
    strbuf_fmt(out, "<%s%s%s%s>", name, *class ? " class=\"" : "", class, *class ? "\"" : "");
    put(out, text);
    strbuf_fmt(out, "</%s>\n", name);
}

static void put_row(struct strbuf *out, const struct doc_block *b, uint32_t row, uint32_t headings)
{
    strbuf_str(out, "<tr>");
    for (uint32_t c = 0; c < b->n_columns; c++) {
        const char *cell = c < headings ? "th" : "td";
        strbuf_fmt(out, "<%s%s>", cell, c < headings ? " scope=\"row\"" : "");
        put(out, b->cells[row * b->n_columns + c]);
        strbuf_fmt(out, "</%s>", cell);
    }
    strbuf_str(out, "</tr>\n");
}

static void put_table(struct strbuf *out, const struct doc_block *b)
{
    uint32_t row = 0;

    strbuf_fmt(out, "<table class=\"%s\">\n",
               b->kind == DOC_FIELDS  ? "fields"
               : b->kind == DOC_TABLE ? "rows"
                                      : "sign");
    if (b->kind == DOC_TABLE) {
        strbuf_str(out, "<thead><tr>");
        for (uint32_t c = 0; c < b->n_columns; c++) {
            strbuf_str(out, "<th scope=\"col\">");
            put(out, b->cells[c]);
            strbuf_str(out, "</th>");
        }
        strbuf_str(out, "</tr></thead>\n");
        row = 1;
    }
    for (; row < b->n_rows; row++)
        put_row(out, b, row, b->kind == DOC_FIELDS);
    strbuf_str(out, "</table>\n");
}

void html_write(const struct doc *doc, struct strbuf *out)
{
    strbuf_fmt(out, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><title>",
               doc->language);
    put(out, doc->title);
    strbuf_fmt(out, "</title><style>%s</style></head><body>\n", style);
    put_element(out, "p", "unit", doc->unit);
    put_element(out, "h1", "", doc->title);
    put_element(out, "p", "number", doc->number);
    put_element(out, "p", "basis", doc->basis);
    for (uint32_t i = 0; i < doc->n; i++) {
        const struct doc_block *b = &doc->blocks[i];
        if (b->kind == DOC_HEADING)
            put_element(out, "h2", "", b->text);
        else if (b->kind == DOC_TEXT)
            put_element(out, "p", "", b->text);
        else
            put_table(out, b);
    }
    put_element(out, "footer", "", doc->foot);
    strbuf_str(out, "</body></html>\n");
}
