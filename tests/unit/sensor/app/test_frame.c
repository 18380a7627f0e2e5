/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: where the units of each protocol begin and end, whatever was cut off behind them.
 */
#include "sensor/app/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct taker {
    const struct frame_def *def;
    uint64_t memory[2][FRAME_MEMORY / 8]; /* `[0]` of the whole, `[1]` of growing pieces */
    char text[2][1024];
};

static const struct frame_def *row(const char *proto)
{
    for (uint32_t i = 0; frame_at(i); i++) {
        if (strcmp(frame_at(i)->proto, proto) == 0)
            return frame_at(i);
    }
    return NULL;
}

/* Cuts what of `in` is there from `*at` on; writes "name@from+length " or "name<end ". */
static void cut_on(struct taker *t, uint32_t k, enum dir dir, struct slice in, uint32_t *at)
{
    while (*at < in.len) {
        struct frame_cut cut = {.dir = dir, .in = slice_from(in, *at), .memory = t->memory[k]};
        uint32_t used = t->def->cut(&cut);
        if (used >= FRAME_OFF) {
            strcat(t->text[k], used == FRAME_OFF ? "off" : "lost");
            *at = UINT32_MAX;
            return;
        }
        for (uint32_t i = 0; i < cut.n; i++) {
            const struct frame_found *f = &cut.found[i];
            char *end = t->text[k] + strlen(t->text[k]);
            if (f->closes)
                sprintf(end, "%s<%u ", t->def->names[f->type], *at + f->at);
            else if (f->len == FRAME_OPEN)
                sprintf(end, "%s@%u ", t->def->names[f->type], *at + f->at);
            else
                sprintf(end, "%s@%u+%u ", t->def->names[f->type], *at + f->at, f->len);
        }
        if (used == FRAME_MORE)
            return;
        *at += used;
    }
}

/* The same frames come out of the whole and of bytes that come one by one. */
static const char *cut_all(struct taker *t, enum dir dir, struct slice in)
{
    uint32_t whole = 0, pieces = 0;

    t->text[0][0] = t->text[1][0] = 0;
    cut_on(t, 0, dir, in, &whole);
    for (uint32_t n = 1; n <= in.len; n++)
        cut_on(t, 1, dir, slice_head(in, n), &pieces);
    assert_string_equal(t->text[0], t->text[1]);
    return t->text[0];
}

static void messages_of_dns_have_their_length_before_them(void **state)
{
    struct taker t = {.def = row("dns")};

    (void)state;
    assert_string_equal(cut_all(&t, TO_SERVER, SLICE_LIT("\0\5abcde\0\2ab")), "pdu@2+5 pdu@9+2 ");
}

static void mqtt_packets_have_a_header_of_two_to_five_bytes(void **state)
{
    struct taker t = {.def = row("mqtt")};

    (void)state;
    assert_string_equal(cut_all(&t, TO_SERVER, SLICE_LIT("\x10\x02hi\xc0\x00\x30\x83\x00xyz")),
                        "pdu@0+4 header@0+2 data@2+2 pdu@4+2 header@4+2 "
                        "pdu@6+6 header@6+3 data@9+3 ");
    assert_string_equal(cut_all(&t, TO_SERVER, SLICE_LIT("\x10\xff\xff\xff\xff\x01")), "lost");
}

static void records_of_tls_are_frames_when_encrypted_too(void **state)
{
    struct taker t = {.def = row("tls")};

    (void)state;
    assert_string_equal(
        cut_all(&t, TO_SERVER, SLICE_LIT("\x16\x03\x01\0\2ab\x17\x03\x03\0\1c\x17\x03\x03")),
        "pdu@0+7 hdr@0+5 data@5+2 pdu@7+6 hdr@7+5 data@12+1 ");
    assert_string_equal(cut_all(&t, TO_CLIENT, SLICE_LIT("\x15\x03\x03\0\2\x02\x28")),
                        "pdu@0+7 hdr@0+5 data@5+2 alert@5+2 ");
}

static void an_http_message_ends_as_its_headers_say(void **state)
{
    struct taker t = {.def = row("http")};

    (void)state;
    assert_string_equal(cut_all(&t, TO_SERVER,
                                SLICE_LIT("POST / HTTP/1.1\r\nContent-Length: 3\r\n"
                                          "\r\nabcHEAD / HTTP/1.1\r\n\r\n")),
                        "request@0 request<41 request@41 request<60 ");
    assert_string_equal(
        cut_all(&t, TO_CLIENT,
                SLICE_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                          "HTTP/1.1 200 OK\r\n\r\nto the end")),
        "response@0 response<60 response@60 response<98 response@98 ");
}

