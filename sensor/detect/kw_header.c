/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of the packet's own headers, as tests and as buffers.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include "common/cursor.h"

#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------ */

static bool is_icmp(const struct packet *p)
{
    return p && !p->fragment && (p->proto == IPPROTO_ICMP4 || p->proto == IPPROTO_ICMP6) &&
           p->l4.len;
}

static bool is_tcp(const struct packet *p)
{
    return p && p->proto == IPPROTO_TCP4 && p->tcp.header_len;
}

static uint16_t be16_at(struct slice s, uint32_t at)
{
    struct cursor c = cursor_of(slice_from(s, at));
    return cursor_be16(&c);
}

static bool ttl_match(const struct inspection *in, const void *args)
{
    return in->packet && in->packet->ip_version && rule_num_ok(args, in->packet->ttl);
}

static bool tos_match(const struct inspection *in, const void *args)
{
    return in->packet && in->packet->ip_version == 4 && rule_num_ok(args, in->packet->tos);
}

static bool id_match(const struct inspection *in, const void *args)
{
    return in->packet && in->packet->ip_version == 4 && rule_num_ok(args, in->packet->ip_id);
}

static bool itype_match(const struct inspection *in, const void *args)
{
    return is_icmp(in->packet) && rule_num_ok(args, in->packet->icmp_type);
}

static bool icode_match(const struct inspection *in, const void *args)
{
    return is_icmp(in->packet) && rule_num_ok(args, in->packet->icmp_code);
}

/* Identifier and sequence exist in echo and its like only. */
static bool is_echo(const struct packet *p)
{
    if (!is_icmp(p) || p->l4.len < 8)
        return false;
    if (p->proto == IPPROTO_ICMP6)
        return p->icmp_type == 128 || p->icmp_type == 129;
    return p->icmp_type == 0 || p->icmp_type == 8 || (p->icmp_type >= 13 && p->icmp_type <= 18);
}

static bool icmp_id_match(const struct inspection *in, const void *args)
{
    return is_echo(in->packet) && rule_num_ok(args, be16_at(in->packet->l4, 4));
}

static bool icmp_seq_match(const struct inspection *in, const void *args)
{
    return is_echo(in->packet) && rule_num_ok(args, be16_at(in->packet->l4, 6));
}

static bool mtu_match(const struct inspection *in, const void *args)
{
    const struct packet *p = in->packet;

    if (!is_icmp(p) || p->proto != IPPROTO_ICMP6 || p->icmp_type != 2 || p->l4.len < 8)
        return false;
    struct cursor c = cursor_of(slice_from(p->l4, 4));
    return rule_num_ok(args, cursor_be32(&c));
}

static bool seq_match(const struct inspection *in, const void *args)
{
    return is_tcp(in->packet) && rule_num_ok(args, in->packet->tcp.seq);
}

static bool ack_match(const struct inspection *in, const void *args)
{
    return is_tcp(in->packet) && rule_num_ok(args, in->packet->tcp.ack);
}

static bool window_match(const struct inspection *in, const void *args)
{
    return is_tcp(in->packet) && rule_num_ok(args, in->packet->tcp.window);
}

static bool mss_match(const struct inspection *in, const void *args)
{
    return is_tcp(in->packet) && in->packet->tcp.mss && rule_num_ok(args, in->packet->tcp.mss);
}

static bool fragoffset_match(const struct inspection *in, const void *args)
{
    const struct packet *p = in->packet;

    return p && p->ip_version == 4 && p->l3.len >= 20 &&
           rule_num_ok(args, be16_at(p->l3, 6) & 0x1fff);
}

static bool num_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));

    draft_of_packet(d, kw->name);
    if (!num)
        return false;
    return (draft_num(draft_unquote(value), NULL, num) ||
            draft_fail(d, "\"%s\" wants a number or a range", kw->name)) &&
           draft_fits(d, kw->name, num, *(const uint64_t *)kw->extra) && draft_test(d, kw, num);
}

/* "x20" is an older way to write a hexadecimal number. */
static bool tos_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t hex[] = {'0', 'x', 0, 0};
    uint32_t digits = value.len - 1;

    if (value.len < 2 || value.len > 3 || (value.at[0] | 32) != 'x')
        return num_parse(d, kw, value);
    memcpy(hex + 2, value.at + 1, digits);
    return num_parse(d, kw, (struct slice){hex, 2 + digits});
}

