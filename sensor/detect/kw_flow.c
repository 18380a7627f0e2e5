/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of the flow: flow, flowbits, flowint, stream_size; and xbits, which reach beyond it.
 */
#include "sensor/detect/detect.h"
#include "sensor/detect/draft.h"
#include "sensor/detect/state.h"

#include "common/clock.h"

/* ---- flow --------------------------------------------------------------------------------- */

static bool flow_is_established(const struct flow *f)
{
    const uint8_t *flags = f->tcp_flags;

    if (f->state == FLOW_ESTABLISHED)
        return true;
    return f->proto == IPPROTO_TCP4 && f->state == FLOW_CLOSED && (flags[0] & TCP_ACK) &&
           (flags[1] & TCP_ACK);
}

/* The packet that completes the handshake counts as before it when it carries nothing. */
static bool completes(const struct inspection *in)
{
    const struct flow *f = in->flow;

    return f->proto == IPPROTO_TCP4 && !f->midstream && in->packet && !in->packet->payload.len &&
           in->packet->frame.number && f->pkts[0] + f->pkts[1] == 3;
}

/* Suricata does not ask the state of the connection for frames. */
static bool on_frame(const struct inspection *in)
{
    return in->rule->kind == RULE_FRAME;
}

static bool established_match(const struct inspection *in, const void *args)
{
    (void)args;
    if (on_frame(in))
        return true;
    return in->flow && flow_is_established(in->flow) && !completes(in);
}

static bool not_established_match(const struct inspection *in, const void *args)
{
    (void)args;
    return on_frame(in) || !in->flow || !flow_is_established(in->flow) || completes(in);
}

static bool fragment_match(const struct inspection *in, const void *args)
{
    (void)args;
    return in->packet && in->packet->reassembled;
}

static bool no_fragment_match(const struct inspection *in, const void *args)
{
    (void)args;
    return in->packet && !in->packet->reassembled;
}

/* Nothing else than a stream's bytes, which only a rule on them or on frames asks for. */
static bool stream_match(const struct inspection *in, const void *args)
{
    (void)args;
    return in->rule->kind == RULE_STREAM || in->rule->kind == RULE_FRAME;
}

static bool flow_test(struct draft *d, const struct keyword *kw,
                      bool (*match)(const struct inspection *, const void *))
{
    if (!draft_test(d, kw, NULL))
        return false;
    d->tests[d->rule.n_tests - 1].match = match;
    return true;
}

/* Words of which one rule has one: the same letter excludes each other. */
static bool flow_excludes(struct draft *d, struct slice word)
{
    static const struct {
        const char *word;
        char of;
    } words[] = {{"established", 'e'}, {"not_established", 'e'}, {"stateless", 'e'},
                 {"only_stream", 's'}, {"no_stream", 's'},       {"only_frag", 'f'},
                 {"no_frag", 'f'}};

    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!slice_ieq(word, slice_of_str(words[i].word)))
            continue;
        uint8_t bit = (uint8_t)(1u << (words[i].of - 'e'));
        if (words[i].of == 's')
            bit = 1u << 7;
        if (d->flow_words & bit)
            return !draft_fail(d, "\"%s\" stands beside a word that excludes it, or twice",
                               words[i].word);
        d->flow_words |= bit;
    }
    return false;
}

/* Bits of dirs that the word names; 0 = it names none. */
static uint8_t flow_direction(struct slice word)
{
    if (slice_ieq(word, SLICE_LIT("to_server")) || slice_ieq(word, SLICE_LIT("from_client")))
        return 1 << TO_SERVER;
    if (slice_ieq(word, SLICE_LIT("to_client")) || slice_ieq(word, SLICE_LIT("from_server")))
        return 1 << TO_CLIENT;
    return 0;
}

static bool flow_turns(struct draft *d, uint8_t dirs)
{
    if (d->flow_dir_set)
        return draft_fail(d, d->rule.dirs == dirs ? "flow names the direction twice"
                                                  : "flow names both directions");
    d->flow_dir_set = true;
    d->rule.dirs = dirs;
    return true;
}

