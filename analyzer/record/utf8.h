/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of unknown quality made safe, and folded for searching.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_UTF8_H
#define TRAMGAC_ANALYZER_RECORD_UTF8_H

#include "common/strbuf.h"

/** Whether all of it is valid UTF-8 (no surrogates, no overlong forms, no zero byte). */
bool utf8_ok(struct slice text);
/** Appends with each wrong byte and zero byte replaced by U+FFFD. */
void utf8_repair(struct slice text, struct strbuf *out);
/** Length of the longest prefix of at most `max` bytes that ends at a character. */
uint32_t utf8_cut(struct slice text, uint32_t max);
/**
 * Appends in lower case without diacritics, Vietnamese ones too ("Trạm Gác" becomes "tram gac"), so
 * that a search finds it however it was typed. Covers Latin letters; the rest stays as it is.
 */
void utf8_fold(struct slice text, struct strbuf *out);

#endif
