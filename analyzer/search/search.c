/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursive descent with a bounded depth over one text; nodes in the caller's arena.
 */
#include "analyzer/search/search.h"
#include "analyzer/record/utf8.h"
#include "common/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOP_USUAL = 10, TOP_MOST = 1000, VALUES_MAX = 100 };

struct parser {
    const char *all, *at;
    uint64_t now_ns;
    struct arena *arena;
    uint32_t nodes, depth;
    struct search_fault *fault;
};

/* ---- fields ---- */

enum value_type { TYPE_TEXT, TYPE_CONTAINS, TYPE_ADDRESS, TYPE_NUMBER, TYPE_SEVERITY, TYPE_TIME };

static const struct field {
    const char *name, *canonical;
    enum value_type type;
} fields[] = {
    {"time", "time", TYPE_TIME},
    {"timestamp", "time", TYPE_TIME},
    {"src", "src", TYPE_ADDRESS},
    {"src_ip", "src", TYPE_ADDRESS},
    {"dst", "dst", TYPE_ADDRESS},
    {"dest", "dst", TYPE_ADDRESS},
    {"dest_ip", "dst", TYPE_ADDRESS},
    {"ip", "ip", TYPE_ADDRESS},
    {"sport", "sport", TYPE_NUMBER},
    {"src_port", "sport", TYPE_NUMBER},
    {"dport", "dport", TYPE_NUMBER},
    {"dest_port", "dport", TYPE_NUMBER},
    {"port", "port", TYPE_NUMBER},
    {"mac", "mac", TYPE_TEXT},
    {"device", "device", TYPE_TEXT},
    {"sid", "sid", TYPE_NUMBER},
    {"signature_id", "sid", TYPE_NUMBER},
    {"alert.signature_id", "sid", TYPE_NUMBER},
    {"gid", "gid", TYPE_NUMBER},
    {"alert.gid", "gid", TYPE_NUMBER},
    {"sig", "signature", TYPE_CONTAINS},
    {"signature", "signature", TYPE_CONTAINS},
    {"alert.signature", "signature", TYPE_CONTAINS},
    {"severity", "severity", TYPE_SEVERITY},
    {"sensor", "sensor", TYPE_TEXT},
    {"site", "site", TYPE_TEXT},
    {"zone", "zone", TYPE_TEXT},
    {"country", "country", TYPE_TEXT},
    {"name", "name", TYPE_CONTAINS},
    {"proto", "proto", TYPE_TEXT},
    {"app", "app", TYPE_TEXT},
    {"app_proto", "app", TYPE_TEXT},
    {"type", "type", TYPE_TEXT},
    {"event_type", "type", TYPE_TEXT},
    {"technique", "technique", TYPE_TEXT},
    {"tactic", "tactic", TYPE_TEXT},
    {"flow", "flow", TYPE_NUMBER},
    {"flow_id", "flow", TYPE_NUMBER},
    {"group", "group", TYPE_NUMBER},
    {"incident", "incident", TYPE_NUMBER},
    {"state", "state", TYPE_TEXT},
    {"is", "state", TYPE_TEXT},
    {"assignee", "assignee", TYPE_TEXT},
    {"exception", "exception", TYPE_NUMBER},
    {"criticality", "criticality", TYPE_NUMBER},
    {"source", "source", TYPE_TEXT},
};
static const struct field any_path = {"", "", TYPE_TEXT};

bool search_is_pair(const char *field, const char **src, const char **dst)
{
    static const char *const pairs[][3] = {
        {"ip", "src", "dst"},
        {"port", "sport", "dport"},
        {"mac", "src_mac", "dst_mac"},
        {"zone", "src_zone", "dst_zone"},
        {"name", "src_name", "dst_name"},
        {"country", "src_country", "dst_country"},
    };

    for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(field, pairs[i][0]) == 0) {
            *src = pairs[i][1];
            *dst = pairs[i][2];
            return true;
        }
    }
    return false;
}

