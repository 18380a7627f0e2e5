/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/stream_event.h"

struct row {
    const char *name, *doc, *alias;
};

static const struct row rows[STREAM_EVENT_COUNT] = {
    [STREAM_EVENT_3WHS_ACK_IN_WRONG_DIR] = {"3whs_ack_in_wrong_dir",
                                            "The handshake's last ACK came from the server", NULL},
    [STREAM_EVENT_3WHS_ASYNC_WRONG_SEQ] =
        {"3whs_async_wrong_seq", "One-sided handshake whose sequence number does not follow", NULL},
    [STREAM_EVENT_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION] =
        {"3whs_right_seq_wrong_ack_evasion",
         "Handshake's ACK with the right sequence and a wrong acknowledgement", NULL},
    [STREAM_EVENT_3WHS_SYN_FLOOD] = {"3whs_syn_flood",
                                     "Many SYNs with different numbers, none answered", NULL},
    [STREAM_EVENT_3WHS_SYNACK_FLOOD] = {"3whs_synack_flood",
                                        "More different SYN-ACKs than one handshake has", NULL},
    [STREAM_EVENT_3WHS_SYNACK_IN_WRONG_DIRECTION] = {"3whs_synack_in_wrong_direction",
                                                     "SYN-ACK from the client", NULL},
    [STREAM_EVENT_3WHS_SYNACK_RESEND_WITH_DIFF_ACK] =
        {"3whs_synack_resend_with_diff_ack", "SYN-ACK repeated with another acknowledgement",
         "3whs_synack_resend_with_different_ack"},
    [STREAM_EVENT_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ] =
        {"3whs_synack_resend_with_diff_seq", "SYN-ACK repeated with another sequence number", NULL},
    [STREAM_EVENT_3WHS_SYNACK_TFO_DATA_IGNORED] =
        {"3whs_synack_tfo_data_ignored", "SYN-ACK does not acknowledge the data of the SYN", NULL},
    [STREAM_EVENT_3WHS_SYNACK_TOSERVER_ON_SYN_RECV] =
        {"3whs_synack_toserver_on_syn_recv",
         "SYN-ACK from the client while the handshake is half over", NULL},
    [STREAM_EVENT_3WHS_SYNACK_WITH_WRONG_ACK] =
        {"3whs_synack_with_wrong_ack", "SYN-ACK acknowledges another number than the SYN's", NULL},
    [STREAM_EVENT_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV] =
        {"3whs_syn_resend_diff_seq_on_syn_recv",
         "SYN repeated with another sequence number after a SYN-ACK", NULL},
    [STREAM_EVENT_3WHS_SYN_TOCLIENT_ON_SYN_RECV] =
        {"3whs_syn_toclient_on_syn_recv", "SYN from the server while the handshake is half over",
         NULL},
    [STREAM_EVENT_3WHS_WRONG_SEQ_WRONG_ACK] = {"3whs_wrong_seq_wrong_ack",
                                               "Handshake's ACK with wrong numbers", NULL},
    [STREAM_EVENT_3WHS_ACK_DATA_INJECT] = {"3whs_ack_data_inject",
                                           "Data in a packet before the handshake was over", NULL},
    [STREAM_EVENT_4WHS_INVALID_ACK] = {"4whs_invalid_ack",
                                       "Four-way handshake: invalid acknowledgement", NULL},
    [STREAM_EVENT_4WHS_SYNACK_WITH_WRONG_ACK] =
        {"4whs_synack_with_wrong_ack", "Four-way handshake: SYN-ACK with a wrong acknowledgement",
         NULL},
    [STREAM_EVENT_4WHS_SYNACK_WITH_WRONG_SYN] =
        {"4whs_synack_with_wrong_syn",
         "Four-way handshake: SYN-ACK with another sequence number than its SYN", NULL},
    [STREAM_EVENT_4WHS_WRONG_SEQ] = {"4whs_wrong_seq", "Four-way handshake: wrong sequence number",
                                     NULL},
    [STREAM_EVENT_CLOSEWAIT_ACK_OUT_OF_WINDOW] = {"closewait_ack_out_of_window",
                                                  "CLOSE-WAIT: ACK out of the window", NULL},
    [STREAM_EVENT_CLOSEWAIT_FIN_OUT_OF_WINDOW] = {"closewait_fin_out_of_window",
                                                  "CLOSE-WAIT: FIN out of the window", NULL},
    [STREAM_EVENT_CLOSEWAIT_INVALID_ACK] = {"closewait_invalid_ack",
                                            "CLOSE-WAIT: invalid acknowledgement", NULL},
    [STREAM_EVENT_CLOSEWAIT_PKT_BEFORE_LAST_ACK] = {"closewait_pkt_before_last_ack",
                                                    "CLOSE-WAIT: data that was acknowledged before",
                                                    NULL},
    [STREAM_EVENT_CLOSING_ACK_WRONG_SEQ] = {"closing_ack_wrong_seq",
                                            "CLOSING: ACK with a wrong sequence number", NULL},
    [STREAM_EVENT_CLOSING_INVALID_ACK] = {"closing_invalid_ack", "CLOSING: invalid acknowledgement",
                                          NULL},
    [STREAM_EVENT_EST_ACK_ZWP_DATA] = {"est_ack_zwp_data",
                                       "Probe of a closed window acknowledged with its data", NULL},
    [STREAM_EVENT_EST_INVALID_ACK] = {"est_invalid_ack", "Acknowledgement of what was never sent",
                                      NULL},
    [STREAM_EVENT_EST_PACKET_OUT_OF_WINDOW] = {"est_packet_out_of_window",
                                               "Data out of the receiver's window", NULL},
    [STREAM_EVENT_EST_PKT_BEFORE_LAST_ACK] = {"est_pkt_before_last_ack",
                                              "Data that was acknowledged before", NULL},
    [STREAM_EVENT_EST_SYNACK_RESEND] = {"est_synack_resend",
                                        "SYN-ACK repeated in an established session", NULL},
    [STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFF_ACK] = {"est_synack_resend_with_diff_ack",
                                                      "The same with another acknowledgement",
                                                      "est_synack_resend_with_different_ack"},
    [STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFF_SEQ] = {"est_synack_resend_with_diff_seq",
                                                      "The same with another sequence number",
                                                      NULL},
    [STREAM_EVENT_EST_SYNACK_TOSERVER] = {"est_synack_toserver",
                                          "SYN-ACK from the client in an established session",
                                          NULL},
    [STREAM_EVENT_EST_SYN_RESEND] = {"est_syn_resend", "SYN repeated in an established session",
                                     NULL},
    [STREAM_EVENT_EST_SYN_RESEND_DIFF_SEQ] = {"est_syn_resend_diff_seq",
                                              "The same with another sequence number", NULL},
    [STREAM_EVENT_EST_SYN_TOCLIENT] = {"est_syn_toclient",
                                       "SYN from the server in an established session", NULL},
    [STREAM_EVENT_FIN1_ACK_WRONG_SEQ] = {"fin1_ack_wrong_seq",
                                         "FIN-WAIT-1: ACK with a wrong sequence number", NULL},
    [STREAM_EVENT_FIN1_FIN_WRONG_SEQ] = {"fin1_fin_wrong_seq",
                                         "FIN-WAIT-1: FIN with a wrong sequence number", NULL},
    [STREAM_EVENT_FIN1_INVALID_ACK] = {"fin1_invalid_ack", "FIN-WAIT-1: invalid acknowledgement",
                                       NULL},
    [STREAM_EVENT_FIN2_ACK_WRONG_SEQ] = {"fin2_ack_wrong_seq",
                                         "FIN-WAIT-2: ACK with a wrong sequence number", NULL},
    [STREAM_EVENT_FIN2_FIN_WRONG_SEQ] = {"fin2_fin_wrong_seq",
                                         "FIN-WAIT-2: FIN with a wrong sequence number", NULL},
    [STREAM_EVENT_FIN2_INVALID_ACK] = {"fin2_invalid_ack", "FIN-WAIT-2: invalid acknowledgement",
                                       NULL},
    [STREAM_EVENT_FIN_BUT_NO_SESSION] = {"fin_but_no_session", "FIN without a session", NULL},
    [STREAM_EVENT_FIN_INVALID_ACK] = {"fin_invalid_ack", "FIN with an invalid acknowledgement",
                                      NULL},
    [STREAM_EVENT_FIN_OUT_OF_WINDOW] = {"fin_out_of_window", "FIN out of the receiver's window",
                                        NULL},
    [STREAM_EVENT_FIN_SYN] = {"fin_syn", "FIN and SYN in one packet", NULL},
    [STREAM_EVENT_LASTACK_ACK_WRONG_SEQ] = {"lastack_ack_wrong_seq",
                                            "LAST-ACK: ACK with a wrong sequence number", NULL},
    [STREAM_EVENT_LASTACK_INVALID_ACK] = {"lastack_invalid_ack",
                                          "LAST-ACK: invalid acknowledgement", NULL},
    [STREAM_EVENT_RST_BUT_NO_SESSION] = {"rst_but_no_session", "RST without a session", NULL},
    [STREAM_EVENT_RST_INVALID_ACK] = {"rst_invalid_ack", "RST with an invalid acknowledgement",
                                      NULL},
    [STREAM_EVENT_RST_WITH_DATA] = {"rst_with_data", "RST that carries data", NULL},
    [STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ] = {"timewait_ack_wrong_seq",
                                             "TIME-WAIT: ACK with a wrong sequence number", NULL},
    [STREAM_EVENT_TIMEWAIT_INVALID_ACK] = {"timewait_invalid_ack",
                                           "TIME-WAIT: invalid acknowledgement", NULL},
    [STREAM_EVENT_SHUTDOWN_SYN_RESEND] = {"shutdown_syn_resend",
                                          "SYN in a session that is being closed", NULL},
    [STREAM_EVENT_SUSPECTED_RST_INJECT] = {"suspected_rst_inject",
                                           "RST out of place: the session goes on", NULL},
    [STREAM_EVENT_WRONG_THREAD] = {"wrong_thread",
                                   "Packets of one session in several threads; does not occur here",
                                   NULL},
    [STREAM_EVENT_PKT_BAD_WINDOW_UPDATE] = {"pkt_bad_window_update",
                                            "Window that shrinks without data", NULL},
    [STREAM_EVENT_PKT_BROKEN_ACK] = {"pkt_broken_ack",
                                     "Acknowledgement number without the ACK flag", NULL},
    [STREAM_EVENT_PKT_INVALID_ACK] = {"pkt_invalid_ack",
                                      "Invalid acknowledgement, whatever the state", NULL},
    [STREAM_EVENT_PKT_INVALID_TIMESTAMP] = {"pkt_invalid_timestamp",
                                            "TCP time stamp that runs backwards", NULL},
    [STREAM_EVENT_PKT_RETRANSMISSION] = {"pkt_retransmission", "Data sent again", NULL},
    [STREAM_EVENT_PKT_SPURIOUS_RETRANSMISSION] =
        {"pkt_spurious_retransmission", "Data sent again although it had been acknowledged", NULL},
    [STREAM_EVENT_REASSEMBLY_DEPTH_REACHED] = {"reassembly_depth_reached",
                                               "More bytes than reassembly keeps", NULL},
    [STREAM_EVENT_REASSEMBLY_INSERT_INVALID] = {"reassembly_insert_invalid",
                                                "Segment that cannot be put into the stream", NULL},
    [STREAM_EVENT_REASSEMBLY_INSERT_LIMIT] = {"reassembly_insert_limit",
                                              "Segment dropped at a limit of reassembly", NULL},
    [STREAM_EVENT_REASSEMBLY_INSERT_MEMCAP] =
        {"reassembly_insert_memcap", "Segment dropped because the memory of reassembly is used up",
         NULL},
    [STREAM_EVENT_REASSEMBLY_NO_SEGMENT] = {"reassembly_no_segment", "No room for a segment", NULL},
    [STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA] = {"reassembly_overlap_different_data",
                                                        "Bytes sent twice with different content",
                                                        NULL},
    [STREAM_EVENT_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ] = {"reassembly_segment_before_base_seq",
                                                         "Segment that begins before the stream",
                                                         NULL},
    [STREAM_EVENT_REASSEMBLY_SEQ_GAP] = {"reassembly_seq_gap", "Bytes that were never seen", NULL},
    [STREAM_EVENT_REASSEMBLY_URGENT_OOB_LIMIT_REACHED] = {"reassembly_urgent_oob_limit_reached",
                                                          "More urgent bytes than are followed",
                                                          NULL},
};

const char *stream_event_name(uint32_t event)
{
    return event < STREAM_EVENT_COUNT ? rows[event].name : NULL;
}

const char *stream_event_doc(uint32_t event)
{
    return event < STREAM_EVENT_COUNT ? rows[event].doc : NULL;
}

int stream_event_find(struct slice name)
{
    if (slice_starts(name, SLICE_LIT("stream.")))
        name = slice_from(name, 7);
    for (int i = 0; i < STREAM_EVENT_COUNT; i++) {
        if (slice_eq(name, slice_of_str(rows[i].name)) ||
            (rows[i].alias && slice_eq(name, slice_of_str(rows[i].alias))))
            return i;
    }
    return -1;
}
