/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma documents (specification 2.1.0): a detection rule, a correlation or a filter each. Our own
 * additions stand in a mapping `tramgac`: title_vi, description_vi, attack (ids), incident.
 *
 * A text is cut into its documents before it is parsed, so that one document that is not YAML does
 * not take the others with it. The condition of a correlation takes ranges (gt with lte), as the
 * specification shows them.
 */
#include "analyzer/correlate/correlate.h"
#include "analyzer/correlate/sigma_read.h"
#include "common/clock.h"
#include "common/strbuf.h"

#include <ctype.h>

enum { SELECTIONS_MAX = 128, FIELDS_OF_MAP_MAX = 256, DETECTION_TEXT_MAX = 2000 };

static const char *text_at(struct sigma_reader *rd, const struct json *v, const char *or_else)
{
    struct slice text = slice_head(json_text(v), SIGMA_NAME_MAX * 4);
    return text.len ? sigma_text(rd->set, text) : or_else;
}

/* ---- what the events are ---- */

struct source_name {
    const char *name;
    const char *type; /* EVE event type; NULL = any */
};

static const struct source_name categories[] = {
    {"alert", "alert"},    {"network_connection", "flow"},
    {"firewall", "flow"},  {"dns", "dns"},
    {"dns_query", "dns"},  {"proxy", "http"},
    {"webserver", "http"}, {"network", NULL},
    {NULL, NULL},
};

static const struct source_name zeek_services[] = {
    {"conn", "flow"},     {"ssl", "tls"},       {"files", "fileinfo"},  {"notice", "alert"},
    {"weird", "anomaly"}, {"smb_files", "smb"}, {"smb_mapping", "smb"}, {NULL, NULL},
};