static void smb_has_frames_inside_frames(void **state)
{
    struct taker t = {.def = row("smb")};
    uint8_t bytes[4 + 80 + 70] = {0, 0, 0, 150, 0xfe, 'S', 'M', 'B'};

    (void)state;
    bytes[4 + 20] = 80; /* the next message of the chain */
    assert_string_equal(cut_all(&t, TO_SERVER, (struct slice){bytes, sizeof(bytes)}),
                        "nbss.pdu@0+154 nbss.hdr@0+4 nbss.data@4+150 smb2.pdu@4+80 smb2.hdr@4+64 "
                        "smb2.data@68+16 smb2.pdu@84+70 smb2.hdr@84+64 smb2.data@148+6 ");
}

static void sip_and_telnet_are_cut_at_their_lines(void **state)
{
    struct taker sip = {.def = row("sip")}, telnet = {.def = row("telnet")};

    (void)state;
    assert_string_equal(cut_all(&sip, TO_SERVER, SLICE_LIT("BYE sip:a SIP/2.0\r\nl: 2\r\n\r\nhi")),
                        "pdu@0+29 request.line@0+19 request.headers@19+6 request.body@27+2 ");
    assert_string_equal(cut_all(&telnet, TO_CLIENT,
                                SLICE_LIT("\xff\xfd\x18login\r\n\xff\xfa\x18\x01"
                                          "\xff\xf0")),
                        "pdu@0+3 ctl@0+3 pdu@3+7 data@3+7 pdu@10+6 ctl@10+6 ");
}

static void rfb_is_cut_up_to_the_end_of_its_handshake(void **state)
{
    struct taker t = {.def = row("rfb")};

    (void)state;
    assert_string_equal(cut_all(&t, TO_SERVER, SLICE_LIT("RFB 003.007\n\x01\x01zz")),
                        "pdu@0+12 pdu@12+1 pdu@13+1 off");
    assert_string_equal(cut_all(&t, TO_CLIENT,
                                SLICE_LIT("RFB 003.007\n\x01\x01"
                                          "0123456789012345678\0\0\0\0\2hizz")),
                        "pdu@0+12 pdu@12+2 pdu@14+26 off");
}

static void an_rpc_call_and_its_reply_have_parts(void **state)
{
    struct taker t = {.def = row("nfs")};
    uint8_t call[48] = {0x80, 0, 0, 44, 1, 2, 3, 4}, reply[36] = {0x80, 0, 0, 32, 1, 2, 3, 4};

    (void)state;
    memcpy(call + 12, "\0\0\0\2\0\1\x86\xa3\0\0\0\3\0\0\0\1", 16);
    reply[11] = 1;
    assert_string_equal(cut_all(&t, TO_SERVER, (struct slice){call, 48}),
                        "rpc.pdu@0+48 rpc.creds@28+8 nfs.pdu@44+4 ");
    assert_string_equal(cut_all(&t, TO_CLIENT, (struct slice){reply, 36}),
                        "rpc.pdu@0+36 rpc.hdr@0+12 rpc.data@12+24 nfs.pdu@28+8 nfs.status@28+4 ");
}

static void names_are_found_by_protocol(void **state)
{
    const struct proto_def *proto = proto_rows[0];

    (void)state;
    for (uint32_t i = 0; proto_rows[i]; i++)
        proto = strcmp(proto_rows[i]->name, "tls") == 0 ? proto_rows[i] : proto;
    assert_int_equal(frame_type(proto, SLICE_LIT("hdr")), 1);
    assert_int_equal(frame_type(proto, SLICE_LIT("stream")), FRAME_STREAM);
    assert_int_equal(frame_type(proto, SLICE_LIT("nothing")), -1);
    assert_string_equal(frame_name(proto, 3), "ssl2.hdr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_dns_have_their_length_before_them),
        cmocka_unit_test(mqtt_packets_have_a_header_of_two_to_five_bytes),
        cmocka_unit_test(records_of_tls_are_frames_when_encrypted_too),
        cmocka_unit_test(an_http_message_ends_as_its_headers_say),
        cmocka_unit_test(smb_has_frames_inside_frames),
        cmocka_unit_test(sip_and_telnet_are_cut_at_their_lines),
        cmocka_unit_test(rfb_is_cut_up_to_the_end_of_its_handshake),
        cmocka_unit_test(an_rpc_call_and_its_reply_have_parts),
        cmocka_unit_test(names_are_found_by_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