bool search_asks(const struct search_node *node, const char *field)
{
    if (node->kind == SEARCH_TEST)
        return strcmp(node->field, field) == 0;
    for (const struct search_node *c = node->first; c; c = c->next) {
        if (search_asks(c, field))
            return true;
    }
    return false;
}

static const struct field *field_of(const char *name)
{
    for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return &any_path;
}

/* ---- basics ---- */

static void write_fault(const struct parser *p, char *out, const char *place, const char *format,
                        va_list args) __attribute__((format(printf, 4, 0)));

static void write_fault(const struct parser *p, char *out, const char *place, const char *format,
                        va_list args)
{
    int n = snprintf(out, SEARCH_FAULT_MAX, "%s %u: ", place, (unsigned)(p->at - p->all) + 1);

    vsnprintf(out + n, SEARCH_FAULT_MAX - (size_t)n, format, args);
}

/* Both texts take the same values. */
static void fail(struct parser *p, const char *en, const char *vi, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

static void fail(struct parser *p, const char *en, const char *vi, ...)
{
    va_list args;

    if (p->fault->en[0])
        return;
    va_start(args, vi);
    write_fault(p, p->fault->en, "Character", en, args);
    va_end(args);
    va_start(args, vi);
    write_fault(p, p->fault->vi, "Ký tự thứ", vi, args);
    va_end(args);
}

static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
}

static struct search_node *node_new(struct parser *p, enum search_kind kind)
{
    struct search_node *node = arena_alloc(p->arena, sizeof(*node));

    if (!node || ++p->nodes > SEARCH_NODES_MAX) {
        fail(p, "the search has too many terms", "câu tìm kiếm có quá nhiều điều kiện");
        return NULL;
    }
    node->kind = kind;
    node->field = node->text = node->given = "";
    return node;
}

static const char *keep(struct parser *p, struct slice text)
{
    const char *copy = arena_str(p->arena, text);

    return copy ? copy : "";
}

static const char *fold(struct parser *p, const char *text)
{
    struct strbuf folded;

    strbuf_init(&folded, 4 * SEARCH_TEXT_MAX);
    utf8_fold(slice_of_str(text), &folded);
    const char *copy = keep(p, strbuf_view(&folded));
    strbuf_fini(&folded);
    return copy;
}

static bool is_word_end(char c)
{
    return !c || strchr(" \t\r\n()|\"", c);
}

