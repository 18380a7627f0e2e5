/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Last step of reading a rule: what kind it is, whether its parts fit together, which literal the
 * prefilter looks for; then the move into the ruleset's arena.
 */
#include "sensor/detect/rule_parse.h"

#include "common/jsonw.h"
#include "sensor/detect/content.h"
#include "sensor/detect/literals.h"

#include <stdio.h>

static bool is_tx_buffer(const struct buffer *b)
{
    switch (b->kind) {
    case BUFFER_FIELD:
    case BUFFER_NUMBER:
    case BUFFER_FILE:
    case BUFFER_FILE_NAME:
    case BUFFER_FILE_MAGIC:
    case BUFFER_FILE_META:
    case BUFFER_TX:
        return true;
    default:
        return false;
    }
}

static int payload_group(const struct draft *d)
{
    for (int i = 0; i < d->n_groups; i++) {
        if (d->groups[i].buffer->kind == BUFFER_PAYLOAD && d->groups[i].n)
            return i;
    }
    return -1;
}

/* Which side a rule without flow direction must look at, from its buffers. */
static bool find_dirs(struct draft *d)
{
    const char *client = NULL, *server = NULL;
    struct rule *r = &d->rule;

    for (int i = 0; i < d->n_groups; i++) {
        const struct buffer *b = d->groups[i].buffer;
        if (!is_tx_buffer(b) || b->side == SIDE_BOTH)
            continue;
        if (b->side == SIDE_CLIENT)
            client = b->name;
        else
            server = b->name;
    }
    if (d->flow_dir_set)
        return true;
    if (client && server)
        return draft_fail(d, "\"%s\" (request) and \"%s\" (response) need a flow direction", client,
                          server);
    r->dirs = client ? 1 << TO_SERVER : server ? 1 << TO_CLIENT : 1 << TO_SERVER | 1 << TO_CLIENT;
    return true;
}

/* Asked once of a flow's direction; of each packet where addresses are left out, as Suricata has
 * it.
 */
static bool only_addresses(const struct draft *d)
{
    const struct rule *r = &d->rule;

    return d->n_groups == 0 && d->ip_compatible && !r->app && !r->events_only;
}

static uint8_t packet_kind(const struct draft *d, bool payload)
{
    const struct rule *r = &d->rule;

    if (!payload || !(r->l4 & L4_TCP) || d->need_packet || r->no_stream)
        return RULE_PACKET;
    return (d->depth_seen || d->both_ways) && !r->no_packet ? RULE_PACKET_STREAM : RULE_STREAM;
}

/* Of several types of frames in one rule the one with the longest content is looked at. */
static bool find_frame(struct draft *d)
{
    uint32_t longest = 0;
    struct rule *r = &d->rule;

    r->frame_group = -1;
    for (int i = 0; i < d->n_groups; i++) {
        if (d->groups[i].buffer->kind != BUFFER_FRAME)
            continue;
        r->frame_group = r->frame_group < 0 ? (int8_t)i : r->frame_group;
        for (uint16_t k = 0; k < d->groups[i].n; k++) {
            const struct op *op = &d->groups[i].ops[k];
            if (op->kind != OP_CONTENT || op->content.text.len <= longest)
                continue;
            longest = op->content.text.len;
            r->frame_group = (int8_t)i;
        }
    }
    return r->frame_group >= 0;
}

/* Of rules on payload: where no transaction and no frame is asked. */
static void find_packet_kind(struct draft *d, bool payload)
{
    struct rule *r = &d->rule;

    if (d->n_groups == 0 && r->app && !d->need_packet && !d->both_ways) {
        r->kind = RULE_APP;
        r->of_flow = r->n_tests == 0;
        return;
    }
    bool addresses = only_addresses(d);
    if (addresses && !r->src->negated && !r->dst->negated) {
        r->kind = RULE_IP;
        r->of_flow = true;
        return;
    }
    r->once_known = d->app_protocol && d->n_groups == 0 && !d->flow_words &&
                    r->n_tests == d->app_protocol + d->n_address_tests;
    r->of_flow = addresses || r->once_known;
    r->kind = packet_kind(d, payload);
}

