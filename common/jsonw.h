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

/** `key` NULL: no key (inside an array, or the outermost value). Keys are our own literals,
 * unescaped. */
void jsonw_obj_open(struct jsonw *w, const char *key);
void jsonw_obj_close(struct jsonw *w);
void jsonw_arr_open(struct jsonw *w, const char *key);
void jsonw_arr_close(struct jsonw *w);

void jsonw_text(struct jsonw *w, const char *key, struct slice text);
void jsonw_str(struct jsonw *w, const char *key, const char *text);
void jsonw_u64(struct jsonw *w, const char *key, uint64_t value);
void jsonw_i64(struct jsonw *w, const char *key, int64_t value);
/** At most three decimals. */
void jsonw_num(struct jsonw *w, const char *key, double value);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
void jsonw_addr(struct jsonw *w, const char *key, const struct addr *addr);
void jsonw_mac(struct jsonw *w, const char *key, const struct mac *mac);
/** Lower-case hexadecimal; `sep` between bytes, or 0. */
void jsonw_hex(struct jsonw *w, const char *key, struct slice bytes, char sep);
void jsonw_base64(struct jsonw *w, const char *key, struct slice bytes);
/** Only printable ASCII stays, everything else becomes '.', as EVE's payload_printable. */
void jsonw_printable(struct jsonw *w, const char *key, struct slice bytes);
/** Text that is JSON already. */
void jsonw_raw(struct jsonw *w, const char *key, struct slice json);
/** Members that are JSON already ("a":1,"b":2), into the open object; nothing when empty. */
void jsonw_members(struct jsonw *w, struct slice members);
/** EVE time stamp, microseconds, UTC offset "+0000": 2026-11-21T03:05:10.123456+0000. */
void jsonw_time(struct jsonw *w, const char *key, uint64_t ts_ns);
/** RFC 3339: 2026-11-21T03:05:10.123Z; nothing for 0, a time that is not known. */
void jsonw_rfc3339(struct jsonw *w, const char *key, uint64_t ts_ns);
/** ["a","b"] from words with blanks between; NULL is none. */
void jsonw_words(struct jsonw *w, const char *key, const char *words);

#endif
