/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One handler per phase: before, during and after the handshake. Numbers are compared modulo 2^32.
 */
#include "sensor/flow/tcp_track.h"
#include "common/clock.h"
#include "sensor/decode/os_policy.h"
#include "sensor/flow/stream_event.h"

enum {
    WSCALE_MAX = 14,        /* RFC 7323, 2.3 */
    STAMP_DAYS_S = 2073600, /* 24 days: older stamps say nothing (RFC 7323, 5.5) */
    REORDER_US = 3000,      /* a late packet within this time was overtaken, not sent again */
    NEAR = 1 << 16,         /* in a connection that is not wholly seen */
    TRACKED = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK,
};

/* A packet with what every handler asks of it. */
struct seen {
    struct flow *flow;
    const struct packet *p;
    struct tcp_side *own, *peer;
    enum dir dir;
    uint8_t flags;
    uint32_t seq, end; /* end: behind its data; SYN counts, FIN does not */
    uint32_t len;
    uint32_t now_us;
};

static void set_state(struct flow *f, enum tcp_state state)
{
    f->tcp_state = (uint8_t)state;
    if (state == TCP_LAST_ACK || state >= TCP_TIME_WAIT)
        f->state = FLOW_CLOSED;
    else if (state >= TCP_ESTABLISHED)
        f->state = FLOW_ESTABLISHED;
}

static void raise(struct seen *s, enum stream_event event)
{
    stream_event_raise(s->flow, event);
}

static void refuse(struct seen *s, enum stream_event event)
{
    raise(s, event);
    s->flow->tcp.pass_over = true;
}

