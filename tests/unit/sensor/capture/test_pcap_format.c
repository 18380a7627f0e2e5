/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture/pcap_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct file {
    uint8_t at[1024];
    uint32_t len;
    bool big;
};

static void put16(struct file *f, uint32_t v)
{
    f->at[f->len + f->big] = (uint8_t)v;
    f->at[f->len + !f->big] = (uint8_t)(v >> 8);
    f->len += 2;
}

static void put32(struct file *f, uint32_t v)
{
    put16(f, f->big ? v >> 16 : v & 0xffff);
    put16(f, f->big ? v & 0xffff : v >> 16);
}

static void put_bytes(struct file *f, const char *bytes, uint32_t len)
{
    memcpy(f->at + f->len, bytes, len);
    f->len += len;
}

static struct file pcap_of(bool big, uint32_t magic, uint32_t extra)
{
    struct file f = {.big = big};

    put32(&f, magic);
    put32(&f, 0x00040002);
    put32(&f, 0);
    put32(&f, 0);
    put32(&f, 65535);
    put32(&f, 101);
    for (uint32_t i = 0; i < 2; i++) {
        put32(&f, 1000 + i);
        put32(&f, 5);
        put32(&f, 3);
        put32(&f, 60);
        put_bytes(&f, "\0\0\0\0\0\0\0\0", extra);
        put_bytes(&f, i ? "def" : "abc", 3);
    }
    return f;
}

static struct file ng_of(bool big)
{
    struct file f = {.big = big};

    put32(&f, 0x0a0d0d0a);
    put32(&f, 28);
    put32(&f, 0x1a2b3c4d);
    put32(&f, 1);
    put32(&f, UINT32_MAX);
    put32(&f, UINT32_MAX);
    put32(&f, 28);
    for (uint32_t i = 0; i < 2; i++) { /* interface 0: µs, 1: ns by option */
        put32(&f, 1);
        put32(&f, i ? 32 : 20);
        put16(&f, i ? 101 : 1);
        put16(&f, 0);
        put32(&f, 0);
        if (i) {
            put16(&f, 9);
            put16(&f, 1);
            put_bytes(&f, "\x09\0\0\0\0\0\0\0", 8);
        }
        put32(&f, i ? 32 : 20);
    }
    put32(&f, 6); /* enhanced, interface 1 */
    put32(&f, 36);
    put32(&f, 1);
    put32(&f, 0);
    put32(&f, 5000);
    put32(&f, 3);
    put32(&f, 60);
    put_bytes(&f, "abc\0", 4);
    put32(&f, 36);
    put32(&f, 3); /* simple */
    put32(&f, 20);
    put32(&f, 3);
    put_bytes(&f, "def\0", 4);
    put32(&f, 20);
    put32(&f, 2); /* old */
    put32(&f, 36);
    put16(&f, 0);
    put16(&f, 0);
    put32(&f, 0);
    put32(&f, 7);
    put32(&f, 3);
    put32(&f, 3);
    put_bytes(&f, "ghi\0", 4);
    put32(&f, 36);
    return f;
}

struct reader {
    struct pcap_format format;
    struct pcap_input in;
    struct frame frame;
    struct capture_fault fault;
};

static enum err open_file(struct reader *r, const struct file *f)
{
    memset(r, 0, sizeof(*r));
    r->in = (struct pcap_input){.at = f->at, .end = f->at + f->len};
    return pcap_format_open(&r->format, &r->in, "x.pcap", &r->fault);
}

static enum err next(struct reader *r)
{
    return pcap_format_next(&r->format, &r->in, &r->frame, &r->fault);
}

static void pcap_is_read_in_all_its_forms(void **state)
{
    (void)state;
    static const struct {
        uint32_t magic, extra;
        uint64_t ns;
    } forms[] = {{0xa1b2c3d4, 0, 5000}, {0xa1b23c4d, 0, 5}, {0xa1b2cd34, 8, 5000}};
    struct reader r;

    for (uint32_t i = 0; i < 6; i++) {
        struct file f = pcap_of(i % 2, forms[i / 2].magic, forms[i / 2].extra);
        assert_int_equal(open_file(&r, &f), ERR_OK);
        assert_int_equal(next(&r), ERR_OK);
        assert_int_equal(r.frame.ts_ns, UINT64_C(1000000000000) + forms[i / 2].ns);
        assert_int_equal(r.frame.caplen, 3);
        assert_int_equal(r.frame.wirelen, 60);
        assert_int_equal(r.frame.linktype, 101);
        assert_memory_equal(r.frame.data, "abc", 3);
        assert_int_equal(next(&r), ERR_OK);
        assert_memory_equal(r.frame.data, "def", 3);
        assert_int_equal(next(&r), ERR_END);
    }
}

static void pcapng_knows_interfaces_and_three_kinds_of_packets(void **state)
{
    (void)state;
    struct reader r;

    for (int big = 0; big < 2; big++) {
        struct file f = ng_of(big);
        assert_int_equal(open_file(&r, &f), ERR_OK);
        assert_int_equal(next(&r), ERR_OK);
        assert_int_equal(r.frame.ts_ns, 5000);
        assert_int_equal(r.frame.iface, 1);
        assert_int_equal(r.frame.linktype, 101);
        assert_int_equal(r.frame.wirelen, 60);
        assert_int_equal(next(&r), ERR_OK);
        assert_int_equal(r.frame.linktype, 1);
        assert_memory_equal(r.frame.data, "def", 3);
        assert_int_equal(next(&r), ERR_OK);
        assert_int_equal(r.frame.ts_ns, 7000);
        assert_memory_equal(r.frame.data, "ghi", 3);
        assert_int_equal(next(&r), ERR_END);
    }
}

static void a_cut_file_gives_what_came_before_and_says_where(void **state)
{
    (void)state;
    struct file files[2] = {pcap_of(false, 0xa1b2c3d4, 0), ng_of(false)};
    struct reader r;

    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t len = 0; len < files[i].len; len++) {
            struct file cut = files[i];
            cut.len = len;
            enum err err = open_file(&r, &cut);
            while (!err)
                err = next(&r);
            if (err != ERR_END)
                assert_true(strlen(r.fault.text) > 10);
            assert_true(err == ERR_END || err == ERR_INPUT);
        }
    }
}

static void flipped_bits_never_lead_outside(void **state)
{
    (void)state;
    struct file files[2] = {pcap_of(false, 0xa1b2c3d4, 0), ng_of(false)};
    struct reader r;

    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t bit = 0; bit < files[i].len * 8; bit++) {
            struct file bad = files[i];
            bad.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            enum err err = open_file(&r, &bad);
            while (!err) {
                err = next(&r);
                if (!err)
                    assert_true(r.frame.data >= bad.at &&
                                r.frame.data + r.frame.caplen <= bad.at + bad.len);
            }
        }
    }
}

static void what_is_no_capture_is_told(void **state)
{
    (void)state;
    struct file f = {.len = 100};
    struct reader r;

    assert_int_equal(open_file(&r, &f), ERR_INPUT);
    assert_string_equal(r.fault.text, "x.pcap is not a capture: neither pcap nor pcapng");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_is_read_in_all_its_forms),
        cmocka_unit_test(pcapng_knows_interfaces_and_three_kinds_of_packets),
        cmocka_unit_test(a_cut_file_gives_what_came_before_and_says_where),
        cmocka_unit_test(flipped_bits_never_lead_outside),
        cmocka_unit_test(what_is_no_capture_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
