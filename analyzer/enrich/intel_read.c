/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of threat intelligence:
 *   plain lists     one value a line, # begins a comment; also hosts files ("0.0.0.0 name")
 *   Zeek            #fields line with indicator, indicator_type, meta.source, meta.desc
 *   MISP            JSON of an event, of a list of them, or of a search; attributes with to_ids
 *   STIX 2.1        bundle; indicators whose pattern is one comparison, or several joined by OR
 * What cannot be said of one value (AND, FOLLOWEDBY, other types) is skipped and counted.
 */
#include "analyzer/enrich/intel.h"
#include "common/clock.h"
#include "common/json.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS_MAX = 32 };

struct reading {
    struct intel *intel;
    const char *source; /* of the file */
    uint8_t confidence;
};

static void put(struct reading *rd, const struct indicator *in)
{
    if (!intel_add(rd->intel, in))
        intel_skip(rd->intel);
}

static void put_text(struct reading *rd, enum intel_kind kind, struct slice value,
                     const struct indicator *like)
{
    char text[INTEL_VALUE_MAX + 1];
    struct indicator in = *like;

    if (value.len == 0 || value.len > INTEL_VALUE_MAX) {
        intel_skip(rd->intel);
        return;
    }
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    in.kind = kind;
    in.value = text;
    put(rd, &in);
}

static struct slice trim(struct slice s)
{
    while (s.len && isspace(s.at[0]))
        s = slice_from(s, 1);
    while (s.len && isspace(s.at[s.len - 1]))
        s.len--;
    return s;
}

static bool next_line(struct slice *left, struct slice *line)
{
    if (left->len == 0)
        return false;
    int64_t end = slice_find_byte(*left, '\n');
    *line = end < 0 ? *left : slice_head(*left, (uint32_t)end);
    *left = end < 0 ? SLICE_NONE : slice_from(*left, (uint32_t)end + 1);
    return true;
}

/* ---- plain lists ---- */

static void read_plain(struct reading *rd, struct slice text)
{
    struct indicator like = {.source = rd->source, .about = "", .confidence = rd->confidence};
    struct slice line;

    while (next_line(&text, &line)) {
        enum intel_kind kind;
        int64_t cut = slice_find_byte(line, '#');
        line = trim(cut < 0 ? line : slice_head(line, (uint32_t)cut));
        uint32_t n = 0;
        while (n < line.len && !isspace(line.at[n]) && line.at[n] != ',')
            n++;
        struct slice first = slice_head(line, n);
        bool hosts =
            slice_eq(first, SLICE_LIT("0.0.0.0")) || slice_eq(first, SLICE_LIT("127.0.0.1"));
        if (hosts && n < line.len)
            first = trim(slice_from(line, n));
        if (first.len == 0)
            continue;
        if (intel_guess(first, &kind))
            put_text(rd, kind, first, &like);
        else
            intel_skip(rd->intel);
    }
}

/* ---- Zeek ---- */

static uint32_t split(struct slice line, struct slice *out, uint32_t max)
{
    uint32_t n = 0;

    while (n < max) {
        int64_t tab = slice_find_byte(line, '\t');
        out[n++] = tab < 0 ? line : slice_head(line, (uint32_t)tab);
        if (tab < 0)
            break;
        line = slice_from(line, (uint32_t)tab + 1);
    }
    return n;
}

static bool zeek_kind(struct slice type, enum intel_kind *kind)
{
    static const struct {
        const char *name;
        enum intel_kind kind;
    } kinds[] = {{"Intel::ADDR", INTEL_ADDR},
                 {"Intel::SUBNET", INTEL_ADDR},
                 {"Intel::URL", INTEL_URL},
                 {"Intel::DOMAIN", INTEL_DOMAIN},
                 {"Intel::FILE_HASH", INTEL_HASH}};

    for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_eq(type, slice_of_str(kinds[i].name))) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static struct slice column(const struct slice *names, const struct slice *values, uint32_t n,
                           const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (slice_eq(names[i], slice_of_str(name)))
            return slice_eq(values[i], SLICE_LIT("-")) ? SLICE_NONE : values[i];
    }
    return SLICE_NONE;
}

static void copy(struct slice text, char *room, size_t size)
{
    snprintf(room, size, "%.*s", (int)text.len, (const char *)text.at);
}

static void read_zeek(struct reading *rd, struct slice text)
{
    struct slice names[COLUMNS_MAX], values[COLUMNS_MAX], line;
    uint32_t n_names = 0;

    while (next_line(&text, &line)) {
        char source[128], about[320];
        enum intel_kind kind;
        if (slice_starts(line, SLICE_LIT("#fields\t"))) {
            n_names = split(slice_from(line, 8), names, COLUMNS_MAX);
            continue;
        }
        if (line.len == 0 || line.at[0] == '#')
            continue;
        uint32_t n = split(line, values, COLUMNS_MAX);
        n = n < n_names ? n : n_names;
        struct slice by = column(names, values, n, "meta.source");
        copy(by.len ? by : slice_of_str(rd->source), source, sizeof(source));
        copy(column(names, values, n, "meta.desc"), about, sizeof(about));
        struct indicator like = {.source = source, .about = about, .confidence = rd->confidence};
        if (zeek_kind(column(names, values, n, "indicator_type"), &kind))
            put_text(rd, kind, column(names, values, n, "indicator"), &like);
        else
            intel_skip(rd->intel);
    }
}

