/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keywords that look into a payload for one old protocol (rpc, asn1), and older spellings for SSH.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include "common/cursor.h"

/* ---- rpc: RFC 5531, a call ---------------------------------------------------------------- */

enum { RPC_CALL = 0, RPC_VERSION = 2 };

struct rpc_args {
    uint32_t program, version, procedure;
    bool any_version, any_procedure;
};

static bool rpc_match(const struct inspection *in, const void *args)
{
    const struct rpc_args *a = args;
    const struct packet *p = in->packet;

    if (!p || !p->payload.len)
        return false;
    struct cursor c = cursor_of(p->payload);
    cursor_skip(&c, p->proto == IPPROTO_TCP4 ? 8 : 4); /* record mark, transaction */
    bool call = cursor_be32(&c) == RPC_CALL && cursor_be32(&c) == RPC_VERSION;
    uint32_t program = cursor_be32(&c), version = cursor_be32(&c), procedure = cursor_be32(&c);
    return cursor_ok(&c) && call && program == a->program &&
           (a->any_version || version == a->version) &&
           (a->any_procedure || procedure == a->procedure);
}

/* A number, or * for any. */
static bool rpc_number(struct slice *rest, uint32_t *number, bool *any)
{
    struct slice part;
    uint64_t v = 0;

    *any = !draft_part(rest, ',', &part) || slice_eq(part, SLICE_LIT("*"));
    if (*any)
        return true;
    *number = (uint32_t)v;
    bool good = draft_u64(part, &v) && v <= UINT32_MAX;
    *number = (uint32_t)v;
    return good;
}

static bool rpc_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct rpc_args *a = draft_alloc(d, sizeof(*a));
    bool any_program = false;

    if (!a)
        return false;
    if (!rpc_number(&value, &a->program, &any_program) || any_program ||
        !rpc_number(&value, &a->version, &a->any_version) ||
        !rpc_number(&value, &a->procedure, &a->any_procedure))
        return draft_fail(d, "rpc wants a program, a version or *, a procedure or *");
    draft_of_packet(d, kw->name);
    return draft_test(d, kw, a);
}

/* ---- asn1: X.690 -------------------------------------------------------------------------- */

enum { ASN1_OBJECTS_MAX = 256, ASN1_BIT_STRING = 3, ASN1_REAL = 9, ASN1_DOUBLE_MAX = 256 };

struct asn1_args {
    bool bitstring, real, oversize, relative;
    int32_t offset;
    uint64_t most;
};

static bool asn1_length(struct cursor *c, uint64_t *length)
{
    uint8_t first = cursor_u8(c);

    *length = first;
    if (first < 0x80)
        return true;
    *length = 0;
    for (uint8_t i = 0; i < (first & 0x7f); i++)
        *length = *length >> 56 ? UINT64_MAX : *length << 8 | cursor_u8(c);
    return first != 0x80; /* of indefinite length: it ends where its contents do */
}

static bool asn1_object(const struct asn1_args *a, uint8_t type, uint64_t length,
                        struct slice content)
{
    if (a->oversize && length > a->most)
        return true;
    if (a->bitstring && type == ASN1_BIT_STRING && content.len && length > 0 &&
        content.at[0] > (length - 1) * 8)
        return true;
    return a->real && type == ASN1_REAL && content.len && !(content.at[0] & 0xc0) &&
           length > ASN1_DOUBLE_MAX;
}

/* Objects one after the other; those that hold others are entered by going on behind their head. */
static bool asn1_walk(const struct asn1_args *a, struct slice data)
{
    struct cursor c = cursor_of(data);

    for (uint32_t i = 0; i < ASN1_OBJECTS_MAX && cursor_left(&c); i++) {
        uint64_t length;
        uint8_t head = cursor_u8(&c), type = head & 0x1f;
        if (type == 0x1f) { /* a number above 30 follows in sevens */
            while (cursor_u8(&c) & 0x80)
                continue;
        }
        bool known = asn1_length(&c, &length);
        struct cursor ahead = c;
        if (!cursor_ok(&c))
            return false;
        if (known && !(head & 0xc0) && asn1_object(a, type, length, cursor_take(&ahead, 1)))
            return true;
        if (known && a->oversize && length > a->most)
            return true;
        if (head & 0x20)
            continue;
        if (length > cursor_left(&c))
            return false;
        cursor_skip(&c, (uint32_t)length);
    }
    return false;
}

static bool asn1_match(const struct inspection *in, const void *args)
{
    const struct asn1_args *a = args;
    int64_t at = (int64_t)a->offset + (a->relative ? in->data_at : 0);

    return at >= 0 && at < in->data.len && asn1_walk(a, slice_from(in->data, (uint32_t)at));
}

