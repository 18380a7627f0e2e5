/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouping: which rules are tried on which bytes, and the databases of their literals.
 *
 * Literals of payload rules go to the sets of transport and direction, of each family of protocols
 * that they may be met in, and twice when they are not bound to ports (struct raw_sets). Payload
 * rules without one go to the gates of their protocol, of their ports when they name few, or to
 * those of any port. Transaction rules go to the set of the buffer their literal is in.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/rule_parse.h"
#include "sensor/detect/ruleset.h"

#include <stdlib.h>

enum {
    PORTS_FEW = 24,
    PORTS_MANY = 4096, /* from here on a rule is for any port, all but some */
    FAMILY_RULES = 64  /* that make a protocol worth sets of its own */
};

struct item {
    struct slice text;
    bool nocase;
    uint32_t rule;
};

struct set_draft {
    struct lit_set *set;
    uint32_t *literal; /* rules that have one */
    uint32_t n, room;
    uint32_t *always;
    uint32_t n_always, room_always;
};

struct builder {
    struct ruleset *rs;
    const struct ruleset *before; /* of the same store; NULL = none */
    struct literals_maker *maker;
    uint32_t n_families;
    struct set_draft *drafts; /* one per lit_set in use */
    uint32_t n, room;
    struct item *items; /* of all rules, by literal */
    uint32_t *place;    /* there, by rule */
    uint64_t *taken;    /* … those of the set in hand */
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

static void add_rule(struct builder *b, struct lit_set *set, const struct rule *r, bool literal)
{
    struct set_draft *d = draft_of(b, set);

    if (!literal) {
        d->always = wider(d->always, d->n_always, &d->room_always, sizeof(*d->always));
        d->always[d->n_always++] = r->info.index;
        return;
    }
    d->literal = wider(d->literal, d->n, &d->room, sizeof(*d->literal));
    d->literal[d->n++] = r->info.index;
}

/* ---- payload ------------------------------------------------------------------------------ */

/* Few enough, and there is room for them. */
static bool few_ports(const struct ruleset *rs, const struct portset *set)
{
    uint32_t n = 0;

    if (set->any || rs->n_port_sets + PORTS_FEW > rs->n_ports / 2)
        return false;
    for (uint32_t i = 0; i < set->n; i++)
        n += (uint32_t)set->at[i].hi - set->at[i].lo + 1;
    return n <= PORTS_FEW;
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
    if (!rs->ports[i].key) {
        rs->ports[i] = (struct port_set){key, new_set(rs)};
        rs->n_port_sets++;
    }
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
                      bool source)
{
    const struct portset *set = source ? r->sport : r->dport;

    uint16_t bit = (uint16_t)(ruleset_port_bit(class_, dir, source) << PORT_GATE_SHIFT);

    for (uint32_t i = 0; i < set->n; i++) {
        for (uint32_t p = set->at[i].lo; p <= set->at[i].hi; p++) {
            add_rule(b, port_set(b->rs, ruleset_port_key(class_, dir, source, (uint16_t)p)), r,
                     false);
            b->rs->port_bits[p] |= bit;
            b->rs->known_ports[p] |= (uint8_t)(bit >> PORT_GATE_SHIFT);
        }
    }
}

/* To the gates of its ports when they are few, else to those of all. */
static void add_gate(struct builder *b, const struct rule *r, uint32_t class_, uint32_t dir)
{
    bool ports = class_ != CLASS_OTHER && !r->both_ways;

    if (ports && few_ports(b->rs, r->dport))
        add_ports(b, r, class_, dir, false);
    else if (ports && few_ports(b->rs, r->sport))
        add_ports(b, r, class_, dir, true);
    else
        add_rule(b, &b->rs->any[class_][dir], r, false);
}

/* The literal cannot stand behind the head of a packet or stream. */
static bool in_head(const struct rule *r)
{
    const struct op *op = &r->groups[r->fast_group].ops[r->fast_op];
    uint32_t moving = OP_RELATIVE | OP_DEPTH_VAR | OP_OFFSET_VAR;
    struct gate g = {0};

    gates_length(r->gate_dsize, &g);
    if (r->kind == RULE_PACKET && g.most <= PAYLOAD_HEAD)
        return true;
    return r->kind != RULE_TX && (op->flags & OP_DEPTH) && !(op->flags & moving) &&
           op->content.depth <= PAYLOAD_HEAD;
}

static bool many_ports(const struct portset *set)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < set->n; i++)
        n += (uint32_t)set->at[i].hi - set->at[i].lo + 1;
    return set->any || n >= PORTS_MANY;
}

