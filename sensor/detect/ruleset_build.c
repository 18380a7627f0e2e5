/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouping: which rules are tried on which bytes, and the databases of their literals.
 *
 * Payload rules go to the set of their protocol, of their port when they name few, or to the base
 * set of transport and direction. Transaction rules go to the set of the buffer their literal is
 * in. A packet is scanned with the base set, its protocol's and its ports': each small.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/content.h"
#include "sensor/detect/rule_parse.h"
#include "sensor/detect/ruleset.h"

#include <stdlib.h>

enum { PORTS_FEW = 12, LITERALS_FEW = 6, PAIRS_LEAST = 6 };

struct item {
    struct slice text;
    bool nocase;
    uint32_t rule;
};

struct pair {
    uint16_t pair;
    uint32_t rule;
};

struct set_draft {
    struct lit_set *set;
    struct pair *pairs;
    uint32_t n_pairs, room_pairs, pair_rules;
    struct item *items;
    uint32_t n, room;
    uint32_t *always;
    uint32_t n_always, room_always;
};

struct builder {
    struct ruleset *rs;
    const char *cache;
    struct strbuf *report;
    struct set_draft *drafts; /* one per lit_set in use */
    uint32_t n, room;
};

static void *wider(void *at, uint32_t n, uint32_t *room, size_t item)
{
    if (n < *room)
        return at;
    *room = *room ? *room * 2 : 8;
    at = realloc(at, *room * item);
    if (!at)
        abort();
    return at;
}

/* Sets are few; found from the set by the index kept in it while building. */
static struct set_draft *draft_of(struct builder *b, struct lit_set *set)
{
    if (set->n) /* index + 1 while drafts exist */
        return &b->drafts[set->n - 1];
    b->drafts = wider(b->drafts, b->n, &b->room, sizeof(*b->drafts));
    b->drafts[b->n] = (struct set_draft){.set = set};
    set->n = ++b->n;
    return &b->drafts[b->n - 1];
}

struct slice ruleset_literal(const struct rule *r, bool *nocase)
{
    const struct op *op = &r->groups[r->fast_group].ops[r->fast_op];
    struct slice s = op->content.text;

    if (op->content.fast_len)
        s = slice_head(slice_from(s, op->content.fast_offset), op->content.fast_len);
    *nocase = op->flags & OP_NOCASE;
    return slice_head(s, LITERAL_MAX);
}