static bool asn1_word(struct asn1_args *a, struct slice word)
{
    if (slice_eq(word, SLICE_LIT("bitstring_overflow")))
        a->bitstring = true;
    else if (slice_eq(word, SLICE_LIT("double_overflow")))
        a->real = true;
    else if (slice_starts(word, SLICE_LIT("oversize_length"))) {
        a->oversize = true;
        return draft_u64(slice_trim(slice_from(word, 15)), &a->most);
    } else if (slice_starts(word, SLICE_LIT("absolute_offset")))
        return draft_i32(slice_trim(slice_from(word, 15)), &a->offset);
    else if (slice_starts(word, SLICE_LIT("relative_offset"))) {
        a->relative = true;
        return draft_i32(slice_trim(slice_from(word, 15)), &a->offset);
    } else
        return false;
    return true;
}

/* Words without a number stand in a row, too. */
static bool asn1_words(struct asn1_args *a, struct slice words)
{
    int64_t blank = slice_find_byte(words, ' ');
    struct slice first = slice_head(words, blank < 0 ? words.len : (uint32_t)blank);

    while (blank > 0 && asn1_word(a, first)) {
        words = slice_trim(slice_from(words, first.len));
        blank = slice_find_byte(words, ' ');
        first = slice_head(words, blank < 0 ? words.len : (uint32_t)blank);
    }
    return asn1_word(a, words);
}

static bool asn1_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct asn1_args *a = draft_alloc(d, sizeof(*a));
    struct slice word;

    (void)kw;
    if (!a)
        return false;
    value = draft_unquote(value);
    while (draft_part(&value, ',', &word)) {
        if (!asn1_words(a, word))
            return draft_fail(d, "asn1 does not understand \"%.*s\"", (int)(word.len & 63),
                              (const char *)word.at);
    }
    struct op *op = draft_op(d, draft_near(d, a->relative), OP_CALL);
    if (!op)
        return false;
    op->flags = a->relative ? OP_RELATIVE : 0u;
    op->call.match = asn1_match;
    op->call.args = a;
    return true;
}

/* ---- ssh ---------------------------------------------------------------------------------- */

static bool ssh_text(struct draft *d, const char *buffer, struct slice value, bool whole)
{
    const struct buffer *b = buffer_field(d->loader, slice_of_str(buffer));

    value = draft_unquote(value);
    if (!b || !value.len)
        return draft_fail(d, "a text in quotes is wanted");
    struct op *op = draft_op(d, b, OP_CONTENT);
    if (!op)
        return false;
    op->content.text = arena_keep(d->loader->arena, value);
    op->content.depth = (int32_t)value.len;
    op->flags = whole ? OP_DEPTH | OP_STARTS | OP_ENDS : 0u;
    d->last_group = -1;
    return true;
}

static bool ssh_software_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    return ssh_text(d, "ssh.software", value, false);
}

/* 2_compat: 2.0, or 1.99 which speaks both. */
static bool ssh_compat(const struct inspection *in, const void *args)
{
    (void)args;
    return slice_eq(in->data, SLICE_LIT("2.0")) || slice_eq(in->data, SLICE_LIT("2")) ||
           slice_eq(in->data, SLICE_LIT("1.99"));
}

static bool ssh_proto_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    const struct buffer *b = buffer_field(d->loader, SLICE_LIT("ssh.proto"));

    (void)kw;
    if (!slice_eq(draft_unquote(value), SLICE_LIT("2_compat")))
        return ssh_text(d, "ssh.proto", value, true);
    struct op *op = b ? draft_op(d, b, OP_CALL) : NULL;
    if (!op)
        return false;
    op->call.match = ssh_compat;
    return true;
}

static const struct keyword rows[] = {
    {.name = "rpc",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = rpc_parse,
     .match = rpc_match,
     .example = "rpc:100000,*,3",
     .doc = "Call of Sun RPC: program, version, procedure"},
    {.name = "asn1",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED,
     .parse = asn1_parse,
     .example = "asn1:oversize_length 1024, absolute_offset 0",
     .doc = "ASN.1 that overflows: bitstring_overflow, double_overflow, oversize_length n; from "
            "absolute_offset n or relative_offset n"},
    {.name = "ssh.protoversion",
     .stage = AT_BUFFER,
     .parse = ssh_proto_parse,
     .example = "ssh.protoversion:2_compat",
     .doc = "Protocol version of SSH (older form of ssh.proto); 2_compat: 2.0 or 1.99"},
    {.name = "ssh.softwareversion",
     .stage = AT_BUFFER,
     .parse = ssh_software_parse,
     .example = "ssh.softwareversion:\"OpenSSH\"",
     .doc = "Part of the software of SSH (older form of ssh.software)"},
    KEYWORD_END,
};

const struct kw_family kw_old = {.doc = "Old protocols and spellings", .rows = rows};