static void name_ports(struct ruleset *rs, const struct portset *set, uint16_t bit)
{
    for (uint32_t i = 0; i < set->n; i++) {
        for (uint32_t p = set->at[i].lo; p <= set->at[i].hi; p++) {
            rs->port_bits[p] |= bit;
            rs->known_ports[p] |= (uint8_t)bit;
        }
    }
}

/* True when the rule looks at any ports but some; notes those it names otherwise. */
static bool any_ports(struct ruleset *rs, const struct rule *r, uint32_t class_, uint32_t dir)
{
    bool any = many_ports(r->sport) && many_ports(r->dport);

    if (any || class_ == CLASS_OTHER)
        return any;
    for (uint32_t source = 0; source < 2; source++) {
        const struct portset *set = source ? r->sport : r->dport;
        if (many_ports(set))
            continue;
        name_ports(rs, set, ruleset_port_bit(class_, dir, source));
        if (r->both_ways)
            name_ports(rs, set, ruleset_port_bit(class_, dir, !source));
    }
    return false;
}

static void add_to_sets(struct builder *b, struct raw_sets *sets, const struct rule *r,
                        uint32_t class_)
{
    add_rule(b, &sets->base[class_], r, true);
    if (class_ != CLASS_TCP || in_head(r))
        return;
    if (r->kind != RULE_STREAM)
        add_rule(b, &sets->packets, r, true);
    if (r->kind != RULE_PACKET)
        add_rule(b, &sets->streams, r, true);
}

static void add_literal(struct builder *b, const struct rule *r, uint32_t class_, uint32_t dir)
{
    struct ruleset *rs = b->rs;
    bool any = any_ports(rs, r, class_, dir);

    for (uint32_t f = 0; f < b->n_families; f++) {
        if (r->app && rs->family[r->app] != f)
            continue;
        add_to_sets(b, &rs->raw[f][RAW_PORTS_ALL][dir], r, class_);
        if (any && f < FAMILY_OWN)
            add_to_sets(b, &rs->raw[f][RAW_PORTS_ANY][dir], r, class_);
    }
}

static bool in_payload(const struct rule *r)
{
    return r->fast_op >= 0 && r->groups[r->fast_group].buffer->kind == BUFFER_PAYLOAD;
}

/* A protocol has its kin's family: the rules of both hold for it. */
static void find_families(struct builder *b)
{
    struct ruleset *rs = b->rs;
    uint32_t rules[PROTOS_MAX] = {0};

    for (uint32_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rules[i];
        if (!r->app || !in_payload(r))
            continue;
        int kin = rs->kin[r->app - 1];
        rules[kin >= 0 ? kin : r->app - 1]++;
    }
    b->n_families = FAMILY_OWN;
    for (int p = 0; p < PROTOS_MAX; p++) {
        if (!rules[p])
            continue;
        bool own = rules[p] >= FAMILY_RULES && b->n_families < FAMILIES_MAX;
        rs->family[p + 1] = (uint8_t)(own ? b->n_families++ : FAMILY_REST);
    }
    for (int p = 0; p < PROTOS_MAX; p++) {
        if (rs->kin[p] >= 0)
            rs->family[p + 1] = rs->family[rs->kin[p] + 1];
    }
}

/* Packets of this class can be of the rule's transport and IP protocol. */
static bool of_class(const struct rule *r, uint32_t class_)
{
    static const int protos[CLASSES] = {IPPROTO_TCP4, IPPROTO_UDP4, -1};
    bool other = r->ip_proto != IPPROTO_TCP4 && r->ip_proto != IPPROTO_UDP4;

    if (!(r->l4 >> class_ & 1))
        return false;
    return r->ip_proto == -1 || (class_ == CLASS_OTHER ? other : r->ip_proto == protos[class_]);
}

static void add_payload(struct builder *b, const struct rule *r)
{
    bool literal = in_payload(r);

    for (uint32_t dir = 0; dir < 2; dir++) {
        if (!(r->dirs >> dir & 1))
            continue;
        if (r->app && !literal) {
            add_rule(b, &b->rs->app[r->app - 1][dir], r, false);
            continue;
        }
        for (uint32_t c = 0; c < CLASSES; c++) {
            if (!of_class(r, c))
                continue;
            if (literal)
                add_literal(b, r, c, dir);
            else
                add_gate(b, r, c, dir);
        }
    }
}

/* ---- transactions ------------------------------------------------------------------------- */