/* A word up to a blank, bracket, comma (within a list) or end; or a quoted text. */
static const char *read_value(struct parser *p, bool in_list, bool *quoted)
{
    struct strbuf out;
    const char *copy = "";

    *quoted = *p->at == '"';
    strbuf_init(&out, SEARCH_TEXT_MAX + 1);
    if (*quoted) {
        for (p->at++; *p->at && *p->at != '"'; p->at++) {
            if (*p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\'))
                p->at++;
            strbuf_char(&out, *p->at);
        }
        if (*p->at == '"')
            p->at++;
        else
            fail(p, "the quotation mark is not closed", "thiếu dấu ngoặc kép đóng");
    } else {
        while (!is_word_end(*p->at) && !(in_list && *p->at == ','))
            strbuf_char(&out, *p->at++);
    }
    copy = keep(p, strbuf_view(&out));
    strbuf_fini(&out);
    return copy;
}

/* ---- values ---- */

/* "-24h", "now", "now-1h", RFC 3339, "2026-11-21". */
static bool time_of(struct parser *p, const char *text, double *ns)
{
    static const char rest[] = "0000-01-01T00:00:00Z"; /* of a time that is not told to the end */
    char whole[40];
    size_t n = strlen(text);
    uint64_t ts_ns = 0;
    uint64_t span_ns = 0;
    const char *minus = strncmp(text, "now", 3) == 0 ? text + 3 : text;

    if (strncmp(text, "now", 3) == 0 && !*minus) {
        *ns = (double)p->now_ns;
        return true;
    }
    if (*minus == '-' && clock_parse_span(slice_of_str(minus + 1), &span_ns)) {
        *ns = (double)(p->now_ns > span_ns ? p->now_ns - span_ns : 0);
        return true;
    }
    if (clock_parse(slice_of_str(text), &ts_ns)) {
        *ns = (double)ts_ns;
        return true;
    }
    if (n != 4 && n != 7 && n != 10 && n != 13 && n != 16) /* year, month, day, hour, minute */
        return false;
    snprintf(whole, sizeof(whole), "%s%s", text, rest + n);
    if (!clock_parse(slice_of_str(whole), &ts_ns))
        return false;
    *ns = (double)ts_ns;
    return true;
}

static bool number_of(const char *text, double *number)
{
    char *end = NULL;

    if (strncmp(text, "INC-", 4) == 0 && strlen(text) > 9)
        text += 9; /* the number in an incident's name */
    *number = strtod(text, &end);
    return end != text && !*end;
}

static bool scalar_of(struct parser *p, enum value_type type, const char *text, double *number)
{
    enum severity severity = SEVERITY_INFO;

    switch (type) {
    case TYPE_TIME:
        return time_of(p, text, number);
    case TYPE_SEVERITY:
        if (record_severity_parse(slice_of_str(text), &severity)) {
            *number = severity;
            return true;
        }
        return number_of(text, number);
    default:
        return number_of(text, number);
    }
}

#define FAR 1e300

/* >5, >=5, <5, <=5, 5..9; false when it is none of these. */
static bool read_between(struct parser *p, struct search_node *node, const struct field *field,
                         const char *text)
{
    bool more = *text == '>';
    bool less = *text == '<';
    bool or_equal = (more || less) && text[1] == '=';
    const char *dots = strstr(text, "..");
    double a = 0;
    double b = 0;

    node->op = SEARCH_BETWEEN;
    node->number = true;
    node->low = -FAR;
    node->high = FAR;
    if (more || less) {
        if (!scalar_of(p, field->type, text + 1 + or_equal, &a))
            fail(p, "\"%.60s\" is no number, severity or time",
                 "\"%.60s\" không phải là số, mức độ hay thời điểm", text + 1 + or_equal);
        double edge = or_equal ? 0 : field->type == TYPE_TEXT ? 1e-9 : 1;
        node->low = more ? a + edge : node->low;
        node->high = less ? a - edge : node->high;
        return true;
    }
    if (dots && dots > text && scalar_of(p, field->type, dots + 2, &b)) {
        const char *low = keep(p, (struct slice){(const uint8_t *)text, (uint32_t)(dots - text)});
        if (scalar_of(p, field->type, low, &a)) {
            node->low = a;
            node->high = b;
            return true;
        }
    }
    node->op = SEARCH_EQUAL;
    node->number = false;
    return false;
}

static void read_plain(struct parser *p, struct search_node *node, const struct field *field,
                       const char *text, bool quoted)
{
    node->op = SEARCH_EQUAL;
    node->given = text;
    node->text = fold(p, text);
    node->wildcard = !quoted && strpbrk(text, "*?");
    node->contains = field->type == TYPE_CONTAINS;
    if (!quoted && strcmp(text, "*") == 0)
        node->op = SEARCH_EXISTS;
    if (node->wildcard)
        return;
    if (field->type == TYPE_ADDRESS && prefix_parse(slice_of_str(text), &node->network))
        node->op = SEARCH_NETWORK;
    else if (field->type == TYPE_ADDRESS)
        fail(p, "\"%.60s\" is no address or network", "\"%.60s\" không phải là địa chỉ hay mạng",
             text);
    if (field->type == TYPE_NUMBER || field->type == TYPE_SEVERITY || field->type == TYPE_TIME) {
        node->number = scalar_of(p, field->type, text, &node->low);
        node->high = node->low;
        if (!node->number)
            fail(p, "\"%.60s\" is no number, severity or time",
                 "\"%.60s\" không phải là số, mức độ hay thời điểm", text);
    } else if (field == &any_path && !quoted) {
        node->number = number_of(text, &node->low);
        node->high = node->low;
    }
}

/* is:excepted: an exception applies, whichever. */
static void means_excepted(struct search_node *node)
{
    node->field = "exception";
    node->op = SEARCH_BETWEEN;
    node->number = true;
    node->low = 1;
    node->high = FAR;
}

static struct search_node *read_test(struct parser *p, const char *name, const struct field *field,
                                     bool in_list)
{
    struct search_node *node = node_new(p, SEARCH_TEST);
    bool quoted = false;
    const char *text = read_value(p, in_list, &quoted);

    if (!node)
        return NULL;
    node->field = field == &any_path ? name : field->canonical;
    if (!*text && !quoted)
        fail(p, "a value is missing behind \"%.60s\"", "thiếu giá trị sau \"%.60s\"", name);
    if (quoted || !read_between(p, node, field, text))
        read_plain(p, node, field, text, quoted);
    node->given = text;
    if (strcmp(node->field, "state") == 0 && strcmp(node->text, "excepted") == 0)
        means_excepted(node);
    return node;
}

/* field:(a,b,c) */
static struct search_node *read_list(struct parser *p, const char *name, const struct field *field)
{
    struct search_node *any = node_new(p, SEARCH_OR);
    const struct search_node **last = any ? &any->first : NULL;

    p->at++;
    while (any && !p->fault->en[0]) {
        skip_blanks(p);
        struct search_node *one = read_test(p, name, field, true);
        if (!one)
            break;
        *last = one;
        last = &one->next;
        skip_blanks(p);
        if (*p->at == ')') {
            p->at++;
            return any;
        }
        if (*p->at != ',')
            fail(p, "a comma or a closing bracket was expected", "cần dấu phẩy hoặc ngoặc đóng");
        else
            p->at++;
    }
    return any;
}

/* @from and @to, as EveBox calls them: bounds of the time. */
static struct search_node *read_bound(struct parser *p, const char *name, bool low)
{
    struct search_node *node = node_new(p, SEARCH_TEST);
    bool quoted = false;
    const char *text = read_value(p, false, &quoted);
    double ns = 0;

    if (!node)
        return NULL;
    if (!time_of(p, text, &ns))
        fail(p, "\"%.60s\" behind %.20s is no time", "\"%.60s\" sau %.20s không phải là thời điểm",
             text, name);
    node->field = "time";
    node->op = SEARCH_BETWEEN;
    node->number = true;
    node->low = low ? ns : -FAR;
    node->high = low ? FAR : ns;
    node->given = text;
    return node;
}

static bool is_one_of(const char *name, const char *a, const char *b)
{
    return strcmp(name, a) == 0 || strcmp(name, b) == 0;
}

static struct search_node *read_field(struct parser *p, struct slice given)
{
    const char *name = fold(p, keep(p, given));

    if (is_one_of(name, "from", "after"))
        return read_bound(p, name, true);
    if (is_one_of(name, "to", "before"))
        return read_bound(p, name, false);
    const struct field *field = field_of(name);
    if (field == &any_path) /* a path of the event: as written */
        name = keep(p, given);
    if (*p->at == '(')
        return read_list(p, name, field);
    return read_test(p, name, field, false);
}

/* Length of "name" in "name:"; 0 when the term has no field. */
static uint32_t field_len(const char *at)
{
    uint32_t n =
        (uint32_t)strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    return n > 0 && n < 100 && at[n] == ':' ? n : 0;
}

static struct search_node *read_word(struct parser *p)
{
    struct search_node *node = node_new(p, SEARCH_TEST);
    bool quoted = false;
    const char *text = read_value(p, false, &quoted);

    if (!node)
        return NULL;
    node->op = SEARCH_WORD;
    node->given = text;
    node->text = fold(p, text);
    node->wildcard = !quoted && strpbrk(text, "*?");
    if (node->wildcard) {
        char pattern[SEARCH_TEXT_MAX + 3];
        snprintf(pattern, sizeof(pattern), "*%.*s*", SEARCH_TEXT_MAX, node->text);
        node->text = keep(p, slice_of_str(pattern));
    }
    if (!*node->text)
        fail(p, "a term was expected", "cần một điều kiện");
    return node;
}

static struct search_node *read_term(struct parser *p)
{
    const char *at = p->at + (*p->at == '@');
    uint32_t n = field_len(at);
    struct addr addr;

    /* An IPv6 address or a MAC is a word, not a field. */
    if (n && *p->at != '@' &&
        (at[n + 1] == ':' || (strspn(at, "0123456789abcdefABCDEF") == n && n <= 4))) {
        uint32_t len = (uint32_t)strcspn(at, " \t()|");
        if (addr_parse((struct slice){(const uint8_t *)at, len}, &addr) || len == 17)
            n = 0;
    }
    if (n == 0)
        return read_word(p);
    p->at = at + n + 1;
    return read_field(p, (struct slice){(const uint8_t *)at, n});
}

/* ---- logic ---- */

static struct search_node *read_or(struct parser *p);

static bool take_word(struct parser *p, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(p->at, word, n) != 0 || !is_word_end(p->at[n]))
        return false;
    p->at += n;
    skip_blanks(p);
    return true;
}

