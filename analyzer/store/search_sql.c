/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each test becomes text that is exact (true for the rows that fit and no others), wide (true for
 * those and maybe more) or nothing. NOT wants exact text; OR wants text for all its parts; AND
 * takes what it gets. Texts of a search are arguments, never text of the statement.
 */
#include "analyzer/store/search_sql.h"
#include "analyzer/store/rows.h"

#include <stdio.h>

enum reach { REACH_NONE, REACH_WIDE, REACH_EXACT };
enum { ARGS_KEPT = 8, PATTERN_MAX = 4 * SEARCH_TEXT_MAX, OCTETS_MOST = 64 };

enum column_kind {
    COLUMN_NUMBER,
    COLUMN_TEXT,    /* ASCII words of ours or of sensors: sites, protocols */
    COLUMN_ADDRESS, /* canonical text */
    COLUMN_WORDS,   /* folded texts of many fields: wide */
    COLUMN_STATE,
};
static const struct column {
    const char *field, *event, *group;
    enum column_kind kind;
} columns[] = {
    {"time", "ts", "last", COLUMN_NUMBER},
    {"src", "src", "src", COLUMN_ADDRESS},
    {"dst", "dst", "dst", COLUMN_ADDRESS},
    {"sport", "sport", NULL, COLUMN_NUMBER},
    {"dport", "dport", "dport", COLUMN_NUMBER},
    {"sid", "sid", "sid", COLUMN_NUMBER},
    {"gid", "gid", "gid", COLUMN_NUMBER},
    {"severity", NULL, "severity", COLUMN_NUMBER},
    {"criticality", NULL, "criticality", COLUMN_NUMBER},
    {"group", "grp", "id", COLUMN_NUMBER},
    {"incident", NULL, "incident", COLUMN_NUMBER},
    {"flow", "flow", NULL, COLUMN_NUMBER},
    {"exception", NULL, "exception", COLUMN_NUMBER},
    {"sensor", "sensor", "sensor", COLUMN_TEXT},
    {"site", "site", "site", COLUMN_TEXT},
    {"proto", "proto", "proto", COLUMN_TEXT},
    {"app", "app", "app", COLUMN_TEXT},
    {"type", "type", NULL, COLUMN_TEXT},
    {"source", NULL, "source", COLUMN_TEXT},
    {"src_country", NULL, "src_country", COLUMN_TEXT},
    {"dst_country", NULL, "dst_country", COLUMN_TEXT},
    {"signature", NULL, "words", COLUMN_WORDS},
    {"technique", NULL, "words", COLUMN_WORDS},
    {"", NULL, "words", COLUMN_WORDS},
    {"state", NULL, "state", COLUMN_STATE},
};

static const struct column *column_of(const char *field)
{
    for (uint32_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (strcmp(columns[i].field, field) == 0)
            return &columns[i];
    }
    return NULL;
}

static const char *name_of(const struct column *c, enum search_table table)
{
    return !c ? NULL : table == SEARCH_EVENTS ? c->event : c->group;
}

const char *search_sql_column(const char *field, enum search_table table)
{
    const struct column *c = column_of(field);

    if (table == SEARCH_EVENTS && strcmp(field, "signature") == 0)
        return "signature";
    return c && c->kind <= COLUMN_ADDRESS ? name_of(c, table) : NULL;
}

/* ---- one test ---- */

struct out {
    struct sql_where *w;
    struct strbuf text;
    enum search_table table;
    enum search_way way;
    uint32_t window; /* argument */
};

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

static bool has_room(const struct out *o)
{
    return o->w->n + ARGS_KEPT < SQL_WHERE_ARGS;
}

static void put_arg(struct out *o, const char *column, const char *op, struct sql_value value)
{
    o->w->args[o->w->n++] = value;
    strbuf_fmt(&o->text, "%s%s$%u", column, op, o->w->n);
}

static struct sql_value copy_of(struct out *o, const char *text)
{
    const char *copy = arena_str(&o->w->arena, slice_of_str(text));

    return sql_of_str(copy ? copy : "");
}

static int64_t bound_of(double value)
{
    return value > 9.2e18 ? INT64_MAX : value < -9.2e18 ? INT64_MIN : (int64_t)value;
}

