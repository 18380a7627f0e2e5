/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: RFC 1321 A.5, RFC 3174 7.3, FIPS 180-2 B.1, RFC 4231 4.3, xxHash's own empty-input
 * value. */
#include "common/digest.h"
#include "common/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    enum digest_kind kind;
    const char *in;
    const char *out;
} vectors[] = {
    {DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {DIGEST_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
};

static void vectors_hold_however_the_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct slice in = slice_of_str(vectors[i].in);
        for (uint32_t cut = 0; cut <= in.len; cut++) {
            struct digest d;
            uint8_t out[DIGEST_MAX];
            char text[DIGEST_TEXT_MAX];
            digest_init(&d, vectors[i].kind);
            digest_update(&d, slice_head(in, cut));
            struct digest copy = d;
            digest_update(&copy, slice_from(in, cut));
            digest_final(&copy, out);
            digest_text(out, digest_size(vectors[i].kind), text);
            assert_string_equal(text, vectors[i].out);
        }
    }
}

static void hmac_follows_rfc4231(void **state)
{
    (void)state;
    uint8_t out[DIGEST_MAX];
    char text[DIGEST_TEXT_MAX];
    digest_hmac_sha256(SLICE_LIT("Jefe"), SLICE_LIT("what do ya want for nothing?"), out);
    digest_text(out, 32, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    digest_hmac_sha256(SLICE_NONE, SLICE_NONE, out);
    digest_text(out, 32, text);
    assert_string_equal(text, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hexadecimal_is_read_strictly(void **state)
{
    (void)state;
    uint8_t out[2];
    assert_true(digest_parse(SLICE_LIT("aBcD"), out, 2) && out[0] == 0xab && out[1] == 0xcd);
    assert_false(digest_parse(SLICE_LIT("abc"), out, 2));
    assert_false(digest_parse(SLICE_LIT("abcg"), out, 2));
    assert_true(digest_same(out, (const uint8_t[]){0xab, 0xcd}, 2));
}

static void the_hash_is_stable(void **state)
{
    (void)state;
    assert_true(hash_bytes(SLICE_NONE, 0) == 0x2d06800538d394c2);
    assert_true(hash_bytes(SLICE_LIT("a"), 0) != hash_bytes(SLICE_LIT("a"), 1));
    assert_true(hash_random_seed() != hash_random_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold_however_the_bytes_are_cut),
        cmocka_unit_test(hmac_follows_rfc4231),
        cmocka_unit_test(hexadecimal_is_read_strictly),
        cmocka_unit_test(the_hash_is_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