/* window:!55808 and the like */
static bool sameip_match(const struct inspection *in, const void *args)
{
    (void)args;
    return in->packet && in->packet->ip_version && addr_eq(&in->packet->src, &in->packet->dst);
}

static bool sameip_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)value;
    draft_of_packet(d, kw->name);
    return draft_test(d, kw, NULL);
}

/* ---- ip_proto ----------------------------------------------------------------------------- */

static bool ip_proto_match(const struct inspection *in, const void *args)
{
    return in->packet && in->packet->ip_version && rule_num_ok(args, in->packet->proto);
}

/* One number, or some that are excluded, or one end of a range at each side. */
static bool proto_agrees(struct draft *d, const struct num *num)
{
    uint8_t mode = (uint8_t)(1u << num->mode), one = 1u << NUM_EQ;
    bool ends = num->mode == NUM_LT || num->mode == NUM_GT;

    if (d->proto_modes && ((d->proto_modes | mode) & one))
        return draft_fail(d, "ip_proto names one protocol: no other ip_proto goes with it");
    if (ends && (d->proto_modes & mode))
        return draft_fail(d, "ip_proto has two ends at one side");
    d->proto_modes |= mode;
    return true;
}

static bool ip_proto_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const struct label names[] = {
        {1, "icmp"},  {2, "igmp"},   {4, "ipip"}, {6, "tcp"},        {17, "udp"},
        {47, "gre"},  {50, "esp"},   {51, "ah"},  {58, "ipv6-icmp"}, {89, "ospf"},
        {103, "pim"}, {132, "sctp"}, {0, NULL}};
    struct num *num = draft_alloc(d, sizeof(*num));

    d->need_packet = true;
    if (!num)
        return false;
    if (!draft_num(draft_unquote(value), names, num))
        return draft_fail(d, "unknown protocol");
    if (d->rule.ip_proto != -1 || d->raw_app)
        return draft_fail(d, "ip_proto goes with the protocol ip only: the rule has another");
    if (!draft_fits(d, kw->name, num, UINT8_MAX) || !proto_agrees(d, num))
        return false;
    if (num->mode == NUM_EQ)
        d->only_proto = (uint16_t)(num->a + 1);
    return draft_test(d, kw, num);
}

/* ---- flags -------------------------------------------------------------------------------- */

struct flag_args {
    char mode; /* 0 exactly, + all of, * any of, ! not all of */
    uint16_t wanted, ignored;
};

static bool flag_ok(const struct flag_args *a, uint16_t flags)
{
    flags &= (uint16_t)~a->ignored;
    switch (a->mode) {
    case '+':
        return (flags & a->wanted) == a->wanted;
    case '*':
        return (flags & a->wanted) != 0;
    case '!': /* !0: any packet */
        return !a->wanted || (flags & a->wanted) != a->wanted;
    default:
        return flags == a->wanted;
    }
}

/* Whatever the rule says of them: one that names flags of these sees only packets with one of
 * these, and SYN unless it must not be there, as Suricata has it. */
static bool has_class(const struct flag_args *a, uint16_t flags)
{
    enum { BEGIN_OR_END = 0x07 /* F S R */, RARE = 0xe0 /* U E C */ };

    return (!(a->wanted & BEGIN_OR_END) || flags & BEGIN_OR_END) &&
           (!(a->wanted & RARE) || flags & RARE) &&
           (!(a->wanted & TCP_SYN) || a->mode == '!' || flags & TCP_SYN);
}

static bool flags_match(const struct inspection *in, const void *args)
{
    const struct flag_args *a = args;

    return is_tcp(in->packet) && has_class(a, in->packet->tcp.flags) &&
           flag_ok(a, in->packet->tcp.flags);
}

static bool fragbits_match(const struct inspection *in, const void *args)
{
    const struct flag_args *a = args;
    const struct packet *p = in->packet;

    if (!p || p->ip_version != 4 || p->l3.len < 20)
        return false;
    uint16_t bits = be16_at(p->l3, 6) & 0xe000;
    return flag_ok(a, bits) && (a->mode != '+' || bits != a->wanted); /* + wants one more */
}

enum { LETTERS_MAX = 64 };

