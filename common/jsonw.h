/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fast JSON writer: straight into a strbuf, no tree. The caller keeps keys and nesting in order;
 * commas are the writer's. Text from the network may be any bytes: control characters are escaped,
 * invalid UTF-8 is written as \u00XX per byte (so the output is always valid JSON and valid UTF-8).
 */
#ifndef TRAMGAC_COMMON_JSONW_H
#define TRAMGAC_COMMON_JSONW_H

#include "common/addr.h"
#include "common/strbuf.h"

struct jsonw {
    struct strbuf *out;
    bool comma; /* a value was written at this level */
};

void jsonw_init(struct jsonw *w, struct strbuf *out);

/* The same with the length of the key; a slice of NULL: no key. */
void jsonw_put_open(struct jsonw *w, struct slice key, char c);
void jsonw_put_close(struct jsonw *w, char c);
void jsonw_put_raw(struct jsonw *w, struct slice key, struct slice json);
void jsonw_put_text(struct jsonw *w, struct slice key, struct slice text);
void jsonw_put_word(struct jsonw *w, struct slice key, struct slice word);
void jsonw_put_u64(struct jsonw *w, struct slice key, uint64_t value);
void jsonw_put_addr(struct jsonw *w, struct slice key, const struct addr *addr);
void jsonw_put_mac(struct jsonw *w, struct slice key, const struct mac *mac);
void jsonw_put_time(struct jsonw *w, struct slice key, uint64_t ts_ns);

/** Copies a text of which no byte must be escaped and returns the place behind it; NULL for any
 * other, whose bytes may have been copied. */
char *jsonw_plain(char *at, struct slice text);

/* Keys are our own literals, unescaped; NULL: no key (inside an array, or the outermost value).
 * Written here so that the compiler knows how long a literal is. */

static inline void jsonw_obj_open(struct jsonw *w, const char *key)
{
    jsonw_put_open(w, slice_of_str(key), '{');
}

static inline void jsonw_obj_close(struct jsonw *w)
{
    jsonw_put_close(w, '}');
}

static inline void jsonw_arr_open(struct jsonw *w, const char *key)
{
    jsonw_put_open(w, slice_of_str(key), '[');
}

static inline void jsonw_arr_close(struct jsonw *w)
{
    jsonw_put_close(w, ']');
}

static inline void jsonw_text(struct jsonw *w, const char *key, struct slice text)
{
    jsonw_put_text(w, slice_of_str(key), text);
}

static inline void jsonw_str(struct jsonw *w, const char *key, const char *text)
{
    jsonw_put_text(w, slice_of_str(key), slice_of_str(text));
}

/** A word of ours: nothing in it needs to be escaped. */
static inline void jsonw_word(struct jsonw *w, const char *key, const char *word)
{
    jsonw_put_word(w, slice_of_str(key), slice_of_str(word));
}

static inline void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
    jsonw_put_u64(w, slice_of_str(key), value);
}

static inline void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
    jsonw_put_raw(w, slice_of_str(key), value ? SLICE_LIT("true") : SLICE_LIT("false"));
}

static inline void jsonw_null(struct jsonw *w, const char *key)
{
    jsonw_put_raw(w, slice_of_str(key), SLICE_LIT("null"));
}

static inline void jsonw_addr(struct jsonw *w, const char *key, const struct addr *addr)
{
    jsonw_put_addr(w, slice_of_str(key), addr);
}

static inline void jsonw_mac(struct jsonw *w, const char *key, const struct mac *mac)
{
    jsonw_put_mac(w, slice_of_str(key), mac);
}

/** Text that is JSON already. */
static inline void jsonw_raw(struct jsonw *w, const char *key, struct slice json)
{
    jsonw_put_raw(w, slice_of_str(key), json);
}

/** EVE time stamp, microseconds, UTC offset "+0000": 2026-11-21T03:05:10.123456+0000. */
static inline void jsonw_time(struct jsonw *w, const char *key, uint64_t ts_ns)
{
    jsonw_put_time(w, slice_of_str(key), ts_ns);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value);
/** At most three decimals. */
void jsonw_num(struct jsonw *w, const char *key, double value);
/** Lower-case hexadecimal; `sep` between bytes, or 0. */
void jsonw_hex(struct jsonw *w, const char *key, struct slice bytes, char sep);
void jsonw_base64(struct jsonw *w, const char *key, struct slice bytes);
/** Only printable ASCII stays, everything else becomes '.', as EVE's payload_printable. */
void jsonw_printable(struct jsonw *w, const char *key, struct slice bytes);
/** Members that are JSON already ("a":1,"b":2), into the open object; nothing when empty. */
void jsonw_members(struct jsonw *w, struct slice members);
/** RFC 3339: 2026-11-21T03:05:10.123Z; nothing for 0, a time that is not known. */
void jsonw_rfc3339(struct jsonw *w, const char *key, uint64_t ts_ns);
/** ["a","b"] from words with blanks between; NULL is none. */
void jsonw_words(struct jsonw *w, const char *key, const char *words);

#endif
