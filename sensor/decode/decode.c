/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over the rows. Each row looks at one header and says what comes next; the number of
 * headers is bounded. Only the innermost packet is handed on; what is around it is in `tunnel`.
 */
#include "sensor/decode/decode.h"
#include "common/check.h"
#include "common/hash.h"
#include "sensor/decode/checksum.h"
#include "sensor/decode/dedup.h"
#include "sensor/decode/defrag.h"
#include "sensor/decode/express.h"
#include "sensor/decode/views.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    COUNT_PKTS,
    COUNT_BYTES,
    COUNT_INVALID,
    COUNT_UNKNOWN,
    COUNT_CHECKSUM,
    COUNT_OFFLOAD,
    COUNT_TCP_SUM,
    COUNT_ETHERTYPE,
    COUNT_LARGEST,
    COUNT_MEAN
};
const struct counter decode_counters[] = {
    [COUNT_PKTS] = {"decoder.pkts", "Frames taken from the captures"},
    [COUNT_BYTES] = {"decoder.bytes", "Bytes of these frames on the wire"},
    [COUNT_INVALID] = {"decoder.invalid", "Frames with at least one faulty header"},
    [COUNT_UNKNOWN] = {"decoder.unknown_link", "Frames of a link type that is not decoded"},
    [COUNT_CHECKSUM] = {"decoder.checksum_bad", "Packets set aside for a wrong checksum"},
    [COUNT_OFFLOAD] = {"decoder.checksum_offload",
                       "Wrong checksums forgiven: their host leaves them to its network card"},
    [COUNT_TCP_SUM] = {"tcp.invalid_checksum", "TCP packets set aside for a wrong checksum"},
    [COUNT_ETHERTYPE] = {"decoder.unknown_ethertype", "Frames of an EtherType that is not decoded"},
    [COUNT_LARGEST] = {"decoder.max_pkt_size", "Bytes of the largest frame"},
    [COUNT_MEAN] = {"decoder.avg_pkt_size", "Bytes of a frame, on average"},
    COUNTER_END,
};

const struct option decode_options[] = {
    {"capture.checksum-validation", CONF_TEXT, "auto",
     "Checksums: none, all, or auto (per host, from evidence)"},
    {"vlan.use-for-tracking", CONF_BOOL, "true",
     "VLAN and tunnel ids tell flows apart where both directions show it"},
    {"defrag.trackers", CONF_INT, "1024", "Most packets whose fragments are collected at a time"},
    {"defrag.overlap", CONF_TEXT, "bsd", "Policy for overlapping fragments of hosts not listed"},
    {"defrag.timeout", CONF_SPAN, "60s", "Time until an incomplete packet is given up"},
    {"defrag.host-config", CONF_TREE, "",
     "Other times for some receivers: a list of {name: {timeout, address: [networks]}}"},
    {"stream.midstream", CONF_TEXT, "yes",
     "Follow TCP sessions whose handshake was not seen: yes; no; auto: those met before the first "
     "SYN of their interface"},
    {"decode.as-suricata", CONF_BOOL, "false",
     "What counts as a fault is what Suricata 7 calls one, also where a standard says otherwise"},
    {"decode.max-layers", CONF_INT, "24", "Headers of a frame that are looked at, 24 at most"},
    {"decode.vxlan.enabled", CONF_BOOL, "true", "Look into VXLAN"},
    {"decode.vxlan.ports", CONF_LIST, "",
     "UDP ports of VXLAN, or any; none: the usual ones, and wherever a packet inside proves it"},
    {"decode.geneve.enabled", CONF_BOOL, "true", "Look into GENEVE"},
    {"decode.geneve.ports", CONF_LIST, "", "The same for GENEVE"},
    {"decode.teredo.enabled", CONF_BOOL, "true", "Look into Teredo"},
    {"decode.teredo.ports", CONF_LIST, "", "The same for Teredo"},
    OPTION_END,
};

