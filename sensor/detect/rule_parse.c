/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syntax of rules: action, protocol, addresses, ports, direction, then options in parentheses.
 *
 * An option ends at a semicolon without a backslash before it; quotes do not protect. Lists in the
 * header may hold blanks. Unknown keywords are reported with their column.
 */
#include "sensor/detect/rule_parse.h"

#include "sensor/detect/buffer.h"
#include "sensor/detect/ruleset.h"

#include <stdlib.h>

struct protocol {
    const char *name;
    uint8_t l4;
    uint8_t ip;
    int16_t ip_proto;
    const char *flag; /* "packet", "stream" */
};

static const struct protocol protocols[] = {
    {"tcp", L4_TCP, 0, IPPROTO_TCP4, NULL},
    {"udp", L4_UDP, 0, IPPROTO_UDP4, NULL},
    {"ip", L4_TCP | L4_UDP | L4_OTHER, 0, -1, NULL},
    {"tcp-pkt", L4_TCP, 0, IPPROTO_TCP4, "packet"},
    {"tcp-stream", L4_TCP, 0, IPPROTO_TCP4, "stream"},
    {"icmp", L4_OTHER, 0, -2, NULL},
    {"icmpv4", L4_OTHER, 4, IPPROTO_ICMP4, NULL},
    {"icmpv6", L4_OTHER, 6, IPPROTO_ICMP6, NULL},
    {"ipv4", L4_TCP | L4_UDP | L4_OTHER, 4, -1, NULL},
    {"ip4", L4_TCP | L4_UDP | L4_OTHER, 4, -1, NULL},
    {"ipv6", L4_TCP | L4_UDP | L4_OTHER, 6, -1, NULL},
    {"ip6", L4_TCP | L4_UDP | L4_OTHER, 6, -1, NULL},
    {"sctp", L4_OTHER, 0, IPPROTO_SCTP4, NULL},
    {"pkthdr", L4_TCP | L4_UDP | L4_OTHER, 0, -1, NULL},
};

/* Names of the language for protocols that are called otherwise here. */
static const struct {
    const char *name, *app;
} app_names[] = {{"ssl", "tls"}, {"http1", "http"}, {"ikev2", "ike"}};

static bool token(struct slice *rest, struct slice *out)
{
    uint32_t i = 0, start;
    int depth = 0;

    while (i < rest->len && (rest->at[i] == ' ' || rest->at[i] == '\t'))
        i++;
    for (start = i; i < rest->len; i++) {
        uint8_t c = rest->at[i];
        depth += c == '[' ? 1 : c == ']' ? -1 : 0;
        if (depth == 0 && (c == ' ' || c == '\t' || c == '('))
            break;
        if (c == '(')
            break;
    }
    *out = slice_head(slice_from(*rest, start), i - start);
    *rest = slice_from(*rest, i);
    return out->len > 0;
}

static void at_column(struct draft *draft, struct slice where)
{
    if (where.at && !draft->failed)
        draft->column = (uint32_t)(where.at - draft->text.at) + 1;
}

static bool read_action(struct draft *draft, struct slice word)
{
    static const struct {
        const char *name;
        enum rule_action action;
    } actions[] = {{"alert", ACTION_ALERT},       {"pass", ACTION_PASS},
                   {"drop", ACTION_DROP},         {"reject", ACTION_REJECT},
                   {"rejectsrc", ACTION_REJECT},  {"rejectdst", ACTION_REJECT},
                   {"rejectboth", ACTION_REJECT}, {"config", ACTION_CONFIG}};
    for (uint32_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (slice_ieq(word, slice_of_str(actions[i].name))) {
            draft->rule.action = (uint8_t)actions[i].action;
            draft->rule.info.action = actions[i].name;
            draft->rule.info.noalert = slice_eq(word, SLICE_LIT("config"));
            return true;
        }
    }
    return draft_fail(draft, "unknown action \"%.*s\"", (int)(word.len & 63),
                      (const char *)word.at);
}