static bool of_proto(const struct ruleset *rs, const struct rule *r, const struct proto_def *proto,
                     int index)
{
    if (r->app && r->app - 1 != index && (r->alone || r->app - 1 != rs->kin[index]))
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

static bool plan_add(struct plan *plan, const struct buffer *buffer, const struct lit_set *set,
                     const struct field_ref *ref)
{
    for (uint32_t i = 0; i < plan->n; i++) {
        if (plan->at[i].buffer == buffer)
            return true;
    }
    if (plan->n == PLAN_BUFFERS_MAX)
        return false;
    plan->at[plan->n++] = (struct plan_buffer){buffer, set, ref};
    return true;
}

static const struct field_ref *plain_ref(const struct buffer *b, const struct proto_def *proto,
                                         enum dir dir)
{
    return b->kind == BUFFER_FIELD && !b->n_transforms ? buffer_ref(b, proto, dir) : NULL;
}

/* The literal lies in the payload: looked for there, once the protocol is known. */
static void add_raw_tx(struct builder *b, const struct rule *r, uint32_t dir)
{
    for (uint32_t c = 0; c < CLASSES; c++) {
        if (r->l4 >> c & 1)
            add_literal(b, r, c, dir);
    }
}

/* A literal or a head of one of its buffers tells when the rule is tried. */
static bool is_sought(const struct rule *r)
{
    return r->fast_op >= 0 || r->by_head;
}

/* Rules are put into the shared set of buffer and direction once; protocols refer to it. */
static void add_tx_literals(struct builder *b, struct tx_builder *t, uint32_t dir)
{
    struct ruleset *rs = b->rs;

    for (uint32_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rules[i];
        if (r->kind != RULE_TX || !is_sought(r) || !(r->dirs >> dir & 1))
            continue;
        const struct buffer *buffer = r->groups[r->fast_group].buffer;
        if (buffer->kind == BUFFER_PAYLOAD) {
            add_raw_tx(b, r, dir);
            continue;
        }
        struct lit_set *set = shared_set(b, t, buffer, dir);
        add_rule(b, set, r, !r->by_head);
        for (int p = 0; proto_rows[p] && p < PROTOS_MAX; p++) {
            const struct field_ref *ref = plain_ref(buffer, proto_rows[p], (enum dir)dir);
            if (of_proto(rs, r, proto_rows[p], p))
                plan_add(&rs->plans[p][dir], buffer, set, ref);
        }
    }
}

static const struct shared_set *known_set(const struct tx_builder *t, enum buffer_kind kind,
                                          const char *name, uint32_t dir)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct buffer *b = t->sets[i].buffer;
        if (b->kind == kind && !b->n_transforms && t->sets[i].dir == dir &&
            strcmp(b->name, name) == 0)
            return &t->sets[i];
    }
    return NULL;
}

/* Where a protocol has both, the body comes behind the file. */
static void order_plan(struct plan *plan, const struct buffer *file, const struct buffer *body)
{
    uint32_t f = 0, r = 0;

    while (f < plan->n && plan->at[f].buffer != file)
        f++;
    while (r < plan->n && plan->at[r].buffer != body)
        r++;
    if (f == plan->n || r == plan->n || !plan->at[r].ref)
        return;
    if (r < f) {
        struct plan_buffer held = plan->at[f];
        plan->at[f] = plan->at[r];
        plan->at[r] = held;
        r = f;
    }
    plan->at[r].repeats = true;
}

/* The body of a response is also a file, nearly always: what its rules look for is looked for there
 * with the rest, but for literals that would make the search of files dearer. */
static void share_body(struct builder *b, struct tx_builder *t)
{
    struct ruleset *rs = b->rs;
    const struct shared_set *file = known_set(t, BUFFER_FILE, "file.data", TO_CLIENT);
    const struct shared_set *body = known_set(t, BUFFER_FIELD, "http.response_body", TO_CLIENT);
    const struct set_draft *all = file && body ? draft_of(b, body->set) : NULL;
    bool nocase;

    for (uint32_t i = 0; all && i < all->n; i++) {
        if (ruleset_literal(&rs->rules[all->literal[i]], &nocase).len == LITERAL_SHORTEST)
            all = NULL;
    }
    for (uint32_t i = 0; all && i < all->n; i++) {
        const struct rule *r = &rs->rules[all->literal[i]];
        rs->headers[r->info.index].early = true;
        add_rule(b, file->set, r, true);
    }
    for (uint32_t p = 0; all && p < PROTOS_MAX; p++)
        order_plan(&rs->plans[p][TO_CLIENT], file->buffer, body->buffer);
}