static struct search_node *read_not(struct parser *p)
{
    bool sign = (*p->at == '-' || *p->at == '!') && p->at[1] && !strchr(" \t", p->at[1]);

    if (p->depth >= SEARCH_DEPTH_MAX) {
        fail(p, "too deeply nested", "lồng nhau quá sâu");
        return NULL;
    }
    if (sign || take_word(p, "NOT")) {
        struct search_node *node = node_new(p, SEARCH_NOT);
        p->at += sign;
        p->depth++;
        struct search_node *child = read_not(p);
        p->depth--;
        if (node)
            node->first = child;
        return child ? node : NULL;
    }
    if (*p->at != '(')
        return read_term(p);
    p->at++;
    p->depth++;
    struct search_node *inner = read_or(p);
    p->depth--;
    skip_blanks(p);
    if (*p->at == ')')
        p->at++;
    else
        fail(p, "a closing bracket is missing", "thiếu ngoặc đóng");
    return inner;
}

static bool at_end(const struct parser *p)
{
    return !*p->at || *p->at == ')' || *p->at == '|';
}

static bool at_or(const struct parser *p)
{
    return strncmp(p->at, "OR", 2) == 0 && is_word_end(p->at[2]);
}

static struct search_node *read_and(struct parser *p)
{
    struct search_node *all = node_new(p, SEARCH_AND);
    const struct search_node **last = all ? &all->first : NULL;
    uint32_t n = 0;