static bool read_app(struct draft *draft, struct slice word)
{
    draft->rule.alone = slice_eq(word, SLICE_LIT("http1"));
    for (uint32_t i = 0; i < sizeof(app_names) / sizeof(app_names[0]); i++) {
        if (slice_eq(word, slice_of_str(app_names[i].name)))
            word = slice_of_str(app_names[i].app);
    }
    int index = proto_index(word);
    if (index < 0)
        return draft_fail(draft, "no parser for the protocol \"%.*s\"", (int)(word.len & 63),
                          (const char *)word.at);
    const struct proto_def *row = proto_rows[index];
    struct rule *r = &draft->rule;
    r->l4 = (uint8_t)row->l4;
    r->ip_proto = row->l4 == L4_TCP ? IPPROTO_TCP4 : row->l4 == L4_UDP ? IPPROTO_UDP4 : -1;
    r->app = (uint16_t)(index + 1);
    draft->raw_app = true;
    return true;
}

static bool read_protocol(struct draft *draft, struct slice word)
{
    struct rule *r = &draft->rule;

    for (uint32_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        const struct protocol *p = &protocols[i];
        if (!slice_ieq(word, slice_of_str(p->name)))
            continue;
        r->l4 = p->l4;
        r->ip = p->ip;
        r->ip_proto = p->ip_proto;
        r->no_stream = p->flag && *p->flag == 'p';
        r->no_packet = p->flag && *p->flag == 's';
        return true;
    }
    return read_app(draft, word);
}

static bool read_ends(struct draft *draft, struct slice net, struct slice port, bool source)
{
    char fault[160];
    struct rule *r = &draft->rule;

    const struct netset *n = rule_net_parse(draft->loader, net, fault);
    if (!n) {
        at_column(draft, net);
        return draft_fail(draft, "%s", fault);
    }
    const struct portset *p = rule_port_parse(draft->loader, port, fault);
    if (!p) {
        at_column(draft, port);
        return draft_fail(draft, "%s", fault);
    }
    if (source) {
        r->src = n;
        r->sport = p;
    } else {
        r->dst = n;
        r->dport = p;
    }
    return true;
}

static bool read_header(struct draft *draft, struct slice *rest)
{
    struct slice word[7];
    struct slice any = SLICE_LIT("any");

    for (uint32_t i = 0; i < 7; i++) {
        if (!token(rest, &word[i])) {
            if (i == 2 && word[1].len) { /* "alert arp (…)": nothing but a protocol */
                word[2] = word[3] = word[5] = word[6] = any;
                word[4] = SLICE_LIT("->");
                break;
            }
            at_column(draft, *rest);
            return draft_fail(draft, "the header ends early: action, protocol, source, port, "
                                     "direction, destination, port are wanted");
        }
    }
    at_column(draft, word[0]);
    if (!read_action(draft, word[0]))
        return false;
    at_column(draft, word[1]);
    if (!read_protocol(draft, word[1]) || !read_ends(draft, word[2], word[3], true))
        return false;
    at_column(draft, word[4]);
    draft->rule.both_ways = slice_eq(word[4], SLICE_LIT("<>"));
    if (slice_eq(word[4], SLICE_LIT("<-")))
        return draft_fail(draft, "the direction \"<-\" does not exist: swap both sides");
    if (!draft->rule.both_ways && !slice_eq(word[4], SLICE_LIT("->")) &&
        !slice_eq(word[4], SLICE_LIT("=>")))
        return draft_fail(draft, "the direction must be -> or <>");
    return read_ends(draft, word[5], word[6], false);
}

/* ---- options ------------------------------------------------------------------------------ */

static const struct keyword *cached_keyword(struct draft *draft, struct slice name)
{
    struct intern_entry *entry = intern_find(&draft->loader->keywords, name);

    if (entry)
        return entry->value;
    const struct keyword *kw = keyword_find(name);
    intern_get(&draft->loader->keywords, name)->value = kw;
    return kw;
}

enum { KEYWORD_LEN_MAX = 64 };