static bool flow_word(struct draft *d, const struct keyword *kw, struct slice word)
{
    struct rule *r = &d->rule;

    if (flow_excludes(d, word))
        return false;
    if (flow_direction(word))
        return flow_turns(d, flow_direction(word));
    if (slice_ieq(word, SLICE_LIT("established")))
        return flow_test(d, kw, established_match);
    if (slice_ieq(word, SLICE_LIT("not_established")))
        return flow_test(d, kw, not_established_match);
    if (slice_ieq(word, SLICE_LIT("only_frag")))
        return flow_test(d, kw, fragment_match);
    if (slice_ieq(word, SLICE_LIT("no_frag")))
        return flow_test(d, kw, no_fragment_match);
    if (slice_ieq(word, SLICE_LIT("only_stream"))) {
        r->no_packet = r->only_stream = true;
        return flow_test(d, kw, stream_match);
    }
    if (slice_ieq(word, SLICE_LIT("no_stream")))
        r->no_stream = true;
    else if (!slice_ieq(word, SLICE_LIT("stateless")))
        return draft_fail(d, "flow does not know \"%.*s\"", (int)(word.len & 63),
                          (const char *)word.at);
    return true;
}

static bool flow_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice word;
    bool any = false;

    while (draft_part(&value, ',', &word)) {
        any = true;
        if (!flow_word(d, kw, word))
            return false;
    }
    return any || draft_fail(d, "flow wants at least one word");
}

/* ---- flowbits ----------------------------------------------------------------------------- */

enum bits_what { BITS_ISSET, BITS_ISNOTSET, BITS_SET, BITS_UNSET, BITS_TOGGLE };
struct bits_args {
    uint8_t n;
    uint16_t bit[8];
};

static bool bits_isset(const struct inspection *in, const void *args)
{
    const struct bits_args *a = args;

    for (uint8_t i = 0; in->flow && i < a->n; i++) {
        if (state_bit(in->flow, a->bit[i]))
            return true;
    }
    return false;
}

/* Of several: one that is not set. */
static bool bits_isnotset(const struct inspection *in, const void *args)
{
    const struct bits_args *a = args;

    for (uint8_t i = 0; in->flow && i < a->n; i++) {
        if (!state_bit(in->flow, a->bit[i]))
            return true;
    }
    return false;
}

static void bits_set(const struct inspection *in, const void *args)
{
    const struct bits_args *a = args;

    for (uint8_t i = 0; in->flow && i < a->n; i++)
        state_bit_set(detect_pool(in->detect), in->flow, a->bit[i], true);
}

static void bits_unset(const struct inspection *in, const void *args)
{
    const struct bits_args *a = args;

    for (uint8_t i = 0; in->flow && i < a->n; i++)
        state_bit_set(detect_pool(in->detect), in->flow, a->bit[i], false);
}

static void bits_toggle(const struct inspection *in, const void *args)
{
    const struct bits_args *a = args;

    for (uint8_t i = 0; in->flow && i < a->n; i++)
        state_bit_set(detect_pool(in->detect), in->flow, a->bit[i],
                      !state_bit(in->flow, a->bit[i]));
}

static bool flowbits_names(struct draft *d, struct slice names, struct bits_args *a)
{
    struct slice name;

    while (draft_part(&names, '|', &name)) {
        if (a->n == 8)
            return draft_fail(d, "at most 8 names in one flowbits");
        if (slice_find_byte(name, ' ') >= 0)
            return draft_fail(d, "the name of a flowbit has no blanks");
        a->bit[a->n++] = (uint16_t)intern_get(&d->loader->flowbits, name)->id;
    }
    return a->n > 0 || draft_fail(d, "flowbits without a name");
}

static bool flowbits_test(struct draft *d, const struct keyword *kw, struct bits_args *a,
                          uint32_t what)
{
    d->rule.reads |= 1 << STATE_BITS;
    d->ip_compatible = false;
    if (!draft_test(d, kw, a))
        return false;
    d->tests[d->rule.n_tests - 1].match = what == BITS_ISSET ? bits_isset : bits_isnotset;
    return true;
}

