/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow: all packets of one conversation. One thread owns it. Time is packet time.
 *
 * Higher floors hang their own state on `ext`; whoever sets a slot frees it when the flow ends
 * (run/worker.c calls them in a fixed order).
 */
#ifndef TRAMGAC_SENSOR_FLOW_FLOW_H
#define TRAMGAC_SENSOR_FLOW_FLOW_H

#include "sensor/decode/packet.h"

enum flow_ext {
    FLOW_EXT_STREAM,
    FLOW_EXT_APP,
    FLOW_EXT_NDPI,
    FLOW_EXT_FILES,
    FLOW_EXT_DETECT,
    FLOW_EXT_FACTS,
    FLOW_EXT_REST, /* all of the others, put away while the flow is silent (run/rest.h) */
    FLOW_EXT_COUNT
};

/** Flows are dealt into shards by their addresses and ports. Workers own whole shards, and limits
 * are kept per shard: so what happens at a limit is the same for any number of workers. */
enum { FLOW_SHARDS = PACKET_SHARDS };

/** Why a flow is only counted and no longer looked into. */
enum flow_shunt {
    FLOW_SHUNT_NONE,
    FLOW_SHUNT_RULE,      /* a rule with `bypass` */
    FLOW_SHUNT_LARGE,     /* beyond flow.shunt.bytes */
    FLOW_SHUNT_ENCRYPTED, /* nothing more to be read (flow.shunt.encrypted) */
    FLOW_SHUNT_MEMORY,    /* no room (sensor/run/shed.h) */
};

/** A port below it is a service's (RFC 6335, section 6). */
enum { SYSTEM_PORTS = 1024 };

enum flow_state { FLOW_NEW, FLOW_ESTABLISHED, FLOW_CLOSED };

enum flow_end {
    FLOW_END_NONE,
    FLOW_END_TIMEOUT,
    FLOW_END_CLOSED,
    FLOW_END_REUSED,
    FLOW_END_FORCED,
    FLOW_END_SHUTDOWN
};

enum tcp_state {
    TCP_NONE,
    TCP_SYN_SENT,
    TCP_SYN_RECV,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,  /* the server closes */
    TCP_FIN_WAIT2,  /* … and the client has acknowledged that */
    TCP_CLOSE_WAIT, /* the client closes */
    TCP_LAST_ACK,   /* … then the server */
    TCP_CLOSING,    /* the server, then the client */
    TCP_TIME_WAIT,
    TCP_CLOSED
};

/** One end of a TCP connection: what its packets and the answers to them show. */
struct tcp_side {
    uint32_t isn;             /* sequence number of its SYN */
    uint32_t other_isn;       /* of another SYN it sent since; the peer chooses */
    uint32_t next;            /* behind the furthest byte seen */
    uint32_t acked;           /* by the peer, up to here */
    uint32_t claim;           /* … or so the peer says, of bytes that did not come by yet */
    uint32_t right;           /* edge of the window that the peer has opened for it */
    uint32_t stamp, stamp_s;  /* last time stamp in order; when, in seconds of packet time */
    uint32_t ask_end, ask_us; /* data whose acknowledgement is awaited, and when it was sent */
    uint32_t rtt_us;          /* from its data to the acknowledgement, as seen here; smoothed */
    uint32_t ahead_us;        /* when a packet last came before its turn */
    uint16_t retransmits, out_of_order, zero_windows; /* saturating */
    uint8_t wscale;
    uint8_t ttl;    /* of its first packet */
    uint8_t policy; /* enum os_policy, guessed from its SYN */
    bool seen, has_isn, has_other, has_acked, has_claim, has_window, has_stamp, fin, rst;
};

/** A TCP connection as a bystander sees it. */
struct tcp {
    struct tcp_side side[2]; /* by enum dir: what that side sends */
    uint32_t syn_us;         /* of the SYN-ACK, since the flow's first packet */
    uint32_t rtt_us;         /* of the handshake; 0 = not seen */
    bool data;               /* some was sent */
    bool lenient;            /* not all packets pass here: what looks impossible may be true */
    bool four_way;           /* both sides sent a SYN */
    bool whole_only;         /* without its SYN the connection is not followed */
    bool syn_only;           /* … not from its SYN-ACK on either */
    bool no_answer_no_data;  /* … nor without its SYN-ACK */
    bool one_side_silent;    /* … or it is, but without events */
    bool silent;             /* no events of this one */
    bool pass_over; /* the packet in hand is none that its receiver takes: not for reassembly */
};

/** What one direction of a flow showed last. */
struct flow_at {
    uint64_t tag;          /* of its last packet (packet.tag) */
    uint32_t seq, ack;     /* TCP: behind the furthest byte sent, furthest acknowledgement */
    bool seen;             /* it has a tag */
    bool has_seq, has_ack; /* TCP */
    bool right_sums;       /* a packet with a right checksum was seen */
    bool fin_hole;         /* TCP: bytes before its FIN were not seen */
    uint8_t ttl_min, ttl_max;
};