    for (skip_blanks(p); all && !p->fault->en[0] && !at_end(p) && !at_or(p); skip_blanks(p)) {
        if (n && take_word(p, "AND") && (at_end(p) || at_or(p)))
            fail(p, "a term was expected behind AND", "cần một điều kiện sau AND");
        struct search_node *one = read_not(p);
        if (!one)
            break;
        *last = one;
        last = &one->next;
        n++;
    }
    if (all && n == 0)
        fail(p, "a term was expected", "cần một điều kiện");
    return all;
}

static struct search_node *read_or(struct parser *p)
{
    struct search_node *first = read_and(p);

    if (!first || p->fault->en[0] || !at_or(p))
        return first;
    struct search_node *any = node_new(p, SEARCH_OR);
    const struct search_node **last = any ? &any->first : NULL;
    if (!any)
        return NULL;
    *last = first;
    last = &first->next;
    while (!p->fault->en[0] && at_or(p)) {
        p->at += 2;
        struct search_node *more = read_and(p);
        if (!more)
            break;
        *last = more;
        last = &more->next;
    }
    return any;
}

/* ---- what is made of it ---- */

static const char *read_by(struct parser *p)
{
    uint32_t n = (uint32_t)strcspn(p->at, " \t,|");
    struct slice given = {(const uint8_t *)p->at, n};

    p->at += n;
    if (n == 0)
        fail(p, "a field was expected", "cần tên một trường");
    const char *name = fold(p, keep(p, given));
    const struct field *field = field_of(*name == '@' ? name + 1 : name);
    return field == &any_path ? keep(p, given) : field->canonical;
}

