/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/binary.h"
#include "analyzer/record/utf8.h"
#include "common/check.h"

#include <endian.h>

enum { LENGTH = 4, NUMBER = 8, COLUMNS = 2, TYPE_BIGINT = 20 };

/* Signature, flags, length of the header's extension. */
static const char head[19] = "PGCOPY\n\377\r\n";

static uint8_t *put_32(uint8_t *to, uint32_t value)
{
    value = htobe32(value);
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

static uint8_t *put_64(uint8_t *to, uint64_t value)
{
    value = htobe64(value);
    memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
}

struct slice binary_text(struct arena *arena, struct slice text)
{
    struct strbuf out;

    if (utf8_ok(text))
        return text;
    strbuf_init(&out, 0);
    utf8_repair(text, &out);
    text = arena_keep(arena, strbuf_view(&out));
    strbuf_fini(&out);
    return text;
}

void binary_head(struct strbuf *out)
{
    strbuf_bytes(out, head, sizeof(head));
}

void binary_tail(struct strbuf *out)
{
    static const uint8_t tail[COLUMNS] = {0xff, 0xff};
    strbuf_bytes(out, tail, sizeof(tail));
}

static size_t room_of(const struct sql_value *values, uint32_t n)
{
    size_t room = COLUMNS;

    for (uint32_t i = 0; i < n; i++)
        room += LENGTH + (values[i].kind == SQL_INT    ? NUMBER
                          : values[i].kind == SQL_NULL ? 0
                                                       : values[i].s.len);
    return room;
}

static void put_row(struct strbuf *out, const struct sql_value *values, uint32_t n)
{
    size_t room = room_of(values, n);

    CHECK(n <= UINT8_MAX);
    if (!strbuf_grow(out, room))
        return;
    uint8_t *to = (uint8_t *)out->at + out->len;
    *to++ = 0;
    *to++ = (uint8_t)n;
    for (uint32_t i = 0; i < n; i++) {
        const struct sql_value *v = &values[i];
        if (v->kind == SQL_INT) {
            to = put_64(put_32(to, NUMBER), (uint64_t)v->i);
        } else if (v->kind == SQL_NULL) {
            to = put_32(to, UINT32_MAX);
        } else {
            to = put_32(to, v->s.len);
            if (v->s.len)
                memcpy(to, v->s.at, v->s.len);
            to += v->s.len;
        }
    }
    out->len += room;
    out->at[out->len] = '\0';
}

/* Nearly all texts are UTF-8 already. */
void binary_row(struct strbuf *out, const struct sql_value *values, uint32_t n)
{
    struct sql_value good[UINT8_MAX];
    struct arena repaired;
    uint32_t i = 0;

    while (i < n && (values[i].kind != SQL_TEXT || utf8_ok(values[i].s)))
        i++;
    if (i == n) {
        put_row(out, values, n);
        return;
    }
    CHECK(n <= UINT8_MAX);
    arena_init(&repaired, 1024, 0);
    memcpy(good, values, n * sizeof(*values));
    for (; i < n; i++)
        if (good[i].kind == SQL_TEXT)
            good[i].s = binary_text(&repaired, good[i].s);
    put_row(out, good, n);
    arena_fini(&repaired);
}

/* Dimensions, whether there are NULLs, type; length and first index; each behind its length. */
struct slice binary_keys(struct arena *arena, struct slice numbers)
{
    uint32_t n = numbers.len / NUMBER;
    uint32_t bytes = 5 * LENGTH + n * (LENGTH + NUMBER);
    uint8_t *out = arena_alloc(arena, bytes);

    CHECK(out);
    uint8_t *to = put_32(put_32(put_32(out, 1), 0), TYPE_BIGINT);
    to = put_32(put_32(to, n), 1);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t number;
        memcpy(&number, numbers.at + (size_t)i * NUMBER, NUMBER);
        to = put_64(put_32(to, NUMBER), number);
    }
    return (struct slice){out, bytes};
}
