/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"
#include "sensor/flow/community_id.h"
#include "sensor/flow/flow_table.h"
#include "sensor/flow/flow_turn.h"
#include "sensor/run/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct rig {
    struct conf *conf;
    struct stats stats;
    struct flow_table *table;
    uint32_t ended;
    struct flow last; /* copy of the flow that ended last */
    uint64_t now_ns, number;
    uint32_t paused, rested;
};

static void ended(void *context, struct flow *flow)
{
    struct rig *rig = context;

    rig->ended++;
    rig->last = *flow;
}

static void rested(void *context, struct flow *flow, enum flow_silence silence)
{
    struct rig *rig = context;

    (void)flow;
    rig->rested += silence == FLOW_RESTS;
    rig->paused += silence == FLOW_PAUSES;
}

static int set_up(void **state)
{
    static struct rig rig;

    rig = (struct rig){.conf = settings_new(), .now_ns = 1000 * CLOCK_S};
    struct flow_table_limits least = {.memory_bytes = 1}; /* 64 flows in a shard */
    rig.table = flow_table_new(rig.conf, &rig.stats, &least, ended, &rig);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    flow_table_end_all(rig->table, FLOW_END_SHUTDOWN);
    flow_table_free(&rig->table);
    stats_fini(&rig->stats);
    conf_free(&rig->conf);
    return 0;
}

static struct packet packet_of(struct rig *rig, uint8_t proto, uint8_t from, uint16_t sport,
                               uint8_t to, uint16_t dport)
{
    return (struct packet){
        .frame = {.number = ++rig->number, .wirelen = 100},
        .ts_ns = rig->now_ns,
        .clock_ns = rig->now_ns,
        .ip_version = 4,
        .proto = proto,
        .src = {4, {10, 0, 0, from}},
        .dst = {4, {10, 0, 0, to}},
        .sport = sport,
        .dport = dport,
        .flow_hash = (uint64_t)proto * 31 + (uint64_t)(from + to) * 7 + sport + dport,
    };
}

static struct flow *tcp_at(struct rig *rig, uint8_t from, uint16_t sport, uint8_t to,
                           uint16_t dport, uint8_t flags, uint32_t seq, uint32_t ack)
{
    struct packet p = packet_of(rig, IPPROTO_TCP4, from, sport, to, dport);
    p.tcp.flags = flags;
    p.tcp.seq = seq;
    p.tcp.ack = ack;
    p.tcp.window = 1000;
    return flow_table_touch(rig->table, &p);
}

/* Numbers as if each side counted from 0. */
static struct flow *tcp(struct rig *rig, uint8_t from, uint16_t sport, uint8_t to, uint16_t dport,
                        uint8_t flags)
{
    return tcp_at(rig, from, sport, to, dport, flags, flags & TCP_SYN ? 0 : 1,
                  flags & TCP_ACK ? 1 : 0);
}

static struct flow *udp(struct rig *rig, uint8_t from, uint16_t sport, uint8_t to, uint16_t dport)
{
    struct packet p = packet_of(rig, IPPROTO_UDP4, from, sport, to, dport);
    return flow_table_touch(rig->table, &p);
}

static void wait_s(struct rig *rig, uint64_t seconds)
{
    rig->now_ns += seconds * CLOCK_S;
    flow_table_tick(rig->table, rig->now_ns);
}

static void a_handshake_makes_it_established(void **state)
{
    struct rig *rig = *state;
    struct flow *f = tcp(rig, 1, 5000, 2, 80, TCP_SYN);

    assert_int_equal(f->state, FLOW_NEW);
    assert_ptr_equal(tcp(rig, 2, 80, 1, 5000, TCP_SYN | TCP_ACK), f);
    assert_int_equal(f->state, FLOW_NEW);
    tcp(rig, 1, 5000, 2, 80, TCP_ACK);
    assert_int_equal(f->state, FLOW_ESTABLISHED);
    assert_false(f->midstream);
    assert_int_equal(f->pkts[TO_SERVER], 2);
    assert_int_equal(f->pkts[TO_CLIENT], 1);
    tcp(rig, 1, 5000, 2, 80, TCP_FIN | TCP_ACK);
    tcp(rig, 2, 80, 1, 5000, TCP_FIN | TCP_ACK);
    tcp(rig, 1, 5000, 2, 80, TCP_ACK);
    assert_int_equal(f->state, FLOW_CLOSED);
}

static void the_client_is_who_sent_the_syn(void **state)
{
    struct rig *rig = *state;
    struct flow *f = tcp(rig, 2, 40000, 1, 50, TCP_SYN | TCP_ACK);

    assert_int_equal(f->client.b[3], 1);
    assert_int_equal(f->server_port, 40000);
    assert_int_equal(f->pkts[TO_CLIENT], 1);
}