static bool flowbits_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const char *const words[] = {"isset", "isnotset", "set", "unset", "toggle"};
    static void (*const runs[])(const struct inspection *,
                                const void *) = {NULL, NULL, bits_set, bits_unset, bits_toggle};
    struct slice word, rest = value;

    if (!draft_part(&rest, ',', &word))
        return draft_fail(d, "flowbits wants a command");
    if (slice_eq(word, SLICE_LIT("noalert"))) {
        d->rule.info.noalert = true;
        return !rest.at || draft_fail(d, "flowbits:noalert has no name behind it");
    }
    uint32_t what = 0;
    while (what < 5 && !slice_eq(word, slice_of_str(words[what])))
        what++;
    struct bits_args *a = draft_alloc(d, sizeof(*a));
    if (what == 5)
        return draft_fail(d, "flowbits does not know \"%.*s\"", (int)(word.len & 63),
                          (const char *)word.at);
    if (!a || !flowbits_names(d, rest, a))
        return false;
    if (what <= BITS_ISNOTSET)
        return flowbits_test(d, kw, a, what);
    d->rule.writes |= 1 << STATE_BITS;
    if (what != BITS_SET)
        d->ip_compatible = false;
    return draft_act(d, runs[what], a);
}

/* ---- flowint ------------------------------------------------------------------------------ */

struct int_args {
    char oper; /* + - = set, or < > l g ! (!=) e (==) i (isset) n (notset) */
    uint16_t id;
    bool value_is_int;
    uint32_t value;
};

static uint32_t int_value(const struct inspection *in, const struct int_args *a)
{
    if (!a->value_is_int)
        return a->value;
    const uint32_t *v = state_int(detect_pool(in->detect), in->flow, (uint16_t)a->value, false);
    return v ? *v : 0;
}

static bool int_match(const struct inspection *in, const void *args)
{
    const struct int_args *a = args;

    if (!in->flow)
        return false;
    const uint32_t *v = state_int(detect_pool(in->detect), in->flow, a->id, false);
    if (a->oper == 'i' || a->oper == 'n')
        return (v != NULL) == (a->oper == 'i');
    if (!v)
        return false;
    uint32_t other = int_value(in, a);
    switch (a->oper) {
    case '<':
        return *v < other;
    case '>':
        return *v > other;
    case 'l':
        return *v <= other;
    case 'g':
        return *v >= other;
    case '!':
        return *v != other;
    default:
        return *v == other;
    }
}

static void int_run(const struct inspection *in, const void *args)
{
    const struct int_args *a = args;

    if (!in->flow)
        return;
    uint32_t other = int_value(in, a);
    /* what was never set stays so when it is made less, as in Suricata */
    uint32_t *v = state_int(detect_pool(in->detect), in->flow, a->id, a->oper != '-');
    if (!v)
        return;
    *v = a->oper == '+' ? *v + other : a->oper == '-' ? *v - other : other;
}

static bool int_operator(struct slice word, char *oper)
{
    static const struct {
        const char *text;
        char oper;
    } table[] = {{"+", '+'},  {"-", '-'},     {"=", '='},      {"<", '<'},
                 {">", '>'},  {"<=", 'l'},    {">=", 'g'},     {"!=", '!'},
                 {"==", 'e'}, {"isset", 'i'}, {"notset", 'n'}, {"isnotset", 'n'}};
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (slice_eq(word, slice_of_str(table[i].text))) {
            *oper = table[i].oper;
            return true;
        }
    }
    return false;
}

/* A number, or the name of another flowint. */
static bool int_other(struct draft *d, struct int_args *a, struct slice number)
{
    uint64_t v;

    if (number.at[0] == '-' || number.at[0] == '"' || slice_find_byte(number, ' ') >= 0)
        return draft_fail(d, "flowint compares with a number from 0 on or another flowint");
    a->value_is_int = !slice_to_u64(number, &v);
    if (!a->value_is_int && v > UINT32_MAX)
        return draft_fail(d, "flowint is 4294967295 at most");
    a->value = a->value_is_int ? intern_get(&d->loader->flowints, number)->id : (uint32_t)v;
    return true;
}

static bool int_test(struct draft *d, const struct keyword *kw, const struct int_args *a)
{
    d->rule.reads |= 1 << STATE_INTS;
    return draft_test(d, kw, a);
}

static bool flowint_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice name, word, number;
    struct int_args *a = draft_alloc(d, sizeof(*a));

    if (!a)
        return false;
    if (!draft_part(&value, ',', &name) || !draft_part(&value, ',', &word) ||
        !int_operator(word, &a->oper))
        return draft_fail(d, "flowint wants a name and an operation");
    a->id = (uint16_t)intern_get(&d->loader->flowints, name)->id;
    if (a->oper == 'i' || a->oper == 'n')
        return value.at ? draft_fail(d, "isset and notset of flowint take no value")
                        : int_test(d, kw, a);
    if (!draft_part(&value, ',', &number) || value.at)
        return draft_fail(d, "flowint wants one value");
    if (!int_other(d, a, number))
        return false;
    if (strchr("+-=", a->oper)) {
        d->rule.writes |= 1 << STATE_INTS;
        return draft_act(d, int_run, a);
    }
    return int_test(d, kw, a);
}