/* ---- MISP ---- */

static bool misp_kind(const char *type, enum intel_kind *kind)
{
    static const struct {
        const char *name;
        enum intel_kind kind;
    } kinds[] = {{"ip-src", INTEL_ADDR},     {"ip-dst", INTEL_ADDR}, {"domain", INTEL_DOMAIN},
                 {"hostname", INTEL_DOMAIN}, {"url", INTEL_URL},     {"uri", INTEL_URL},
                 {"md5", INTEL_HASH},        {"sha1", INTEL_HASH},   {"sha256", INTEL_HASH}};

    for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(type, kinds[i].name) == 0) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* "domain|ip", "ip-dst|port", "filename|sha256": each half by its own name. */
static void misp_attribute(struct reading *rd, const struct json *a, const struct indicator *like)
{
    struct slice types = json_text(json_get(a, "type")), values = json_text(json_get(a, "value"));
    bool any = false;

    if (!json_bool(json_get(a, "to_ids"), true) || json_bool(json_get(a, "deleted"), false))
        return;
    while (types.len) {
        int64_t t = slice_find_byte(types, '|');
        int64_t v = t < 0 ? -1 : slice_find_byte(values, '|');
        char type[40];
        enum intel_kind kind;
        copy(t < 0 ? types : slice_head(types, (uint32_t)t), type, sizeof(type));
        if (misp_kind(type, &kind)) {
            put_text(rd, kind, v < 0 ? values : slice_head(values, (uint32_t)v), like);
            any = true;
        }
        types = t < 0 ? SLICE_NONE : slice_from(types, (uint32_t)t + 1);
        values = v < 0 ? values : slice_from(values, (uint32_t)v + 1);
    }
    if (!any)
        intel_skip(rd->intel);
}

static void misp_attributes(struct reading *rd, const struct json *list,
                            const struct indicator *like)
{
    for (const struct json *a = json_first(list); a; a = json_next(a)) {
        struct indicator in = *like;
        const char *comment = json_str(json_get(a, "comment"), "");
        if (*comment)
            in.about = comment;
        misp_attribute(rd, a, &in);
    }
}

static void misp_event(struct reading *rd, const struct json *event)
{
    const char *by = json_str(json_path(event, "Orgc.name"), rd->source);
    struct indicator like = {
        .source = by, .about = json_str(json_get(event, "info"), ""), .confidence = rd->confidence};

    misp_attributes(rd, json_get(event, "Attribute"), &like);
    for (const struct json *o = json_first(json_get(event, "Object")); o; o = json_next(o))
        misp_attributes(rd, json_get(o, "Attribute"), &like);
}

static bool read_misp(struct reading *rd, const struct json *tree)
{
    const struct json *answer = json_get(tree, "response");
    const struct json *list = json_kind(tree) == JSON_ARR ? tree : answer;

    if (json_get(tree, "Event")) {
        misp_event(rd, json_get(tree, "Event"));
        return true;
    }
    if (json_get(answer, "Attribute")) {
        struct indicator like = {.source = rd->source, .about = "", .confidence = rd->confidence};
        misp_attributes(rd, json_get(answer, "Attribute"), &like);
        return true;
    }
    for (const struct json *e = json_first(list); e; e = json_next(e))
        misp_event(rd, json_get(e, "Event") ? json_get(e, "Event") : e);
    return json_kind(list) == JSON_ARR;
}

/* ---- STIX ---- */

static bool stix_kind(struct slice path, enum intel_kind *kind)
{
    static const struct {
        const char *begin;
        enum intel_kind kind;
    } kinds[] = {{"ipv4-addr:value", INTEL_ADDR},
                 {"ipv6-addr:value", INTEL_ADDR},
                 {"domain-name:value", INTEL_DOMAIN},
                 {"url:value", INTEL_URL},
                 {"file:hashes.", INTEL_HASH}};

    for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_starts(path, slice_of_str(kinds[i].begin))) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* One comparison: path, "=" or ISSUBSET, 'value'. */
static void stix_comparison(struct reading *rd, struct slice c, const struct indicator *like)
{
    enum intel_kind kind;
    c = trim(c);
    uint32_t n = 0;
    while (n < c.len && !isspace(c.at[n]) && c.at[n] != '=')
        n++;
    struct slice path = slice_head(c, n);
    struct slice rest = trim(slice_from(c, n));
    bool equal = slice_starts(rest, SLICE_LIT("="));
    rest = trim(slice_from(rest, equal ? 1 : slice_starts(rest, SLICE_LIT("ISSUBSET")) ? 8 : 0));
    if (rest.len < 2 || rest.at[0] != '\'' || rest.at[rest.len - 1] != '\'' ||
        !stix_kind(path, &kind)) {
        intel_skip(rd->intel);
        return;
    }
    put_text(rd, kind, slice_head(slice_from(rest, 1), rest.len - 2), like);
}

