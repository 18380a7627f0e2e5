/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding: from link layer to transport header. One header a row (dec_*.c); decode.c walks from
 * row to row without recursion, puts fragments together, checks sums, and gives the flow hash.
 */
#ifndef TRAMGAC_SENSOR_DECODE_DECODE_H
#define TRAMGAC_SENSOR_DECODE_DECODE_H

#include "common/arena.h"
#include "common/cursor.h"
#include "sensor/decode/packet.h"
#include "sensor/decode/views.h"

/** Faults of headers; names (decode_note_name) are those rules use in `decode-event`. */
enum decode_note {
    NOTE_ETHERNET_SMALL,
    NOTE_VLAN_SMALL,
    NOTE_VLAN_UNKNOWN,
    NOTE_VLAN_LAYERS,
    NOTE_SLL_SMALL,
    NOTE_SLL2_SMALL,
    NOTE_NULL_SMALL,
    NOTE_NULL_TYPE,
    NOTE_RAW_VERSION,
    NOTE_PPP_SMALL,
    NOTE_PPP_TYPE,
    NOTE_PPP_UNSUPPORTED,
    NOTE_PPP_VJ_SMALL,
    NOTE_PPP_IP4_SMALL,
    NOTE_PPP_IP6_SMALL,
    NOTE_PPPOE_SMALL,
    NOTE_PPPOE_CODE,
    NOTE_PPPOE_TAGS,
    NOTE_MPLS_SMALL,
    NOTE_MPLS_LAYERS,
    NOTE_MPLS_PAYLOAD_SMALL,
    NOTE_MPLS_ROUTER_ALERT,
    NOTE_MPLS_IMPLICIT_NULL,
    NOTE_MPLS_RESERVED,
    NOTE_MPLS_UNKNOWN,
    NOTE_GRE_SMALL,
    NOTE_GRE_VERSION,
    NOTE_GRE0_RECUR,
    NOTE_GRE0_FLAGS,
    NOTE_GRE0_HEADER,
    NOTE_GRE0_ROUTES,
    NOTE_GRE1_CHECKSUM,
    NOTE_GRE1_ROUTE,
    NOTE_GRE1_STRICT,
    NOTE_GRE1_RECUR,
    NOTE_GRE1_FLAGS,
    NOTE_GRE1_NO_KEY,
    NOTE_GRE1_PROTOCOL,
    NOTE_GRE1_ROUTES,
    NOTE_GRE1_HEADER,
    NOTE_ERSPAN_SMALL,
    NOTE_ERSPAN_VERSION,
    NOTE_ERSPAN_VLAN,
    NOTE_VXLAN_TYPE,
    NOTE_GENEVE_TYPE,
    NOTE_ARP_SMALL,
    NOTE_IPV4_SMALL,
    NOTE_IPV4_VERSION,
    NOTE_IPV4_HLEN,
    NOTE_IPV4_IPLEN,
    NOTE_IPV4_TRUNC,
    NOTE_IPV4_OPT_INVALID,
    NOTE_IPV4_OPT_LENGTH,
    NOTE_IPV4_OPT_MALFORMED,
    NOTE_IPV4_OPT_PAD,
    NOTE_IPV4_OPT_EOL,
    NOTE_IPV4_OPT_DUPLICATE,
    NOTE_IPV4_OPT_UNKNOWN,
    NOTE_IPV4_ICMPV6,
    NOTE_IPV4_FRAG_LARGE,
    NOTE_IPV4_FRAG_OVERLAP,
    NOTE_IPV6_SMALL,
    NOTE_IPV6_VERSION,
    NOTE_IPV6_TRUNC,
    NOTE_IPV6_EXT_TRUNC,
    NOTE_IPV6_EXT_DUPLICATE,
    NOTE_IPV6_EXT_DUPLICATE_HOP,
    NOTE_IPV6_EXT_DUPLICATE_DST,
    NOTE_IPV6_EXT_DUPLICATE_ROUTING,
    NOTE_IPV6_EXT_DUPLICATE_AUTH,
    NOTE_IPV6_EXT_DUPLICATE_ESP,
    NOTE_IPV6_EXT_OPTLEN,
    NOTE_IPV6_PADN_EMPTY,
    NOTE_IPV6_HOP_UNKNOWN,
    NOTE_IPV6_HOP_PADDING,
    NOTE_IPV6_DST_UNKNOWN,
    NOTE_IPV6_DST_PADDING,
    NOTE_IPV6_ROUTING_0,
    NOTE_IPV6_AUTH_RESERVED,
    NOTE_IPV6_FRAG_RESERVED,
    NOTE_IPV6_FRAG_USELESS,
    NOTE_IPV6_NEXT_UNKNOWN,
    NOTE_IPV6_AFTER_NONE,
    NOTE_IPV6_ICMPV4,
    NOTE_IPV6_IP4_SMALL,
    NOTE_IPV6_IP4_VERSION,
    NOTE_IPV6_IP6_SMALL,
    NOTE_IPV6_IP6_VERSION,
    NOTE_IPV6_FRAG_LENGTH,
    NOTE_IPV6_FRAG_LARGE,
    NOTE_IPV6_FRAG_OVERLAP,
    NOTE_TCP_SMALL,
    NOTE_TCP_HLEN,
    NOTE_TCP_OPT_LENGTH,
    NOTE_TCP_OPT_DUPLICATE,
    NOTE_TCP_OPT_TOO_LONG,
    NOTE_UDP_SMALL,
    NOTE_UDP_HLEN,
    NOTE_UDP_LEN,
    NOTE_ICMPV4_SMALL,
    NOTE_ICMPV4_TYPE,
    NOTE_ICMPV4_CODE,
    NOTE_ICMPV4_INNER_SMALL,
    NOTE_ICMPV4_INNER_VERSION,
    NOTE_ICMPV6_SMALL,
    NOTE_ICMPV6_TYPE,
    NOTE_ICMPV6_CODE,
    NOTE_ICMPV6_UNASSIGNED,
    NOTE_ICMPV6_EXPERIMENT,
    NOTE_ICMPV6_MLD_HOPS,
    NOTE_ICMPV6_INNER_SMALL,
    NOTE_ICMPV6_INNER_VERSION,
    NOTE_SCTP_SMALL,
    NOTE_TOO_MANY_LAYERS,
    NOTE_UNKNOWN_LINK,
    NOTE_CHDLC_SMALL,
    NOTE_ESP_SMALL,
    NOTE_ETAG_SMALL,
    NOTE_NSH_SMALL,
    NOTE_NSH_TYPE,
    NOTE_VNTAG_SMALL,
    NOTE_VNTAG_UNKNOWN,
    NOTE_PBB_SMALL,
    NOTE_DCE_SMALL,
    NOTE_AFPACKET_CUT,
    NOTE_WLAN_SMALL,
    NOTE_GTP_INNER,
    NOTE_L2TP_SMALL,
    NOTE_CAPWAP_SMALL,
    NOTE_TZSP_SMALL,
    NOTE_COUNT
};