enum {
    LINK_ETHERNET = 1,
    THERE_MAX = 65604, /* bytes of a frame, in Suricata */
    DEC_ROWS_MAX = 255,
    LINKS_MAX = 96,
    DATAGRAM_WITH_IP = 27,
    UDP_HEAD = 8,
    IFACES = 256,
    ROW_CLOSED = 255 /* of a tunnel that is switched off: nothing looks inside */
};

enum { EXPRESS_ETHERNET, EXPRESS_VLAN, EXPRESS_IP4, EXPRESS_TCP, EXPRESS_UDP, EXPRESS_COUNTS };

struct decode {
    uint8_t by_ether[65536]; /* index of the row + 1; 0 = none */
    uint8_t by_udp[65536];
    uint8_t by_ip[256];
    uint8_t by_shape[256]; /* first byte of a UDP payload */
    uint8_t by_tcp;        /* for DEC_TCP_TUNNEL */
    uint8_t other;
    struct {
        uint32_t linktype;
        uint8_t row;
    } link[LINKS_MAX];
    uint32_t links;
    uint32_t last_link; /* of the last frame, and its row */
    uint8_t last_row;
    uint64_t *row_count[DEC_ROWS_MAX];
    uint64_t *express_count[EXPRESS_COUNTS]; /* of the rows whose work express_take does */
    uint64_t *count, *note_count;
    bool vlan_tracking;
    bool want_syns; /* stream.midstream: auto */
    bool as_suricata;
    uint32_t layers_max;
    uint64_t syns[IFACES / 64]; /* interfaces that SYNs were seen on */
    uint64_t seed;              /* of the flow hash, so that peers cannot choose their bucket */
    struct checksum_policy checksums;
    struct defrag *defrag;
    struct dedup *dedup;
    struct views *views;
    bool tunnel_row[DEC_ROWS_MAX];
    struct packet outer; /* the packet before its innermost tunnel, without addresses of tunnels */
};

void decode_tag(struct packet *p, uint64_t value)
{
    p->tag = hash_mix(p->tag + value * UINT64_C(0x9e3779b97f4a7c15) + 1);
}

/* A tunnel without an id is known by its ends, whichever way the packet goes. */
static uint64_t hash_ends(const struct addr *a, const struct addr *b)
{
    uint64_t part[4];

    memcpy(part, a->b, 16);
    memcpy(part + 2, b->b, 16);
    return hash_mix(part[0] ^ hash_mix(part[1])) + hash_mix(part[2] ^ hash_mix(part[3]));
}

/* What was taken for a piece of a frame is a datagram of its own. */
static void leave_whole(struct packet *p)
{
    p->fragment = false;
    p->frag_link = 0;
    p->l4 = (struct slice){p->payload.at - UDP_HEAD, p->payload.len + UDP_HEAD};
}

bool decode_enter(struct packet *p, const char *kind, uint32_t id)
{
    if (p->tunnels == PACKET_TUNNELS_MAX) {
        decode_note(p, NOTE_TOO_MANY_LAYERS);
        p->view |= VIEW_BIT(VIEW_LAYERS);
        return false;
    }
    if (p->frag_link && p->frag_link != DEC_LINK_STT) /* another row knows it better */
        leave_whole(p);
    if (p->outer && p->ip_version)
        memcpy(p->outer, p, offsetof(struct packet, tunnel));
    p->tunnel[p->tunnels++] = (struct tunnel){.kind = kind,
                                              .src = p->src,
                                              .dst = p->dst,
                                              .id = id,
                                              .sport = p->sport,
                                              .dport = p->dport,
                                              .proto = p->proto};
    decode_tag(p, id ? id : hash_ends(&p->src, &p->dst));
    decode_tag(p, (uint64_t)kind[0] << 8 | (uint64_t)kind[1]);
    p->has_mac = false;
    p->level_vlans = 0;
    p->ip_version = p->proto = 0;
    p->l3 = p->l4 = p->payload = SLICE_NONE;
    p->payload_missing = 0;
    p->src = p->dst = (struct addr){0};
    p->sport = p->dport = 0;
    p->fragment = false;
    p->frag_link = 0;
    return true;
}