/* Events in the window whose group has `value` in its `column`: the first of each, and the others.
 * Only columns of its index are asked: on a cold disk each row of a group would be a wait. */
static void put_grouped(struct out *o, const char *column, struct sql_value value)
{
    strbuf_fmt(&o->text,
               "id IN (SELECT first_event FROM grp WHERE first_event>=$%u AND first_event<$%u AND ",
               o->window, o->window + 1);
    put_arg(o, column, "=", value);
    strbuf_fmt(&o->text, ") OR (" ROWS_AGAIN " AND grp IN (SELECT id FROM grp WHERE %s=$%u))",
               column, o->w->n);
}

/* A number that an event shares with its group. Those without a group have an index. */
static void put_shared(struct out *o, const char *column, struct sql_value value)
{
    bool of_rule = strcmp(column, "sid") == 0;

    put_grouped(o, of_rule ? "sid" : "id", value);
    if (of_rule)
        strbuf_fmt(&o->text, " OR (grp=0 AND sid<>0 AND sid=$%u)", o->w->n);
}

static bool is_shared(const struct out *o, const char *column)
{
    return o->table == SEARCH_EVENTS && (strcmp(column, "sid") == 0 || strcmp(column, "grp") == 0);
}

static enum reach put_number(struct out *o, const struct search_node *node, const char *column)
{
    if (!node->number)
        return REACH_NONE;
    if (node->low == node->high) { /* an index can order what follows */
        strbuf_char(&o->text, '(');
        if (o->way == SEARCH_BY_SETS && is_shared(o, column) && node->low != 0)
            put_shared(o, column, sql_of_int(bound_of(node->low)));
        else
            put_arg(o, column, "=", sql_of_int(bound_of(node->low)));
        strbuf_char(&o->text, ')');
        return REACH_EXACT;
    }
    strbuf_char(&o->text, '(');
    put_arg(o, column, ">=", sql_of_int(bound_of(node->low)));
    strbuf_str(&o->text, " AND ");
    put_arg(o, column, "<=", sql_of_int(bound_of(node->high)));
    strbuf_char(&o->text, ')');
    return REACH_EXACT;
}

/* * and ? as LIKE says them; \ before what LIKE would take for its own. */
static const char *pattern_of(struct out *o, const char *glob, bool anywhere)
{
    struct strbuf out;

    strbuf_init(&out, PATTERN_MAX);
    strbuf_str(&out, anywhere ? "%" : "");
    for (; *glob; glob++) {
        if (strchr("%_\\", *glob))
            strbuf_char(&out, '\\');
        strbuf_char(&out, *glob == '*' ? '%' : *glob == '?' ? '_' : *glob);
    }
    strbuf_str(&out, anywhere ? "%" : "");
    const char *copy = arena_str(&o->w->arena, strbuf_view(&out));
    strbuf_fini(&out);
    return copy ? copy : "";
}

static enum reach put_text(struct out *o, const struct search_node *node, const char *column)
{
    char lower[80];

    snprintf(lower, sizeof(lower), "lower(%.60s)", column);
    if (node->op == SEARCH_EXISTS) {
        strbuf_fmt(&o->text, "%s<>''", column);
        return REACH_EXACT;
    }
    if (node->op != SEARCH_EQUAL || !is_ascii(node->text))
        return REACH_NONE;
    if (node->wildcard) {
        put_arg(o, lower, " LIKE ", sql_of_str(pattern_of(o, node->text, false)));
        strbuf_str(&o->text, " ESCAPE '\\'");
    } else {
        put_arg(o, lower, "=", copy_of(o, node->text));
    }
    return REACH_EXACT;
}

/* A pattern would have to count characters as folding does: only without '?'. */
static enum reach put_words(struct out *o, const struct search_node *node, const char *column)
{
    if (node->op != SEARCH_EQUAL && node->op != SEARCH_WORD)
        return REACH_NONE;
    if (strchr(node->text, '\\'))
        return REACH_NONE;
    put_arg(o, column, " LIKE ", sql_of_str(pattern_of(o, node->text, true)));
    strbuf_str(&o->text, " ESCAPE '\\'");
    return node->op == SEARCH_WORD ? REACH_EXACT : REACH_WIDE;
}