/* Names of keywords are the same in capitals. */
static struct slice small(struct slice name, uint8_t room[KEYWORD_LEN_MAX])
{
    bool capitals = false;

    for (uint32_t i = 0; i < name.len; i++) {
        bool capital = name.at[i] >= 'A' && name.at[i] <= 'Z';
        capitals = capitals || capital;
        room[i] = capital ? name.at[i] | 32 : name.at[i];
    }
    return capitals ? (struct slice){room, name.len} : name;
}

/* What the language lets stand behind the colon of this keyword. */
static bool check_value(struct draft *draft, const char *name, uint8_t form, struct slice value)
{
    if ((form & VALUE_NONE) && value.len)
        return draft_fail(draft, "\"%s\" takes no value: end it with a semicolon", name);
    if ((form & VALUE_WANTED) && !value.len)
        return draft_fail(draft, "\"%s\" wants a value behind a colon", name);
    if (!value.len || !(form & (VALUE_PLAIN | VALUE_QUOTED)))
        return true;
    if (form & VALUE_PLAIN)
        return value.at[0] != '"' ||
               draft_fail(draft, "the value of \"%s\" stands without quotes", name);
    if (value.at[0] == '!')
        value = slice_trim(slice_from(value, 1));
    return (value.len > 1 && value.at[0] == '"' && value.at[value.len - 1] == '"') ||
           draft_fail(draft, "the value of \"%s\" must stand in quotes", name);
}

static bool check_once(struct draft *draft, const struct keyword *kw)
{
    if (!(kw->value & VALUE_ONCE))
        return true;
    for (uint8_t i = 0; i < draft->n_once; i++) {
        if (draft->once[i] == kw)
            return draft_fail(draft, "\"%s\" stands twice: write it once", kw->name);
    }
    if (draft->n_once < DRAFT_ONCE_MAX)
        draft->once[draft->n_once++] = kw;
    return true;
}

static const struct label truth[] = {{1, "yes"}, {1, "true"}, {0, "no"}, {0, "false"}, {0, NULL}};

/* The number a field is compared with, by its value or its name. */
static bool read_number(struct draft *draft, const struct buffer *b, struct slice value)
{
    const struct field *f = b->refs[0].field;
    struct op *op = draft_op(draft, b, OP_NUMBER);

    if (!op)
        return false;
    draft->last_group = -1;
    static const uint64_t most[] = {
        [FIELD_U8] = UINT8_MAX, [FIELD_U16] = UINT16_MAX, [FIELD_U32] = UINT32_MAX};
    bool ok = f->flags ? draft_flags(value, f->labels, &op->num)
                       : draft_num(value, f->type == FIELD_BOOL ? truth : f->labels, &op->num);
    if (ok && f->type > FIELD_BOOL && f->type < FIELD_U64)
        return draft_fits(draft, b->name, &op->num, most[f->type]);
    return ok || draft_fail(draft, "\"%s\" wants a number or a range, like %s:5", b->name, b->name);
}

/* A field of a protocol: bytes stick as a buffer, numbers are compared. */
static bool read_field(struct draft *draft, struct slice name, struct slice value)
{
    const struct buffer *b = buffer_field(draft->loader, name);

    if (!b)
        return draft_fail(draft, "unknown keyword \"%.*s\"", (int)(name.len & 63),
                          (const char *)name.at);
    draft->ip_compatible = false;
    if (b->kind == BUFFER_NUMBER)
        return check_value(draft, b->name, VALUE_WANTED | VALUE_PLAIN, value) &&
               read_number(draft, b, value);
    return check_value(draft, b->name, VALUE_NONE, value) && draft_stick(draft, b);
}