/* ---- tables ------------------------------------------------------------------------------- */

static void enter_key(struct decode *d, const struct dec_key *key, uint8_t row)
{
    switch (key->by) {
    case DEC_ETHER:
        d->by_ether[key->key & 0xffff] = row;
        break;
    case DEC_UDP:
        d->by_udp[key->key & 0xffff] = row;
        break;
    case DEC_TCP:
        d->by_tcp = row;
        break;
    case DEC_IP:
        d->by_ip[key->key & 0xff] = row;
        break;
    case DEC_LINK:
        if (d->links < LINKS_MAX) {
            d->link[d->links].linktype = key->key;
            d->link[d->links++].row = row;
        }
        break;
    case DEC_SHAPE:
        d->by_shape[key->key & 0xff] = row;
        break;
    case DEC_OTHER:
        d->other = row;
        break;
    case DEC_STOP:
        break;
    }
}

/* Ports that a row has by itself are left to nobody, so that nothing guesses at what is off. */
static void leave_ports(struct decode *d, uint8_t row)
{
    for (uint32_t port = 0; port < sizeof(d->by_udp); port++)
        d->by_udp[port] = d->by_udp[port] == row ? ROW_CLOSED : d->by_udp[port];
    for (uint32_t byte = 0; byte < sizeof(d->by_shape); byte++)
        d->by_shape[byte] = d->by_shape[byte] == row ? 0 : d->by_shape[byte];
}

static void take_port(struct decode *d, uint8_t row, const char *text)
{
    uint64_t port;

    if (strcmp(text, "any") == 0) {
        for (uint32_t p = 1; p < sizeof(d->by_udp); p++)
            d->by_udp[p] = d->by_udp[p] && d->by_udp[p] != ROW_CLOSED ? d->by_udp[p] : row;
    } else if (slice_to_u64(slice_of_str(text), &port) && port < sizeof(d->by_udp)) {
        d->by_udp[port] = row;
    }
}

/* A tunnel over UDP that the options switch off, or give ports. */
static void settle_tunnel(struct decode *d, const struct conf *conf, uint8_t row)
{
    static const char *const settled[] = {"vxlan", "geneve", "teredo"};
    const char *name = dec_rows[row - 1]->name, *port;
    char enabled[32], ports[32];
    bool found = false;

    for (uint32_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++)
        found = found || strcmp(settled[i], name) == 0;
    if (!found)
        return;
    snprintf(enabled, sizeof(enabled), "decode.%s.enabled", name);
    snprintf(ports, sizeof(ports), "decode.%s.ports", name);
    bool on = conf_bool(conf, enabled);
    if (!on || conf_item(conf, ports, 0))
        leave_ports(d, row);
    for (uint32_t i = 0; on && (port = conf_item(conf, ports, i)); i++)
        take_port(d, row, port);
}

static void count_express(struct decode *d)
{
    d->express_count[EXPRESS_ETHERNET] = d->row_count[d->by_ether[0x6558] - 1];
    d->express_count[EXPRESS_VLAN] = d->row_count[d->by_ether[0x8100] - 1];
    d->express_count[EXPRESS_IP4] = d->row_count[d->by_ether[0x0800] - 1];
    d->express_count[EXPRESS_TCP] = d->row_count[d->by_ip[IPPROTO_TCP4] - 1];
    d->express_count[EXPRESS_UDP] = d->row_count[d->by_ip[IPPROTO_UDP4] - 1];
    for (uint32_t i = 0; i < EXPRESS_COUNTS; i++)
        CHECK(d->express_count[i]);
}

