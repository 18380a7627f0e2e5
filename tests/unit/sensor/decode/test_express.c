/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "sensor/decode/express.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002, FRAMES = 20000 };

static uint32_t some(uint32_t *x, uint32_t below)
{
    *x = *x * 1664525 + 1013904223;
    return (*x >> 8) % below;
}

/* A common frame, or nearly one. */
static struct bytes frame(uint32_t *x)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    static const uint8_t stamp[] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9};
    struct slice data = {(const uint8_t *)text, some(x, sizeof(text))};
    struct bytes l4 = {.len = 0};
    struct bytes b = {.len = 0};
    bool tcp = some(x, 2);

    if (tcp) {
        put_tcp(&l4, (uint16_t)some(x, 65536), 80, some(x, 1000), some(x, 1000), TCP_ACK, data);
        if (some(x, 2)) {
            memmove(l4.at + 32, l4.at + 20, l4.len - 20);
            memcpy(l4.at + 20, stamp, sizeof(stamp));
            l4.at[12] = 0x80;
            l4.len += 12;
        }
    } else {
        put_udp(&l4, (uint16_t)some(x, 65536), 53, data);
    }
    bool tag = some(x, 2);
    put_ethernet(&b, tag ? 0x8100 : 0x0800);
    if (tag) {
        put16(&b, (uint16_t)some(x, 5));
        put16(&b, 0x0800);
    }
    put_ip4(&b, CLIENT, SERVER, tcp ? 6 : 17, 1, 0, view(&l4));
    put(&b, "\0\0\0\0", some(x, 5));
    for (uint32_t n = some(x, 3); n; n--) /* a byte of the headers is another one */
        b.at[12 + some(x, b.len < 60 ? (uint32_t)b.len - 12 : 48)] = (uint8_t)some(x, 256);
    if (some(x, 4) == 0)
        b.len = 14 + some(x, (uint32_t)b.len - 14);
    return b;
}

static void assert_same(const struct packet *a, const struct packet *b)
{
    size_t from = offsetof(struct packet, ts_ns);

    assert_memory_equal((const uint8_t *)a + from, (const uint8_t *)b + from,
                        offsetof(struct packet, outer) - from);
    assert_int_equal(a->notes, b->notes);
}

/* The rows, without what comes before and after them. */
static struct dec_next by_rows(struct packet *p, struct slice in)
{
    struct dec_next next = {DEC_LINK, LINK_ETHERNET, in};

    while (next.by != DEC_STOP && next.by != DEC_UDP) {
        const struct decoder_def *row = NULL;
        for (uint32_t i = 0; dec_rows[i]; i++) {
            for (uint32_t k = 0; k < DEC_KEYS_MAX && dec_rows[i]->keys[k].by != DEC_STOP; k++) {
                if (dec_rows[i]->keys[k].by == next.by && dec_rows[i]->keys[k].key == next.key)
                    row = dec_rows[i];
            }
        }
        if (next.by == DEC_ETHER)
            p->ethertype = (uint16_t)next.key;
        next = row ? row->decode(p, next.rest) : dec_stop();
    }
    return next;
}

static void what_goes_the_short_way_is_as_the_rows_say(void **state)
{
    uint32_t x = 1;
    uint32_t taken = 0;
    (void)state;

    for (uint32_t i = 0; i < FRAMES; i++) {
        struct bytes b = frame(&x);
        struct packet quick = {0};
        struct packet rows = {0};
        struct packet untouched = {0};
        struct dec_next next = {.by = DEC_LINK};
        if (!express_take(&quick, view(&b), &next)) {
            assert_same(&quick, &untouched);
            continue;
        }
        taken++;
        struct dec_next after = by_rows(&rows, view(&b));
        assert_same(&quick, &rows);
        assert_int_equal(next.by, after.by);
        if (next.by == DEC_UDP) {
            assert_int_equal(next.key, after.key);
            assert_ptr_equal(next.rest.at, after.rest.at);
            assert_int_equal(next.rest.len, after.rest.len);
        }
    }
    assert_in_range(taken, FRAMES / 10, FRAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_the_short_way_is_as_the_rows_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