static void without_handshake_the_service_port_is_the_server(void **state)
{
    struct rig *rig = *state;
    struct flow *f = tcp(rig, 2, 502, 1, 50000, TCP_ACK);

    assert_int_equal(f->server_port, 502);
    assert_true(f->midstream);
    f = udp(rig, 3, 53, 1, 50000);
    assert_int_equal(f->server_port, 53);
    f = udp(rig, 3, 50000, 1, 50001);
    assert_int_equal(f->client_port, 50000);
}

static void silence_ends_by_state(void **state)
{
    struct rig *rig = *state;

    udp(rig, 1, 5000, 2, 53);
    udp(rig, 1, 5001, 2, 53);
    udp(rig, 2, 53, 1, 5001);
    tcp(rig, 1, 6000, 2, 80, TCP_SYN);
    wait_s(rig, 29);
    assert_int_equal(rig->ended, 0);
    wait_s(rig, 1);
    assert_int_equal(rig->ended, 1); /* unanswered UDP */
    assert_int_equal(rig->last.client_port, 5000);
    wait_s(rig, 30);
    assert_int_equal(rig->ended, 2); /* SYN */
    wait_s(rig, 240);
    assert_int_equal(rig->ended, 3); /* answered UDP */
    assert_int_equal(rig->last.end, FLOW_END_TIMEOUT);
}

static void a_packet_after_the_timeout_begins_a_new_flow(void **state)
{
    struct rig *rig = *state;
    uint64_t id = udp(rig, 1, 5000, 2, 53)->id;

    rig->now_ns += 31 * CLOCK_S;
    struct flow *f = udp(rig, 1, 5000, 2, 53);
    assert_int_equal(rig->ended, 1);
    assert_int_equal(f->generation, 1);
    assert_true(f->id != id);
    assert_true(f->id < UINT64_C(1) << 53);
}

static void a_new_syn_on_a_closed_connection_is_a_new_flow(void **state)
{
    struct rig *rig = *state;

    tcp(rig, 1, 5000, 2, 80, TCP_SYN);
    tcp(rig, 2, 80, 1, 5000, TCP_RST | TCP_ACK);
    struct flow *f = tcp_at(rig, 1, 5000, 2, 80, TCP_SYN, 500, 0);
    assert_int_equal(rig->ended, 1);
    assert_int_equal(rig->last.end, FLOW_END_REUSED);
    assert_int_equal(f->pkts[TO_SERVER], 1);
    tcp_at(rig, 1, 5000, 2, 80, TCP_SYN, 500, 0); /* repeated: the same one */
    assert_int_equal(rig->ended, 1);
}

static void a_connection_that_repeats_itself_after_its_end_is_a_new_flow(void **state)
{
    struct rig *rig = *state;

    tcp(rig, 1, 5000, 2, 80, TCP_SYN);
    tcp(rig, 2, 80, 1, 5000, TCP_SYN | TCP_ACK);
    tcp(rig, 1, 5000, 2, 80, TCP_ACK);
    tcp(rig, 1, 5000, 2, 80, TCP_FIN | TCP_ACK);
    tcp(rig, 2, 80, 1, 5000, TCP_FIN | TCP_ACK);
    tcp(rig, 1, 5000, 2, 80, TCP_SYN); /* at once: a late copy */
    assert_int_equal(rig->ended, 0);
    rig->now_ns += CLOCK_S / 2;
    tcp(rig, 1, 5000, 2, 80, TCP_SYN);
    assert_int_equal(rig->ended, 1);
    assert_int_equal(rig->last.end, FLOW_END_REUSED);
}

static void when_full_the_unanswered_go_first(void **state)
{
    struct rig *rig = *state;

    tcp(rig, 1, 5000, 2, 80, TCP_SYN);
    tcp(rig, 2, 80, 1, 5000, TCP_SYN | TCP_ACK);
    tcp(rig, 1, 5000, 2, 80, TCP_ACK);
    for (uint16_t port = 6000; port < 6063; port++)
        tcp(rig, 1, port, 2, 80, TCP_SYN);
    assert_int_equal(flow_table_count(rig->table), 64);
    udp(rig, 1, 7000, 2, 53);
    assert_int_equal(flow_table_count(rig->table), 64);
    assert_int_equal(rig->last.end, FLOW_END_FORCED);
    assert_int_equal(rig->last.client_port, 6000);
}