struct decode *decode_new(const struct conf *conf, struct stats *stats)
{
    struct decode *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->count = stats_add(stats, decode_counters);
    d->note_count = stats_add(stats, decode_note_counters);
    for (uint8_t i = 0; dec_rows[i] && i < DEC_ROWS_MAX - 1; i++) {
        for (uint32_t k = 0; k < DEC_KEYS_MAX && dec_rows[i]->keys[k].by != DEC_STOP; k++)
            enter_key(d, &dec_rows[i]->keys[k], (uint8_t)(i + 1));
        d->tunnel_row[i] = dec_rows[i]->tunnel;
        if (dec_rows[i]->counters)
            d->row_count[i] = stats_add(stats, dec_rows[i]->counters);
    }
    for (uint8_t i = 0; dec_rows[i] && i < DEC_ROWS_MAX - 1; i++)
        settle_tunnel(d, conf, (uint8_t)(i + 1));
    count_express(d);
    d->as_suricata = conf_bool(conf, "decode.as-suricata");
    int64_t layers = conf_int(conf, "decode.max-layers");
    d->layers_max = layers > 0 && layers < DEC_LAYERS_MAX ? (uint32_t)layers : DEC_LAYERS_MAX;
    d->seed = hash_random_seed();
    d->vlan_tracking = conf_bool(conf, "vlan.use-for-tracking");
    d->want_syns = strcmp(conf_text(conf, "stream.midstream"), "auto") == 0;
    checksum_policy_init(&d->checksums, conf_text(conf, "capture.checksum-validation"));
    d->defrag = defrag_new(conf, stats);
    d->dedup = dedup_new(conf, stats);
    d->views = views_new();
    if (!d->defrag || !d->dedup || !d->views)
        decode_free(&d);
    return d;
}

void decode_free(struct decode **decode)
{
    if (!*decode)
        return;
    defrag_free(&(*decode)->defrag);
    dedup_free(&(*decode)->dedup);
    views_free(&(*decode)->views);
    free(*decode);
    *decode = NULL;
}

static uint8_t row_of_link(struct decode *d, uint32_t linktype)
{
    if (d->last_row && d->last_link == linktype)
        return d->last_row;
    for (uint32_t i = 0; i < d->links; i++) {
        if (d->link[i].linktype == linktype) {
            d->last_link = linktype;
            d->last_row = d->link[i].row;
            return d->last_row;
        }
    }
    return 0;
}

static uint8_t row_of(struct decode *d, const struct dec_next *next)
{
    uint8_t row = 0;

    switch (next->by) {
    case DEC_ETHER:
        row = d->by_ether[next->key & 0xffff];
        return row ? row : d->other;
    case DEC_IP:
        row = d->by_ip[next->key & 0xff];
        return row ? row : d->other;
    case DEC_LINK:
        return row_of_link(d, next->key);
    case DEC_TCP:
        return d->by_tcp;
    case DEC_OTHER:
        return d->other;
    default:
        return 0;
    }
}

/* ---- hash --------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product =
        (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_end(const struct decode *d, const struct addr *addr, uint16_t port)
{
    uint64_t high;
    uint64_t low;

    memcpy(&high, addr->b, 8);
    memcpy(&low, addr->b + 8, 8);
    return mix(high ^ (uint64_t)port << 40 ^ d->seed, low ^ port);
}

/* The same for both directions, and for errors about the flow: the hashes of the two ends are
 * added. Tags are left out: the flow
 * table joins what belongs together (flow/tags.c). */
static uint64_t flow_hash(const struct decode *d, const struct packet *p)
{
    if (p->quotes) {
        uint64_t quoted = hash_end(d, &p->quoted.src, p->quoted.sport) +
                          hash_end(d, &p->quoted.dst, p->quoted.dport);
        return mix(quoted ^ d->seed, (uint64_t)p->quoted.proto << 8 | p->ip_version);
    }
    uint64_t ends = hash_end(d, &p->src, p->sport) + hash_end(d, &p->dst, p->dport);

    return mix(ends ^ d->seed, (uint64_t)p->proto << 8 | p->ip_version);
}