static void count(uint16_t *n)
{
    *n = (uint16_t)(*n + (*n != UINT16_MAX));
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* The window that the sender of this packet opens for its peer. */
static void take_window(struct seen *s)
{
    bool scaled = !(s->flags & TCP_SYN);
    uint32_t window = (uint32_t)s->p->tcp.window << (scaled ? s->own->wscale : 0);
    uint32_t right = s->p->tcp.ack + window;

    if (!(s->flags & TCP_ACK))
        return;
    if (!s->peer->has_window || tcp_after(right, s->peer->right) > 0)
        s->peer->right = right;
    s->peer->has_window = true;
    if (s->p->tcp.window == 0 && !(s->flags & TCP_RST))
        count(&s->own->zero_windows);
}

/* How long the peer's data took to be acknowledged. */
static void take_rtt(struct seen *s)
{
    struct tcp_side *peer = s->peer;

    if (!peer->ask_end || tcp_after(s->p->tcp.ack, peer->ask_end) < 0)
        return;
    uint32_t rtt = s->now_us - peer->ask_us;
    peer->rtt_us = peer->rtt_us ? peer->rtt_us - peer->rtt_us / 8 + rtt / 8 : rtt;
    peer->ask_end = 0;
}

static void take_ack(struct seen *s)
{
    struct tcp_side *peer = s->peer;

    if (!(s->flags & TCP_ACK))
        return;
    uint32_t ack = s->p->tcp.ack;
    if (peer->seen && !s->flow->tcp.lenient && tcp_acks_unseen(s->p, peer)) {
        peer->claim = ack;
        peer->has_claim = true;
        ack = peer->next;
    } else {
        take_rtt(s);
    }
    if (!peer->has_acked || tcp_after(ack, peer->acked) > 0)
        peer->acked = ack;
    peer->has_acked = true;
}

/* What the peer acknowledged before it came by: it comes now, or this packet goes on behind it and
 * proves that it was lost here. Else the acknowledgement was none that a host believes. */
static void settle_claim(struct seen *s)
{
    struct tcp_side *own = s->own;

    if (tcp_after(s->end, own->claim) < 0)
        return;
    if (tcp_after(s->seq, own->claim) >= 0 && tcp_after(s->seq, own->next) > 0)
        s->flow->tcp.lenient = true;
    own->has_claim = false;
    if (tcp_after(own->claim, own->acked) > 0)
        own->acked = own->claim;
}

/* What was acknowledged comes again, or, when a side has closed, anything. (Before that, mirrors
 * that see everything twice would say so all the time.) */
static void repeated(struct seen *s)
{
    struct tcp_side *own = s->own;
    bool acked = own->has_acked && tcp_after(s->end, own->acked) <= 0;
    bool late = own->ahead_us && s->now_us - own->ahead_us < REORDER_US;

    own->ask_end = 0; /* which copy an acknowledgement is for cannot be told */
    count(late ? &own->out_of_order : &own->retransmits);
    if (acked && !late)
        raise(s, STREAM_EVENT_PKT_SPURIOUS_RETRANSMISSION);
    if (s->flow->tcp_state > TCP_ESTABLISHED && s->flow->tcp_state != TCP_CLOSED)
        raise(s, STREAM_EVENT_PKT_RETRANSMISSION);
}

static bool keep_alive(const struct seen *s)
{
    return s->len <= 1 && s->seq == s->own->next - 1;
}

static void take_data(struct seen *s)
{
    struct tcp_side *own = s->own;

    if (!s->len || keep_alive(s))
        return;
    s->flow->tcp.data = true;
    if (tcp_after(s->end, own->next) <= 0) {
        repeated(s);
        return;
    }
    if (tcp_after(s->seq, own->next) > 0)
        own->ahead_us = s->now_us ? s->now_us : 1;
    if (!own->ask_end) {
        own->ask_end = s->end ? s->end : 1;
        own->ask_us = s->now_us;
    }
    own->next = s->end;
}

static void take_stamp(struct seen *s)
{
    struct tcp_side *own = s->own;

    if (!s->p->tcp.has_ts || tcp_after(s->seq, own->has_acked ? own->acked : own->next) > 0)
        return;
    own->stamp = s->p->tcp.ts_val;
    own->stamp_s = (uint32_t)(s->p->ts_ns / CLOCK_S);
    own->has_stamp = true;
}

/* Protection against wrapped sequences: receivers drop what is stamped older than what they have;
 * Linux lets one tick pass. */
static bool old_stamp(const struct seen *s)
{
    const struct tcp_side *own = s->own;

    if (!own->has_stamp || !s->p->tcp.has_ts || s->flow->tcp.lenient)
        return false;
    int32_t behind = tcp_after(own->stamp, s->p->tcp.ts_val);
    return behind > (s->peer->policy == OS_LINUX ? 1 : 0) &&
           (uint32_t)(s->p->ts_ns / CLOCK_S) - own->stamp_s < STAMP_DAYS_S;
}

/* An acknowledgement so old that it was never sent in this connection (RFC 5961, 5.2). */
static bool ack_is_ancient(const struct seen *s)
{
    const struct tcp_side *peer = s->peer;
    uint32_t window = peer->right - peer->acked;

    bool outdated = !s->len && (s->flags & TRACKED) == TCP_ACK && s->seq == s->own->next;
    return !outdated && peer->has_acked && peer->has_window && window &&
           tcp_after(s->p->tcp.ack, peer->acked - window) < 0;
}

static bool ack_is_possible(const struct seen *s)
{
    const struct tcp_side *peer = s->peer;

    if (s->flow->tcp.lenient || !peer->seen)
        return true;
    if (!(s->flags & TCP_ACK)) /* hosts look at nothing without one (RFC 9293, 3.10.7.4) */
        return false;
    uint32_t ack = s->p->tcp.ack;
    if (ack_is_ancient(s))
        return false;
    return tcp_after(ack, peer->next + peer->fin) <= 0 ||
           (peer->has_window && tcp_after(ack, peer->right) <= 0);
}

/* Everything a good packet leaves behind. */
static void learn(struct seen *s)
{
    if (s->own->has_claim)
        settle_claim(s);
    take_stamp(s);
    take_data(s);
    take_ack(s);
    take_window(s);
}

/* ---- handshake ---------------------------------------------------------------------------- */

static void learn_syn(struct seen *s)
{
    struct tcp_side *own = s->own;

    own->isn = s->seq;
    own->next = s->end;
    own->has_isn = own->seen = true;
    own->has_other = false;
    own->ttl = s->p->ttl;
    own->policy = (uint8_t)os_policy_guess(s->p->ttl, s->p->tcp.window, s->p->tcp.mss,
                                           s->p->tcp.has_ts, s->p->tcp.has_wscale);
    own->wscale = s->p->tcp.wscale > WSCALE_MAX ? WSCALE_MAX : s->p->tcp.wscale;
    take_stamp(s);
}

static void pick_up(struct seen *s)
{
    struct tcp_side *own = s->own;

    if (own->seen)
        return;
    own->seen = true;
    own->ttl = s->p->ttl;
    own->next = s->seq;
}

/* Without both offers nobody scales its window. */
static void settle_scales(struct flow *f, bool offered)
{
    if (!offered)
        f->tcp.side[TO_SERVER].wscale = f->tcp.side[TO_CLIENT].wscale = 0;
}

/* A handshake, from its SYN on; from its answer, unless nothing but the whole one counts. */
static bool begins(const struct seen *s)
{
    uint8_t flags = s->flags & (TCP_SYN | TCP_ACK);

    return flags == TCP_SYN || (flags == (TCP_SYN | TCP_ACK) && !s->flow->tcp.syn_only);
}

/* The first packet: a handshake begins, is half over, or was missed. */
static void first_packet(struct seen *s)
{
    struct flow *f = s->flow;

    if (s->flags & TCP_RST) {
        raise(s, STREAM_EVENT_RST_BUT_NO_SESSION);
        if (!s->p->as_suricata) /* there it leaves no session behind */
            set_state(f, TCP_CLOSED);
        return;
    }
    bool reuses = s->flags & TCP_SYN && f->generation;
    if (s->flags & TCP_FIN && !(reuses && s->p->as_suricata))
        raise(s, reuses ? STREAM_EVENT_FIN_SYN : STREAM_EVENT_FIN_BUT_NO_SESSION);
    if (f->tcp.whole_only && !begins(s)) {
        f->tcp.pass_over = true;
        return;
    }
    if (s->flags & TCP_SYN) {
        learn_syn(s);
        if (s->flags & TCP_ACK) {
            s->peer->isn = s->p->tcp.ack - 1;
            s->peer->next = s->p->tcp.ack;
            s->peer->has_isn = true;
            f->tcp.lenient = true;
            learn(s);
        }
        set_state(f, s->flags & TCP_ACK ? TCP_SYN_RECV : TCP_SYN_SENT);
        return;
    }
    f->midstream = f->tcp.lenient = true;
    pick_up(s);
    learn(s);
    set_state(f, TCP_ESTABLISHED);
}

static void syn_ack_of_client(struct seen *s)
{
    if (!s->flow->tcp.four_way)
        refuse(s, STREAM_EVENT_3WHS_SYNACK_IN_WRONG_DIRECTION);
    else if (s->p->tcp.ack != s->peer->isn + 1)
        refuse(s, STREAM_EVENT_4WHS_SYNACK_WITH_WRONG_ACK);
    else if (s->seq != s->own->isn)
        refuse(s, STREAM_EVENT_4WHS_SYNACK_WITH_WRONG_SYN);
    else
        set_state(s->flow, TCP_SYN_RECV);
}

/* A client that sent two SYNs goes on with the one that is answered. */
static void adopt_other(struct tcp_side *side)
{
    side->isn = side->other_isn;
    side->next = side->isn + 1;
    side->has_other = false;
    side->acked = side->next;
}

static bool acks_other(const struct tcp_side *side, const struct packet *p)
{
    return side->has_other && p->tcp.ack == side->other_isn + 1;
}

static void syn_ack(struct seen *s)
{
    struct tcp_side *client = s->peer;
    uint32_t ack = s->p->tcp.ack;

    if (s->dir == TO_SERVER) {
        syn_ack_of_client(s);
        return;
    }
    if (acks_other(client, s->p))
        adopt_other(client);
    if (tcp_after(ack, client->isn) <= 0 || tcp_after(ack, client->next) > 0) {
        refuse(s, STREAM_EVENT_3WHS_SYNACK_WITH_WRONG_ACK);
        return;
    }
    if (ack != client->next) { /* the data of its SYN was not taken: it comes again */
        raise(s, STREAM_EVENT_3WHS_SYNACK_TFO_DATA_IGNORED);
        client->next = ack;
    }
    learn_syn(s);
    settle_scales(s->flow, s->p->tcp.has_wscale);
    take_ack(s);
    take_window(s);
    s->flow->tcp.syn_us = s->now_us;
    set_state(s->flow, TCP_SYN_RECV);
}

static void another_syn(struct seen *s)
{
    s->flow->tcp.pass_over = s->p->as_suricata; /* there the data of the first one stands */
    if (s->own->has_isn && s->seq != s->own->isn) {
        s->own->other_isn = s->seq;
        s->own->has_other = true;
    }
    if (s->dir == TO_CLIENT && !s->own->has_isn) {
        s->flow->tcp.four_way = true;
        learn_syn(s);
    }
}

/* No SYN-ACK came by: the mirror carries one direction, or lost it, or somebody plays tricks. */
static void ack_after_syn(struct seen *s)
{
    struct flow *f = s->flow;

    if (f->tcp.no_answer_no_data) {
        f->tcp.pass_over = true;
        return;
    }
    f->tcp.silent = f->tcp.one_side_silent;
    if (s->dir == TO_CLIENT) {
        if (tcp_after(s->p->tcp.ack, s->peer->isn) <= 0 ||
            tcp_after(s->p->tcp.ack, s->peer->next + NEAR) > 0) {
            refuse(s, STREAM_EVENT_PKT_INVALID_ACK);
            return;
        }
    } else if (s->seq != s->own->next && s->seq != s->own->isn + 1) {
        raise(s, STREAM_EVENT_3WHS_ASYNC_WRONG_SEQ);
        s->own->next = s->seq;
    }
    f->tcp.lenient = true;
    pick_up(s);
    learn(s);
    set_state(f, TCP_ESTABLISHED);
}

static void in_syn_sent(struct seen *s)
{
    if ((s->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
        syn_ack(s);
    else if (s->flags & TCP_SYN)
        another_syn(s);
    else if (s->flags & TCP_ACK)
        ack_after_syn(s);
}

static void syn_again(struct seen *s)
{
    bool ack = s->flags & TCP_ACK;

    if (ack && acks_other(s->peer, s->p)) {
        adopt_other(s->peer);
        learn_syn(s);
    } else if (ack && s->p->tcp.ack != s->peer->next) {
        refuse(s, STREAM_EVENT_3WHS_SYNACK_RESEND_WITH_DIFF_ACK);
    } else if (s->seq != s->own->isn) {
        if (!ack || !s->p->as_suricata) /* there another answer waits for its acknowledgement */
            raise(s, ack ? STREAM_EVENT_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ
                         : STREAM_EVENT_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV);
        s->own->other_isn = s->seq;
        s->own->has_other = true;
    }
}

static void syn_in_syn_recv(struct seen *s)
{
    bool ack = s->flags & TCP_ACK;
    bool same = s->own->has_isn && s->seq == s->own->isn;

    if (same && !s->own->seen) /* overtaken by its answer */
        learn_syn(s);
    else if (ack == (s->dir == TO_CLIENT))
        syn_again(s);
    else if (!ack)
        refuse(s, STREAM_EVENT_3WHS_SYN_TOCLIENT_ON_SYN_RECV);
    else if (!s->flow->tcp.four_way || !same)
        refuse(s, STREAM_EVENT_3WHS_SYNACK_TOSERVER_ON_SYN_RECV);
}

static void established(struct seen *s)
{
    s->flow->tcp.rtt_us = s->now_us ? s->now_us : 1;
    learn(s);
    set_state(s->flow, TCP_ESTABLISHED);
}

/* The server speaks before the client's ACK was seen: that was overtaken or missed by this mirror,
 * as was all that the server acknowledges beyond it; or this is the data that Fast Open allows. */
static void server_in_syn_recv(struct seen *s)
{
    int32_t ack = tcp_after(s->p->tcp.ack, s->peer->next);
    int32_t ahead = tcp_after(s->seq, s->own->next);

    if (ack < 0 || ack > NEAR || ahead < -1 || ahead > NEAR) {
        refuse(s, ack < 0 ? STREAM_EVENT_3WHS_WRONG_SEQ_WRONG_ACK
                          : STREAM_EVENT_3WHS_ACK_IN_WRONG_DIR);
        return;
    }
    s->flow->tcp.lenient = s->flow->tcp.lenient || ack > 0 || ahead > 0;
    learn(s);
    set_state(s->flow, TCP_ESTABLISHED);
}

/* The sequence of the ACK that ends the handshake. */
static bool follows_handshake(struct seen *s)
{
    int32_t ahead = tcp_after(s->seq, s->own->next);

    if (ahead == 0 || s->flow->tcp.lenient || keep_alive(s))
        return true;
    if (ahead < 0 || tcp_after(s->seq, s->own->right) >= 0)
        return false;
    return true; /* the ACK and what followed it were lost here, or are late */
}

static void client_in_syn_recv(struct seen *s)
{
    const struct tcp_side *server = s->peer;

    if (acks_other(server, s->p))
        adopt_other(s->peer);
    bool right_ack =
        tcp_after(s->p->tcp.ack, server->isn) > 0 && tcp_after(s->p->tcp.ack, server->next) <= 0;
    if (right_ack && follows_handshake(s))
        established(s);
    else
        refuse(s, s->seq == s->own->next ? STREAM_EVENT_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION
                                         : STREAM_EVENT_3WHS_WRONG_SEQ_WRONG_ACK);
}

/* ---- sessions ----------------------------------------------------------------------------- */

/* What each state says of a packet out of place. */
struct complaints {
    enum stream_event ack, window, before, fin;
};

static const struct complaints *complaints_of(uint8_t state)
{
    static const struct complaints rows[] = {
        [TCP_ESTABLISHED] = {STREAM_EVENT_EST_INVALID_ACK, STREAM_EVENT_EST_PACKET_OUT_OF_WINDOW,
                             STREAM_EVENT_EST_PKT_BEFORE_LAST_ACK, STREAM_EVENT_FIN_OUT_OF_WINDOW},
        [TCP_FIN_WAIT1] = {STREAM_EVENT_FIN1_INVALID_ACK, STREAM_EVENT_FIN1_ACK_WRONG_SEQ,
                           STREAM_EVENT_FIN1_ACK_WRONG_SEQ, STREAM_EVENT_FIN1_FIN_WRONG_SEQ},
        [TCP_FIN_WAIT2] = {STREAM_EVENT_FIN2_INVALID_ACK, STREAM_EVENT_FIN2_ACK_WRONG_SEQ,
                           STREAM_EVENT_FIN2_ACK_WRONG_SEQ, STREAM_EVENT_FIN2_FIN_WRONG_SEQ},
        [TCP_CLOSE_WAIT] = {STREAM_EVENT_CLOSEWAIT_INVALID_ACK,
                            STREAM_EVENT_CLOSEWAIT_ACK_OUT_OF_WINDOW,
                            STREAM_EVENT_CLOSEWAIT_PKT_BEFORE_LAST_ACK,
                            STREAM_EVENT_CLOSEWAIT_FIN_OUT_OF_WINDOW},
        [TCP_LAST_ACK] = {STREAM_EVENT_LASTACK_INVALID_ACK, STREAM_EVENT_LASTACK_ACK_WRONG_SEQ,
                          STREAM_EVENT_LASTACK_ACK_WRONG_SEQ, STREAM_EVENT_FIN_OUT_OF_WINDOW},
        [TCP_CLOSING] = {STREAM_EVENT_CLOSING_INVALID_ACK, STREAM_EVENT_CLOSING_ACK_WRONG_SEQ,
                         STREAM_EVENT_CLOSING_ACK_WRONG_SEQ, STREAM_EVENT_FIN_OUT_OF_WINDOW},
        [TCP_TIME_WAIT] = {STREAM_EVENT_TIMEWAIT_INVALID_ACK, STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ,
                           STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ, STREAM_EVENT_FIN_OUT_OF_WINDOW},
    };
    return &rows[state <= TCP_TIME_WAIT ? state : TCP_ESTABLISHED];
}

/* A SYN that the mirror brings behind what it began: the first number of its side is known now. */
static bool late_syn(struct seen *s)
{
    struct tcp_side *own = s->own;
    int32_t gone_on = own->seen ? tcp_after(own->next, s->end) : 0;
    uint32_t next = own->next;
    bool seen = own->seen, answers = s->flags & TCP_ACK;

    if (own->has_isn || gone_on < 0 || gone_on > NEAR || answers != (s->dir == TO_CLIENT) ||
        (answers && s->peer->has_isn && s->p->tcp.ack != s->peer->isn + 1))
        return false;
    learn_syn(s);
    if (seen)
        own->next = next;
    return true;
}

static void syn_in_session(struct seen *s)
{
    bool ack = s->flags & TCP_ACK;
    bool same_seq = s->own->has_isn && s->seq == s->own->isn;

    s->flow->tcp.pass_over = true;
    if (late_syn(s))
        return;
    if (s->flow->midstream && !s->own->has_isn)
        return; /* the mirror hands out its directions one after the other */
    if (s->flow->tcp_state > TCP_ESTABLISHED) {
        raise(s, STREAM_EVENT_SHUTDOWN_SYN_RESEND);
    } else if (ack && s->dir == TO_SERVER) {
        raise(s, STREAM_EVENT_EST_SYNACK_TOSERVER);
    } else if (ack) {
        if (s->p->tcp.ack != s->peer->isn + 1)
            raise(s, STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFF_ACK);
        else if (!same_seq)
            raise(s, STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFF_SEQ);
    } else if (s->dir == TO_CLIENT) {
        raise(s, STREAM_EVENT_EST_SYN_TOCLIENT);
    } else {
        raise(s, same_seq ? STREAM_EVENT_EST_SYN_RESEND : STREAM_EVENT_EST_SYN_RESEND_DIFF_SEQ);
        s->own->other_isn = s->seq;
        s->own->has_other = !same_seq;
    }
}

/* A FIN by itself in CLOSE-WAIT that stands before what its side has sent, or was acknowledged; or
 * the first FIN, of which the acknowledgement came before it. */
static bool closes_early(const struct seen *s)
{
    const struct tcp_side *own = s->own;

    if (s->flow->tcp_state == TCP_ESTABLISHED && s->flags & TCP_FIN)
        return (own->has_claim && tcp_after(s->seq, own->claim) < 0) ||
               (s->p->as_suricata && own->has_acked && tcp_after(s->seq, own->acked) < 0);
    return s->flow->tcp_state == TCP_CLOSE_WAIT && s->flags & TCP_FIN && !s->len &&
           (tcp_after(s->seq, own->next) < 0 ||
            (own->has_acked && tcp_after(s->seq, own->acked) < 0));
}

/* Data more than a window behind what was acknowledged: nothing else of it is looked at. */
static bool is_old_data(const struct seen *s)
{
    const struct tcp_side *own = s->own;

    return s->len > 1 && own->has_acked && own->has_window &&
           tcp_after(s->end, own->acked - (own->right - own->acked)) < 0;
}

static void refuse_ack(struct seen *s, enum stream_event event)
{
    bool closes = s->flags & TCP_FIN && s->flow->tcp_state == TCP_ESTABLISHED;

    if (is_old_data(s)) {
        refuse(s, STREAM_EVENT_PKT_SPURIOUS_RETRANSMISSION);
        return;
    }
    refuse(s, closes ? STREAM_EVENT_FIN_INVALID_ACK : event);
    raise(s, STREAM_EVENT_PKT_INVALID_ACK);
}

/* When both sides have closed: told before what it acknowledges. The peer may know the place. */
static bool stands_elsewhere(const struct seen *s)
{
    bool over = s->flow->tcp_state == TCP_CLOSING || s->flow->tcp_state == TCP_TIME_WAIT;
    bool claimed = s->own->has_claim && s->seq == s->own->claim;

    return over && !claimed && !s->flow->tcp.lenient && s->own->seen && !s->len &&
           !(s->flags & TCP_FIN) && s->seq != s->own->next && s->seq != s->own->next + 1;
}

/* False when the receiver drops the packet. */
static bool acceptable(struct seen *s)
{
    const struct complaints *say = complaints_of(s->flow->tcp_state);
    const struct tcp_side *own = s->own;

    if (stands_elsewhere(s)) {
        refuse(s, say->window);
        return false;
    }
    if (old_stamp(s)) {
        refuse(s, STREAM_EVENT_PKT_INVALID_TIMESTAMP);
        return false;
    }
    if (!ack_is_possible(s)) {
        refuse_ack(s, say->ack);
        return false;
    }
    if (s->flow->tcp.lenient || !own->has_window || !own->has_acked)
        return true;
    if (tcp_after(s->end, own->right) > (keep_alive(s) || s->len == 1)) {
        raise(s, s->flags & TCP_FIN ? say->fin : say->window);
        /* hosts take what begins inside, or its part inside: their acknowledgement tells. What lies
         * outside may be inside by an acknowledgement that did not come by here: it is doubted */
        return tcp_after(s->seq, own->right) < 0;
    }
    if (closes_early(s))
        raise(s, s->flow->tcp_state == TCP_ESTABLISHED ? STREAM_EVENT_FIN_OUT_OF_WINDOW
                                                       : STREAM_EVENT_CLOSEWAIT_FIN_OUT_OF_WINDOW);
    else if (tcp_after(s->end, own->acked) < 0 && !keep_alive(s) && !(s->flags & TCP_FIN))
        raise(s, say->before);
    return true;
}

static void take_fin(struct seen *s)
{
    struct flow *f = s->flow;
    bool of_client = s->dir == TO_SERVER;

    if (!(s->flags & TCP_FIN) || s->own->fin)
        return;
    s->own->fin = true;
    if (f->tcp_state == TCP_ESTABLISHED)
        set_state(f, of_client ? TCP_CLOSE_WAIT : TCP_FIN_WAIT1);
    else if (f->tcp_state == TCP_CLOSE_WAIT)
        set_state(f, TCP_LAST_ACK);
    else if (f->tcp_state == TCP_FIN_WAIT1)
        set_state(f, s->flags & TCP_ACK && tcp_after(s->p->tcp.ack, s->peer->next) > 0
                         ? TCP_TIME_WAIT
                         : TCP_CLOSING);
    else if (f->tcp_state == TCP_FIN_WAIT2)
        set_state(f, TCP_TIME_WAIT);
}

/* An ACK of the peer's FIN moves the closing on. */
static void take_ack_of_fin(struct seen *s)
{
    struct flow *f = s->flow;

    if (!(s->flags & TCP_ACK) || !s->peer->fin || tcp_after(s->p->tcp.ack, s->peer->next) <= 0)
        return;
    if (f->tcp_state == TCP_FIN_WAIT1)
        set_state(f, TCP_FIN_WAIT2);
    else if (f->tcp_state == TCP_CLOSING)
        set_state(f, TCP_TIME_WAIT);
    else if (f->tcp_state == TCP_LAST_ACK || f->tcp_state == TCP_TIME_WAIT)
        set_state(f, TCP_CLOSED);
}

static void in_session(struct seen *s)
{
    if (s->flags & TCP_SYN) {
        syn_in_session(s);
        return;
    }
    pick_up(s);
    if (!acceptable(s))
        return;
    bool was_fin = s->own->fin;
    learn(s);
    if (was_fin || !(s->flags & TCP_FIN))
        take_ack_of_fin(s);
    take_fin(s);
}

/* After a reset the one who sent it is silent. If it is not, somebody else sent the reset. */
static void after_close(struct seen *s)
{
    if (s->flags & TCP_SYN) {
        raise(s, STREAM_EVENT_SHUTDOWN_SYN_RESEND);
        s->flow->tcp.pass_over = true;
        return;
    }
    pick_up(s);
    if (!acceptable(s))
        return;
    if (s->own->rst && s->len && tcp_after(s->end, s->own->next) > 0) {
        raise(s, STREAM_EVENT_SUSPECTED_RST_INJECT);
        s->own->rst = false;
        set_state(s->flow, TCP_ESTABLISHED);
    }
    learn(s);
}

/* ---- resets ------------------------------------------------------------------------------- */

static bool reset_answers_syn(const struct seen *s)
{
    const struct tcp_side *client = &s->flow->tcp.side[TO_SERVER];

    if (s->dir == TO_SERVER)
        return tcp_after(s->seq, client->isn) >= 0 && tcp_after(s->seq, client->next) <= 0;
    return s->flags & TCP_ACK && tcp_after(s->p->tcp.ack, client->isn) >= 0 &&
           tcp_after(s->p->tcp.ack, client->next) <= 0;
}

static bool reset_in_window(const struct seen *s)
{
    const struct tcp_side *own = s->own;
    int32_t ahead = tcp_after(s->seq, own->next);

    if (!own->seen && !own->has_isn)
        return true;
    if (s->flow->tcp.lenient || !own->has_acked)
        return ahead > -NEAR && ahead < NEAR;
    return tcp_after(s->seq, own->acked) >= -1 &&
           (ahead <= 1 || tcp_after(s->seq, own->right) <= 0);
}

static void take_reset(struct seen *s)
{
    struct flow *f = s->flow;

    f->tcp.pass_over = true; /* its payload is a diagnostic text, not data (RFC 9293, 3.5.3) */
    if (s->len)
        raise(s, STREAM_EVENT_RST_WITH_DATA);
    bool valid = f->tcp_state == TCP_SYN_SENT ? reset_answers_syn(s) : reset_in_window(s);
    if (!valid)
        return;
    bool acks = s->flags & TCP_ACK && s->p->tcp.ack; /* a host resets without (RFC 9293, 3.5.2) */
    if (f->tcp_state >= TCP_ESTABLISHED && acks && !ack_is_possible(s)) {
        raise(s, STREAM_EVENT_RST_INVALID_ACK);
        return;
    }
    s->own->rst = true;
    set_state(f, TCP_CLOSED);
}

/* ---- entry -------------------------------------------------------------------------------- */

static void handshake(struct seen *s)
{
    if (s->flow->tcp_state == TCP_SYN_SENT)
        in_syn_sent(s);
    else if (s->flags & TCP_SYN)
        syn_in_syn_recv(s);
    else if (s->flags & TCP_ACK && s->dir == TO_SERVER)
        client_in_syn_recv(s);
    else if (s->flags & TCP_ACK)
        server_in_syn_recv(s);
    if (s->flags & TCP_FIN && s->flow->tcp_state == TCP_ESTABLISHED)
        take_fin(s);
}

void tcp_track(struct flow *f, const struct packet *p, enum dir dir)
{
    struct seen s = {
        .flow = f,
        .p = p,
        .own = &f->tcp.side[dir],
        .peer = &f->tcp.side[dir_other(dir)],
        .dir = dir,
        .flags = p->tcp.flags,
        .seq = p->tcp.seq,
        .len = p->payload.len + p->payload_missing,
        .now_us = (uint32_t)((p->ts_ns - f->first_ns) / 1000),
    };

    s.end = s.seq + s.len + (s.flags & TCP_SYN ? 1 : 0);
    f->tcp_flags[dir] |= s.flags;
    f->tcp.pass_over = false;
    if (p->tcp.ack && !(s.flags & TCP_ACK))
        raise(&s, STREAM_EVENT_PKT_BROKEN_ACK);
    if (f->tcp_state == TCP_NONE)
        first_packet(&s);
    else if (s.flags & TCP_RST)
        take_reset(&s);
    else if (f->tcp_state <= TCP_SYN_RECV)
        handshake(&s);
    else if (f->tcp_state < TCP_CLOSED)
        in_session(&s);
    else
        after_close(&s);
}