static bool find_kind(struct draft *d)
{
    struct rule *r = &d->rule;
    bool tx = d->tx_tests;

    for (int i = 0; i < d->n_groups; i++)
        tx |= is_tx_buffer(d->groups[i].buffer);
    int payload = payload_group(d);
    r->payload_group = (int8_t)payload;
    r->of_flow = true;
    if (find_frame(d)) {
        r->kind = RULE_FRAME;
        return !tx && payload < 0 ? true
                                  : draft_fail(d, "a rule on frames has no other buffers: neither "
                                                  "of payload nor of transactions");
    }
    if (tx)
        r->kind = RULE_TX;
    else
        find_packet_kind(d, payload >= 0);
    return true;
}

/* ---- relations of operations -------------------------------------------------------------- */

/* A content has room where it must lie; then a depth counts from the offset. */
static bool check_content(struct draft *d, struct op *op)
{
    struct content *c = &op->content;
    bool has_depth = op->flags & OP_DEPTH && !(op->flags & (OP_DEPTH_VAR | OP_RELATIVE));

    if (has_depth && c->depth < (int32_t)c->text.len)
        return draft_fail(d, "depth %d is less than the content's %u bytes", c->depth, c->text.len);
    if (has_depth && op->flags & OP_OFFSET && !(op->flags & OP_OFFSET_VAR))
        c->depth += c->offset;
    if (op->flags & OP_WITHIN && !(op->flags & OP_WITHIN_VAR) && c->within < (int32_t)c->text.len)
        return draft_fail(d, "within %d is less than the content's %u bytes", c->within,
                          c->text.len);
    return true;
}

static bool check_group(struct draft *d, struct draft_group *g)
{
    for (uint16_t i = 0; i < g->n; i++) {
        struct op *op = &g->ops[i];
        if (i && op->flags & OP_RELATIVE)
            g->ops[i - 1].flags |= OP_NEXT_RELATIVE;
        if (op->kind != OP_CONTENT)
            continue;
        if (!check_content(d, op))
            return false;
        if (g->buffer->kind == BUFFER_PAYLOAD && op->flags & (OP_DEPTH | OP_OFFSET))
            d->depth_seen = true;
    }
    return true;
}

/* ---- prefilter literal -------------------------------------------------------------------- */

static bool searchable(const struct buffer *b)
{
    return b->kind == BUFFER_PAYLOAD || b->kind == BUFFER_FIELD || b->kind == BUFFER_FILE;
}

/* Buffers that are nearly the same in all traffic say little. */
static bool dull(const struct buffer *b)
{
    static const char *const names[] = {
        "http.method",       "http.stat_code",  "http.protocol",     "http.stat_msg",
        "http.header_names", "http.accept",     "http.content_type", "http.accept_enc",
        "http.accept_lang",  "http.connection", "http.content_len"};
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(b->name, names[i]) == 0)
            return true;
    }
    return false;
}

/* What stands in it need not be there. */
static bool may_lack(const struct draft_group *g)
{
    return g->n && g->ops[0].kind == OP_ABSENT;
}

static struct slice fast_text(const struct op *op)
{
    struct slice s = op->content.text;

    if (op->content.fast_len)
        s = slice_head(slice_from(s, op->content.fast_offset), op->content.fast_len);
    return slice_head(s, LITERAL_MAX);
}

/* How much is saved by searching for the content first; below 0: it is too short. */
static int worth(const struct draft *d, const struct buffer *b, const struct op *op)
{
    enum { FILE_SHORTEST = 4 }; /* files are long */
    struct slice s = fast_text(op);

    if (s.len < (b->kind == BUFFER_FILE ? FILE_SHORTEST : LITERAL_SHORTEST))
        return -1;
    int score = (int)literals_rarity(d->loader->usual, s) * 4;
    if (s.len == LITERAL_SHORTEST) /* looked up at every place: where there is no other */
        score -= score / 3;
    if ((op->flags & OP_FAST) && s.len >= LITERAL_LONG)
        score += score / 2;
    return dull(b) ? score / 4 : score;
}

/* `payload`: literals of the payload too. A transaction rule takes one of those only when its other
 * buffers have none, or one that says little (a method). */