static void tags_tell_flows_apart(void **state)
{
    struct rig *rig = *state;
    struct packet p = packet_of(rig, IPPROTO_UDP4, 1, 5000, 2, 53);
    struct flow *f = flow_table_touch(rig->table, &p);

    p.tag = 100;
    struct flow *other = flow_table_touch(rig->table, &p);
    assert_ptr_not_equal(other, f);
    assert_true(other->view & VIEW_BIT(VIEW_TENANTS));
    assert_true(other->id != f->id);
    p.tag = 0;
    assert_ptr_equal(flow_table_touch(rig->table, &p), f);
}

static void directions_under_different_tags_are_one_flow(void **state)
{
    struct rig *rig = *state;
    struct packet there = packet_of(rig, IPPROTO_UDP4, 1, 5000, 2, 53);
    struct packet back = packet_of(rig, IPPROTO_UDP4, 2, 53, 1, 5000);
    struct flow *f = flow_table_touch(rig->table, &there);

    back.tag = 100;
    assert_ptr_equal(flow_table_touch(rig->table, &back), f);
    assert_true(f->view & VIEW_BIT(VIEW_TAG_ONE_SIDE));
}

static void an_answer_of_another_tenant_does_not_fit(void **state)
{
    struct rig *rig = *state;
    struct packet syn = packet_of(rig, IPPROTO_TCP4, 1, 5000, 2, 80);
    struct packet answer = packet_of(rig, IPPROTO_TCP4, 2, 80, 1, 5000);

    syn.tcp.flags = TCP_SYN;
    syn.tcp.seq = 1000;
    syn.tag = 10;
    struct flow *f = flow_table_touch(rig->table, &syn);
    answer.tcp.flags = TCP_SYN | TCP_ACK;
    answer.tcp.ack = 0x40000000;
    answer.tag = 20;
    assert_ptr_not_equal(flow_table_touch(rig->table, &answer), f);
    answer.tcp.ack = 1001;
    answer.tag = 30;
    assert_ptr_equal(flow_table_touch(rig->table, &answer), f);
}

static void an_icmp_error_finds_the_flow_it_quotes(void **state)
{
    struct rig *rig = *state;
    struct packet there = packet_of(rig, IPPROTO_UDP4, 1, 5000, 2, 53);
    struct packet error = packet_of(rig, IPPROTO_ICMP4, 3, 0, 1, 0);
    struct flow *f = flow_table_touch(rig->table, &there);

    error.quotes = true;
    error.quoted.src = there.src;
    error.quoted.dst = there.dst;
    error.quoted.sport = 5000;
    error.quoted.dport = 53;
    error.quoted.proto = IPPROTO_UDP4;
    error.flow_hash = there.flow_hash;
    assert_ptr_equal(flow_table_quoted(rig->table, &error), f);
    assert_int_equal(f->unreachable, 1);
    error.quoted.dport = 54;
    assert_null(flow_table_quoted(rig->table, &error));
}

static void silences(struct rig *rig, uint64_t seconds, uint32_t paused, uint32_t rested)
{
    rig->now_ns += seconds * CLOCK_S;
    flow_table_tick(rig->table, rig->now_ns);
    assert_int_equal(rig->paused, paused);
    assert_int_equal(rig->rested, rested);
}

static void a_silent_flow_pauses_and_rests_once_until_it_speaks_again(void **state)
{
    struct rig *rig = *state;

    flow_table_on_rest(rig->table, rested);
    tcp_at(rig, 1, 1000, 2, 80, TCP_SYN, 0, 0);
    rig->now_ns += 3 * CLOCK_S;
    tcp_at(rig, 3, 1000, 2, 80, TCP_SYN, 0, 0);
    silences(rig, 0, 0, 0);
    silences(rig, 3, 1, 0);
    silences(rig, 10, 2, 0);
    silences(rig, 14, 2, 1);
    silences(rig, 5, 2, 2);
    tcp_at(rig, 3, 1000, 2, 80, TCP_SYN, 0, 0); /* the newest of its list stays the newest */
    silences(rig, 20, 3, 2);
    tcp_at(rig, 3, 1000, 2, 80, TCP_SYN, 0, 0); /* it paused and has not rested */
    silences(rig, 20, 4, 2);
    silences(rig, 20, 4, 3);
    assert_int_equal(rig->ended, 1); /* the time of the first is over */
}

static void request_and_reply_of_icmp_are_one_flow(void **state)
{
    struct rig *rig = *state;
    struct packet request = packet_of(rig, IPPROTO_ICMP4, 1, 0, 2, 0);
    struct packet reply = packet_of(rig, IPPROTO_ICMP4, 2, 0, 1, 0);

    request.icmp_type = 8;
    struct flow *f = flow_table_touch(rig->table, &request);
    assert_ptr_equal(flow_table_touch(rig->table, &reply), f);
    assert_int_equal(f->state, FLOW_ESTABLISHED);
    reply.icmp_type = 3;
    assert_ptr_not_equal(flow_table_touch(rig->table, &reply), f);
}