/* ---- stream_size -------------------------------------------------------------------------- */

enum size_side { SIZE_CLIENT, SIZE_SERVER, SIZE_BOTH, SIZE_EITHER };
struct size_args {
    enum size_side side;
    struct num num;
};

/* Counted as sequence numbers are: the SYN is one, the packet in hand counts, and a reset is one,
 * too. Where no SYN was seen, those that were delivered. */
static uint64_t stream_bytes(const struct flow *f, enum dir dir)
{
    const struct tcp_side *side = &f->tcp.side[dir];
    const struct flow_marks *s = f->ext[FLOW_EXT_DETECT];

    if (side->has_isn)
        return side->next - side->isn + side->rst;
    return s && s->win[dir].next ? s->win[dir].next + 1 : 0;
}

static bool stream_size_match(const struct inspection *in, const void *args)
{
    const struct size_args *a = args;

    if (on_frame(in))
        return true;
    if (!in->flow || in->flow->proto != IPPROTO_TCP4 || in->flow->tcp_state == TCP_NONE)
        return false;
    bool client = rule_num_ok(&a->num, stream_bytes(in->flow, TO_SERVER));
    bool server = rule_num_ok(&a->num, stream_bytes(in->flow, TO_CLIENT));
    switch (a->side) {
    case SIZE_CLIENT:
        return client;
    case SIZE_SERVER:
        return server;
    case SIZE_BOTH:
        return client && server;
    default:
        return client || server;
    }
}

static bool stream_size_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const char *const sides[] = {"client", "server", "both", "either"};
    struct size_args *a = draft_alloc(d, sizeof(*a));
    struct slice side, oper;
    char text[32];

    if (!a || !draft_part(&value, ',', &side) || !draft_part(&value, ',', &oper))
        return draft_fail(d, "stream_size wants a side, a comparison and a number");
    uint32_t i = 0;
    while (i < 4 && !slice_eq(side, slice_of_str(sides[i])))
        i++;
    value = slice_trim(value);
    if (slice_find_byte(oper, '&') >= 0)
        return draft_fail(d, "stream_size compares with <, >, =, <=, >=, != only");
    if (i == 4 || !value.len || oper.len + value.len >= sizeof(text))
        return draft_fail(d, "stream_size is of client, server, both or either");
    a->side = (enum size_side)i;
    memcpy(text, oper.at, oper.len);
    memcpy(text + oper.len, value.at, value.len);
    if (!draft_num((struct slice){(const uint8_t *)text, oper.len + value.len}, NULL, &a->num))
        return draft_fail(d, "bad comparison in stream_size");
    if (!draft_fits(d, kw->name, &a->num, UINT32_MAX))
        return false;
    d->both_ways = true; /* as Suricata has it: contents look at packets, too */
    return draft_test(d, kw, a);
}

/* ---- xbits -------------------------------------------------------------------------------- */

static bool xbits_option(struct draft *d, struct xbit *x, struct slice part)
{
    static const struct {
        const char *text;
        uint8_t track;
    } tracks[] = {
        {"track ip_src", TRACK_SRC}, {"track ip_dst", TRACK_DST}, {"track ip_pair", TRACK_BOTH}};
    uint64_t seconds;

    for (uint32_t i = 0; i < sizeof(tracks) / sizeof(tracks[0]); i++) {
        if (!slice_eq(part, slice_of_str(tracks[i].text)))
            continue;
        x->track = tracks[i].track;
        return true;
    }
    if (!slice_starts(part, SLICE_LIT("expire ")) ||
        !slice_to_u64(slice_trim(slice_from(part, 7)), &seconds) || !seconds ||
        seconds >= UINT32_MAX)
        return draft_fail(d, "xbits does not know \"%.*s\"", (int)(part.len & 63),
                          (const char *)part.at);
    x->expire_ns = seconds * CLOCK_S;
    return true;
}

