/* SPDX-License-Identifier: Apache-2.0 */
#include "common/strbuf.h"
#include "common/fmt.h"

#include <stdlib.h>

void strbuf_init(struct strbuf *buf, size_t cap)
{
    *buf = (struct strbuf){.cap = cap};
}

void strbuf_fini(struct strbuf *buf)
{
    free(buf->at);
    *buf = (struct strbuf){0};
}

bool strbuf_grow(struct strbuf *buf, size_t bytes)
{
    size_t need = buf->len + bytes + 1;

    if (need < bytes || (buf->cap && need > buf->cap + 1) || buf->full) {
        buf->full = true;
        return false;
    }
    if (need <= buf->room)
        return true;
    size_t room = buf->room ? buf->room : 256;
    while (room < need)
        room *= 2;
    if (buf->cap && room > buf->cap + 1)
        room = buf->cap + 1;
    char *at = realloc(buf->at, room);
    if (!at) {
        buf->full = true;
        return false;
    }
    buf->at = at;
    buf->room = room;
    return true;
}

void strbuf_u64(struct strbuf *buf, uint64_t value)
{
    char digits[FMT_U64_MAX];

    strbuf_bytes(buf, digits, fmt_u64(digits, value));
}

void strbuf_fmt(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    size_t room = buf->full ? 0 : buf->room - buf->len;

    /* mostly it fits: then once is enough */
    va_start(args, format);
    int len = fmt_textv(room ? buf->at + buf->len : NULL, room, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < room) {
        buf->len += (size_t)len;
        return;
    }
    if (room)
        buf->at[buf->len] = '\0';
    if (len <= 0 || !strbuf_grow(buf, (size_t)len))
        return;
    va_start(args, format);
    fmt_textv(buf->at + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}