static void add_one_pair(struct set_draft *d, uint8_t a, uint8_t b, uint32_t rule)
{
    d->pairs = wider(d->pairs, d->n_pairs, &d->room_pairs, sizeof(*d->pairs));
    d->pairs[d->n_pairs++] = (struct pair){(uint16_t)(a | b << 8), rule};
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static void add_pair(struct set_draft *d, const struct rule *r)
{
    uint8_t a = r->pair[0], b = r->pair[1];
    bool twice_a = r->pair_nocase && upper(a) != a, twice_b = r->pair_nocase && upper(b) != b;

    d->pair_rules++;
    add_one_pair(d, a, b, r->info.index);
    if (twice_a)
        add_one_pair(d, upper(a), b, r->info.index);
    if (twice_b)
        add_one_pair(d, a, upper(b), r->info.index);
    if (twice_a && twice_b)
        add_one_pair(d, upper(a), upper(b), r->info.index);
}

static void add_rule(struct builder *b, struct lit_set *set, const struct rule *r, bool literal)
{
    struct set_draft *d = draft_of(b, set);

    if (!literal && r->has_pair && r->gate_len < 2 && r->kind != RULE_TX) {
        add_pair(d, r);
        return;
    }
    if (!literal) {
        d->always = wider(d->always, d->n_always, &d->room_always, sizeof(*d->always));
        d->always[d->n_always++] = r->info.index;
        return;
    }
    d->items = wider(d->items, d->n, &d->room, sizeof(*d->items));
    struct item *item = &d->items[d->n++];
    item->rule = r->info.index;
    item->text = ruleset_literal(r, &item->nocase);
}

/* ---- payload ------------------------------------------------------------------------------ */

static uint32_t few_ports(const struct portset *set)
{
    uint32_t n = 0;

    if (set->any)
        return 0;
    for (uint32_t i = 0; i < set->n; i++)
        n += (uint32_t)set->at[i].hi - set->at[i].lo + 1;
    return n <= PORTS_FEW ? n : 0;
}

static struct lit_set *new_set(struct ruleset *rs)
{
    struct lit_set *set = arena_alloc(&rs->arena, sizeof(*set));

    if (!set)
        abort();
    return set;
}

static struct lit_set *port_set(struct ruleset *rs, uint32_t key)
{
    uint32_t i = key * 2654435761u >> 16 & (rs->n_ports - 1);

    while (rs->ports[i].key && rs->ports[i].key != key)
        i = (i + 1) & (rs->n_ports - 1);
    if (!rs->ports[i].key)
        rs->ports[i] = (struct port_set){key, new_set(rs)};
    return (struct lit_set *)(uintptr_t)rs->ports[i].set;
}

const struct lit_set *ruleset_port(const struct ruleset *rs, uint32_t key)
{
    uint32_t i = key * 2654435761u >> 16 & (rs->n_ports - 1);

    while (rs->ports[i].key && rs->ports[i].key != key)
        i = (i + 1) & (rs->n_ports - 1);
    return rs->ports[i].key ? rs->ports[i].set : NULL;
}

static void add_ports(struct builder *b, const struct rule *r, uint32_t class_, uint32_t dir,
                      bool source, bool literal)
{
    const struct portset *set = source ? r->sport : r->dport;

    for (uint32_t i = 0; i < set->n; i++) {
        for (uint32_t p = set->at[i].lo; p <= set->at[i].hi; p++)
            add_rule(b, port_set(b->rs, ruleset_port_key(class_, dir, source, (uint16_t)p)), r,
                     literal);
    }
}

static void add_payload(struct builder *b, const struct rule *r)
{
    bool literal = r->fast_op >= 0 && r->groups[r->fast_group].buffer->kind == BUFFER_PAYLOAD;

    for (uint32_t dir = 0; dir < 2; dir++) {
        if (!(r->dirs >> dir & 1))
            continue;
        if (r->app) {
            add_rule(b, &b->rs->app[r->app - 1][dir], r, literal);
            continue;
        }
        for (uint32_t c = 0; c < CLASSES; c++) {
            if (!(r->l4 >> c & 1))
                continue;
            if (c != CLASS_OTHER && !r->both_ways && few_ports(r->dport))
                add_ports(b, r, c, dir, false, literal);
            else if (c != CLASS_OTHER && !r->both_ways && few_ports(r->sport))
                add_ports(b, r, c, dir, true, literal);
            else
                add_rule(b, &b->rs->base[c][dir], r, literal);
        }
    }
}

/* ---- transactions ------------------------------------------------------------------------- */

static bool of_proto(const struct ruleset *rs, const struct rule *r, const struct proto_def *proto,
                     int index)
{
    if (r->app && r->app - 1 != index && r->app - 1 != rs->kin[index])
        return false;
    if (!(r->l4 & proto->l4))
        return false;
    for (uint8_t g = 0; g < r->n_groups; g++) {
        if (!buffer_of_proto(r->groups[g].buffer, proto))
            return false;
    }
    return true;
}

struct shared_set {
    const struct buffer *buffer;
    uint32_t dir;
    struct lit_set *set;
};

struct tx_builder {
    struct shared_set *sets;
    uint32_t n, room;
    uint32_t *always;
    uint32_t n_always, room_always;
};

static struct lit_set *shared_set(struct builder *b, struct tx_builder *t,
                                  const struct buffer *buffer, uint32_t dir)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->sets[i].buffer == buffer && t->sets[i].dir == dir)
            return t->sets[i].set;
    }
    t->sets = wider(t->sets, t->n, &t->room, sizeof(*t->sets));
    t->sets[t->n] = (struct shared_set){buffer, dir, new_set(b->rs)};
    return t->sets[t->n++].set;
}

static bool plan_add(struct plan *plan, const struct buffer *buffer, const struct lit_set *set)
{
    for (uint32_t i = 0; i < plan->n; i++) {
        if (plan->at[i].buffer == buffer)
            return true;
    }
    if (plan->n == PLAN_BUFFERS_MAX)
        return false;
    plan->at[plan->n++] = (struct plan_buffer){buffer, set};
    return true;
}

/* The literal lies in the payload: looked for there, once the protocol is known. */
static void add_raw_tx(struct builder *b, const struct rule *r, uint32_t dir)
{
    for (int p = 0; proto_rows[p] && p < PROTOS_MAX; p++) {
        if (of_proto(b->rs, r, proto_rows[p], p))
            add_rule(b, &b->rs->app[p][dir], r, true);
    }
}