static bool letters_of(struct slice text, const char *letters, const uint16_t *bits, uint16_t *out)
{
    for (uint32_t i = 0; i < text.len; i++) {
        char c = (char)text.at[i];
        const char *at = strchr(letters, c >= 'a' && c <= 'z' ? c - 32 : c);
        if (!c || !at)
            return false;
        *out |= bits[at - letters];
    }
    return true;
}

static bool flags_parse_with(struct draft *d, const struct keyword *kw, struct slice value,
                             const char *letters, const uint16_t *bits)
{
    struct flag_args *a = draft_alloc(d, sizeof(*a));
    struct slice wanted, ignored;

    draft_of_packet(d, kw->name);
    value = draft_unquote(value);
    if (!a || !draft_part(&value, ',', &wanted) || wanted.len > LETTERS_MAX)
        return draft_fail(d, "\"%s\" wants letters", kw->name);
    uint8_t letter[LETTERS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < wanted.len; i++) {
        if (!a->mode && wanted.at[i] && strchr("+*!", wanted.at[i]))
            a->mode = (char)wanted.at[i]; /* wherever it stands */
        else
            letter[n++] = wanted.at[i];
    }
    wanted = n ? (struct slice){letter, n} : wanted;
    if (!letters_of(wanted, letters, bits, &a->wanted))
        return draft_fail(d, "unknown letter in \"%s\"", kw->name);
    if (draft_part(&value, ',', &ignored) && !letters_of(ignored, letters, bits, &a->ignored))
        return draft_fail(d, "unknown letter in \"%s\"", kw->name);
    return draft_test(d, kw, a);
}

static bool flags_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const uint16_t bits[] = {TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK, TCP_URG,
                                    TCP_ECE, TCP_CWR, TCP_CWR, TCP_ECE, 0};
    return flags_parse_with(d, kw, value, "FSRPAUEC120", bits);
}

static bool fragbits_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const uint16_t bits[] = {0x2000, 0x4000, 0x8000, 0}; /* blanks may stand between */
    return flags_parse_with(d, kw, value, "MDR ", bits);
}

/* ---- IP options --------------------------------------------------------------------------- */

static bool ipopts_match(const struct inspection *in, const void *args)
{
    const struct packet *p = in->packet;
    const uint16_t *wanted = args;

    if (!p || p->ip_version != 4 || p->l3.len < 20)
        return false;
    uint32_t header = (p->l3.at[0] & 15u) * 4;
    struct cursor c = cursor_of(slice_head(slice_from(p->l3, 20), header > 20 ? header - 20 : 0));
    while (cursor_left(&c)) {
        uint8_t type = cursor_u8(&c);
        if (*wanted == 256 || type == *wanted)
            return true;
        if (type == 0)
            return false;
        if (type == 1)
            continue;
        uint8_t len = cursor_u8(&c);
        cursor_skip(&c, len > 2 ? len - 2u : 0);
        if (!cursor_ok(&c))
            return false;
    }
    return false;
}

static bool ipopts_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const struct {
        const char *name;
        uint16_t type;
    } names[] = {{"rr", 7},      {"lsrr", 131}, {"ssrr", 137},  {"eol", 0},
                 {"nop", 1},     {"ts", 68},    {"sec", 130},   {"esec", 133},
                 {"satid", 136}, {"any", 256},  {"cipso", 134}, {"rtralt", 148}};
    uint16_t *wanted = draft_alloc(d, sizeof(*wanted));

    draft_of_packet(d, kw->name);
    for (uint32_t i = 0; wanted && i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_ieq(value, slice_of_str(names[i].name))) {
            *wanted = names[i].type;
            return draft_test(d, kw, wanted);
        }
    }
    return draft_fail(d, "unknown IP option");
}

/* ---- buffers ------------------------------------------------------------------------------ */

static bool l3_header(const struct packet *p, uint8_t version, struct slice *out)
{
    if (!p || p->ip_version != version || !p->l3.len)
        return false;
    uint32_t len = p->l4.at       ? (uint32_t)(p->l4.at - p->l3.at)
                   : version == 4 ? (p->l3.at[0] & 15u) * 4
                                  : 40;
    *out = slice_head(p->l3, len);
    return true;
}

static bool ipv4_header(const struct inspection *in, struct slice *out)
{
    return l3_header(in->packet, 4, out);
}

static bool ipv6_header(const struct inspection *in, struct slice *out)
{
    return l3_header(in->packet, 6, out);
}

