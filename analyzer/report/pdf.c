/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout from top to bottom with one pen. A row of a table that does not fit goes to the next page
 * whole, below the headings of its table again; what is higher than a page is cut at its end.
 */
#include "analyzer/report/pdf.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdio.h>

#define PAGE_W      595.0 /* A4 in points */
#define PAGE_H      842.0
#define MARGIN      51.0
#define WIDTH       (PAGE_W - 2 * MARGIN)
#define BOTTOM      (PAGE_H - MARGIN - 14)
#define PAD         4.0
#define LABEL_SHARE 0.4

struct pen {
    const struct doc *doc;
    cairo_t *cr;
    PangoLayout *layout;
    double y;
    uint32_t page;
};

struct look {
    const char *font;
    PangoAlignment align;
};
static const struct look body = {"Be Vietnam Pro, Noto Sans, DejaVu Sans 10", PANGO_ALIGN_LEFT};
static const struct look label = {"Be Vietnam Pro, Noto Sans, DejaVu Sans bold 10",
                                  PANGO_ALIGN_LEFT};
static const struct look heading = {"Be Vietnam Pro, Noto Sans, DejaVu Sans bold 11.5",
                                    PANGO_ALIGN_LEFT};
static const struct look title = {"Be Vietnam Pro, Noto Sans, DejaVu Sans bold 14",
                                  PANGO_ALIGN_CENTER};
static const struct look centred = {"Be Vietnam Pro, Noto Sans, DejaVu Sans 10",
                                    PANGO_ALIGN_CENTER};
static const struct look strong = {"Be Vietnam Pro, Noto Sans, DejaVu Sans bold 10",
                                   PANGO_ALIGN_CENTER};
static const struct look small = {"Be Vietnam Pro, Noto Sans, DejaVu Sans 8", PANGO_ALIGN_LEFT};
static const struct look small_centred = {"Be Vietnam Pro, Noto Sans, DejaVu Sans 8",
                                          PANGO_ALIGN_CENTER};
static const struct look cell = {"Be Vietnam Pro, Noto Sans, DejaVu Sans 8.5", PANGO_ALIGN_LEFT};
static const struct look cell_head = {"Be Vietnam Pro, Noto Sans, DejaVu Sans bold 8.5",
                                      PANGO_ALIGN_LEFT};

