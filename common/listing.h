/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing of tables for --list-* in three formats: aligned text, Markdown, JSON.
 */
#ifndef TRAMGAC_COMMON_LISTING_H
#define TRAMGAC_COMMON_LISTING_H

#include "common/strbuf.h"

enum listing_format { LISTING_TEXT, LISTING_MD, LISTING_JSON };
enum { LISTING_COLUMNS_MAX = 8 };

struct listing;

/** `heads`: names of the columns, ended by NULL; in JSON they are the keys. */
struct listing *listing_new(const char *const *heads);
/** One row: as many texts as there are heads; NULL is printed empty. Copied. */
void listing_row(struct listing *l, const char *const *cells);
void listing_print(const struct listing *l, enum listing_format format, struct strbuf *out);
void listing_free(struct listing **l);
bool listing_format_parse(const char *text, enum listing_format *format);

#endif