/* As Suricata ranks them: of xbits only those that ask, of hostbits only those that change. */
static void xbits_turn(struct draft *d, const struct keyword *kw, const struct xbit *x)
{
    bool asks = x->what == XBIT_ISSET || x->what == XBIT_ISNOTSET;

    if (strcmp(kw->name, "hostbits") == 0)
        d->rule.writes |= (uint8_t)(asks ? 0 : 1u << STATE_HOST);
    else if (asks)
        d->rule.reads |= (uint8_t)(1u << (x->track == TRACK_BOTH ? STATE_PAIR : STATE_HOST));
}

static bool xbits_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const char *const whats[] = {"set", "unset", "toggle", "isset", "isnotset"};
    struct slice word, name, part;
    struct xbit x = {.track = TRACK_SRC, .expire_ns = 30 * CLOCK_S};

    if (d->rule.n_xbits == 8)
        return draft_fail(d, "at most 8 xbits in one rule");
    if (!draft_part(&value, ',', &word))
        return draft_fail(d, "xbits wants a command");
    if (slice_eq(word, SLICE_LIT("noalert"))) {
        d->rule.info.noalert = true;
        return !value.at || draft_fail(d, "%s:noalert has no name behind it", kw->name);
    }
    while (x.what < 5 && !slice_eq(word, slice_of_str(whats[x.what])))
        x.what++;
    if (x.what == 5 || !draft_part(&value, ',', &name))
        return draft_fail(d, "xbits wants set, unset, toggle, isset or isnotset, and a name");
    while (draft_part(&value, ',', &part)) {
        if (!xbits_option(d, &x, part))
            return false;
    }
    x.bit = (uint16_t)intern_get(&d->loader->xbits, name)->id;
    d->xbits[d->rule.n_xbits++] = x;
    xbits_turn(d, kw, &x);
    return true;
}

static bool hostbits_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice rest = value, word, name, side;
    char text[160];
    uint32_t n;

    if (!draft_part(&rest, ',', &word))
        return draft_fail(d, "hostbits wants a command");
    if (!draft_part(&rest, ',', &name))
        return xbits_parse(d, kw, value);
    bool sided = draft_part(&rest, ',', &side), dst = sided && slice_eq(side, SLICE_LIT("dst"));
    if (rest.at || (sided && !dst && !slice_eq(side, SLICE_LIT("src"))))
        return draft_fail(d, "hostbits knows src and dst behind the name: no track, no expire");
    if (slice_find_byte(name, ' ') >= 0)
        return draft_fail(d, "the name of a hostbit has no blanks");
    if (word.len + name.len + 24 >= sizeof(text))
        return draft_fail(d, "the name is too long");
    memcpy(text, word.at, word.len);
    n = word.len;
    text[n++] = ',';
    memcpy(text + n, name.at, name.len);
    n += name.len;
    memcpy(text + n, dst ? ",track ip_dst" : ",track ip_src", 13);
    return xbits_parse(d, kw, (struct slice){(const uint8_t *)text, n + 13});
}

static const struct keyword rows[] = {
    {.name = "flow",
     .stage = AT_FLOW,
     .value = VALUE_WANTED,
     .parse = flow_parse,
     .example = "flow:established,to_server",
     .doc = "Direction and state of the flow: to_server, to_client, from_server, from_client, "
            "established, not_established, stateless, only_stream, no_stream, only_frag, no_frag"},
    {.name = "flowbits",
     .stage = AT_HIT,
     .parse = flowbits_parse,
     .example = "flowbits:set,login.seen",
     .doc = "Marks on the flow: set, unset, toggle, isset, isnotset, noalert"},
    {.name = "flowint",
     .stage = AT_FLOW,
     .parse = flowint_parse,
     .match = int_match,
     .example = "flowint:tries,+,1",
     .doc = "Numbers on the flow: = + - < > <= >= == != isset notset"},
    {.name = "stream_size",
     .stage = AT_FLOW,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = stream_size_parse,
     .match = stream_size_match,
     .example = "stream_size:server,<,50",
     .doc = "Bytes that a side has sent up to now, plus one"},
    {.name = "xbits",
     .stage = AT_HOST,
     .parse = xbits_parse,
     .example = "xbits:set,scanner,track ip_src,expire 60",
     .doc = "Marks on addresses: set, unset, toggle, isset, isnotset"},
    {.name = "hostbits",
     .stage = AT_HOST,
     .parse = hostbits_parse,
     .example = "hostbits:set,seen,src",
     .doc = "Marks on a host (older form of xbits)"},
    KEYWORD_END,
};

const struct kw_family kw_flow = {.doc = "State of the flow", .rows = rows};