static bool read_option(struct draft *draft, struct slice option)
{
    uint8_t room[KEYWORD_LEN_MAX];
    int64_t colon = slice_find_byte(option, ':');
    struct slice name = slice_trim(colon < 0 ? option : slice_head(option, (uint32_t)colon));
    struct slice value =
        colon < 0 ? SLICE_NONE : slice_trim(slice_from(option, (uint32_t)colon + 1));

    at_column(draft, name);
    if (!name.len || name.len > KEYWORD_LEN_MAX)
        return draft_fail(draft, "an option without a name");
    name = small(name, room);
    const struct keyword *kw = cached_keyword(draft, name);
    if (!kw)
        return read_field(draft, name, value);
    if (!check_value(draft, kw->name, kw->value, value) || !check_once(draft, kw))
        return false;
    if (kw->stage != AT_META && kw->stage != AT_HOST && kw->stage != AT_HIT && !kw->by_addresses)
        draft->ip_compatible = false;
    uint8_t tests = draft->rule.n_tests;
    bool ok = kw->parse(draft, kw, value);
    if (kw->by_addresses)
        draft->n_address_tests = (uint8_t)(draft->n_address_tests + draft->rule.n_tests - tests);
    return ok;
}

/* The next semicolon with no backslash of its own before it, or -1. */
static int64_t option_end(struct slice rest)
{
    uint32_t from = 0;

    for (int64_t at; (at = slice_find_byte(slice_from(rest, from), ';')) >= 0;) {
        uint32_t end = from + (uint32_t)at, marks = 0;
        while (marks < end && rest.at[end - marks - 1] == '\\')
            marks++;
        if (marks % 2 == 0)
            return end;
        from = end + 1;
    }
    return -1;
}

static bool read_options(struct draft *draft, struct slice rest)
{
    for (int64_t end; (end = option_end(rest)) >= 0;) {
        if (!read_option(draft, slice_trim(slice_head(rest, (uint32_t)end))))
            return false;
        if (draft->skip)
            return true;
        rest = slice_from(rest, (uint32_t)end + 1);
    }
    struct slice left = slice_trim(rest);
    if (left.len) {
        at_column(draft, left);
        return draft_fail(draft, "the last option does not end with a semicolon");
    }
    return true;
}

static void reset(struct draft *draft, struct slice text)
{
    struct loader *loader = draft->loader;

    /* the groups are large: their heads are cleared when they are taken */
    memset(&draft->rule, 0, sizeof(draft->rule));
    draft->loader = loader;
    draft->n_metadata = draft->n_references = 0;
    draft->text = text;
    draft->column = 1;
    draft->reason[0] = '\0';
    draft->failed = false;
    draft->sticky = draft->transforming = NULL;
    draft->sticky_used = false;
    draft->n_transforms = 0;
    draft->n_groups = 0;
    draft->last_group = -1;
    draft->last_is_content = false;
    draft->limits = NULL;
    draft->dsize = NULL;
    draft->only_proto = 0;
    draft->both_ways = false;
    draft->flow_dir_set = draft->need_packet = draft->tx_tests = draft->depth_seen = false;
    draft->ip_compatible = true;
    draft->has_sid = draft->skip = draft->priority_set = draft->raw_app = false;
    draft->n_address_tests = 0;
    draft->app_protocol = draft->n_once = draft->flow_words = draft->proto_modes = 0;
    draft->of_packet = NULL;
    draft->decoded = draft->app_protocol_is = false;
    draft->classtype = NULL;
    draft->rule.info.gid = 1;
    draft->rule.info.priority = 3;
    draft->rule.payload_group = -1;
    draft->rule.fast_group = -1;
    draft->rule.fast_op = -1;
}

bool rule_parse(struct draft *draft, struct slice text)
{
    struct slice rest = text;

    reset(draft, text);
    if (!read_header(draft, &rest))
        return false;
    rest = slice_trim(rest);
    if (!rest.len || rest.at[0] != '(' || rest.at[rest.len - 1] != ')') {
        at_column(draft, rest);
        return draft_fail(draft, "the options must stand in parentheses");
    }
    rest = slice_trim((struct slice){rest.at + 1, rest.len - 2});
    if (!read_options(draft, rest))
        return false;
    if (!draft->skip && !draft->has_sid)
        return draft_fail(draft, "the rule has no sid");
    return true;
}