/** Name such as "ipv4.trunc_pkt". */
const char *decode_note_name(uint8_t note);
/** Notes a fault on the packet; more than PACKET_NOTES_MAX are dropped. */
void decode_note(struct packet *p, enum decode_note note);

/** True when a header was faulty; that nobody here reads what a header announces is no fault. */
/** Suricata reads no further: under decode.as-suricata what follows has no faults. */
static inline void decode_only_here(struct packet *p)
{
    p->only_here |= p->as_suricata;
}

static inline bool decode_faulty(const struct packet *p)
{
    for (uint8_t i = 0; i < p->notes; i++) {
        if (p->note[i] != NOTE_PPP_UNSUPPORTED && p->note[i] != NOTE_VLAN_UNKNOWN &&
            p->note[i] != NOTE_VNTAG_UNKNOWN && p->note[i] != NOTE_VXLAN_TYPE)
            return true;
    }
    return false;
}

/** What the next bytes are: selects the next row. */
enum dec_by {
    DEC_STOP,  /* nothing more to decode */
    DEC_LINK,  /* key: LINKTYPE_ value */
    DEC_ETHER, /* key: EtherType */
    DEC_IP,    /* key: IP protocol number */
    DEC_TCP,   /* key: the one TCP port (of the receiver) that a tunnel has; the row may decline */
    DEC_UDP,   /* key: UDP port of either end; the row may decline by DEC_STOP */
    DEC_SHAPE, /* key: first byte of a UDP payload on any port; the row must be sure of what it sees
                */
    DEC_OTHER, /* key 0: what no row of its EtherType, IP protocol or UDP port takes */
};

enum {
    DEC_TCP_TUNNEL = 7471, /* stateless transport tunnels */
    DEC_LINK_STT = 255,    /* their frame, put together of segments; no such capture is decoded */
};

struct dec_next {
    enum dec_by by;
    uint32_t key;
    struct slice rest;
};

static inline struct dec_next dec_stop(void)
{
    return (struct dec_next){.by = DEC_STOP};
}

struct dec_key {
    enum dec_by by;
    uint32_t key;
};

enum { DEC_KEYS_MAX = 28, DEC_LAYERS_MAX = 24 };

struct decoder_def {
    const char *name;
    const char *doc;
    const char *spec;
    struct dec_key keys[DEC_KEYS_MAX]; /* ended by DEC_STOP */
    const struct counter *counters;    /* one row: how often it decoded, or NULL */
    uint8_t unknown; /* enum decode_note when no row knows the EtherType it names; 0 = none */
    bool tunnel; /* behind IP, may call decode_enter; rows of DEC_UDP and DEC_OTHER need not say so
                  */
    struct dec_next (*decode)(struct packet *p, struct slice in);
};

extern const struct decoder_def *const dec_rows[];

/** Goes into a tunnel: what was decoded so far becomes its outer layer. False (and a note) when it
 * is nested too deep. */
bool decode_enter(struct packet *p, const char *kind, uint32_t id);
/** Something that tells tenants apart: a VLAN id, a label, a session. */
void decode_tag(struct packet *p, uint64_t value);

struct decode; /* tables, fragments, checksum evidence; one thread */

extern const struct option decode_options[];
extern const struct counter decode_counters[];
extern const struct counter decode_note_counters[]; /* by enum decode_note */

struct decode *decode_new(const struct conf *conf, struct stats *stats);
void decode_free(struct decode **decode);

/** Decodes a frame, which may be p->frame. Reassembled packets are kept in `arena`, all else is
 * borrowed from the frame. */
void decode_frame(struct decode *decode, const struct frame *frame, struct arena *arena,
                  struct packet *p);

/** The packet around the innermost tunnel of `inner`, which was decoded last; false when there is
 * none, or when it is a datagram: those say nothing that the tunnel does not say. */
bool decode_around(const struct decode *decode, const struct packet *inner, struct packet *p);

/** Before counters are read: those that follow from others. */
void decode_settle(struct decode *decode);

/** The input has ended: what only few packets showed of the mirror becomes a finding. */
void decode_end(struct decode *decode);

/** Next thing found out about the mirror itself; false when there is none. */
bool decode_finding(struct decode *decode, struct view_finding *finding);

#endif