/* One pattern per value that the last, cut octet can have. */
static void put_octets(struct out *o, const char *column, const uint8_t *b, uint32_t bits)
{
    uint32_t whole = bits / 8;
    uint32_t n = bits % 8 ? 1u << (8 - bits % 8) : 1;
    bool last = bits > 24; /* the whole text */

    strbuf_char(&o->text, '(');
    for (uint32_t i = 0; i < n; i++) {
        strbuf_fmt(&o->text, "%s%s %s '", i ? " OR " : "", column, last ? "=" : "LIKE");
        for (uint32_t k = 0; k < whole; k++)
            strbuf_fmt(&o->text, "%s%u", k ? "." : "", b[k]);
        if (bits % 8)
            strbuf_fmt(&o->text, "%s%u", whole ? "." : "", (b[whole] & ~(n - 1)) + i);
        strbuf_str(&o->text, last ? "'" : ".%'");
    }
    strbuf_char(&o->text, ')');
}

/* Alerts are found through their groups, which have the same two ends. */
static void put_host(struct out *o, const char *column, const char *text)
{
    struct sql_value value = copy_of(o, text);

    if (o->table != SEARCH_EVENTS || o->way != SEARCH_BY_SETS) {
        put_arg(o, column, "=", value);
        return;
    }
    strbuf_str(&o->text, "((grp=0 AND ");
    put_arg(o, column, "=", value);
    strbuf_str(&o->text, ") OR ");
    put_grouped(o, column, value);
    strbuf_char(&o->text, ')');
}

/* IPv4 networks are prefixes of texts: "10.20.%", or up to 64 of them side by side. */
static enum reach put_network(struct out *o, const struct search_node *node, const char *column)
{
    char text[ADDR_TEXT_MAX];
    const uint8_t *b = node->network.addr.b;
    uint32_t bits = node->network.bits;
    bool v4 = node->network.addr.family == 4;

    addr_text(&node->network.addr, text);
    if (bits == (v4 ? 32u : 128u)) {
        put_host(o, column, text);
        return REACH_EXACT;
    }
    if (!v4) {
        strbuf_fmt(&o->text, "%s LIKE '%%:%%'", column);
        return REACH_WIDE;
    }
    uint32_t n = bits % 8 ? 1u << (8 - bits % 8) : 1;
    if (bits < 8 || n > OCTETS_MOST) {
        strbuf_fmt(&o->text, "%s LIKE '%%.%%'", column);
        return REACH_WIDE;
    }
    put_octets(o, column, b, bits);
    return REACH_EXACT;
}

static enum reach put_state(struct out *o, const struct search_node *node, const char *column)
{
    static const char *const names[] = {"open", "archived", "escalated"};

    for (int i = 0; i < 3 && node->op == SEARCH_EQUAL; i++) {
        if (strcmp(node->text, names[i]) == 0) {
            strbuf_fmt(&o->text, "%s=%d", column, i);
            return REACH_EXACT;
        }
    }
    return REACH_NONE;
}

/* Types that are kinds have a small index of their own. */
static bool put_kind(struct out *o, const struct search_node *node)
{
    static const struct {
        const char *type;
        enum record_kind kind;
    } kinds[] = {
        {"alert", RECORD_ALERT}, {"deviation", RECORD_DEVIATION}, {"device", RECORD_DEVICE}};

    if (o->table != SEARCH_EVENTS || node->op != SEARCH_EQUAL || strcmp(node->field, "type") != 0)
        return false;
    for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(node->text, kinds[i].type) == 0) {
            strbuf_fmt(&o->text, "(kind<3 AND kind=%d)", (int)kinds[i].kind);
            return true;
        }
    }
    return false;
}

static enum reach put_column(struct out *o, const struct search_node *node, const struct column *c)
{
    const char *name = name_of(c, o->table);