struct flow {
    struct addr client, server; /* client: sent the SYN, or the first packet seen */
    uint16_t client_port, server_port;
    uint8_t proto; /* IP protocol */
    uint8_t state; /* enum flow_state */
    uint8_t tcp_state;
    uint8_t end; /* enum flow_end */
    uint16_t vlan[PACKET_VLANS_MAX];
    uint8_t vlans;
    uint8_t icmp_type, icmp_code; /* of the first packet, ICMP only */
    uint8_t shard, table_class;   /* table_class: the flow table's own */
    bool midstream;               /* TCP whose handshake was not seen */
    bool swapped;                 /* direction was corrected after the first packet */
    bool has_mac;
    uint8_t silences;     /* enum flow_silence it has reached: the flow table's own */
    bool silent;          /* a rule wants no event of it */
    bool no_depth;        /* its protocol is read beyond stream.depth */
    bool dark;            /* its parser has seen encrypted data of the application */
    bool hushed;          /* … and all that follows: rules look at no more of it */
    uint8_t shunt;        /* enum flow_shunt: is wanted */
    bool shunted;         /* is done: higher floors hold nothing of it */
    uint32_t told_s;      /* interim records: seconds since its begin at the last one */
    uint8_t tcp_flags[2]; /* all flags seen, by direction */
    struct mac client_mac, server_mac;
    uint64_t hash;
    uint64_t id;           /* flow_id of EVE: function of tuple, first packet and generation */
    uint64_t parent_id;    /* of the flow that announced this one (FTP data); 0 = none */
    uint64_t first_number; /* frame number of the first packet */
    uint64_t first_ns, last_ns;
    uint64_t seen_ns;           /* clock of the run at the last packet: what timeouts count from */
    uint64_t pkts[2], bytes[2]; /* by enum dir; bytes on the wire incl. link layer */
    uint32_t generation;        /* reuse of the same tuple */
    uint32_t gaps[2];           /* holes given up, by direction */
    struct tcp tcp;
    uint8_t dir;                 /* enum dir, of the packet in hand */
    uint8_t asked_ip, asked_app; /* detection's own: rules asked once, bit by direction */
    uint8_t app_events;          /* of the packet in hand: bits by enum app_event (app.h) */
    uint32_t asked_empty;        /* detection's own: see match_payload_empty() */
    uint64_t stream_events[2];   /* of the packet in hand: bits by enum stream_event */
    uint16_t alerts;             /* hits on this flow, saturating */
    uint16_t ndpi_proto;         /* breadth classification; 0 = unknown */
    const char *app_name;        /* protocol name as EVE says it; NULL = not known yet */
    const char *app_orig;        /* the one before it (STARTTLS, CONNECT …); NULL = none */
    bool app_failed;             /* all probing ended without a name: EVE's "failed" */
    uint8_t app_mute;            /* bit by direction: its first bytes do not tell app_name */
    char community_id[36];       /* "1:…" (Community ID v1, seed 0); empty until asked for */
    struct tunnel *tunnel;       /* outermost tunnel of the first packet; NULL = none */
    struct flow_at at[2];        /* by direction */
    uint32_t view, told;         /* bits of enum view_kind: what impairs the sight; reported */
    bool sum_bad;                /* of the packet in hand: its receiver drops it */
    bool reported;               /* its view was reported */
    uint16_t iface;              /* of the first packet */
    uint16_t unreachable;        /* ICMP errors about this flow, saturating */
    void *ext[FLOW_EXT_COUNT];
    struct flow *bucket_next, *lru_prev, *lru_next; /* flow table's own */
};

/** A TCP connection of which nothing is followed: its handshake was not seen, or a reset came
 * first.
 */
static inline bool flow_unfollowed(const struct flow *f)
{
    return f->proto == IPPROTO_TCP4 &&
           (f->tcp_state == TCP_NONE || (!f->tcp.side[0].seen && !f->tcp.side[1].seen));
}

/** Bytes that a direction of a TCP connection has sent, as far as its SYN tells. */
static inline uint32_t flow_sent(const struct flow *f, enum dir dir)
{
    const struct tcp_side *side = &f->tcp.side[dir];

    return side->has_isn ? side->next - side->isn - 1 : 0;
}

/** Its protocol could not be told. Suricata says so of TCP only when both directions have sent as
 * much as its patterns need. */
static inline bool flow_failed(const struct flow *f, bool as_suricata)
{
    enum { PATTERN_TO_SERVER = 16, PATTERN_TO_CLIENT = 8 };

    return f->app_failed && (!as_suricata || f->proto != IPPROTO_TCP4 ||
                             (flow_sent(f, TO_SERVER) >= PATTERN_TO_SERVER &&
                              flow_sent(f, TO_CLIENT) >= PATTERN_TO_CLIENT));
}

/** Direction of a packet within its flow. */
static inline enum dir flow_dir(const struct flow *flow, const struct packet *p)
{
    return addr_eq(&p->src, &flow->client) &&
                   (p->sport == flow->client_port || !addr_eq(&flow->client, &flow->server))
               ? TO_SERVER
               : TO_CLIENT;
}

#endif
