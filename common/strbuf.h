/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing byte buffer with a cap. Over the cap, or when the system has no memory, further writes
 * are dropped and `full` is set; what is there stays whole. Always zero-terminated once written.
 */
#ifndef TRAMGAC_COMMON_STRBUF_H
#define TRAMGAC_COMMON_STRBUF_H

#include "common/slice.h"

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
    char *at;
    size_t len;
    size_t room;
    size_t cap; /* 0 = no cap */
    bool full;
};

void strbuf_init(struct strbuf *buf, size_t cap);
void strbuf_fini(struct strbuf *buf);

/** Room for `bytes` more and a zero byte; false when that breaks the cap. */
bool strbuf_grow(struct strbuf *buf, size_t bytes);

void strbuf_u64(struct strbuf *buf, uint64_t value);
void strbuf_fmt(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void strbuf_bytes(struct strbuf *buf, const void *bytes, size_t len)
{
    if (len == 0 || (len >= buf->room - buf->len && !strbuf_grow(buf, len)) || buf->full)
        return;
    memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
    buf->at[buf->len] = '\0';
}

static inline void strbuf_str(struct strbuf *buf, const char *text)
{
    strbuf_bytes(buf, text, strlen(text));
}

static inline void strbuf_char(struct strbuf *buf, char c)
{
    if (buf->len + 1 < buf->room || strbuf_grow(buf, 1)) {
        buf->at[buf->len++] = c;
        buf->at[buf->len] = '\0';
    }
}

static inline void strbuf_slice(struct strbuf *buf, struct slice s)
{
    strbuf_bytes(buf, s.at, s.len);
}

static inline void strbuf_clear(struct strbuf *buf)
{
    buf->len = 0;
    buf->full = false;
}

static inline struct slice strbuf_view(const struct strbuf *buf)
{
    return (struct slice){(const uint8_t *)buf->at, (uint32_t)buf->len};
}

#endif