static void choose_literal(struct draft *d, bool payload)
{
    int best = -1;
    struct rule *r = &d->rule;

    for (int g = 0; g < d->n_groups; g++) {
        const struct buffer *b = d->groups[g].buffer;
        if (!searchable(b) || (!payload && b->kind == BUFFER_PAYLOAD) || may_lack(&d->groups[g]))
            continue;
        for (uint16_t i = 0; i < d->groups[g].n; i++) {
            const struct op *op = &d->groups[g].ops[i];
            if (op->kind != OP_CONTENT || (op->flags & OP_NEGATED))
                continue;
            int score = worth(d, b, op);
            if (score > best) {
                best = score;
                r->fast_group = (int8_t)g;
                r->fast_op = (int16_t)i;
            }
        }
    }
}

/* ---- gates of rules without a literal ------------------------------------------------------ */

/* A content that can stand at one place only. */
static bool fixed_place(const struct op *op)
{
    uint32_t moving = OP_RELATIVE | OP_NEGATED | OP_DEPTH_VAR | OP_OFFSET_VAR | OP_NOCASE;
    int32_t offset = op->flags & OP_OFFSET ? op->content.offset : 0;

    return op->kind == OP_CONTENT && !(op->flags & moving) && (op->flags & OP_DEPTH) &&
           op->content.depth - offset == (int32_t)op->content.text.len && offset <= UINT16_MAX;
}

/* The same at the beginning of a buffer, as rules on files write it: content; within. */
static bool begins(const struct op *op)
{
    uint32_t known = OP_RELATIVE | OP_WITHIN | OP_NEXT_RELATIVE | OP_FAST | OP_RAWBYTES;

    return op->kind == OP_CONTENT && !(op->flags & ~known) && (op->flags & OP_RELATIVE) &&
           (op->flags & OP_WITHIN) && op->content.within == (int32_t)op->content.text.len;
}

/* A content as long as the whole payload has to be. */
static bool fills(const struct op *op, const struct num *dsize)
{
    uint32_t other = OP_RELATIVE | OP_NEGATED | OP_NOCASE | OP_OFFSET | OP_OFFSET_VAR;

    return dsize && dsize->mode == NUM_EQ && op->kind == OP_CONTENT && !(op->flags & other) &&
           op->content.text.len == dsize->a;
}

static void take_gate(struct rule *r, const struct op *op)
{
    r->gate_at = op->flags & OP_OFFSET ? (uint16_t)op->content.offset : 0;
    r->gate_len = (uint8_t)(op->content.text.len < 4 ? op->content.text.len : 4);
    memcpy(r->gate, op->content.text.at, r->gate_len);
}

/* A transaction rule without a literal: bytes that stand at one place of one of its buffers. */
static void find_head(struct draft *d)
{
    struct rule *r = &d->rule;

    r->gate_len = 0; /* what it asks of payload is asked with the transaction */
    for (int g = 0; g < d->n_groups; g++) {
        const struct buffer *b = d->groups[g].buffer;
        if ((b->kind != BUFFER_FIELD && b->kind != BUFFER_FILE) || may_lack(&d->groups[g]))
            continue;
        for (uint16_t i = 0; i < d->groups[g].n; i++) {
            const struct op *op = &d->groups[g].ops[i];
            if (!fixed_place(op) && (i || !begins(op)))
                continue;
            take_gate(r, op);
            r->by_head = true;
            r->fast_group = (int8_t)g;
            return;
        }
    }
}

/* What is cheap to ask of a payload before anything else. */
static void find_gate(struct draft *d)
{
    struct rule *r = &d->rule;
    int g = r->payload_group;

    r->gate_dsize = d->dsize;
    if (g < 0 || d->groups[g].buffer->n_transforms)
        return;
    for (uint16_t i = 0; i < d->groups[g].n; i++) {
        const struct op *op = &d->groups[g].ops[i];
        r->gate_bytes |=
            (op->kind == OP_CONTENT || op->kind == OP_BYTE_TEST) && !(op->flags & OP_NEGATED);
        if (r->gate_len || !(fixed_place(op) || fills(op, d->dsize)))
            continue;
        take_gate(r, op);
    }
}

/* A jump as far as the first four bytes say, the low ones first. */
static bool jumps_from_start(const struct op *op)
{
    const struct bytes_op *b = op->bytes;

    return op->kind == OP_BYTE_JUMP && !(op->flags & OP_RELATIVE) && b->n == 4 && !b->base &&
           b->little && !b->dce && b->from_beginning && !b->offset && !b->offset_is_var &&
           !b->n_is_var && !b->multiplier && !b->align_to && !b->mask;
}