/* Rules are put into the shared set of buffer and direction once; protocols refer to it. */
static void add_tx_literals(struct builder *b, struct tx_builder *t, uint32_t dir)
{
    struct ruleset *rs = b->rs;

    for (uint32_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rules[i];
        if (r->kind != RULE_TX || r->fast_op < 0 || !(r->dirs >> dir & 1))
            continue;
        const struct buffer *buffer = r->groups[r->fast_group].buffer;
        if (buffer->kind == BUFFER_PAYLOAD) {
            add_raw_tx(b, r, dir);
            continue;
        }
        struct lit_set *set = shared_set(b, t, buffer, dir);
        add_rule(b, set, r, true);
        for (int p = 0; proto_rows[p] && p < PROTOS_MAX; p++) {
            if (of_proto(rs, r, proto_rows[p], p))
                plan_add(&rs->plans[p][dir], buffer, set);
        }
    }
}

static bool needs_always(const struct rule *r, const struct plan *plan)
{
    if (r->fast_op < 0)
        return true;
    if (r->groups[r->fast_group].buffer->kind == BUFFER_PAYLOAD)
        return false;
    for (uint32_t i = 0; i < plan->n; i++) {
        if (plan->at[i].buffer == r->groups[r->fast_group].buffer)
            return false;
    }
    return true;
}

static void add_tx_always(struct builder *b, struct tx_builder *t, uint32_t dir)
{
    struct ruleset *rs = b->rs;

    for (int p = 0; proto_rows[p] && p < PROTOS_MAX; p++) {
        struct plan *plan = &rs->plans[p][dir];
        t->n_always = 0;
        for (uint32_t i = 0; i < rs->n; i++) {
            const struct rule *r = &rs->rules[i];
            if (r->kind != RULE_TX || !(r->dirs >> dir & 1) || !of_proto(rs, r, proto_rows[p], p) ||
                !needs_always(r, plan))
                continue;
            t->always = wider(t->always, t->n_always, &t->room_always, sizeof(*t->always));
            t->always[t->n_always++] = i;
        }
        struct slice kept =
            arena_keep(&rs->arena, (struct slice){(const uint8_t *)t->always,
                                                  (uint32_t)(t->n_always * sizeof(uint32_t))});
        plan->always = (const uint32_t *)(const void *)kept.at;
        plan->n_always = t->n_always;
    }
}

/* ---- freezing ----------------------------------------------------------------------------- */

static int by_literal(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->nocase != y->nocase)
        return x->nocase ? 1 : -1;
    if (x->text.len != y->text.len)
        return x->text.len < y->text.len ? -1 : 1;
    int c = memcmp(x->text.at, y->text.at, x->text.len);
    if (c)
        return c;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static bool freeze_literals(struct builder *b, struct set_draft *d)
{
    struct lit_set *set = d->set;
    char fault[160] = "";
    bool cached = false;
    uint32_t *first = arena_alloc(&b->rs->arena, (d->n + 1) * sizeof(*first));
    uint32_t *rules = arena_alloc(&b->rs->arena, (d->n + 1) * sizeof(*rules));
    struct literal *list = calloc(d->n, sizeof(*list));

    if (!first || !rules || !list)
        abort();
    qsort(d->items, d->n, sizeof(*d->items), by_literal);
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        const struct item *item = &d->items[i];
        if (!i || item->nocase != item[-1].nocase || !slice_eq(item->text, item[-1].text)) {
            first[n] = i;
            list[n++] = (struct literal){item->text, item->nocase};
        }
        rules[i] = item->rule;
    }
    first[n] = d->n;
    set->n = n;
    set->first = first;
    set->rules = rules;
    if (n <= LITERALS_FEW) {
        struct literal *few = arena_alloc(&b->rs->arena, n * sizeof(*few));
        if (!few)
            abort();
        memcpy(few, list, n * sizeof(*few));
        uint8_t *rare = arena_alloc(&b->rs->arena, n);
        for (uint32_t i = 0; rare && i < n; i++)
            rare[i] = content_rare(few[i].text);
        set->few = few;
        set->few_rare = rare;
        free(list);
        return true;
    }
    enum err err = literals_new(list, n, b->cache, &set->db, &cached, fault);
    free(list);
    if (err) {
        strbuf_fmt(b->report, "%s\n", fault);
        return false;
    }
    b->rs->db_bytes += literals_bytes(set->db);
    b->rs->db_cached += cached;
    b->rs->db_built += !cached;
    return true;
}

static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    if (x->pair != y->pair)
        return x->pair < y->pair ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Few are not worth a walk over the payload: they are tried like those without a literal. */
