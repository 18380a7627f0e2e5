/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the parts of a rule can hold together: buffers of one protocol, packets or transactions,
 * contents that fit into the lengths asked for and into what their buffers can hold.
 */
#include "sensor/detect/rule_parse.h"

#include "sensor/detect/buffer.h"
#include "sensor/detect/transform.h"

#include <string.h>

/* ---- protocols ---------------------------------------------------------------------------- */

static uint64_t bit_of(int row)
{
    return row < 0 || row > 63 ? 0 : 1ull << row;
}

static uint64_t bit_named(const char *name)
{
    return bit_of(proto_index(slice_of_str(name)));
}

/* HTTP is written for both its versions, DCERPC for SMB too. */
static uint64_t with_kin(uint64_t rows)
{
    static const char *const kin[][2] = {{"http", "http2"}, {"dcerpc", "smb"}};

    for (uint32_t i = 0; i < sizeof(kin) / sizeof(kin[0]); i++) {
        uint64_t a = bit_named(kin[i][0]), b = bit_named(kin[i][1]);
        if (rows & (a | b))
            rows |= a | b;
    }
    return rows;
}

static uint64_t file_rows(void)
{
    static const char *const carry[] = {"http", "http2", "smtp", "ftp-data", "smb", "nfs"};
    uint64_t rows = 0;

    for (uint32_t i = 0; i < sizeof(carry) / sizeof(carry[0]); i++)
        rows |= bit_named(carry[i]);
    return rows;
}

/* Protocols that have the buffer, as bits; all when it is of no protocol. */
static uint64_t rows_of(const struct buffer *b)
{
    uint64_t rows = 0;

    switch (b->kind) {
    case BUFFER_FIELD:
    case BUFFER_NUMBER:
        for (uint8_t i = 0; i < b->n_refs; i++) {
            int row = proto_index(slice_of_str(b->refs[i].proto->name));
            if (row > 63)
                return UINT64_MAX;
            rows |= bit_of(row);
        }
        return with_kin(rows);
    case BUFFER_TX: /* named after its protocol */
        rows = bit_named(strcmp(b->name, "tls.state") == 0 ? "tls" : b->name);
        return rows ? rows : UINT64_MAX;
    case BUFFER_FILE:
    case BUFFER_FILE_NAME:
    case BUFFER_FILE_META:
        return file_rows();
    default:
        return UINT64_MAX;
    }
}

static bool check_protocols(struct draft *d)
{
    uint64_t rows = UINT64_MAX;
    const char *before = NULL;

    if (d->rule.app && d->rule.app <= 64) {
        rows = with_kin(bit_of(d->rule.app - 1));
        before = proto_rows[d->rule.app - 1]->name;
    }
    for (int i = 0; i < d->n_groups; i++) {
        const struct buffer *b = d->groups[i].buffer;
        uint64_t own = rows_of(b);
        if (!(rows & own))
            return draft_fail(d,
                              "\"%s\" and \"%s\" are of different protocols: no transaction has "
                              "both",
                              before, b->name);
        if (own != UINT64_MAX)
            before = b->name;
        rows &= own;
    }
    return true;
}

/* ---- packets and transactions ------------------------------------------------------------- */

static bool is_of_flow(const struct draft *d, int group)
{
    const struct buffer *b = d->groups[group].buffer;

    return rows_of(b) != UINT64_MAX || b->kind == BUFFER_FRAME || b->kind == BUFFER_TX;
}

static bool check_units(struct draft *d)
{
    const struct rule *r = &d->rule;

    if (r->no_packet && r->no_stream)
        return draft_fail(d, "a rule on streams only has no packets: leave one of both out");
    if (r->no_packet && d->of_packet)
        return draft_fail(d, "\"%s\" is of packets: a rule on streams only has none", d->of_packet);
    for (int i = 0; i < d->n_groups; i++) {
        if (!is_of_flow(d, i))
            continue;
        const char *name = d->groups[i].buffer->name;
        if (d->of_packet)
            return draft_fail(d,
                              "\"%s\" is of one packet, \"%s\" of a transaction: set a flowbit in "
                              "a rule of its own and test it here",
                              d->of_packet, name);
        if (r->no_stream)
            return draft_fail(d, "\"%s\" is read from the stream: leave tcp-pkt or no_stream out",
                              name);
    }
    return true;
}