/* From the examples of the specification (baseline_deflt.json). */
static void community_ids_are_those_of_the_specification(void **state)
{
    (void)state;
    struct flow tcp_flow = {
        .client = {4, {128, 232, 110, 120}},
        .server = {4, {66, 35, 250, 204}},
        .client_port = 34855,
        .server_port = 80,
        .proto = IPPROTO_TCP4,
    };
    struct flow icmp_flow = {
        .client = {4, {192, 168, 0, 89}},
        .server = {4, {192, 168, 0, 1}},
        .proto = IPPROTO_ICMP4,
        .icmp_type = 8,
    };

    community_id_fill(&tcp_flow, 0, false);
    assert_string_equal(tcp_flow.community_id, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    tcp_flow.community_id[0] = '\0';
    community_id_fill(&tcp_flow, 1, false);
    assert_string_equal(tcp_flow.community_id, "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
    community_id_fill(&icmp_flow, 0, false);
    assert_string_equal(icmp_flow.community_id, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void with(struct rig *rig, const char *setting)
{
    struct flow_table_limits least = {.memory_bytes = 1};
    struct strbuf report;

    flow_table_free(&rig->table);
    strbuf_init(&report, 256);
    assert_int_equal(conf_set(rig->conf, setting, &report), ERR_OK);
    strbuf_fini(&report);
    rig->table = flow_table_new(rig->conf, &rig->stats, &least, ended, rig);
}

static void sessions_without_handshake_can_be_left_alone(void **state)
{
    struct rig *rig = *state;

    with(rig, "stream.midstream=no");
    struct flow *f = tcp_at(rig, 1, 40000, 2, 80, TCP_ACK, 5, 5);
    assert_int_equal(f->state, FLOW_NEW);
    assert_true(f->tcp.pass_over);
    assert_int_equal(tcp_at(rig, 2, 80, 1, 40000, TCP_ACK, 5, 6)->state, FLOW_NEW);
    f = tcp_at(rig, 1, 40000, 2, 80, TCP_SYN, 100, 0); /* a new connection of the same ports */
    assert_int_equal(rig->ended, 1);
    assert_false(f->tcp.pass_over);
}

static void of_clients_nobody_answers_can_be_left_alone(void **state)
{
    struct rig *rig = *state;

    with(rig, "stream.async-oneside=false");
    tcp_at(rig, 1, 40000, 2, 80, TCP_SYN, 100, 0);
    struct flow *f = tcp_at(rig, 1, 40000, 2, 80, TCP_ACK, 101, 900);
    assert_int_equal(f->state, FLOW_NEW);
    assert_true(f->tcp.pass_over);
}

static void ends_of_high_ports_can_be_turned(void **state)
{
    struct rig *rig = *state;

    struct flow *f = tcp_at(rig, 1, 1369, 2, 49353, TCP_ACK, 5, 5);
    assert_int_equal(f->client_port, 49353);
    assert_true(flow_turn(f));
    assert_int_equal(f->client_port, 1369);
    assert_int_equal(f->pkts[TO_SERVER], 1);
    assert_ptr_equal(tcp_at(rig, 2, 49353, 1, 1369, TCP_ACK, 5, 5), f);
    assert_int_equal(f->pkts[TO_CLIENT], 1);
    assert_false(flow_turn(tcp_at(rig, 2, 80, 1, 1369, TCP_ACK, 5, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(a_handshake_makes_it_established),
        FLOW_TEST(the_client_is_who_sent_the_syn),
        FLOW_TEST(without_handshake_the_service_port_is_the_server),
        FLOW_TEST(sessions_without_handshake_can_be_left_alone),
        FLOW_TEST(of_clients_nobody_answers_can_be_left_alone),
        FLOW_TEST(ends_of_high_ports_can_be_turned),
        FLOW_TEST(silence_ends_by_state),
        FLOW_TEST(a_packet_after_the_timeout_begins_a_new_flow),
        FLOW_TEST(a_new_syn_on_a_closed_connection_is_a_new_flow),
        FLOW_TEST(a_connection_that_repeats_itself_after_its_end_is_a_new_flow),
        FLOW_TEST(when_full_the_unanswered_go_first),
        FLOW_TEST(tags_tell_flows_apart),
        FLOW_TEST(directions_under_different_tags_are_one_flow),
        FLOW_TEST(an_answer_of_another_tenant_does_not_fit),
        FLOW_TEST(an_icmp_error_finds_the_flow_it_quotes),
        FLOW_TEST(a_silent_flow_pauses_and_rests_once_until_it_speaks_again),
        FLOW_TEST(request_and_reply_of_icmp_are_one_flow),
        cmocka_unit_test(community_ids_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