static void freeze_pairs(struct builder *b, struct set_draft *d)
{
    if (d->pair_rules < PAIRS_LEAST) {
        for (uint32_t i = 0; i < d->n_pairs; i++) {
            if (i && d->pairs[i].rule == d->pairs[i - 1].rule)
                continue;
            d->always = wider(d->always, d->n_always, &d->room_always, sizeof(*d->always));
            d->always[d->n_always++] = d->pairs[i].rule;
        }
        return;
    }
    struct pair_map *map = arena_alloc(&b->rs->arena, sizeof(*map));
    uint16_t *pair = arena_alloc(&b->rs->arena, d->n_pairs * sizeof(*pair));
    uint32_t *rule = arena_alloc(&b->rs->arena, d->n_pairs * sizeof(*rule));
    if (!map || !pair || !rule)
        abort();
    qsort(d->pairs, d->n_pairs, sizeof(*d->pairs), by_pair);
    for (uint32_t i = 0; i < d->n_pairs; i++) {
        pair[i] = d->pairs[i].pair;
        rule[i] = d->pairs[i].rule;
        map->bits[pair[i] >> 6] |= UINT64_C(1) << (pair[i] & 63);
    }
    map->n = d->n_pairs;
    map->pair = pair;
    map->rule = rule;
    d->set->pairs = map;
}

static bool freeze_sets(struct builder *b)
{
    struct ruleset *rs = b->rs;
    bool ok = true;

    rs->sets = calloc(b->n + 1, sizeof(struct lit_set *));
    if (!rs->sets)
        return false;
    for (uint32_t i = 0; i < b->n; i++) {
        struct set_draft *d = &b->drafts[i];
        d->set->n = 0;
        rs->sets[rs->n_sets++] = d->set;
        if (d->n)
            ok = freeze_literals(b, d) && ok;
        if (d->n_pairs)
            freeze_pairs(b, d);
        free(d->pairs);
        struct slice kept =
            arena_keep(&rs->arena, (struct slice){(const uint8_t *)d->always,
                                                  (uint32_t)(d->n_always * sizeof(uint32_t))});
        d->set->always = (const uint32_t *)(const void *)kept.at;
        d->set->n_always = d->n_always;
        free(d->items);
        free(d->always);
    }
    free(b->drafts);
    return ok;
}

static void add_app_only(struct builder *b, const struct rule *r)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        if (r->dirs >> dir & 1)
            add_rule(b, &b->rs->app[r->app - 1][dir], r, false);
    }
}

static bool take_list(struct ruleset *rs, enum rule_kind kind, bool noted, uint32_t **list,
                      uint32_t *n)
{
    *n = 0;
    *list = arena_alloc(&rs->arena, (rs->n + 1) * sizeof(**list));
    for (uint32_t i = 0; *list && i < rs->n; i++) {
        const struct rule *r = &rs->rules[i];
        if (noted ? r->events_only : r->kind == kind && !r->events_only)
            (*list)[(*n)++] = i;
    }
    return *list != NULL;
}

static void find_kin(struct ruleset *rs)
{
    static const struct {
        const char *proto, *of;
    } kin[] = {{"http2", "http"}, {"smb", "dcerpc"}};

    for (int p = 0; p < PROTOS_MAX; p++)
        rs->kin[p] = -1;
    for (int p = 0; proto_rows[p] && p < PROTOS_MAX; p++) {
        for (uint32_t k = 0; k < sizeof(kin) / sizeof(kin[0]); k++) {
            for (int of = 0; proto_rows[of] && strcmp(proto_rows[p]->name, kin[k].proto) == 0; of++)
                rs->kin[p] = strcmp(proto_rows[of]->name, kin[k].of) == 0 ? of : rs->kin[p];
        }
    }
}

enum err ruleset_build(struct ruleset *rs, const char *cache, struct strbuf *report)
{
    struct builder b = {.rs = rs, .cache = cache, .report = report};
    struct tx_builder t = {0};
    uint32_t *list, n;

    find_kin(rs);
    rs->n_ports = 4096;
    rs->ports = calloc(rs->n_ports, sizeof(*rs->ports));
    if (!rs->ports)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rules[i];
        if (r->events_only)
            continue;
        if (r->kind == RULE_PACKET || r->kind == RULE_STREAM || r->kind == RULE_PACKET_STREAM)
            add_payload(&b, r);
        else if (r->kind == RULE_APP)
            add_app_only(&b, r);
    }
    for (uint32_t dir = 0; dir < 2; dir++)
        add_tx_literals(&b, &t, dir);
    for (uint32_t dir = 0; dir < 2; dir++)
        add_tx_always(&b, &t, dir);
    free(t.sets);
    free(t.always);
    if (!freeze_sets(&b))
        return ERR_UNSUPPORTED;
    if (!take_list(rs, RULE_IP, false, &list, &n))
        return ERR_NOMEM;
    rs->ip = ip_index_new(rs->rules, list, n);
    if (!take_list(rs, RULE_PACKET, true, &list, &n))
        return ERR_NOMEM;
    rs->noted = list;
    rs->n_noted = n;
    return rs->ip ? ERR_OK : ERR_NOMEM;
}