/* ---- lengths ------------------------------------------------------------------------------ */

/* The longest that the condition lets pass; UINT64_MAX = no limit. */
static uint64_t longest(const struct num *n)
{
    switch (n->mode) {
    case NUM_EQ:
    case NUM_LE:
        return n->a;
    case NUM_LT:
        return n->a - !!n->a;
    case NUM_RANGE:
        return n->b;
    case NUM_IN_RANGE:
        return n->b;
    default:
        return UINT64_MAX;
    }
}

/* Bytes that the contents of a buffer need, one behind the other where they are so chained. */
static uint64_t needed(const struct draft_group *g)
{
    int64_t chain = 0, most = 0;

    for (uint16_t i = 0; i < g->n; i++) {
        const struct op *op = &g->ops[i];
        if (op->kind != OP_CONTENT) {
            chain = op->kind == OP_SIZE ? chain : 0;
            continue;
        }
        if (op->flags & OP_NEGATED)
            continue;
        int64_t step = 0;
        if (!(op->flags & OP_RELATIVE))
            chain = op->flags & OP_OFFSET && !(op->flags & OP_OFFSET_VAR) ? op->content.offset : 0;
        else if (op->flags & OP_DISTANCE && !(op->flags & OP_DISTANCE_VAR))
            step = op->content.distance;
        chain += step + op->content.text.len;
        if (chain < op->content.text.len)
            chain = op->content.text.len;
        most = chain > most ? chain : most;
    }
    return (uint64_t)most;
}

static bool check_sizes(struct draft *d)
{
    for (int i = 0; i < d->n_groups; i++) {
        const struct draft_group *g = &d->groups[i];
        uint64_t room = UINT64_MAX, wants = needed(g);
        for (uint16_t k = 0; k < g->n; k++) {
            uint64_t most = g->ops[k].kind == OP_SIZE ? longest(&g->ops[k].num) : UINT64_MAX;
            room = most < room ? most : room;
        }
        if (g->buffer->kind == BUFFER_PAYLOAD && d->dsize && longest(d->dsize) < room)
            room = longest(d->dsize);
        if (wants > room)
            return draft_fail(d, "the contents need %llu bytes of %s, and it has %llu at most",
                              (unsigned long long)wants, g->buffer->name, (unsigned long long)room);
    }
    return true;
}

/* ---- contents and what their buffers can hold --------------------------------------------- */

/* Digests as text: contents on them are whole. */
static uint32_t digest_len(const char *buffer)
{
    static const struct {
        const char *name;
        uint32_t len;
    } rows[] = {{"ja3.hash", 32},         {"ja3s.hash", 32},     {"ssh.hassh", 32},
                {"ssh.hassh.server", 32}, {"quic.cyu.hash", 32}, {"tls.cert_fingerprint", 59}};

    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, buffer) == 0)
            return rows[i].len;
    }
    return 0;
}

