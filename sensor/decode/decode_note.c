/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be wrong with headers: names as rules and Suricata's stats have them, and how often each
 * was seen.
 */
#include "sensor/decode/decode.h"

#define BEFORE "decoder.event."

#define NOTE(name)                                                                                 \
    {                                                                                              \
        BEFORE name, "Packets with this fault of a header, named as in decode-event"               \
    }

const struct counter decode_note_counters[] = {
    [NOTE_ETHERNET_SMALL] = NOTE("ethernet.pkt_too_small"),
    [NOTE_VLAN_SMALL] = NOTE("vlan.header_too_small"),
    [NOTE_VLAN_UNKNOWN] = NOTE("vlan.unknown_type"),
    [NOTE_VLAN_LAYERS] = NOTE("vlan.too_many_layers"),
    [NOTE_SLL_SMALL] = NOTE("sll.pkt_too_small"),
    [NOTE_SLL2_SMALL] = NOTE("sll2.pkt_too_small"),
    [NOTE_NULL_SMALL] = NOTE("ltnull.pkt_too_small"),
    [NOTE_NULL_TYPE] = NOTE("ltnull.unsupported_type"),
    [NOTE_RAW_VERSION] = NOTE("ipraw.invalid_ip_version"),
    [NOTE_PPP_SMALL] = NOTE("ppp.pkt_too_small"),
    [NOTE_PPP_TYPE] = NOTE("ppp.wrong_type"),
    [NOTE_PPP_UNSUPPORTED] = NOTE("ppp.unsup_proto"),
    [NOTE_PPP_VJ_SMALL] = NOTE("ppp.vju_pkt_too_small"),
    [NOTE_PPP_IP4_SMALL] = NOTE("ppp.ip4_pkt_too_small"),
    [NOTE_PPP_IP6_SMALL] = NOTE("ppp.ip6_pkt_too_small"),
    [NOTE_PPPOE_SMALL] = NOTE("pppoe.pkt_too_small"),
    [NOTE_PPPOE_CODE] = NOTE("pppoe.wrong_code"),
    [NOTE_PPPOE_TAGS] = NOTE("pppoe.malformed_tags"),
    [NOTE_MPLS_SMALL] = NOTE("mpls.header_too_small"),
    [NOTE_MPLS_LAYERS] = NOTE("mpls.too_many_layers"),
    [NOTE_MPLS_PAYLOAD_SMALL] = NOTE("mpls.pkt_too_small"),
    [NOTE_MPLS_ROUTER_ALERT] = NOTE("mpls.bad_label_router_alert"),
    [NOTE_MPLS_IMPLICIT_NULL] = NOTE("mpls.bad_label_implicit_null"),
    [NOTE_MPLS_RESERVED] = NOTE("mpls.bad_label_reserved"),
    [NOTE_MPLS_UNKNOWN] = NOTE("mpls.unknown_payload_type"),
    [NOTE_GRE_SMALL] = NOTE("gre.pkt_too_small"),
    [NOTE_GRE_VERSION] = NOTE("gre.wrong_version"),
    [NOTE_GRE0_RECUR] = NOTE("gre.version0_recur"),
    [NOTE_GRE0_FLAGS] = NOTE("gre.version0_flags"),
    [NOTE_GRE0_HEADER] = NOTE("gre.version0_hdr_too_big"),
    [NOTE_GRE0_ROUTES] = NOTE("gre.version0_malformed_sre_hdr"),
    [NOTE_GRE1_CHECKSUM] = NOTE("gre.version1_chksum"),
    [NOTE_GRE1_ROUTE] = NOTE("gre.version1_route"),
    [NOTE_GRE1_STRICT] = NOTE("gre.version1_ssr"),
    [NOTE_GRE1_RECUR] = NOTE("gre.version1_recur"),
    [NOTE_GRE1_FLAGS] = NOTE("gre.version1_flags"),
    [NOTE_GRE1_NO_KEY] = NOTE("gre.version1_no_key"),
    [NOTE_GRE1_PROTOCOL] = NOTE("gre.version1_wrong_protocol"),
    [NOTE_GRE1_ROUTES] = NOTE("gre.version1_malformed_sre_hdr"),
    [NOTE_GRE1_HEADER] = NOTE("gre.version1_hdr_too_big"),
    [NOTE_ERSPAN_SMALL] = NOTE("erspan.header_too_small"),
    [NOTE_ERSPAN_VERSION] = NOTE("erspan.unsupported_version"),
    [NOTE_ERSPAN_VLAN] = NOTE("erspan.too_many_vlan_layers"),
    [NOTE_VXLAN_TYPE] = NOTE("vxlan.unknown_payload_type"),
    [NOTE_GENEVE_TYPE] = NOTE("geneve.unknown_payload_type"),
    [NOTE_ARP_SMALL] = NOTE("arp.pkt_too_small"),
    [NOTE_IPV4_SMALL] = NOTE("ipv4.pkt_too_small"),
    [NOTE_IPV4_VERSION] = NOTE("ipv4.wrong_ip_version"),
    [NOTE_IPV4_HLEN] = NOTE("ipv4.hlen_too_small"),
    [NOTE_IPV4_IPLEN] = NOTE("ipv4.iplen_smaller_than_hlen"),
    [NOTE_IPV4_TRUNC] = NOTE("ipv4.trunc_pkt"),
    [NOTE_IPV4_OPT_INVALID] = NOTE("ipv4.opt_invalid"),
    [NOTE_IPV4_OPT_LENGTH] = NOTE("ipv4.opt_invalid_len"),
    [NOTE_IPV4_OPT_MALFORMED] = NOTE("ipv4.opt_malformed"),
    [NOTE_IPV4_OPT_PAD] = NOTE("ipv4.opt_pad_required"),
    [NOTE_IPV4_OPT_EOL] = NOTE("ipv4.opt_eol_required"),
    [NOTE_IPV4_OPT_DUPLICATE] = NOTE("ipv4.opt_duplicate"),
    [NOTE_IPV4_OPT_UNKNOWN] = NOTE("ipv4.opt_unknown"),
    [NOTE_IPV4_ICMPV6] = NOTE("ipv4.icmpv6"),
    [NOTE_IPV4_FRAG_LARGE] = NOTE("ipv4.frag_pkt_too_large"),
    [NOTE_IPV4_FRAG_OVERLAP] = NOTE("ipv4.frag_overlap"),
    [NOTE_IPV6_SMALL] = NOTE("ipv6.pkt_too_small"),
    [NOTE_IPV6_VERSION] = NOTE("ipv6.wrong_ip_version"),
    [NOTE_IPV6_TRUNC] = NOTE("ipv6.trunc_pkt"),
    [NOTE_IPV6_EXT_TRUNC] = NOTE("ipv6.trunc_exthdr"),
    [NOTE_IPV6_EXT_DUPLICATE] = NOTE("ipv6.exthdr_dupl_fh"),
    [NOTE_IPV6_EXT_DUPLICATE_HOP] = NOTE("ipv6.exthdr_dupl_hh"),
    [NOTE_IPV6_EXT_DUPLICATE_DST] = NOTE("ipv6.exthdr_dupl_dh"),
    [NOTE_IPV6_EXT_DUPLICATE_ROUTING] = NOTE("ipv6.exthdr_dupl_rh"),
    [NOTE_IPV6_EXT_DUPLICATE_AUTH] = NOTE("ipv6.exthdr_dupl_ah"),
    [NOTE_IPV6_EXT_DUPLICATE_ESP] = NOTE("ipv6.exthdr_dupl_eh"),
    [NOTE_IPV6_EXT_OPTLEN] = NOTE("ipv6.exthdr_invalid_optlen"),
    [NOTE_IPV6_PADN_EMPTY] = NOTE("ipv6.zero_len_padn"),
    [NOTE_IPV6_HOP_UNKNOWN] = NOTE("ipv6.hopopts_unknown_opt"),
    [NOTE_IPV6_HOP_PADDING] = NOTE("ipv6.hopopts_only_padding"),
    [NOTE_IPV6_DST_UNKNOWN] = NOTE("ipv6.dstopts_unknown_opt"),
    [NOTE_IPV6_DST_PADDING] = NOTE("ipv6.dstopts_only_padding"),
    [NOTE_IPV6_ROUTING_0] = NOTE("ipv6.rh_type_0"),
    [NOTE_IPV6_AUTH_RESERVED] = NOTE("ipv6.exthdr_ah_res_not_null"),
    [NOTE_IPV6_FRAG_RESERVED] = NOTE("ipv6.fh_non_zero_reserved_field"),
    [NOTE_IPV6_FRAG_USELESS] = NOTE("ipv6.exthdr_useless_fh"),
    [NOTE_IPV6_NEXT_UNKNOWN] = NOTE("ipv6.unknown_next_header"),
    [NOTE_IPV6_AFTER_NONE] = NOTE("ipv6.data_after_none_header"),
    [NOTE_IPV6_ICMPV4] = NOTE("ipv6.icmpv4"),
    [NOTE_IPV6_IP4_SMALL] = NOTE("ipv6.ipv4_in_ipv6_too_small"),
    [NOTE_IPV6_IP4_VERSION] = NOTE("ipv6.ipv4_in_ipv6_wrong_version"),
    [NOTE_IPV6_IP6_SMALL] = NOTE("ipv6.ipv6_in_ipv6_too_small"),
    [NOTE_IPV6_IP6_VERSION] = NOTE("ipv6.ipv6_in_ipv6_wrong_version"),
    [NOTE_IPV6_FRAG_LENGTH] = NOTE("ipv6.frag_invalid_length"),
    [NOTE_IPV6_FRAG_LARGE] = NOTE("ipv6.frag_pkt_too_large"),
    [NOTE_IPV6_FRAG_OVERLAP] = NOTE("ipv6.frag_overlap"),
    [NOTE_TCP_SMALL] = NOTE("tcp.pkt_too_small"),
    [NOTE_TCP_HLEN] = NOTE("tcp.hlen_too_small"),
    [NOTE_TCP_OPT_LENGTH] = NOTE("tcp.opt_invalid_len"),
    [NOTE_TCP_OPT_DUPLICATE] = NOTE("tcp.opt_duplicate"),
    [NOTE_TCP_OPT_TOO_LONG] = NOTE("tcp.invalid_optlen"),
    [NOTE_UDP_SMALL] = NOTE("udp.pkt_too_small"),
    [NOTE_UDP_HLEN] = NOTE("udp.hlen_too_small"),
    [NOTE_UDP_LEN] = NOTE("udp.len_invalid"),
    [NOTE_ICMPV4_SMALL] = NOTE("icmpv4.pkt_too_small"),
    [NOTE_ICMPV6_SMALL] = NOTE("icmpv6.pkt_too_small"),
    [NOTE_ICMPV4_TYPE] = NOTE("icmpv4.unknown_type"),
    [NOTE_ICMPV4_CODE] = NOTE("icmpv4.unknown_code"),
    [NOTE_ICMPV4_INNER_SMALL] = NOTE("icmpv4.ipv4_trunc_pkt"),
    [NOTE_ICMPV4_INNER_VERSION] = NOTE("icmpv4.ipv4_unknown_ver"),
    [NOTE_ICMPV6_TYPE] = NOTE("icmpv6.unknown_type"),
    [NOTE_ICMPV6_CODE] = NOTE("icmpv6.unknown_code"),
    [NOTE_ICMPV6_UNASSIGNED] = NOTE("icmpv6.unassigned_type"),
    [NOTE_ICMPV6_EXPERIMENT] = NOTE("icmpv6.experimentation_type"),
    [NOTE_ICMPV6_MLD_HOPS] = NOTE("icmpv6.mld_message_with_invalid_hl"),
    [NOTE_ICMPV6_INNER_SMALL] = NOTE("icmpv6.ipv6_trunc_pkt"),
    [NOTE_ICMPV6_INNER_VERSION] = NOTE("icmpv6.ipv6_unknown_version"),
    [NOTE_SCTP_SMALL] = NOTE("sctp.pkt_too_small"),
    [NOTE_TOO_MANY_LAYERS] = NOTE("too_many_layers"),
    [NOTE_UNKNOWN_LINK] = NOTE("unknown_link_type"),
    [NOTE_CHDLC_SMALL] = NOTE("chdlc.pkt_too_small"),
    [NOTE_ESP_SMALL] = NOTE("esp.pkt_too_small"),
    [NOTE_ETAG_SMALL] = NOTE("etag.header_too_small"),
    [NOTE_NSH_SMALL] = NOTE("nsh.header_too_small"),
    [NOTE_NSH_TYPE] = NOTE("nsh.unknown_payload"),
    [NOTE_VNTAG_SMALL] = NOTE("vntag.header_too_small"),
    [NOTE_VNTAG_UNKNOWN] = NOTE("vntag.unknown_type"),
    [NOTE_PBB_SMALL] = NOTE("ieee8021ah.header_too_small"),
    [NOTE_DCE_SMALL] = NOTE("dce.pkt_too_small"),
    [NOTE_AFPACKET_CUT] = NOTE("afpacket.trunc_pkt"),
    [NOTE_WLAN_SMALL] = NOTE("wlan.header_too_small"),
    [NOTE_GTP_INNER] = NOTE("gtp.unknown_payload"),
    [NOTE_L2TP_SMALL] = NOTE("l2tp.header_too_small"),
    [NOTE_CAPWAP_SMALL] = NOTE("capwap.header_too_small"),
    [NOTE_TZSP_SMALL] = NOTE("tzsp.header_too_small"),
    COUNTER_END,
};

const char *decode_note_name(uint8_t note)
{
    return note < NOTE_COUNT ? decode_note_counters[note].name + sizeof(BEFORE) - 1 : "unknown";
}

/* What follows in a packet that is not all there cannot be judged. */
static bool is_cut(const struct packet *p)
{
    uint8_t last = p->notes ? p->note[p->notes - 1] : NOTE_TOO_MANY_LAYERS;

    return last == NOTE_IPV4_TRUNC || last == NOTE_IPV6_TRUNC || last == NOTE_IPV4_IPLEN;
}

void decode_note(struct packet *p, enum decode_note note)
{
    if (p->notes < PACKET_NOTES_MAX && !p->only_here && !is_cut(p))
        p->note[p->notes++] = (uint8_t)note;
}