static bool l4_header(const struct packet *p, struct slice *out)
{
    if (!p->l4.len)
        return false;
    *out = p->payload.at && p->payload.at >= p->l4.at
               ? slice_head(p->l4, (uint32_t)(p->payload.at - p->l4.at))
               : p->l4;
    return true;
}

static bool tcp_header(const struct inspection *in, struct slice *out)
{
    return is_tcp(in->packet) && l4_header(in->packet, out);
}

static bool udp_header(const struct inspection *in, struct slice *out)
{
    const struct packet *p = in->packet;

    if (!p || p->proto != IPPROTO_UDP4 || p->l4.len < 8)
        return false;
    *out = slice_head(p->l4, 8);
    return true;
}

static bool icmp4_header(const struct inspection *in, struct slice *out)
{
    return is_icmp(in->packet) && in->packet->proto == IPPROTO_ICMP4 && l4_header(in->packet, out);
}

static bool icmp6_header(const struct inspection *in, struct slice *out)
{
    const struct packet *p = in->packet;

    if (!is_icmp(p) || p->proto != IPPROTO_ICMP6 || !p->l4.len)
        return false;
    *out = slice_head(p->l4, 8);
    return true;
}

static bool header_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const struct {
        const char *name;
        bool (*get)(const struct inspection *, struct slice *);
    } table[] = {{"ipv4.hdr", ipv4_header},    {"ipv6.hdr", ipv6_header},
                 {"tcp.hdr", tcp_header},      {"udp.hdr", udp_header},
                 {"icmpv4.hdr", icmp4_header}, {"icmpv6.hdr", icmp6_header}};
    (void)value;
    draft_of_packet(d, kw->name);
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, kw->name) == 0)
            return draft_stick(d, buffer_packet(d->loader, kw->name, table[i].get));
    }
    return false;
}

/* ip.src: 10.0.0.0/8 */
static bool ip_src_match(const struct inspection *in, const void *args)
{
    return in->packet && rule_net_has(args, &in->packet->src);
}

static bool ip_dst_match(const struct inspection *in, const void *args)
{
    return in->packet && rule_net_has(args, &in->packet->dst);
}

static bool end_bytes(const struct packet *p, const struct addr *end, struct slice *out)
{
    *out = (struct slice){end->b, end->family == 4 ? 4 : 16};
    return p->ip_version != 0;
}

static bool src_bytes(const struct inspection *in, struct slice *out)
{
    return end_bytes(in->packet, &in->packet->src, out);
}

static bool dst_bytes(const struct inspection *in, struct slice *out)
{
    return end_bytes(in->packet, &in->packet->dst, out);
}

static bool ip_end_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    if (!value.len) { /* a buffer of the address's bytes */
        d->need_packet = true;
        return draft_stick(d,
                           buffer_packet(d->loader, kw->name,
                                         strcmp(kw->name, "ip.src") == 0 ? src_bytes : dst_bytes));
    }
    char fault[160];

    const struct netset *set = rule_net_parse(d->loader, value, fault);
    return set ? draft_test(d, kw, set) : draft_fail(d, "%s", fault);
}

#define NUM_ROW(name_, aliases_, most_, match_, example_, doc_)                                    \
    {                                                                                              \
        .name = name_, .aliases = aliases_, .stage = AT_PACKET,                                    \
        .value = VALUE_WANTED | VALUE_PLAIN, .parse = num_parse, .match = match_,                  \
        .example = example_, .doc = doc_, .extra = &(const uint64_t)                               \
        {                                                                                          \
            most_                                                                                  \
        }                                                                                          \
    }
#define HEADER_ROW(name_, example_, doc_)                                                          \
    {                                                                                              \
        .name = name_, .stage = AT_BUFFER, .value = VALUE_NONE, .parse = header_parse,             \
        .example = example_, .doc = doc_                                                           \
    }