static bool is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_small(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool has(struct slice text, bool (*is)(uint8_t))
{
    for (uint32_t i = 0; i < text.len; i++) {
        if (is(text.at[i]))
            return true;
    }
    return false;
}

static bool has_two_blanks(struct slice text)
{
    for (uint32_t i = 1; i < text.len; i++) {
        if (is_blank(text.at[i]) && is_blank(text.at[i - 1]))
            return true;
    }
    return false;
}

/* What a transform leaves no trace of; NULL when the content can stand behind it. */
static const char *lost_in(const char *transform, const struct op *op)
{
    struct slice text = op->content.text;
    bool any_case = op->flags & OP_NOCASE;

    if (strcmp(transform, "strip_whitespace") == 0 && has(text, is_blank))
        return "a blank";
    if (strcmp(transform, "compress_whitespace") == 0 && has_two_blanks(text))
        return "two blanks";
    if (strcmp(transform, "to_lowercase") == 0 && !any_case && has(text, is_capital))
        return "a capital letter";
    if (strcmp(transform, "to_uppercase") == 0 && !any_case && has(text, is_small))
        return "a small letter";
    return NULL;
}

static bool check_content(struct draft *d, const struct buffer *b, const struct op *op)
{
    struct slice text = op->content.text;
    uint32_t len = b->n_transforms ? 0 : digest_len(b->name);

    d->column = op->column;
    if (len && text.len != len)
        return draft_fail(d, "%s is %u letters long, the content %u: write the whole digest",
                          b->name, len, text.len);
    if (b->n_transforms) {
        const char *name = b->transforms[b->n_transforms - 1].def->name;
        const char *lost = op->flags & OP_NEGATED ? NULL : lost_in(name, op);
        return !lost || draft_fail(d, "behind %s no buffer holds %s", name, lost);
    }
    if (strcmp(b->name, "http.host") == 0 && !(op->flags & OP_NOCASE) && has(text, is_capital))
        return draft_fail(d, "http.host is in small letters: write the content so, or take "
                             "http.host.raw");
    uint8_t first = text.at[0], last = text.at[text.len - 1];
    if (strcmp(b->name, "http.method") == 0 &&
        (first == ' ' || first == '\t' || last == ' ' || last == '\t'))
        return draft_fail(d, "http.method begins and ends without blanks: leave them out");
    return true;
}

static bool check_contents(struct draft *d)
{
    uint32_t column = d->column;

    for (int i = 0; i < d->n_groups; i++) {
        const struct draft_group *g = &d->groups[i];
        for (uint16_t k = 0; k < g->n; k++) {
            const struct op *op = &g->ops[k];
            if (op->kind == OP_ABSENT && !op->or_else && g->n > 1)
                return draft_fail(d, "%s cannot be absent and hold something: write absent:or_else",
                                  g->buffer->name);
            if (op->kind == OP_CONTENT && !(op->flags & OP_NOT_FAST) && op->content.text.len &&
                !check_content(d, g->buffer, op))
                return false;
        }
    }
    d->column = column;
    return true;
}

/* Decoded bytes and addresses ask for nothing when they stand alone. */
static bool is_matched(const struct draft *d, const struct buffer *b)
{
    return draft_has(d, b) || b->kind == BUFFER_BASE64 ||
           (b->kind == BUFFER_PACKET && b->name[2] == '.');
}

/* A header is of one protocol: the rule's packets have to be of it. */
static bool check_headers(struct draft *d)
{
    static const struct {
        const char *name;
        int16_t protos[2];
    } rows[] = {{"tcp.hdr", {IPPROTO_TCP4, IPPROTO_TCP4}},
                {"udp.hdr", {IPPROTO_UDP4, IPPROTO_UDP4}},
                {"icmpv4.hdr", {IPPROTO_ICMP4, -2}},
                {"icmpv6.hdr", {IPPROTO_ICMP6, -2}}};

    for (int i = 0; i < d->n_groups; i++) {
        for (uint32_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            int16_t proto = d->rule.ip_proto;
            if (strcmp(d->groups[i].buffer->name, rows[k].name) == 0 && proto != -1 &&
                proto != rows[k].protos[0] && proto != rows[k].protos[1])
                return draft_fail(d,
                                  "no packet of the rule's protocol has %s: begin it with that "
                                  "protocol or ip",
                                  rows[k].name);
        }
    }
    return true;
}

bool rule_check(struct draft *d)
{
    if (d->sticky && !d->sticky_used && !is_matched(d, d->sticky))
        return draft_fail(d, "the buffer %s has no content, pcre or other match", d->sticky->name);
    return check_protocols(d) && check_headers(d) && check_units(d) && check_sizes(d) &&
           check_contents(d);
}