/* Length of the text before " OR " outside quotes; all of it when there is none. */
static uint32_t until_or(struct slice s)
{
    bool quoted = false;

    for (uint32_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\'' && (i == 0 || s.at[i - 1] != '\\'))
            quoted = !quoted;
        if (!quoted && i + 4 <= s.len && memcmp(s.at + i, " OR ", 4) == 0)
            return i;
    }
    return s.len;
}

static bool says_more(const char *pattern)
{
    return strstr(pattern, " AND ") || strstr(pattern, "FOLLOWEDBY") || strstr(pattern, " NOT ") ||
           strstr(pattern, "REPEATS") || strstr(pattern, "WITHIN");
}

static void stix_pattern(struct reading *rd, const char *pattern, const struct indicator *like)
{
    struct slice left = slice_of_str(pattern);

    if (says_more(pattern)) {
        intel_skip(rd->intel);
        return;
    }
    while (left.len) {
        uint32_t n = until_or(left);
        struct slice one = trim(slice_head(left, n));
        while (one.len && strchr("[(", one.at[0]))
            one = slice_from(one, 1);
        while (one.len && strchr("])", one.at[one.len - 1]))
            one.len--;
        stix_comparison(rd, one, like);
        left = n < left.len ? slice_from(left, n + 4) : SLICE_NONE;
    }
}

static const char *stix_source(const struct json *objects, const char *id, const char *or_else)
{
    for (const struct json *o = json_first(objects); o && *id; o = json_next(o)) {
        if (strcmp(json_str(json_get(o, "id"), ""), id) == 0)
            return json_str(json_get(o, "name"), or_else);
    }
    return or_else;
}

static void read_stix(struct reading *rd, const struct json *bundle)
{
    const struct json *objects = json_get(bundle, "objects");

    for (const struct json *o = json_first(objects); o; o = json_next(o)) {
        if (strcmp(json_str(json_get(o, "type"), ""), "indicator") != 0 ||
            json_bool(json_get(o, "revoked"), false))
            continue;
        int64_t confidence = json_i64(json_get(o, "confidence"), rd->confidence);
        struct indicator like = {
            .source = stix_source(objects, json_str(json_get(o, "created_by_ref"), ""), rd->source),
            .about = json_str(json_get(o, "name"), ""),
            .confidence = (uint8_t)(confidence < 0     ? 0
                                    : confidence > 100 ? 100
                                                       : confidence)};
        clock_parse(json_text(json_get(o, "valid_until")), &like.expires_ns);
        if (strcmp(json_str(json_get(o, "pattern_type"), "stix"), "stix") == 0)
            stix_pattern(rd, json_str(json_get(o, "pattern"), ""), &like);
        else
            intel_skip(rd->intel);
    }
}

/* ---- any ---- */

static bool read_json(struct reading *rd, struct slice text, const char *path,
                      struct strbuf *report)
{
    struct json *tree = NULL;
    struct json_fault fault = {0};
    bool good = json_parse(text, &tree, &fault) == ERR_OK;

    if (!good)
        strbuf_fmt(report, "intel.files: %s:%u: not valid JSON: %.120s\n", path, fault.line,
                   fault.text);
    else if (strcmp(json_str(json_get(tree, "type"), ""), "bundle") == 0)
        read_stix(rd, tree);
    else if (!(good = read_misp(rd, tree)))
        strbuf_fmt(report, "intel.files: %s: neither a STIX bundle nor a MISP event\n", path);
    json_free(&tree);
    return good;
}

static char *read_all(const char *path, uint32_t *len)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    long size = -1;

    *len = 0;
    if (f && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size >= 0 && size <= INTEL_FILE_MAX && fseek(f, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size + 1);
    if (bytes)
        *len = (uint32_t)fread(bytes, 1, (size_t)size, f);
    if (f)
        fclose(f);
    return bytes;
}

enum err intel_read(struct intel *intel, const char *path, uint8_t confidence,
                    struct strbuf *report)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char source[128];
    uint32_t len;
    char *bytes = read_all(path, &len);
    bool good = true;

    if (!bytes) {
        strbuf_fmt(report, "intel.files: cannot read %s\n", path);
        return ERR_IO;
    }
    snprintf(source, sizeof(source), "%.*s", (int)strcspn(base, "."), base);
    struct reading rd = {intel, source, confidence};
    struct slice text = {(uint8_t *)bytes, len};
    struct slice start = trim(text);
    if (start.len && (start.at[0] == '{' || start.at[0] == '['))
        good = read_json(&rd, start, path, report);
    else if (slice_starts(start, SLICE_LIT("#fields\t")) ||
             slice_find(start, SLICE_LIT("\n#fields\t")) >= 0)
        read_zeek(&rd, text);
    else
        read_plain(&rd, text);
    free(bytes);
    return good ? ERR_OK : ERR_INPUT;
}