    if (!name || !has_room(o))
        return REACH_NONE;
    if (put_kind(o, node))
        return REACH_EXACT;
    switch (c->kind) {
    case COLUMN_NUMBER:
        return put_number(o, node, name);
    case COLUMN_TEXT:
        return put_text(o, node, name);
    case COLUMN_WORDS:
        return put_words(o, node, name);
    case COLUMN_STATE:
        return put_state(o, node, name);
    case COLUMN_ADDRESS:
        return node->op == SEARCH_NETWORK ? put_network(o, node, name) : put_text(o, node, name);
    }
    return REACH_NONE;
}

/* Undoes what a failed part has written. */
struct mark {
    size_t len;
    uint32_t n;
};

static struct mark mark_of(const struct out *o)
{
    return (struct mark){o->text.len, o->w->n};
}

static enum reach take_back(struct out *o, struct mark mark)
{
    o->text.len = mark.len;
    if (o->text.at)
        o->text.at[mark.len] = '\0';
    o->w->n = mark.n;
    return REACH_NONE;
}

static enum reach put_test(struct out *o, const struct search_node *node)
{
    struct mark mark = mark_of(o);
    const char *src = NULL;
    const char *dst = NULL;

    if (!search_is_pair(node->field, &src, &dst)) {
        enum reach reach = put_column(o, node, column_of(node->field));
        return reach ? reach : take_back(o, mark);
    }
    strbuf_char(&o->text, '(');
    enum reach a = put_column(o, node, column_of(src));
    strbuf_str(&o->text, " OR ");
    enum reach b = a ? put_column(o, node, column_of(dst)) : REACH_NONE;
    strbuf_char(&o->text, ')');
    return b ? (a < b ? a : b) : take_back(o, mark);
}

/* ---- logic ---- */

static enum reach put_node(struct out *o, const struct search_node *node);

static enum reach put_all(struct out *o, const struct search_node *node)
{
    enum reach reach = REACH_EXACT;
    bool any = false;

    strbuf_char(&o->text, '(');
    for (const struct search_node *c = node->first; c; c = c->next) {
        struct mark mark = mark_of(o);
        strbuf_str(&o->text, any ? " AND " : "");
        enum reach one = put_node(o, c);
        if (!one)
            take_back(o, mark);
        any = any || one;
        reach = one < reach ? (one ? one : REACH_WIDE) : reach;
    }
    strbuf_str(&o->text, any ? ")" : "1=1)");
    return reach;
}

static enum reach put_any(struct out *o, const struct search_node *node)
{
    struct mark mark = mark_of(o);
    enum reach reach = REACH_EXACT;

    strbuf_char(&o->text, '(');
    for (const struct search_node *c = node->first; c; c = c->next) {
        enum reach one = put_node(o, c);
        if (!one)
            return take_back(o, mark);
        reach = one < reach ? one : reach;
        strbuf_str(&o->text, c->next ? " OR " : ")");
    }
    return reach;
}

static enum reach put_node(struct out *o, const struct search_node *node)
{
    struct mark mark = mark_of(o);

    switch (node->kind) {
    case SEARCH_ALL:
        strbuf_str(&o->text, "1=1");
        return REACH_EXACT;
    case SEARCH_AND:
        return put_all(o, node);
    case SEARCH_OR:
        return put_any(o, node);
    case SEARCH_TEST:
        return put_test(o, node);
    case SEARCH_NOT:
        strbuf_str(&o->text, "NOT ");
        return put_node(o, node->first) == REACH_EXACT ? REACH_EXACT : take_back(o, mark);
    }
    return REACH_NONE;
}

static bool is_narrow_test(const struct search_node *node)
{
    static const char *const fields[] = {"sid", "src", "dst", "ip", "group", "incident"};
    bool one =
        node->op == SEARCH_EQUAL && node->number && node->low == node->high && node->low != 0;
    bool host = node->op == SEARCH_NETWORK &&
                node->network.bits == (node->network.addr.family == 4 ? 32u : 128u);

    for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && (one || host); i++)
        if (strcmp(fields[i], node->field) == 0)
            return true;
    return false;
}

/* ---- the set that leads: numbers of all events in the window that a narrow part can fit ---- */

/* Those whose group has `value` in `column`, the first of each and the others; before them those
 * without a group, where there can be any. */