static void read_fields(struct parser *p, struct search *search)
{
    search->shape = SEARCH_GROUPBY;
    search->top = search->top ? search->top : TOP_USUAL;
    do {
        skip_blanks(p);
        p->at += *p->at == ',';
        skip_blanks(p);
        if (search->n_by == SEARCH_FIELDS_MAX)
            fail(p, "at most %u fields", "tối đa %u trường", SEARCH_FIELDS_MAX);
        else
            search->by[search->n_by++] = read_by(p);
        skip_blanks(p);
    } while (*p->at && *p->at != '|' && !p->fault->en[0]);
}

static void read_top(struct parser *p, struct search *search)
{
    char *end = NULL;
    unsigned long n = strtoul(p->at, &end, 10);

    if (end != p->at) {
        search->top = n < 1 ? 1 : n > TOP_MOST ? TOP_MOST : (uint32_t)n;
        p->at = end;
        skip_blanks(p);
    } else {
        search->top = TOP_USUAL;
    }
    if (*p->at && *p->at != '|')
        read_fields(p, search);
    else if (search->shape != SEARCH_GROUPBY)
        fail(p, "top wants fields: \"top 10 src\", or stands behind groupby",
             "top cần tên trường: \"top 10 src\", hoặc đứng sau groupby");
}

static void read_histogram(struct parser *p, struct search *search)
{
    bool quoted = false;

    search->shape = SEARCH_HISTOGRAM;
    if (!*p->at || *p->at == '|')
        return;
    const char *text = read_value(p, false, &quoted);
    if (!clock_parse_span(slice_of_str(text), &search->step_ns) || search->step_ns < CLOCK_S)
        fail(p, "\"%.60s\" is no step like 5m or 1h", "\"%.60s\" không phải là bước như 5m hay 1h",
             text);
}

static void read_pipe(struct parser *p, struct search *search)
{
    p->at++;
    skip_blanks(p);
    if (take_word(p, "groupby"))
        read_fields(p, search);
    else if (take_word(p, "top"))
        read_top(p, search);
    else if (take_word(p, "histogram"))
        read_histogram(p, search);
    else
        fail(p, "groupby, top or histogram was expected behind |",
             "cần groupby, top hoặc histogram sau |");
    skip_blanks(p);
}

enum err search_parse(const char *text, uint64_t now_ns, struct arena *arena, struct search *search,
                      struct search_fault *fault)
{
    struct parser p = {.all = text, .at = text, .now_ns = now_ns, .arena = arena, .fault = fault};

    *fault = (struct search_fault){{0}, {0}};
    *search = (struct search){.shape = SEARCH_ROWS};
    if (strlen(text) > SEARCH_TEXT_MAX || !utf8_ok(slice_of_str(text))) {
        snprintf(fault->en, SEARCH_FAULT_MAX, "The search is longer than %d bytes, or no UTF-8.",
                 SEARCH_TEXT_MAX);
        snprintf(fault->vi, SEARCH_FAULT_MAX,
                 "Câu tìm kiếm dài hơn %d byte, hoặc không phải UTF-8.", SEARCH_TEXT_MAX);
        return ERR_INPUT;
    }
    skip_blanks(&p);
    search->root = at_end(&p) && *p.at != ')' ? node_new(&p, SEARCH_ALL) : read_or(&p);
    skip_blanks(&p);
    while (*p.at == '|' && !fault->en[0])
        read_pipe(&p, search);
    if (*p.at && !fault->en[0])
        fail(&p, "nothing was expected here", "không cần gì thêm ở đây");
    if (!search->root && !fault->en[0])
        return ERR_NOMEM;
    return fault->en[0] ? ERR_INPUT : ERR_OK;
}