static bool needs_always(const struct rule *r, const struct plan *plan)
{
    if (!is_sought(r))
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
        plan->of_files = !t->n_always;
        for (uint32_t i = 0; i < plan->n; i++)
            plan->of_files &= buffer_of_file(plan->at[i].buffer);
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

static bool another(const struct item *items, uint32_t i)
{
    return !i || items[i].nocase != items[i - 1].nocase ||
           !slice_eq(items[i].text, items[i - 1].text);
}

/* Texts are compared once, not for each set they are in. */
static bool order_items(struct builder *b)
{
    const struct ruleset *rs = b->rs;
    uint32_t n = 0;

    b->items = malloc((rs->n + 1) * sizeof(*b->items));
    b->place = malloc((rs->n + 1) * sizeof(*b->place));
    b->taken = calloc(rs->n / 64 + 1, sizeof(*b->taken));
    if (!b->items || !b->place || !b->taken)
        return false;
    for (uint32_t i = 0; i < rs->n; i++) {
        struct item *item = &b->items[n];
        if (rs->rules[i].fast_op < 0)
            continue;
        item->rule = i;
        item->text = ruleset_literal(&rs->rules[i], &item->nocase);
        n++;
    }
    qsort(b->items, n, sizeof(*b->items), by_literal);
    for (uint32_t i = 0; i < n; i++)
        b->place[b->items[i].rule] = i;
    return true;
}

/* The literals of a set in order, each with the rules it belongs to; NULL without memory. */
static struct item *items_of(const struct builder *b, struct set_draft *d, uint32_t *n)
{
    struct item *items = malloc(d->n * sizeof(*items));

    if (!items)
        return NULL;
    for (uint32_t i = 0; i < d->n; i++)
        b->taken[b->place[d->literal[i]] / 64] |= UINT64_C(1) << b->place[d->literal[i]] % 64;
    d->n = *n = 0;
    for (uint32_t w = 0; w <= b->rs->n / 64; w++) {
        for (; b->taken[w]; b->taken[w] &= b->taken[w] - 1) {
            items[d->n] = b->items[w * 64 + (uint32_t)__builtin_ctzll(b->taken[w])];
            *n += another(items, d->n++);
        }
    }
    return items;
}

static bool freeze_items(struct arena *arena, struct lit_set *set, struct literal *list,
                         const struct item *items, uint32_t n_items, uint32_t n)
{
    uint32_t *first = arena_alloc(arena, (n + 1) * sizeof(*first));
    uint32_t *rules = arena_alloc(arena, n_items * sizeof(*rules));

    if (!first || !rules)
        return false;
    for (uint32_t i = 0; i < n_items; i++) {
        if (another(items, i)) {
            first[set->n] = i;
            list[set->n++] = (struct literal){items[i].text, items[i].nocase};
        }
        rules[i] = items[i].rule;
    }
    first[set->n] = n_items;
    set->first = first;
    set->rules = rules;
    return true;
}

static struct literals *same_literals(const struct ruleset *rs, const struct literal *list,
                                      uint32_t n)
{
    for (uint32_t i = 0; rs && i < rs->n_sets; i++) {
        struct literals *db = rs->sets[i]->db;
        if (db && literals_are(db, list, n))
            return literals_hold(db);
    }
    return NULL;
}

/* As another set or the rules that are loaded again had them, or made now. */
static struct literals *literals_of(struct builder *b, const struct literal *list, uint32_t n)
{
    struct literals *db = same_literals(b->rs, list, n);

    if (!db)
        db = same_literals(b->before, list, n);
    if (!db)
        db = literals_new(b->maker, list, n);
    return db;
}

static bool freeze_literals(struct builder *b, struct set_draft *d)
{
    struct lit_set *set = d->set;
    uint32_t n;
    struct item *items = items_of(b, d, &n);
    struct literal *list = items ? malloc(n * sizeof(*list)) : NULL;

    if (list && freeze_items(&b->rs->arena, set, list, items, d->n, n))
        set->db = literals_of(b, list, n);
    free(items);
    free(list);
    b->rs->db_bytes += set->db ? literals_bytes(set->db) : 0;
    return set->db != NULL;
}

static bool freeze_sets(struct builder *b)
{
    struct ruleset *rs = b->rs;
    bool ok = true;

    rs->sets = calloc(b->n + 1, sizeof(struct lit_set *));
    if (!rs->sets || !order_items(b))
        return false;
    for (uint32_t i = 0; i < b->n; i++) {
        struct set_draft *d = &b->drafts[i];
        d->set->n = 0;
        rs->sets[rs->n_sets++] = d->set;
        if (d->n)
            ok = freeze_literals(b, d) && ok;
        d->set->gates = gates_freeze(&rs->arena, rs->rules, d->always, d->n_always, &ok);
        free(d->literal);
        free(d->always);
    }
    free(b->drafts);
    return ok;
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

static bool find_framed(struct ruleset *rs)
{
    uint32_t *list;

    if (!take_list(rs, RULE_FRAME, false, &list, &rs->n_framed))
        return false;
    rs->framed = list;
    for (uint32_t i = 0; i < rs->n_framed; i++) {
        const struct rule *r = &rs->rules[list[i]];
        for (uint8_t g = 0; g < r->n_groups; g++) {
            const struct buffer *b = r->groups[g].buffer;
            if (b->kind == BUFFER_FRAME && b->proto < PROTOS_MAX)
                rs->frames[b->proto] |= 1u << b->frame;
        }
    }
    return true;
}

static void note_ports(struct ruleset *rs, uint32_t dir, const struct portset *ports)
{
    uint8_t bit = (uint8_t)(1u << dir);

    rs->stream_any |= ports->any ? bit : 0;
    for (uint32_t i = 0; i < ports->n && !(rs->stream_any & bit); i++) {
        for (uint32_t port = ports->at[i].lo; port <= ports->at[i].hi; port++)
            rs->stream_ports[port] |= bit;
    }
}

/* Whose streams a rule looks at, by the server's port. */
static void note_stream(struct ruleset *rs, const struct rule *r)
{
    if (r->kind == RULE_PACKET || r->kind == RULE_APP || !(r->l4 & L4_TCP))
        return;
    for (uint32_t dir = 0; dir < 2; dir++) {
        if (!(r->dirs >> dir & 1))
            continue;
        note_ports(rs, dir, dir == TO_SERVER ? r->dport : r->sport);
        if (r->both_ways)
            note_ports(rs, dir, dir == TO_SERVER ? r->sport : r->dport);
    }
}

/* Those that are tried on packets and streams. */
static void add_rules(struct builder *b)
{
    for (uint32_t i = 0; i < b->rs->n; i++) {
        const struct rule *r = &b->rs->rules[i];
        for (const struct tag *tag = r->tags; tag; tag = tag->next)
            b->rs->tags_hosts |= tag->of != TAG_SESSION;
        if (r->events_only)
            continue;
        b->rs->bare_apps |= r->kind == RULE_APP && !r->n_tests;
        if (r->kind == RULE_PACKET || r->kind == RULE_STREAM || r->kind == RULE_PACKET_STREAM ||
            r->kind == RULE_APP) {
            add_payload(b, r);
            note_stream(b->rs, r);
        }
    }
}

enum err ruleset_build(struct ruleset *rs, const struct ruleset *before,
                       struct literals_maker *maker)
{
    struct builder b = {.rs = rs, .maker = maker};
    struct tx_builder t = {0};
    uint32_t *list, n;

    if (before && before->store == rs->store)
        b.before = before;
    find_kin(rs);
    rs->headers = header_freeze(rs->rules, rs->n);
    rs->n_ports = 16384;
    rs->ports = calloc(rs->n_ports, sizeof(*rs->ports));
    rs->port_bits = calloc(UINT16_MAX + 1, sizeof(*rs->port_bits));
    rs->known_ports = calloc(UINT16_MAX + 1, 1);
    rs->stream_ports = calloc(UINT16_MAX + 1, 1);
    if (!rs->headers || !rs->ports || !rs->port_bits || !rs->known_ports || !rs->stream_ports)
        return ERR_NOMEM;
    find_families(&b);
    add_rules(&b);
    for (uint32_t dir = 0; dir < 2; dir++)
        add_tx_literals(&b, &t, dir);
    share_body(&b, &t);
    for (uint32_t dir = 0; dir < 2; dir++)
        add_tx_always(&b, &t, dir);
    free(t.sets);
    free(t.always);
    bool frozen = freeze_sets(&b);
    free(b.items);
    free(b.place);
    free(b.taken);
    if (!frozen)
        return ERR_NOMEM;
    if (!take_list(rs, RULE_IP, false, &list, &n))
        return ERR_NOMEM;
    rs->ip = ip_index_new(rs->rules, list, n);
    if (!take_list(rs, RULE_PACKET, true, &list, &n))
        return ERR_NOMEM;
    rs->noted = list;
    rs->n_noted = n;
    if (!find_framed(rs))
        return ERR_NOMEM;
    return rs->ip ? ERR_OK : ERR_NOMEM;
}