/* No more than so many bytes are left; 0 = not asked. */
static uint32_t bytes_left(const struct op *op)
{
    enum { NUMBER = 4 }; /* that was read, so there are as many in all */
    uint32_t asked = OP_RELATIVE | OP_NEGATED;

    if (op->kind != OP_DATA_AT || (op->flags & asked) != asked || op->flags & OP_OFFSET_VAR ||
        op->data_at.at < 1 || op->data_at.at > NUMBER)
        return 0;
    return (uint32_t)op->data_at.at;
}

/* A jump to the end of the payload: the number tells its length, but for a few bytes. */
static void find_told_length(struct rule *r, const struct draft_group *g)
{
    for (uint16_t i = 0; i + 1 < g->n && !r->gate_told; i++) {
        uint32_t left = jumps_from_start(&g->ops[i]) ? bytes_left(&g->ops[i + 1]) : 0;
        if (!left)
            continue;
        r->gate_told = true;
        r->gate_short = 1 - (int32_t)left - g->ops[i].bytes->post_offset;
        r->gate_span = left - 1;
    }
}

/* Few lengths fit: to ask for the length alone says much. */
static bool narrow_length(const struct num *n)
{
    enum { NARROW = 64 };

    if (!n)
        return false;
    switch (n->mode) {
    case NUM_EQ:
        return true;
    case NUM_LT:
    case NUM_LE:
        return n->a <= NARROW;
    case NUM_RANGE:
    case NUM_IN_RANGE:
        return n->b <= n->a + NARROW;
    default:
        return false;
    }
}

static bool few_ports(const struct portset *set)
{
    enum { FEW = 24 };
    uint32_t n = 0;

    for (uint32_t i = 0; i < set->n; i++)
        n += (uint32_t)set->at[i].hi - set->at[i].lo + 1;
    return !set->any && n <= FEW;
}

/* Two bytes that may stand anywhere are looked up at every place of all traffic. Where something
 * else tells most of that from the rule's, they are asked of the rest alone. */
static void ask_pair(struct draft *d)
{
    struct rule *r = &d->rule;
    const struct draft_group *g = &d->groups[r->fast_group];

    if (fast_text(&g->ops[r->fast_op]).len > LITERAL_SHORTEST || g->buffer->n_transforms)
        return;
    if (r->kind == RULE_PACKET && r->dirs == 3 && d->dsize)
        find_told_length(r, g);
    if (!r->gate_told && !r->app && !few_ports(r->sport) && !few_ports(r->dport))
        return;
    r->ask_op = r->fast_op;
    r->fast_op = -1;
}

/* Bytes at one place are cheaper to compare than a literal that is everywhere. */
static void prefer_gate(struct draft *d)
{
    struct rule *r = &d->rule;

    if (r->fast_op < 0 || r->kind == RULE_TX || !(r->gate_len || narrow_length(r->gate_dsize)))
        return;
    const struct op *op = &d->groups[r->fast_group].ops[r->fast_op];
    struct slice s = fast_text(op);
    bool ports = !r->sport->any || !r->dport->any;
    if (literals_rarity(d->loader->usual, s) < LITERAL_COMMON && (ports || r->gate_len > 1))
        r->fast_op = -1;
}

/* The same of a transaction's buffer. */
static void prefer_head(struct draft *d)
{
    struct rule *r = &d->rule;
    const struct buffer *b = d->groups[r->fast_group].buffer;
    const struct op *op = &d->groups[r->fast_group].ops[r->fast_op];

    if (b->kind == BUFFER_PAYLOAD || op->content.text.len > LITERAL_SHORTEST || !fixed_place(op))
        return;
    take_gate(r, op);
    r->by_head = true;
    r->fast_op = -1;
}

/* ---- move --------------------------------------------------------------------------------- */

static void *copy(struct draft *d, const void *from, size_t bytes)
{
    if (!bytes)
        return NULL;
    void *to = draft_alloc(d, bytes);
    if (to)
        memcpy(to, from, bytes);
    return to;
}