static const struct source_name *source_find(const struct source_name *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

static bool is_ours(const char *product)
{
    return !product[0] || strcmp(product, "tramgac") == 0 || strcmp(product, "suricata") == 0;
}

static uint32_t type_of(struct sigma_reader *rd, const char *type)
{
    return type ? sigma_type(rd->set, slice_of_str(type)) : UINT32_MAX;
}

static uint32_t read_logsource(struct sigma_reader *rd, const struct json *doc)
{
    const struct json *source = json_get(doc, "logsource");
    const char *product = json_str(json_get(source, "product"), "");
    const char *service = json_str(json_get(source, "service"), "");
    const char *category = json_str(json_get(source, "category"), "");
    const struct source_name *known = NULL;

    if (json_kind(source) != JSON_OBJ) {
        sigma_fault(rd, doc, "logsource is missing");
        return UINT32_MAX;
    }
    if (strcmp(product, "zeek") == 0 && service[0]) {
        known = source_find(zeek_services, service);
        return type_of(rd, known ? known->type : service);
    }
    if (is_ours(product) && service[0])
        return type_of(rd, strcmp(service, "eve") == 0 ? NULL : service);
    known = category[0] ? source_find(categories, category) : NULL;
    if (known && is_ours(product))
        return type_of(rd, known->type);
    if (category[0] || !is_ours(product))
        sigma_fault(rd, source,
                    "logsource (product \"%.40s\", category \"%.40s\") is not about "
                    "network events",
                    product, category);
    return UINT32_MAX;
}

/* ---- detection ---- */

/* All fields of a mapping must fit. */
static const struct sigma_node *read_map(struct sigma_reader *rd, const struct json *map)
{
    const struct sigma_node *kids[FIELDS_OF_MAP_MAX];
    uint32_t n = 0;

    for (const struct json *c = json_first(map); c; c = json_next(c)) {
        if (n == FIELDS_OF_MAP_MAX) {
            sigma_fault(rd, c, "more than %d fields in one selection", FIELDS_OF_MAP_MAX);
            return NULL;
        }
        kids[n] = sigma_value_read(rd, slice_of_str(json_key(c)), c);
        if (!kids[n++])
            return NULL;
    }
    if (n == 0) {
        sigma_fault(rd, map, "an empty selection");
        return NULL;
    }
    return sigma_join(rd->set, kids, n, n);
}

/* A mapping, a list of mappings, or keywords. */
static const struct sigma_node *read_selection(struct sigma_reader *rd, const struct json *v)
{
    const struct sigma_node *kids[FIELDS_OF_MAP_MAX];
    uint32_t n = 0;

    if (json_kind(v) == JSON_OBJ)
        return read_map(rd, v);
    if (json_kind(v) != JSON_ARR)
        return sigma_value_read(rd, SLICE_LIT("|contains"), v);
    for (const struct json *c = json_first(v); c; c = json_next(c)) {
        if (n == FIELDS_OF_MAP_MAX) {
            sigma_fault(rd, c, "more than %d items in one selection", FIELDS_OF_MAP_MAX);
            return NULL;
        }
        kids[n] = json_kind(c) == JSON_OBJ ? read_map(rd, c)
                                           : sigma_value_read(rd, SLICE_LIT("|contains"), c);
        if (!kids[n++])
            return NULL;
    }
    if (n == 0) {
        sigma_fault(rd, v, "an empty selection");
        return NULL;
    }
    return sigma_join(rd->set, kids, n, 1);
}

struct selections {
    const char *names[SELECTIONS_MAX];
    const struct sigma_node *nodes[SELECTIONS_MAX];
    uint32_t n;
};

static bool read_selections(struct sigma_reader *rd, const struct json *detection,
                            struct selections *out)
{
    out->n = 0;
    for (const struct json *c = json_first(detection); c; c = json_next(c)) {
        if (strcmp(json_key(c), "condition") == 0 || strcmp(json_key(c), "timeframe") == 0 ||
            (rd->filter && strcmp(json_key(c), "rules") == 0))
            continue;
        if (out->n == SELECTIONS_MAX) {
            sigma_fault(rd, c, "more than %d selections", SELECTIONS_MAX);
            return false;
        }
        out->names[out->n] = json_key(c);
        out->nodes[out->n] = read_selection(rd, c);
        if (!out->nodes[out->n++])
            return false;
    }
    return true;
}

/* Selections and condition: of a detection, or of a filter. NULL after a fault. */
static const struct sigma_node *read_root(struct sigma_reader *rd, const struct json *detection)
{
    const struct json *condition = json_get(detection, "condition");
    const struct sigma_node *kids[SELECTIONS_MAX];
    struct selections found;
    uint32_t n = 0;

    if (rd->failed || !read_selections(rd, detection, &found))
        return NULL;
    struct sigma_names names = {found.names, found.nodes, found.n};
    if (json_kind(condition) == JSON_STR) {
        kids[n] = sigma_cond_read(rd, condition, json_text(condition), &names);
        n += kids[n] != NULL;
    }
    for (const struct json *c = json_kind(condition) == JSON_ARR ? json_first(condition) : NULL;
         c && n < SELECTIONS_MAX && !rd->failed; c = json_next(c)) {
        kids[n] = sigma_cond_read(rd, c, json_text(c), &names);
        n += kids[n] != NULL;
    }
    if (n == 0) {
        sigma_fault(rd, detection, "condition is missing");
        return NULL;
    }
    return sigma_join(rd->set, kids, n, 1);
}

static void read_detection(struct sigma_reader *rd, const struct json *doc, struct sigma_rule *rule)
{
    const struct json *detection = json_get(doc, "detection");
    const struct json *condition = json_get(detection, "condition");
    struct strbuf text;

    rule->event_type = read_logsource(rd, doc);
    rule->root = read_root(rd, detection);
    if (rd->failed)
        return;
    strbuf_init(&text, DETECTION_TEXT_MAX);
    json_write(detection, &text);
    rule->condition =
        text.full ? text_at(rd, condition, "") : sigma_text(rd->set, strbuf_view(&text));
    strbuf_fini(&text);
}

/* ---- correlation ---- */

static const struct correlation_def *def_find(const char *name)
{
    for (const struct correlation_def *const *row = corr_rows; *row; row++) {
        if (strcmp((*row)->name, name) == 0)
            return *row;
    }
    return NULL;
}

/* A text, or a list of texts, at most `max`. */
static uint32_t read_names(struct sigma_reader *rd, const struct json *v, const char *what,
                           const char **out, uint32_t max)
{
    const struct json *c = json_kind(v) == JSON_ARR ? json_first(v) : v;
    uint32_t n = 0;

    for (; c && json_kind(c) != JSON_NULL; c = json_kind(v) == JSON_ARR ? json_next(c) : NULL) {
        if (json_kind(c) != JSON_STR || json_text(c).len > SIGMA_NAME_MAX || n == max) {
            sigma_fault(rd, c, "%s takes at most %u names", what, max);
            return 0;
        }
        out[n++] = sigma_text(rd->set, json_text(c));
    }
    return n;
}

/* Field that stands for group `g` in stage `s`: the alias of that rule, else the name itself. */
static uint32_t group_field(struct sigma_reader *rd, const struct json *aliases,
                            const struct sigma_correlation *c, uint32_t s, uint32_t g)
{
    const struct json *alias = json_get(aliases, c->groups[g]);
    const struct json *field = json_get(alias, c->rule_names[s]);
    struct slice name = json_text(field);

    if (alias && !field)
        sigma_fault(rd, alias,
                    "the alias \"%.60s\" does not say which field it is in the rule "
                    "\"%.60s\"",
                    c->groups[g], c->rule_names[s]);
    else if (alias && !name.len)
        sigma_fault(rd, field, "the name of a field was expected");
    return sigma_field(rd->set, name.len ? name : slice_of_str(c->groups[g]));
}

static void read_limits(struct sigma_reader *rd, const struct json *condition,
                        struct sigma_correlation *c)
{
    static const char *const ops[CORR_OPS] = {"gt", "gte", "lt", "lte", "eq", "neq"};
    uint32_t n = 0;

    for (uint32_t i = 0; i < CORR_OPS; i++) {
        const struct json *limit = json_get(condition, ops[i]);
        if (!limit)
            continue;
        if (json_kind(limit) != JSON_NUM)
            sigma_fault(rd, limit, "condition: %s takes a number", ops[i]);
        c->has[i] = true;
        c->limit[i] = json_num(limit, 0);
        n++;
    }
    if (n > 1 && rd->set->strict)
        sigma_fault(rd, condition, "pySigma takes one operator in a condition");
    if (n == 0 && c->def->needs_condition)
        sigma_fault(rd, condition, "%s needs a condition (gt, gte, lt, lte, eq or neq)",
                    c->def->name);
    const struct json *percentile = json_get(condition, "percentile");
    c->percentile = percentile ? json_i64(percentile, 101) : -1;
    if (c->percentile > 100 || (c->def->needs_percentile && c->percentile < 0))
        sigma_fault(rd, condition, "%s needs `percentile: 0..100` in its condition", c->def->name);
}

static void read_value_fields(struct sigma_reader *rd, const struct json *condition,
                              struct sigma_correlation *c)
{
    const char *names[SIGMA_VALUES_MAX];
    const struct json *field = json_get(condition, "field");
    uint32_t n = read_names(rd, field, "condition.field", names, SIGMA_VALUES_MAX);

    if (n == 0 && c->def->needs_field)
        sigma_fault(rd, condition, "%s needs condition.field", c->def->name);
    if (n > 1 && c->def->numeric)
        sigma_fault(rd, field, "%s takes one field", c->def->name);
    for (uint32_t i = 0; i < n; i++)
        c->value_fields[i] = sigma_field(rd->set, slice_of_str(names[i]));
    c->n_values = n;
}

static bool holds_not(const struct sigma_node *node)
{
    bool any = node->kind == SIGMA_NOT;

    for (uint32_t i = 0; !any && node->kind == SIGMA_AT_LEAST && i < node->n; i++)
        any = holds_not(node->kids[i]);
    return any;
}

/* Temporal: "a and not (b or c)" over the rules' names. */
static void read_wish(struct sigma_reader *rd, const struct json *condition,
                      struct sigma_correlation *c)
{
    const struct sigma_node *nodes[SIGMA_STAGES_MAX];
    struct sigma_names names = {c->rule_names, nodes, c->n_rules};

    if (!c->def->stages || c->def->ends_with_last) {
        sigma_fault(rd, condition, "%s takes no condition in words", c->def->name);
        return;
    }
    for (uint32_t s = 0; s < c->n_rules; s++) {
        struct sigma_test test = {.kind = SIGMA_STAGE, .other = s};
        nodes[s] = sigma_leaf(rd->set, &test);
    }
    c->wish = sigma_cond_read(rd, condition, json_text(condition), &names);
    c->absence = c->wish && holds_not(c->wish);
}

static void read_correlation(struct sigma_reader *rd, const struct json *doc,
                             struct sigma_rule *rule)
{
    const struct json *v = json_get(doc, "correlation");
    const struct json *condition = json_get(v, "condition");
    struct sigma_correlation *c = sigma_alloc(rd->set, sizeof(*c));
    const char *type = json_str(json_get(v, "type"), "");

    rule->correlation = c;
    rule->event_type = UINT32_MAX;
    c->def = def_find(type);
    if (!c->def) {
        sigma_fault(rd, v, "there is no correlation type \"%.60s\"", type);
        return;
    }
    if (c->def->ours && rd->set->strict)
        sigma_fault(rd, v, "pySigma has no correlation type \"%.60s\"", type);
    c->n_rules = read_names(rd, json_get(v, "rules"), "rules", c->rule_names, SIGMA_STAGES_MAX);
    c->n_groups = read_names(rd, json_get(v, "group-by"), "group-by", c->groups, SIGMA_GROUPS_MAX);
    if (c->n_rules < (c->def->stages ? 2u : 1u))
        sigma_fault(rd, v, "%s needs %s", c->def->name, c->def->stages ? "two rules" : "rules");
    if (!clock_parse_span(json_text(json_get(v, "timespan")), &c->span_ns) || !c->span_ns)
        sigma_fault(rd, v, "timespan takes a number and s, m, h or d");
    for (uint32_t s = 0; s < c->n_rules; s++) {
        for (uint32_t g = 0; g < c->n_groups; g++)
            c->group_fields[s][g] = group_field(rd, json_get(v, "aliases"), c, s, g);
    }
    if (json_kind(condition) == JSON_STR) {
        c->percentile = -1;
        read_wish(rd, condition, c);
    } else {
        read_limits(rd, condition ? condition : v, c);
        read_value_fields(rd, condition, c);
    }
}

/* ---- documents ---- */

static bool is_attack_id(const char *id)
{
    size_t n = strlen(id);
    return n >= 5 && n <= 12 && id[0] == 'T' && (isdigit((unsigned char)id[1]) || id[1] == 'A');
}

static void add_attack(struct sigma_reader *rd, struct sigma_rule *rule, const char *id)
{
    char upper[16];
    size_t n = 0;

    for (; id[n] && n < sizeof(upper) - 1; n++)
        upper[n] = (char)toupper((unsigned char)id[n]);
    upper[n] = '\0';
    if (!is_attack_id(upper) || rule->n_attack == SIGMA_ATTACK_MAX)
        return;
    for (uint32_t i = 0; i < rule->n_attack; i++) {
        if (strcmp(rule->attack[i], upper) == 0)
            return;
    }
    rule->attack[rule->n_attack++] = sigma_text(rd->set, slice_of_str(upper));
}

/* Sigma's tags "attack.t0846" and our list. */
static void read_attack(struct sigma_reader *rd, const struct json *doc, struct sigma_rule *rule)
{
    const struct json *ours = json_path(doc, "tramgac.attack");

    for (const struct json *c = json_first(json_get(doc, "tags")); c; c = json_next(c)) {
        const char *tag = json_str(c, "");
        if (strncmp(tag, "attack.", 7) == 0)
            add_attack(rd, rule, tag + 7);
    }
    for (const struct json *c = json_first(ours); c; c = json_next(c))
        add_attack(rd, rule, json_str(c, ""));
}

/* How the condition of a correlation reads to people: "event_count of a, b within 5m". */
static void describe(struct sigma_reader *rd, const struct json *doc, struct sigma_rule *rule)
{
    const struct json *v = json_get(doc, "correlation");
    const struct sigma_correlation *c = rule->correlation;
    struct strbuf buf;

    strbuf_init(&buf, 2048);
    strbuf_fmt(&buf, "%s", c->def->name);
    for (uint32_t s = 0; s < c->n_rules; s++)
        strbuf_fmt(&buf, "%s%s", s ? (c->def->ends_with_last ? " → " : ", ") : " (",
                   c->rule_names[s]);
    strbuf_fmt(&buf, ") within %s", json_str(json_get(v, "timespan"), ""));
    for (uint32_t g = 0; g < c->n_groups; g++)
        strbuf_fmt(&buf, "%s%s", g ? ", " : " by ", c->groups[g]);
    if (json_get(v, "condition")) {
        strbuf_str(&buf, ": ");
        json_write(json_get(v, "condition"), &buf);
    }
    rule->condition = sigma_text(rd->set, strbuf_view(&buf));
    strbuf_fini(&buf);
}

static void read_head(struct sigma_reader *rd, const struct json *doc, struct sigma_rule *rule)
{
    const struct json *ours = json_get(doc, "tramgac");
    struct slice level = json_text(json_get(doc, "level"));

    rule->file = rd->file;
    rule->line = rd->line;
    rule->title = rd->title;
    rule->title_vi = text_at(rd, json_get(ours, "title_vi"), rd->title);
    rule->id = text_at(rd, json_get(doc, "id"), "");
    rule->name = text_at(rd, json_get(doc, "name"), "");
    rule->description = text_at(rd, json_get(doc, "description"), "");
    rule->description_vi = text_at(rd, json_get(ours, "description_vi"), "");
    rule->incident = json_bool(json_get(ours, "incident"), false);
    rule->generate = json_bool(json_get(doc, "generate"), false);
    rule->level = SEVERITY_MEDIUM;
    rule->condition = "";
    if (level.len && !record_severity_parse(level, &rule->level))
        sigma_fault(rd, json_get(doc, "level"),
                    "level is informational, low, medium, high or critical");
    if (!rd->title[0])
        sigma_fault(rd, doc, "title is missing");
    if (sigma_find(rd->set, rule->id) != UINT32_MAX ||
        sigma_find(rd->set, rule->name) != UINT32_MAX)
        sigma_fault(rd, doc, "another rule has the same id or name");
    read_attack(rd, doc, rule);
}

/* `rules: any`, or ids and names; the rest is as in a detection. */
static void read_filter(struct sigma_reader *rd, const struct json *doc)
{
    const struct json *body = json_get(doc, "filter");
    const struct json *rules = json_get(body, "rules");
    struct sigma_filter f = {.file = rd->file, .title = rd->title, .line = rd->line};

    rd->filter = true;
    if (!rd->title[0])
        sigma_fault(rd, doc, "title is missing");
    f.any = json_kind(rules) == JSON_STR && slice_eq(json_text(rules), SLICE_LIT("any"));
    if (!f.any)
        f.n_rules = read_names(rd, rules, "rules", f.rules, sizeof(f.rules) / sizeof(f.rules[0]));
    if (!f.any && f.n_rules == 0)
        sigma_fault(rd, body, "a filter names rules, or says any");
    f.event_type = read_logsource(rd, doc);
    f.root = read_root(rd, body);
    if (!rd->failed && rd->set->n_filters == SIGMA_FILTERS_MAX)
        sigma_fault(rd, doc, "more than %d filters", SIGMA_FILTERS_MAX);
    if (!rd->failed)
        rd->set->filters[rd->set->n_filters++] = f;
}

static void read_document(struct sigma_reader *rd, const struct json *doc)
{
    if (json_get(doc, "filter") && !json_get(doc, "detection") && !json_get(doc, "correlation")) {
        rd->title = text_at(rd, json_get(doc, "title"), "");
        read_filter(rd, doc);
        return;
    }
    struct sigma_rule *rule = sigma_alloc(rd->set, sizeof(*rule));
    bool detects = json_get(doc, "detection");
    bool correlates = json_get(doc, "correlation");

    rd->title = text_at(rd, json_get(doc, "title"), "");
    if (json_kind(doc) != JSON_OBJ || detects == correlates)
        sigma_fault(rd, doc, "a rule has either `detection` or `correlation`");
    read_head(rd, doc, rule);
    if (!rd->failed && detects)
        read_detection(rd, doc, rule);
    else if (!rd->failed)
        read_correlation(rd, doc, rule);
    if (!rd->failed && rd->set->n_rules == SIGMA_RULES_MAX)
        sigma_fault(rd, doc, "more than %d rules", SIGMA_RULES_MAX);
    if (rd->failed)
        return;
    if (correlates)
        describe(rd, doc, rule);
    rule->index = rd->set->n_rules;
    rd->set->rules[rd->set->n_rules++] = rule;
}

static void read_piece(struct sigma_set *set, const char *file, uint32_t line_base,
                       struct slice text)
{
    struct sigma_reader rd = {.set = set, .file = file, .line_base = line_base, .title = ""};
    struct json *doc = NULL;
    struct json_fault fault = {0};

    rd.line = line_base + 1;
    if (yaml_parse(text, false, &doc, &fault)) {
        rd.line = line_base + fault.line;
        sigma_fault(&rd, NULL, "not valid YAML: %.150s", fault.text);
        return;
    }
    if (json_kind(doc) != JSON_NULL) /* comments only */
        read_document(&rd, doc);
    json_free(&doc);
}

static struct slice line_at(struct slice text)
{
    int64_t end = slice_find_byte(text, '\n');
    return end < 0 ? text : slice_head(text, (uint32_t)end + 1);
}

static bool is_separator(struct slice line)
{
    return slice_starts(line, SLICE_LIT("---")) &&
           (line.len == 3 || isspace(line.at[3]) || line.at[3] == '#');
}

void sigma_parse_text(struct sigma_set *set, const char *file, struct slice yaml)
{
    struct slice left = yaml;
    const uint8_t *start = yaml.at;
    const char *name = sigma_text(set, slice_of_str(file));
    uint32_t line = 0;
    uint32_t start_line = 0;

    while (left.len) {
        struct slice one = line_at(left);
        left = slice_from(left, one.len);
        line++;
        if (!is_separator(one))
            continue;
        read_piece(set, name, start_line, (struct slice){start, (uint32_t)(one.at - start)});
        start = one.at + one.len;
        start_line = line;
    }
    if (yaml.len)
        read_piece(set, name, start_line,
                   (struct slice){start, (uint32_t)(yaml.at + yaml.len - start)});
}