static const struct keyword rows[] = {
    NUM_ROW("ttl", NULL, UINT8_MAX, ttl_match, "ttl:<10", "IPv4 time to live or IPv6 hop limit"),
    {.name = "tos",
     .stage = AT_PACKET,
     .value = VALUE_WANTED,
     .parse = tos_parse,
     .match = tos_match,
     .extra = &(const uint64_t){UINT8_MAX},
     .example = "tos:8",
     .doc = "IPv4 type of service; x20 is hexadecimal"},
    NUM_ROW("id", NULL, UINT16_MAX, id_match, "id:31337", "IPv4 identification"),
    NUM_ROW("itype", NULL, UINT8_MAX, itype_match, "itype:8", "ICMP type"),
    NUM_ROW("icode", NULL, UINT8_MAX, icode_match, "icode:0", "ICMP code"),
    NUM_ROW("icmp_id", NULL, UINT16_MAX, icmp_id_match, "icmp_id:666", "ICMP echo identifier"),
    NUM_ROW("icmp_seq", NULL, UINT16_MAX, icmp_seq_match, "icmp_seq:0",
            "ICMP echo sequence number"),
    NUM_ROW("icmpv6.mtu", NULL, UINT32_MAX, mtu_match, "icmpv6.mtu:<1280",
            "MTU of ICMPv6 packet too big"),
    NUM_ROW("tcp.seq", "seq", UINT32_MAX, seq_match, "tcp.seq:0", "TCP sequence number"),
    NUM_ROW("tcp.ack", "ack", UINT32_MAX, ack_match, "tcp.ack:0", "TCP acknowledgement number"),
    NUM_ROW("tcp.window", "window", UINT16_MAX, window_match, "tcp.window:55808",
            "TCP window as on the wire"),
    NUM_ROW("tcp.mss", NULL, UINT16_MAX, mss_match, "tcp.mss:<536",
            "TCP maximum segment size option"),
    NUM_ROW("fragoffset", NULL, UINT16_MAX, fragoffset_match, "fragoffset:0",
            "IPv4 fragment offset in 8 bytes"),
    {.name = "tcp.flags",
     .aliases = "flags",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = flags_parse,
     .match = flags_match,
     .example = "tcp.flags:S,12",
     .doc = "TCP flags F S R P A U E C; + all of, * any of, ! not; ignored ones behind a comma"},
    {.name = "fragbits",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = fragbits_parse,
     .match = fragbits_match,
     .example = "fragbits:M+",
     .doc = "IPv4 flags M D R"},
    {.name = "ipopts",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = ipopts_parse,
     .match = ipopts_match,
     .example = "ipopts:lsrr",
     .doc = "IPv4 option: rr lsrr ssrr eol nop ts sec esec satid any"},
    {.name = "ip_proto",
     .stage = AT_PACKET,
     .value = VALUE_WANTED,
     .by_addresses = true,
     .parse = ip_proto_parse,
     .match = ip_proto_match,
     .example = "ip_proto:47",
     .doc = "IP protocol by number or name"},
    {.name = "sameip",
     .stage = AT_PACKET,
     .value = VALUE_NONE,
     .parse = sameip_parse,
     .match = sameip_match,
     .example = "sameip",
     .doc = "Source and destination address are equal"},
    {.name = "ip.src",
     .stage = AT_PACKET,
     .parse = ip_end_parse,
     .match = ip_src_match,
     .example = "ip.src:10.0.0.0/8",
     .doc = "Source address is in the list; without one: buffer of its bytes, for dataset"},
    {.name = "ip.dst",
     .stage = AT_PACKET,
     .parse = ip_end_parse,
     .match = ip_dst_match,
     .example = "ip.dst:10.0.0.0/8",
     .doc = "Destination address is in the list; without one: buffer of its bytes, for dataset"},
    HEADER_ROW("ipv4.hdr", "ipv4.hdr; content:\"|45|\"", "Buffer: IPv4 header with options"),
    HEADER_ROW("ipv6.hdr", "ipv6.hdr; content:\"|60|\"", "Buffer: IPv6 header with extensions"),
    HEADER_ROW("tcp.hdr", "tcp.hdr; content:\"|02 04|\"", "Buffer: TCP header with options"),
    HEADER_ROW("udp.hdr", "udp.hdr; content:\"|00 08|\"", "Buffer: UDP header"),
    HEADER_ROW("icmpv4.hdr", "icmpv4.hdr; content:\"|08|\"", "Buffer: ICMPv4 header"),
    HEADER_ROW("icmpv6.hdr", "icmpv6.hdr; content:\"|80|\"", "Buffer: ICMPv6 header"),
    KEYWORD_END,
};

const struct kw_family kw_header = {.doc = "Packet headers", .rows = rows};