/* Sets the layout; returns its height. */
static double set(struct pen *pen, const struct look *look, const char *text, double width)
{
    PangoFontDescription *font = pango_font_description_from_string(look->font);
    int height = 0;

    pango_layout_set_font_description(pen->layout, font);
    pango_layout_set_alignment(pen->layout, look->align);
    pango_layout_set_width(pen->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(pen->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(pen->layout, text, -1);
    pango_layout_get_size(pen->layout, NULL, &height);
    pango_font_description_free(font);
    return (double)height / PANGO_SCALE;
}

static void show(struct pen *pen, double x, double y)
{
    cairo_move_to(pen->cr, x, y);
    pango_cairo_show_layout(pen->cr, pen->layout);
}

static void foot(struct pen *pen)
{
    char text[600];

    snprintf(text, sizeof(text), "%.500s · %u", pen->doc->foot, pen->page);
    set(pen, &small, text, WIDTH);
    show(pen, MARGIN, PAGE_H - MARGIN);
}

static void next_page(struct pen *pen)
{
    foot(pen);
    cairo_show_page(pen->cr);
    pen->page++;
    pen->y = MARGIN;
}

static bool need(struct pen *pen, double height)
{
    if (pen->y + height <= BOTTOM || pen->y <= MARGIN)
        return false;
    next_page(pen);
    return true;
}

static void put(struct pen *pen, const struct look *look, const char *text, double above)
{
    if (!*text)
        return;
    double height = set(pen, look, text, WIDTH);
    pen->y += above;
    if (need(pen, height))
        set(pen, look, text, WIDTH);
    show(pen, MARGIN, pen->y);
    pen->y += height;
}

static void line(struct pen *pen, double x0, double x1, double y, bool dotted)
{
    const double dots[] = {1, 2};

    cairo_set_line_width(pen->cr, 0.5);
    cairo_set_dash(pen->cr, dots, dotted ? 2 : 0, 0);
    cairo_move_to(pen->cr, x0, y);
    cairo_line_to(pen->cr, x1, y);
    cairo_stroke(pen->cr);
    cairo_set_dash(pen->cr, dots, 0, 0);
}

static void put_fields(struct pen *pen, const struct doc_block *b)
{
    double left = WIDTH * LABEL_SHARE;

    for (uint32_t row = 0; row < b->n_rows; row++) {
        const char *name = b->cells[2 * row];
        const char *value = b->cells[2 * row + 1];
        double height = set(pen, &label, name, left - PAD);
        double other = set(pen, &body, value, WIDTH - left);
        height = height > other ? height : other;
        need(pen, height + PAD);
        set(pen, &label, name, left - PAD);
        show(pen, MARGIN, pen->y);
        set(pen, &body, value, WIDTH - left);
        show(pen, MARGIN + left, pen->y);
        if (!*value)
            line(pen, MARGIN + left, MARGIN + WIDTH, pen->y + height, true);
        pen->y += height + PAD;
    }
}

static double column_width(const struct doc_block *b, uint32_t c)
{
    double all = 0;

    for (uint32_t i = 0; i < b->n_columns; i++)
        all += b->widths[i];
    return all > 0 ? WIDTH * b->widths[c] / all : WIDTH / b->n_columns;
}

static double row_height(struct pen *pen, const struct doc_block *b, uint32_t row)
{
    double most = 0;

    for (uint32_t c = 0; c < b->n_columns; c++) {
        double h = set(pen, row ? &cell : &cell_head, b->cells[row * b->n_columns + c],
                       column_width(b, c) - PAD);
        most = h > most ? h : most;
    }
    return most + PAD;
}

static void put_row(struct pen *pen, const struct doc_block *b, uint32_t row, double height)
{
    double x = MARGIN;

    if (row == 0) {
        cairo_set_source_rgb(pen->cr, 0.92, 0.92, 0.92);
        cairo_rectangle(pen->cr, MARGIN, pen->y, WIDTH, height);
        cairo_fill(pen->cr);
        cairo_set_source_rgb(pen->cr, 0, 0, 0);
    }
    for (uint32_t c = 0; c < b->n_columns; c++) {
        set(pen, row ? &cell : &cell_head, b->cells[row * b->n_columns + c],
            column_width(b, c) - PAD);
        show(pen, x + PAD / 2, pen->y + PAD / 2);
        x += column_width(b, c);
    }
    pen->y += height;
    line(pen, MARGIN, MARGIN + WIDTH, pen->y, false);
}

static void put_table(struct pen *pen, const struct doc_block *b)
{
    double head = row_height(pen, b, 0);

    pen->y += PAD;
    for (uint32_t row = 0; row < b->n_rows; row++) {
        double height = row_height(pen, b, row);
        bool fresh = need(pen, row ? height : height + head);
        if (fresh && row)
            put_row(pen, b, 0, head);
        put_row(pen, b, row, height);
    }
    pen->y += PAD;
}

static void put_sign(struct pen *pen, const struct doc_block *b)
{
    double width = WIDTH / (b->n_columns ? b->n_columns : 1);

    pen->y += 24;
    need(pen, 100);
    for (uint32_t c = 0; c < b->n_columns; c++) {
        set(pen, &strong, b->cells[c], width - PAD);
        show(pen, MARGIN + c * width, pen->y);
    }
    pen->y += 100;
}

static void put_block(struct pen *pen, const struct doc_block *b)
{
    switch (b->kind) {
    case DOC_HEADING:
        need(pen, 100); /* not alone at the end of a page */
        put(pen, &heading, b->text, 10);
        pen->y += PAD;
        break;
    case DOC_TEXT:
        put(pen, &body, b->text, 2);
        pen->y += PAD;
        break;
    case DOC_FIELDS:
        put_fields(pen, b);
        break;
    case DOC_TABLE:
        put_table(pen, b);
        break;
    case DOC_SIGN:
        put_sign(pen, b);
        break;
    }
}

static cairo_status_t on_bytes(void *ctx, const unsigned char *bytes, unsigned n)
{
    struct strbuf *out = ctx;

    strbuf_bytes(out, bytes, n);
    return out->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void put_all(struct pen *pen)
{
    const struct doc *doc = pen->doc;

    put(pen, &strong, doc->unit, 0);
    put(pen, &title, doc->title, 10);
    put(pen, &centred, doc->number, 2);
    put(pen, &small_centred, doc->basis, 4);
    for (uint32_t i = 0; i < doc->n; i++)
        put_block(pen, &doc->blocks[i]);
    foot(pen);
    cairo_show_page(pen->cr);
}

enum err pdf_write(const struct doc *doc, struct strbuf *out)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(on_bytes, out, PAGE_W, PAGE_H);
    struct pen pen = {.doc = doc, .cr = cairo_create(surface), .y = MARGIN, .page = 1};

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, doc->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, doc->unit);
    pen.layout = pango_cairo_create_layout(pen.cr);
    put_all(&pen);
    g_object_unref(pen.layout);
    cairo_destroy(pen.cr);
    cairo_surface_finish(surface);
    cairo_status_t status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (out->full)
        return ERR_FULL;
    return status == CAIRO_STATUS_SUCCESS ? ERR_OK : ERR_NOMEM;
}
