/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoded packet: the innermost addresses, ports and payload of a frame, what was around it, and
 * notes on what was wrong with it. Borrowed from the frame (or from the defragmenter); lives until
 * the packet is done with.
 */
#ifndef TRAMGAC_SENSOR_DECODE_PACKET_H
#define TRAMGAC_SENSOR_DECODE_PACKET_H

#include "common/addr.h"
#include "sensor/capture/capture.h"
#include "sensor/decode/view.h"

#include <stddef.h>

enum dir { TO_SERVER, TO_CLIENT };

static inline enum dir dir_other(enum dir d)
{
    return d == TO_SERVER ? TO_CLIENT : TO_SERVER;
}

enum {
    IPPROTO_ICMP4 = 1,
    IPPROTO_TCP4 = 6,
    IPPROTO_UDP4 = 17,
    IPPROTO_ESP4 = 50,
    IPPROTO_SCTP4 = 132,
    IPPROTO_ICMP6 = 58
};
static inline bool packet_has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP4 || proto == IPPROTO_UDP4 || proto == IPPROTO_SCTP4;
}

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_PSH = 8,
    TCP_ACK = 16,
    TCP_URG = 32,
    TCP_ECE = 64,
    TCP_CWR = 128
};
enum { PACKET_VLANS_MAX = 3, PACKET_NOTES_MAX = 8, PACKET_TUNNELS_MAX = 6, PACKET_SHARDS = 64 };
/** Shards of one pair of hosts: one worker owns them all, so what one flow says of another between
 * them (FTP data) holds for any number of workers. */
enum { PACKET_PAIR_SHARDS = 4 };

/** A layer of encapsulation around the packet, outermost first. */
struct tunnel {
    const char *kind;     /* "gre", "vxlan", "ipip", … (a literal) */
    struct addr src, dst; /* family 0: the layer has no addresses of IP */
    uint32_t id;          /* VNI, key, TEID, session; 0 when there is none */
    uint16_t sport, dport;
    uint8_t proto; /* IP protocol of the outer packet: 47, 17, … */
};

struct packet {
    struct frame frame;
    uint64_t ts_ns;    /* frame.ts_ns */
    uint64_t clock_ns; /* newest time stamp of the run so far: never runs backwards; for timeouts */

    struct mac src_mac, dst_mac;
    bool has_mac;
    bool as_suricata; /* faults are judged as Suricata does (decode.as-suricata) */
    bool only_here;  /* … and it would not have read so far: no faults are told of what follows */
    uint8_t on_port; /* a datagram's row stands for the port of: 1 its receiver, 2 its sender */
    uint8_t vlans;
    uint8_t level_vlans;             /* tags since the innermost tunnel began */
    uint16_t vlan[PACKET_VLANS_MAX]; /* the first ids, outermost first */
    uint16_t ethertype;              /* of the innermost link layer */
    uint8_t tunnels;
    uint64_t tag;  /* digest of all tags and tunnel ids: tells tenants apart; 0 = none */
    uint32_t view; /* bits of enum view_kind: what impairs the sight on this packet */

    uint8_t ip_version; /* 4, 6; 0 = not IP */
    uint8_t proto;      /* transport protocol after extension headers */
    uint8_t ttl;
    uint8_t tos;
    uint16_t ip_id;
    bool fragment;    /* a fragment that is not reassembled (its transport header is unknown unless
                         first) */
    bool reassembled; /* came out of the defragmenter */
    bool frag_more;   /* fragment: more follow */
    uint16_t frag_offset; /* fragment: where its data lies, in bytes */
    uint32_t frag_id;     /* fragment: identification (32 bits in IPv6) */
    uint8_t frag_link;    /* fragment of a frame in a tunnel: link type of the whole; 0 = of IP */
    bool checksum_bad;    /* of IP or transport, under the policy in force */
    bool checksum_sure;   /* checksum_bad by order, not by evidence about the sender */
    bool duplicate;       /* the mirror sent it before: not for flows */
    bool around;          /* what is around a tunnel: only for rules about packets */
    bool after_syn;       /* handshakes pass its interface (with stream.midstream: auto only) */
    bool quotes;          /* an ICMP error: `quoted` is the packet it is about */
    struct {
        struct addr src, dst;
        uint16_t sport, dport;
        uint8_t proto;
    } quoted;
    struct addr src, dst;
    struct slice l3;      /* IP header to the end of the IP packet; ARP message for ARP */
    struct slice rebuilt; /* reassembled: the frame as it would have come in one piece */
    struct slice l4;      /* transport header and payload; empty when unknown */
    struct slice payload;
    uint32_t payload_missing; /* bytes of the payload on the wire that were not captured */

    uint16_t sport, dport; /* 0 for protocols without ports */
    uint8_t icmp_type, icmp_code;
    struct {
        uint32_t seq, ack;
        uint16_t window, urgent;
        uint8_t flags;
        uint8_t header_len; /* bytes with options */
        uint8_t wscale;
        uint16_t mss; /* 0 = option absent */
        bool has_wscale, sack_ok, has_ts;
        uint32_t ts_val, ts_ecr;
    } tcp;

    struct packet *outer; /* while decoding: where a tunnel leaves what is around it */

    uint64_t flow_hash; /* equal for both directions; chooses the worker and the flow bucket */
    uint8_t shard;      /* below PACKET_SHARDS; of both directions, the same in every run */
    uint8_t notes;      /* how many */
    uint8_t note[PACKET_NOTES_MAX]; /* enum decode_note, in order of discovery */

    struct tunnel tunnel[PACKET_TUNNELS_MAX]; /* last: only the first `tunnels` are ever set */
};

/** Fetches what is set of a packet, as another processor had it last. */
static inline void packet_prefetch(const struct packet *p, bool to_write)
{
#pragma GCC unroll 8
    for (uint32_t at = 0; at < offsetof(struct packet, tunnel); at += 64) {
        if (to_write)
            __builtin_prefetch((const uint8_t *)p + at, 1);
        else
            __builtin_prefetch((const uint8_t *)p + at);
    }
}

/** Protocols that Suricata keeps flows of. */
static inline bool packet_known_there(uint8_t proto)
{
    return packet_has_ports(proto) || proto == IPPROTO_ICMP4 || proto == IPPROTO_ICMP6 ||
           proto == IPPROTO_ESP4;
}

/** It belongs to a flow: one whose ports cannot be read does not, for Suricata. */
static inline bool packet_has_flow(const struct packet *p)
{
    return p->ip_version && !p->fragment && !p->around &&
           !(p->notes && p->as_suricata && packet_has_ports(p->proto) && !p->sport && !p->dport);
}

#endif
