/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints of a ClientHello made by hand: every list they are built from, with GREASE. */
#include "proto_one.h"

#include <stdio.h>

static struct one one;

/* A hello with GREASE, server name, ALPN h2, groups, point formats, signatures, versions. */
#define EXTENSIONS                                                                                 \
    "\x0a\x0a\0\0"                                                                                 \
    "\0\0\0\x0e\0\x0c\0\0\x09"                                                                     \
    "h.example"                                                                                    \
    "\0\x10\0\5\0\3\2h2"                                                                           \
    "\0\x0a\0\6\0\4\x1a\x1a\0\x1d"                                                                 \
    "\0\x0b\0\2\1\0"                                                                               \
    "\0\x0d\0\6\0\4\4\3\x08\4"                                                                     \
    "\0\x2b\0\7\6\x2a\x2a\3\4\3\3"
#define HELLO_BODY                                                                                 \
    "\3\3"                                                                                         \
    "0123456789abcdef0123456789abcdef\0"                                                           \
    "\0\6\x3a\x3a\x13\1\xc0\x2b\1\0\0\x44" EXTENSIONS

static void a_client_is_told_by_ja3_and_ja4_without_grease(void **state)
{
    (void)state;
    uint8_t record[256];
    struct slice body = SLICE_LIT(HELLO_BODY);
    uint8_t head[9] = {22, 3, 1, 0, (uint8_t)(body.len + 4), 1, 0, 0, (uint8_t)body.len};
    memcpy(record, head, sizeof head);
    memcpy(record + sizeof head, body.at, body.len);

    one_open(&one, IPPROTO_TCP4, 443);
    one_says(&one, TO_SERVER, (struct slice){record, (uint32_t)sizeof head + body.len});
    one_is(&one, "tls.sni", "h.example");
    one_is(&one, "ja3.string", "771,4865-49195,0-16-10-11-13-43,29,0");
    struct slice ja4;
    assert_true(one_bytes(&one, "ja4.hash", 0, 0, &ja4));
    assert_int_equal(ja4.len, 36);
    assert_memory_equal(ja4.at, "t13d0206h2_", 11);
    one_is(&one, "tls.alpn", "h2");
    one_close(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_told_by_ja3_and_ja4_without_grease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