static bool move_groups(struct draft *d, struct rule *r)
{
    struct group *groups = d->n_groups ? draft_alloc(d, d->n_groups * sizeof(*groups)) : NULL;

    if (d->n_groups && !groups)
        return false;
    for (int i = 0; i < d->n_groups; i++) {
        struct draft_group *g = &d->groups[i];
        for (uint16_t k = 0; k < g->n; k++) {
            if (g->ops[k].kind == OP_CONTENT)
                g->ops[k].content.rare = content_rare(g->ops[k].content.text);
        }
        groups[i].buffer = g->buffer;
        groups[i].ops = copy(d, g->ops, g->n * sizeof(struct op));
        groups[i].n_ops = g->n;
    }
    r->groups = groups;
    r->n_groups = d->n_groups;
    return !d->failed;
}

/* An emptied group (its content moved to another buffer) leaves no trace. */
static void drop_empty_groups(struct draft *d)
{
    uint8_t n = 0;

    for (uint8_t i = 0; i < d->n_groups; i++) {
        if (!d->groups[i].n)
            continue;
        if (n != i) {
            d->groups[n].buffer = d->groups[i].buffer;
            d->groups[n].n = d->groups[i].n;
            memcpy(d->groups[n].ops, d->groups[i].ops, d->groups[i].n * sizeof(struct op));
        }
        n++;
    }
    d->n_groups = n;
}

/* Naming a file's type is dear: asked last. */
static void dear_group_last(struct draft *d)
{
    for (uint8_t i = 0; i + 1 < d->n_groups; i++) {
        if (d->groups[i].buffer->kind != BUFFER_FILE_MAGIC)
            continue;
        struct draft_group *last = &d->groups[d->n_groups - 1];
        for (uint16_t k = 0; k < d->groups[i].n || k < last->n; k++) {
            struct op op = d->groups[i].ops[k];
            d->groups[i].ops[k] = last->ops[k];
            last->ops[k] = op;
        }
        const struct buffer *buffer = d->groups[i].buffer;
        d->groups[i].buffer = last->buffer;
        last->buffer = buffer;
        uint16_t count = d->groups[i].n;
        d->groups[i].n = last->n;
        last->n = count;
    }
}

/* {"key":["value",…],…}: values of a key together, the last one first as in Suricata, keys in order
 * of their first occurrence. */
static struct slice metadata_json(struct draft *d)
{
    struct jsonw w;

    if (!d->n_metadata)
        return SLICE_NONE;
    strbuf_clear(&d->json);
    jsonw_init(&w, &d->json);
    jsonw_obj_open(&w, NULL);
    for (uint8_t i = 0; i < d->n_metadata; i++) {
        struct slice key = d->metadata[i].key;
        uint8_t first = 0;
        while (!slice_eq(d->metadata[first].key, key))
            first++;
        if (first < i)
            continue;
        jsonw_arr_open(&w, loader_str(d->loader, key));
        for (uint8_t k = d->n_metadata; k > i; k--) {
            if (slice_eq(d->metadata[k - 1].key, key))
                jsonw_text(&w, NULL, d->metadata[k - 1].value);
        }
        jsonw_arr_close(&w);
    }
    jsonw_obj_close(&w);
    /* many rules carry the same: kept once */
    return intern_get(&d->loader->strings, strbuf_view(&d->json))->text;
}

static struct slice references_json(struct draft *d)
{
    struct jsonw w;

    if (!d->n_references)
        return SLICE_NONE;
    strbuf_clear(&d->json);
    jsonw_init(&w, &d->json);
    jsonw_arr_open(&w, NULL);
    for (uint8_t i = 0; i < d->n_references; i++) {
        char text[512];
        int n = snprintf(text, sizeof(text), "%.*s,%.*s", (int)d->references[i].key.len,
                         (const char *)d->references[i].key.at, (int)d->references[i].value.len,
                         (const char *)d->references[i].value.at);
        n = n < (int)sizeof(text) ? n : (int)sizeof(text) - 1;
        jsonw_text(&w, NULL, (struct slice){(const uint8_t *)text, (uint32_t)n});
    }
    jsonw_arr_close(&w);
    return intern_get(&d->loader->strings, strbuf_view(&d->json))->text;
}