static uint64_t spread(uint64_t x)
{
    return (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

/* The same for both directions, for errors about the flow, and in every run. The upper bits are the
 * hosts', the lower the ports'. */
static uint8_t shard_of(const struct packet *p)
{
    const struct addr *src = p->quotes ? &p->quoted.src : &p->src;
    const struct addr *dst = p->quotes ? &p->quoted.dst : &p->dst;
    uint32_t ports =
        p->quotes ? (uint32_t)p->quoted.sport + p->quoted.dport : (uint32_t)p->sport + p->dport;
    uint64_t a[2];
    uint64_t b[2];

    memcpy(a, src->b, 16);
    memcpy(b, dst->b, 16);
    uint64_t hosts = spread((a[0] + b[0]) * UINT64_C(0x9e3779b97f4a7c15) + (a[1] + b[1]));
    uint64_t pairs = PACKET_SHARDS / PACKET_PAIR_SHARDS;
    return (uint8_t)((hosts >> 32) % pairs * PACKET_PAIR_SHARDS +
                     (spread(hosts + ports) >> 32) % PACKET_PAIR_SHARDS);
}

/* ---- the walk ----------------------------------------------------------------------------- */

static struct dec_next one_row(struct decode *d, struct packet *p, uint8_t row, struct slice in)
{
    uint8_t tunnels = p->tunnels;
    struct dec_next next = dec_rows[row - 1]->decode(p, in);
    if (d->row_count[row - 1] && (next.by != DEC_STOP || p->tunnels != tunnels))
        d->row_count[row - 1][0]++;
    return next;
}

/* A datagram: the rows of its ports, then the row that knows its first byte; each may decline. */
static struct dec_next datagram(struct decode *d, struct packet *p, struct slice in)
{
    uint8_t rows[3] = {d->by_udp[p->dport], d->by_udp[p->sport],
                       in.len ? d->by_shape[in.at[0]] : (uint8_t)0};

    for (uint32_t i = 0; i < 3; i++) {
        if (!rows[i] || (i && rows[i] == rows[i - 1]))
            continue;
        if (rows[i] == ROW_CLOSED)
            return dec_stop();
        p->on_port = i < 2 ? (uint8_t)(i + 1) : 0;
        struct dec_next next = one_row(d, p, rows[i], in);
        if (next.by != DEC_STOP)
            return next;
    }
    return in.len > DATAGRAM_WITH_IP && d->other ? one_row(d, p, d->other, in) : dec_stop();
}

static void walk(struct decode *d, struct packet *p, struct dec_next next, uint32_t *layers)
{
    uint8_t unknown = 0;

    while (next.by != DEC_STOP) {
        if (++*layers > d->layers_max) {
            decode_note(p, NOTE_TOO_MANY_LAYERS);
            p->view |= VIEW_BIT(VIEW_LAYERS);
            return;
        }
        if (next.by == DEC_UDP) {
            next = datagram(d, p, next.rest);
            continue;
        }
        if (next.by == DEC_ETHER) {
            p->ethertype = (uint16_t)next.key;
            if (!d->by_ether[p->ethertype]) {
                d->count[COUNT_ETHERTYPE]++;
                if (unknown)
                    decode_note(p, unknown);
            }
        }
        uint8_t row = row_of(d, &next);
        if (!row)
            return;
        unknown = dec_rows[row - 1]->unknown;
        if (d->tunnel_row[row - 1]) {
            next = one_row(d, p, row, next.rest);
            continue;
        }
        if (d->row_count[row - 1])
            d->row_count[row - 1][0]++;
        next = dec_rows[row - 1]->decode(p, next.rest);
    }
}

/* Common frames by the short way, as far as it goes; false when the rows have it all to do. */
static bool express(struct decode *d, struct packet *p, struct dec_next *next, uint32_t *layers)
{
    uint64_t **count = d->express_count;
    struct slice whole = {p->frame.data, p->frame.caplen};

    if (p->frame.linktype != LINK_ETHERNET || !express_take(p, whole, next))
        return false;
    *layers = 3u + p->vlans;
    count[EXPRESS_ETHERNET][0]++;
    count[EXPRESS_VLAN][0] += p->vlans;
    count[EXPRESS_IP4][0]++;
    count[p->proto == IPPROTO_TCP4 ? EXPRESS_TCP : EXPRESS_UDP][0]++;
    return true;
}

/* A tunnel with nothing inside that is known: its own packet is what counts. */
static void leave_empty_tunnel(struct decode *d, struct packet *p)
{
    uint32_t view = p->view;
    uint8_t notes = p->notes;
    uint8_t note[PACKET_NOTES_MAX];

    if (p->ip_version || !p->tunnels || p->l3.len || !d->outer.ip_version)
        return;
    if (p->has_mac && d->by_ether[p->ethertype]) /* a frame that carries no IP, in a mirror */
        return;
    view |= VIEW_BIT(VIEW_UNKNOWN);
    memcpy(note, p->note, sizeof(note));
    memcpy(p, &d->outer, offsetof(struct packet, tunnel));
    p->view |= view;
    p->notes = notes;
    memcpy(p->note, note, sizeof(note));
}

/* `sum`: as checksum_judge wants it. */
static void check_sums(struct decode *d, struct packet *p, const uint64_t *sum)
{
    switch (checksum_judge(&d->checksums, p, sum)) {
    case CHECKSUM_FINE:
        break;
    case CHECKSUM_FORGIVEN:
        d->count[COUNT_OFFLOAD]++;
        p->view |= VIEW_BIT(VIEW_OFFLOAD);
        break;
    case CHECKSUM_BAD:
        d->count[COUNT_CHECKSUM]++;
        d->count[COUNT_TCP_SUM] += p->proto == IPPROTO_TCP4;
        p->checksum_bad = true;
        dedup_disown(d->dedup);
        p->checksum_sure = d->checksums.mode == CHECKSUM_ALL;
        break;
    }
}

/* Goes on with the packet, or the frame of a tunnel, that a fragment completes. */
static void join_fragments(struct decode *d, struct packet *p, struct arena *arena,
                           uint32_t *layers)
{
    while (p->fragment && *layers < d->layers_max) {
        if (!p->frag_link)
            dedup_fragment(d->dedup, p);
        if (p->duplicate)
            break;
        struct slice whole = defrag_take(d->defrag, p, arena);
        if (!whole.len)
            break;
        p->payload_missing = 0;
        p->fragment = false;
        p->reassembled = !p->frag_link;
        struct dec_next next = {DEC_ETHER, p->ip_version == 4 ? 0x0800 : 0x86dd, whole};
        if (p->frag_link)
            next = (struct dec_next){DEC_LINK, p->frag_link, whole};
        const char *kind = p->frag_link == DEC_LINK_STT ? "stt" : "capwap";
        if (p->frag_link && !decode_enter(p, kind, 0))
            break;
        walk(d, p, next, layers);
    }
    if (p->frag_link && p->frag_link != DEC_LINK_STT) /* of a frame, not of this packet */
        leave_whole(p);
}

/* Where handshakes pass, a session without one began before the capture did. */
static void look_for_syns(struct decode *d, struct packet *p)
{
    uint64_t bit = UINT64_C(1) << (p->frame.iface % 64);
    uint64_t *seen = &d->syns[p->frame.iface % IFACES / 64];

    if (p->proto != IPPROTO_TCP4)
        return;
    *seen |= (p->tcp.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? bit : 0;
    p->after_syn = *seen & bit;
}

/* A link type that no row takes: perhaps a packet begins somewhere in the frame all the same. */
static struct dec_next unknown_link(struct decode *d, struct packet *p, struct slice in)
{
    struct dec_next next = d->other ? one_row(d, p, d->other, in) : dec_stop();

    if (next.by == DEC_STOP) {
        d->count[COUNT_UNKNOWN]++;
        decode_note(p, NOTE_UNKNOWN_LINK);
    }
    return next;
}

/* Whether it came before, and arrived as it was sent: its bytes are read once for both. */
static void look_twice(struct decode *d, struct packet *p)
{
    uint64_t sum;
    bool wanted = d->checksums.mode != CHECKSUM_NONE;
    bool summed = dedup_look(d->dedup, p, wanted ? &sum : NULL);

    if (wanted && !p->duplicate)
        check_sums(d, p, summed ? &sum : NULL);
}

/* Frames that Suricata opens. */
static bool read_there(const struct frame *frame)
{
    static const uint16_t links[] = {LINK_ETHERNET, 0, 9, 12, 14, 101, 104, 113, 228, 229, 778};
    uint32_t i = 0;

    while (i < sizeof(links) / sizeof(links[0]) && links[i] != frame->linktype)
        i++;
    return i < sizeof(links) / sizeof(links[0]) && !frame->past_libpcap &&
           frame->caplen <= THERE_MAX;
}

static void count_notes(struct decode *d, const struct packet *p)
{
    for (uint8_t i = 0; i < p->notes; i++)
        d->note_count[p->note[i]]++;
    if (decode_faulty(p))
        d->count[COUNT_INVALID]++;
}

void decode_frame(struct decode *d, const struct frame *frame, struct arena *arena,
                  struct packet *p)
{
    uint32_t layers = 0;

    memset((uint8_t *)p + sizeof(p->frame), 0, offsetof(struct packet, tunnel) - sizeof(p->frame));
    if (frame != &p->frame)
        p->frame = *frame;
    p->ts_ns = frame->ts_ns;
    p->as_suricata = d->as_suricata;
    p->only_here = d->as_suricata && !read_there(frame);
    d->count[COUNT_PKTS]++;
    d->count[COUNT_BYTES] += frame->wirelen;
    if (frame->wirelen > d->count[COUNT_LARGEST])
        d->count[COUNT_LARGEST] = frame->wirelen;
    if (frame->cut_by_ring)
        decode_note(p, NOTE_AFPACKET_CUT);
    struct dec_next next = {DEC_LINK, p->frame.linktype, {p->frame.data, p->frame.caplen}};
    d->outer.ip_version = 0;
    p->outer = &d->outer;
    if (!express(d, p, &next, &layers) && !row_of(d, &next)) {
        next = unknown_link(d, p, next.rest);
        if (next.by == DEC_STOP) {
            p->outer = NULL;
            return;
        }
    }
    if (next.by != DEC_STOP)
        walk(d, p, next, &layers);
    if (p->fragment || p->frag_link)
        join_fragments(d, p, arena, &layers);
    leave_empty_tunnel(d, p);
    p->outer = NULL;
    if (p->ip_version) {
        p->flow_hash = flow_hash(d, p);
        p->shard = shard_of(p);
        look_twice(d, p);
        if (d->want_syns)
            look_for_syns(d, p);
    }
    views_packet(d->views, p);
    if (p->notes)
        count_notes(d, p);
}

bool decode_around(const struct decode *d, const struct packet *inner, struct packet *p)
{
    if (inner->duplicate || inner->tunnels <= d->outer.tunnels || !d->outer.ip_version)
        return false;
    memcpy(p, &d->outer, offsetof(struct packet, tunnel));
    memcpy(p->tunnel, inner->tunnel, p->tunnels * sizeof(p->tunnel[0]));
    p->around = true;
    p->outer = NULL;
    p->notes = 0;
    return true;
}

void decode_settle(struct decode *d)
{
    if (d->count[COUNT_PKTS])
        d->count[COUNT_MEAN] = d->count[COUNT_BYTES] / d->count[COUNT_PKTS];
}

void decode_end(struct decode *d)
{
    views_end(d->views);
}

bool decode_finding(struct decode *d, struct view_finding *finding)
{
    return views_next(d->views, finding);
}