static void put_set(struct out *o, const char *column, const char *alone, struct sql_value value)
{
    uint32_t from = o->window, end = o->window + 1, arg = o->w->n + 1;

    o->w->args[o->w->n++] = value;
    if (alone)
        strbuf_fmt(&o->text,
                   "SELECT id FROM event WHERE %s AND %s=$%u AND id>=$%u AND id<$%u UNION ALL ",
                   alone, column, arg, from, end);
    strbuf_fmt(&o->text,
               "SELECT first_event FROM grp WHERE %s=$%u AND first_event>=$%u AND first_event<$%u",
               column, arg, from, end);
    strbuf_fmt(&o->text,
               " UNION ALL SELECT e.id FROM grp g JOIN event e ON e.grp=g.id WHERE g.%s=$%u AND "
               "e.again<>0 AND e.grp<>0 AND e.id>=$%u AND e.id<$%u",
               column, arg, from, end);
}

static bool put_host_sets(struct out *o, const struct search_node *node)
{
    const char *src = node->field, *dst = NULL;
    char text[ADDR_TEXT_MAX];
    bool pair = search_is_pair(node->field, &src, &dst);

    addr_text(&node->network.addr, text);
    struct sql_value value = copy_of(o, text);
    put_set(o, src, "grp=0", value);
    if (pair) {
        strbuf_str(&o->text, " UNION ALL ");
        put_set(o, dst, "grp=0", value);
    }
    return true;
}

static bool put_sets_of_test(struct out *o, const struct search_node *node)
{
    if (!is_narrow_test(node) || strcmp(node->field, "incident") == 0 || !has_room(o))
        return false;
    if (node->op == SEARCH_NETWORK)
        return put_host_sets(o, node);
    bool of_rule = strcmp(node->field, "sid") == 0;
    put_set(o, of_rule ? "sid" : "id", of_rule ? "grp=0 AND sid<>0" : NULL,
            sql_of_int(bound_of(node->low)));
    return true;
}

/* Of an AND one part leads, of an OR all together. */
static bool put_sets(struct out *o, const struct search_node *node)
{
    bool any = false, all = node->kind == SEARCH_OR;

    if (node->kind == SEARCH_TEST)
        return put_sets_of_test(o, node);
    if (node->kind != SEARCH_AND && node->kind != SEARCH_OR)
        return false;
    for (const struct search_node *c = node->first; c; c = c->next) {
        struct mark mark = mark_of(o);
        strbuf_str(&o->text, any ? " UNION ALL " : "");
        bool one = put_sets(o, c);
        if (!one)
            take_back(o, mark);
        if (one != all)
            return one;
        any = any || one;
    }
    return all && any;
}

static void put_lead(struct out *o, const struct search_node *root)
{
    struct mark mark = mark_of(o);

    strbuf_str(&o->text, " AND id IN (");
    if (!put_sets(o, root)) {
        take_back(o, mark);
        return;
    }
    strbuf_char(&o->text, ')');
}

bool search_sql_where(struct sql_where *w, const struct search_node *root, enum search_table table,
                      enum search_way way, uint32_t window)
{
    struct out o = {.w = w, .table = table, .way = way, .window = window};

    strbuf_init(&o.text, 0);
    enum reach reach = put_node(&o, root);
    if (reach && way == SEARCH_BY_LEAD)
        put_lead(&o, root);
    if (reach) {
        strbuf_str(&w->text, w->first ? " WHERE " : " AND ");
        w->first = false;
        strbuf_slice(&w->text, strbuf_view(&o.text));
    }
    strbuf_fini(&o.text);
    return reach == REACH_EXACT;
}

/* Of an AND one part is enough; of an OR all must be. */
bool search_sql_is_narrow(const struct search_node *root)
{
    bool all = root->kind == SEARCH_OR;

    if (root->kind == SEARCH_TEST)
        return is_narrow_test(root);
    if (root->kind != SEARCH_AND && root->kind != SEARCH_OR)
        return false;
    for (const struct search_node *c = root->first; c; c = c->next)
        if (search_sql_is_narrow(c) != all)
            return !all;
    return all;
}