/* Some content that has to stand where literals could be looked for, be it a single byte. */
static bool has_literal(const struct draft *d)
{
    for (int g = 0; g < d->n_groups; g++) {
        for (uint16_t i = 0; searchable(d->groups[g].buffer) && i < d->groups[g].n; i++) {
            const struct op *op = &d->groups[g].ops[i];
            if (op->kind == OP_CONTENT && !(op->flags & OP_NEGATED))
                return true;
        }
    }
    return false;
}

/* What tells when the rule is tried: a literal, or bytes at a place, or neither. */
static void find_filter(struct draft *d)
{
    choose_literal(d, d->rule.kind != RULE_TX);
    if (d->rule.fast_op < 0 || dull(d->groups[d->rule.fast_group].buffer))
        choose_literal(d, true);
    d->rule.has_literal = has_literal(d);
    find_gate(d);
    prefer_gate(d);
    d->rule.ask_op = -1;
    if (d->rule.kind == RULE_TX && d->rule.fast_op >= 0)
        prefer_head(d);
    else if (d->rule.kind == RULE_TX)
        find_head(d);
    else if (d->rule.fast_op >= 0)
        ask_pair(d);
}

static bool ends_unlike(const struct draft *d)
{
    bool unlike = false;

    for (int g = 0; g < d->n_groups; g++) {
        for (uint16_t i = 0; i < d->groups[g].n; i++) {
            const struct op *op = &d->groups[g].ops[i];
            if (op->kind == OP_CONTENT && !(op->flags & OP_NEGATED))
                return false;
            unlike |= op->kind == OP_CONTENT && op->flags & OP_ENDS && g == d->rule.payload_group;
        }
    }
    return unlike;
}

/* The group whose content Suricata would look for first, when all of them may not stand. */
static int8_t repeat_group(const struct draft *d)
{
    uint32_t longest = 0;
    int8_t group = -1;

    for (int g = 0; g < d->n_groups && d->rule.kind == RULE_TX; g++) {
        for (uint16_t i = 0; i < d->groups[g].n; i++) {
            const struct op *op = &d->groups[g].ops[i];
            if (op->kind != OP_CONTENT || op->flags & OP_NOT_FAST ||
                d->groups[g].buffer->kind == BUFFER_BASE64)
                continue;
            if (!(op->flags & OP_NEGATED))
                return -1;
            if (d->groups[g].buffer->kind == BUFFER_PAYLOAD || op->content.text.len <= longest)
                continue;
            longest = op->content.text.len;
            group = (int8_t)g;
        }
    }
    return group;
}

/* Turned round, the header is as it was. */
static bool same_ends(const struct rule *r)
{
    const struct portset *s = r->sport, *d = r->dport;

    return (r->src == r->dst || (r->src->any && r->dst->any)) &&
           ((s->any && d->any) ||
            (s->n == d->n && s->any == d->any && memcmp(s->at, d->at, s->n * sizeof(*s->at)) == 0));
}

bool rule_finish(struct draft *d, struct rule *rule)
{
    drop_empty_groups(d);
    if (!rule_check(d))
        return false;
    dear_group_last(d);
    for (int i = 0; i < d->n_groups; i++) {
        if (!check_group(d, &d->groups[i]))
            return false;
    }
    if (!find_dirs(d) || !find_kind(d))
        return false;
    find_filter(d);
    d->rule.ends_unlike = ends_unlike(d);
    d->rule.repeat_group = repeat_group(d);
    if (d->only_proto && d->rule.ip_proto == -1)
        d->rule.ip_proto = (int16_t)(d->only_proto - 1);
    *rule = d->rule;
    rule->tests = copy(d, d->tests, d->rule.n_tests * sizeof(struct test));
    rule->acts = copy(d, d->acts, d->rule.n_acts * sizeof(struct act));
    rule->xbits = copy(d, d->xbits, d->rule.n_xbits * sizeof(struct xbit));
    rule->limits = rule->own_limits = d->limits;
    rule->info.has_threshold = rule_asks_host(rule);
    rule->both_ways = rule->both_ways && !same_ends(rule);
    if (!rule->info.msg)
        rule->info.msg = "";
    if (!rule->info.category)
        rule->info.category = "";
    rule->info.metadata_json = metadata_json(d);
    rule->info.references_json = references_json(d);
    return move_groups(d, rule);
}
