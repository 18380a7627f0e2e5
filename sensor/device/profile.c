/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of one overlay (iot-profiles/schema.md). A wrong value is a fault and the profile is left
 * out, because a profile that is half understood judges wrongly; an unknown key is only named.
 */
#include "sensor/device/profile.h"

#include "common/json.h"
#include "common/strbuf.h"
#include "sensor/device/condition.h"
#include "sensor/device/identity.h"

#include <stdio.h>

struct reader {
    const char *path;
    struct strbuf *report;
    struct profile *p;
    bool bad;
};

static void fault(struct reader *r, const struct json *at, const char *what, const char *text)
{
    strbuf_fmt(r->report, "%s:%u: %s %s\n", r->path, json_line(at), what, text);
    r->bad = true;
}

static bool among(const char *key, const char *const *known)
{
    for (; *known; known++) {
        if (strcmp(key, *known) == 0)
            return true;
    }
    return false;
}

static void name_unknown(struct reader *r, const struct json *obj, const char *const *known)
{
    for (const struct json *c = json_first(obj); c; c = json_next(c)) {
        if (json_key(c) && !among(json_key(c), known))
            strbuf_fmt(r->report, "%s:%u: unknown key %s, it is ignored\n", r->path, json_line(c),
                       json_key(c));
    }
}

static bool want(struct reader *r, const struct json *v, const struct json *parent,
                 enum json_kind kind, const char *key)
{
    static const char *const kinds[] = {"null", "boolean", "number", "text", "list", "map"};
    char text[96];

    if (v && json_kind(v) == kind)
        return true;
    snprintf(text, sizeof(text), "must be a %s", kinds[kind]);
    fault(r, v ? v : parent, key, v ? text : "is missing");
    return false;
}

static void copy_text(struct reader *r, const struct json *v, const struct json *parent,
                      const char *key, char *out, size_t room)
{
    if (!want(r, v, parent, JSON_STR, key))
        return;
    struct slice text = json_text(v);
    if (text.len >= room) {
        fault(r, v, key, "is too long");
        return;
    }
    if (text.len)
        memcpy(out, text.at, text.len);
    out[text.len] = '\0';
}

static int64_t whole(struct reader *r, const struct json *v, const struct json *parent,
                     const char *key, int64_t low, int64_t high)
{
    if (!want(r, v, parent, JSON_NUM, key))
        return low;
    int64_t n = json_i64(v, low - 1);
    if (n < low || n > high || json_num(v, 0) != (double)n) {
        fault(r, v, key, "is out of range");
        return low;
    }
    return n;
}

static void read_identify(struct reader *r, const struct json *list)
{
    static const char *const known[] = {"kind", "match", "weight", NULL};
    char kind[PROFILE_WORD_MAX];

    for (const struct json *e = json_first(list); e; e = json_next(e)) {
        if (r->p->n_identify == PROFILE_IDENTIFY_MAX) {
            fault(r, e, "identify", "has more than 32 entries");
            return;
        }
        struct profile_identify *i = &r->p->identify[r->p->n_identify++];
        name_unknown(r, e, known);
        kind[0] = '\0';
        copy_text(r, json_get(e, "kind"), e, "kind", kind, sizeof(kind));
        copy_text(r, json_get(e, "match"), e, "match", i->match, sizeof(i->match));
        i->kind = identity_kind(kind);
        if (!i->kind)
            fault(r, e, "unknown kind of evidence", kind);
        else if (!identity_match_ok(i->kind, i->match))
            fault(r, e, "not a match for this kind:", i->match);
        if (want(r, json_get(e, "weight"), e, JSON_NUM, "weight"))
            i->weight = json_num(json_get(e, "weight"), 0);
    }
}

static void read_roles(struct reader *r, const struct json *map)
{
    for (const struct json *e = json_first(map); e; e = json_next(e)) {
        if (!json_key(e) || r->p->n_roles == PROFILE_ROLES_MAX) {
            fault(r, e, "roles", "must be a map of at most 16 roles");
            return;
        }
        struct profile_role *role = &r->p->roles[r->p->n_roles++];
        snprintf(role->name, sizeof(role->name), "%s", json_key(e));
        const struct json *bind = json_get(e, "bind");
        role->learn = strcmp(json_str(bind, ""), "learn") == 0;
        if (!role->learn && !prefix_parse(json_text(bind), &role->net))
            fault(r, e, "bind must be learn or a CIDR:", json_str(bind, "(no text)"));
    }
}

static void read_write(struct reader *r, const struct json *e)
{
    static const char *const known[] = {"fc", "unit", "addr", NULL};
    struct profile_write *w = &r->p->writes[r->p->n_writes++];
    const struct json *addr = json_get(e, "addr");
    const struct json *unit = json_get(e, "unit");

    name_unknown(r, e, known);
    w->fc = (uint8_t)whole(r, json_get(e, "fc"), e, "fc", 1, 127);
    w->unit = unit ? (int32_t)whole(r, unit, e, "unit", 0, 255) : -1;
    w->high = 65535;
    if (!addr)
        return;
    const struct json *low = json_first(addr);
    if (json_kind(addr) != JSON_ARR || json_count(addr) != 2) {
        fault(r, addr, "addr", "must be [low, high]");
        return;
    }
    w->low = (uint32_t)whole(r, low, addr, "addr", 0, 65535);
    w->high = (uint32_t)whole(r, json_next(low), addr, "addr", 0, 65535);
}

static void read_modbus(struct reader *r, const struct json *m)
{
    static const char *const known[] = {"read", "write", NULL};

    name_unknown(r, m, known);
    r->p->has_modbus = true;
    for (const struct json *c = json_first(json_get(m, "read")); c; c = json_next(c))
        r->p->modbus_read[whole(r, c, m, "read", 0, 255)] = true;
    for (const struct json *c = json_first(json_get(m, "write")); c; c = json_next(c)) {
        if (r->p->n_writes == PROFILE_WRITES_MAX) {
            fault(r, c, "write", "has more than 32 entries");
            return;
        }
        read_write(r, c);
    }
}

static uint32_t read_topics(struct reader *r, const struct json *list,
                            char out[PROFILE_TOPICS_MAX][PROFILE_TEXT_MAX], const char *key)
{
    uint32_t n = 0;

    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        if (n == PROFILE_TOPICS_MAX) {
            fault(r, c, key, "has more than 32 entries");
            break;
        }
        copy_text(r, c, list, key, out[n++], PROFILE_TEXT_MAX);
    }
    return n;
}

static void read_commands(struct reader *r, const struct json *c)
{
    static const char *const known[] = {"modbus", "mqtt", NULL};
    static const char *const mqtt[] = {"pub", "sub", NULL};

    if (!c)
        return;
    name_unknown(r, c, known);
    if (json_get(c, "modbus"))
        read_modbus(r, json_get(c, "modbus"));
    const struct json *m = json_get(c, "mqtt");
    if (!m)
        return;
    name_unknown(r, m, mqtt);
    r->p->has_mqtt = true;
    r->p->n_pub = read_topics(r, json_get(m, "pub"), r->p->pub, "pub");
    r->p->n_sub = read_topics(r, json_get(m, "sub"), r->p->sub, "sub");
}

static uint8_t severity_of(const char *word)
{
    static const char *const words[] = {"critical", "high", "medium", "low"};

    for (uint8_t i = 0; i < 4; i++) {
        if (strcmp(words[i], word) == 0)
            return (uint8_t)(i + 1);
    }
    return 0;
}

static void read_hard(struct reader *r, const struct json *list)
{
    static const char *const known[] = {"id", "when", "severity", "attack", NULL};
    char word[PROFILE_WORD_MAX];
    char why[128];

    for (const struct json *e = json_first(list); e; e = json_next(e)) {
        if (r->p->n_hard == PROFILE_HARD_MAX) {
            fault(r, e, "hard", "has more than 24 entries");
            return;
        }
        struct profile_hard *h = &r->p->hard[r->p->n_hard++];
        name_unknown(r, e, known);
        copy_text(r, json_get(e, "id"), e, "id", h->id, sizeof(h->id));
        copy_text(r, json_get(e, "when"), e, "when", h->when, sizeof(h->when));
        if (json_get(e, "attack"))
            copy_text(r, json_get(e, "attack"), e, "attack", h->attack, sizeof(h->attack));
        word[0] = '\0';
        copy_text(r, json_get(e, "severity"), e, "severity", word, sizeof(word));
        h->severity = severity_of(word);
        if (h->severity == 0)
            fault(r, e, "severity must be low, medium, high or critical, not", word);
        if (*h->when && !condition_parse(h->when, h, why, sizeof(why)))
            fault(r, json_get(e, "when"), "when:", why);
    }
}

static void read_tune(struct reader *r, const struct json *tune)
{
    static const char *const known[] = {"learn_h", "tau_n", NULL};

    r->p->tau_n = 6;
    if (!tune)
        return;
    name_unknown(r, tune, known);
    const struct json *learn = json_get(tune, "learn_h");
    const struct json *tau = json_get(tune, "tau_n");
    if (learn && want(r, learn, tune, JSON_NUM, "learn_h"))
        r->p->learn_h = json_num(learn, 72);
    if (tau && want(r, tau, tune, JSON_NUM, "tau_n"))
        r->p->tau_n = json_num(tau, 6);
    if (r->p->learn_h < 0 || r->p->learn_h > 24 * 365 || r->p->tau_n < 1 || r->p->tau_n > 64)
        fault(r, tune, "tune", "is out of range");
}

static void check_shapes(struct reader *r, const struct json *tree)
{
    static const struct {
        const char *key;
        enum json_kind kind;
    } shapes[] = {{"identify", JSON_ARR},
                  {"roles", JSON_OBJ},
                  {"commands", JSON_OBJ},
                  {"hard", JSON_ARR},
                  {"tune", JSON_OBJ}};

    for (uint32_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const struct json *v = json_get(tree, shapes[i].key);
        if (v)
            want(r, v, tree, shapes[i].kind, shapes[i].key);
    }
}

static void read_profile(struct reader *r, const struct json *tree, char *mud_file)
{
    static const char *const known[] = {"id",    "version",  "title", "mud",  "otclass", "identify",
                                        "roles", "commands", "hard",  "tune", NULL};
    const struct json *title = json_get(tree, "title");

    name_unknown(r, tree, known);
    check_shapes(r, tree);
    copy_text(r, json_get(tree, "id"), tree, "id", r->p->id, sizeof(r->p->id));
    r->p->version = whole(r, json_get(tree, "version"), tree, "version", 0, INT32_MAX);
    copy_text(r, json_get(title, "en"), tree, "title.en", r->p->title_en, PROFILE_TEXT_MAX);
    copy_text(r, json_get(title, "vi"), tree, "title.vi", r->p->title_vi, PROFILE_TEXT_MAX);
    copy_text(r, json_get(tree, "otclass"), tree, "otclass", r->p->otclass, PROFILE_WORD_MAX);
    copy_text(r, json_get(tree, "mud"), tree, "mud", mud_file, PROFILE_TEXT_MAX);
    if (strchr(mud_file, '/'))
        fault(r, json_get(tree, "mud"), "mud must be a file of the same folder, not", mud_file);
    if (r->bad)
        return;
    read_identify(r, json_get(tree, "identify"));
    read_roles(r, json_get(tree, "roles"));
    read_commands(r, json_get(tree, "commands"));
    read_hard(r, json_get(tree, "hard"));
    read_tune(r, json_get(tree, "tune"));
}

enum err profile_parse(struct slice text, const char *path, struct profile *profile, char *mud_file,
                       struct strbuf *report)
{
    struct reader r = {.path = path, .report = report, .p = profile};
    struct json *tree = NULL;
    struct json_fault why = {0};
    enum err err = yaml_parse(text, false, &tree, &why);

    *profile = (struct profile){0};
    mud_file[0] = '\0';
    if (err) {
        strbuf_fmt(report, "%s:%u:%u: %s\n", path, why.line, why.column, why.text);
        return err;
    }
    if (json_kind(tree) == JSON_OBJ)
        read_profile(&r, tree, mud_file);
    else
        fault(&r, tree, "a profile", "must be a map");
    json_free(&tree);
    return r.bad ? ERR_INPUT : ERR_OK;
}

const struct profile_role *profile_find_role(const struct profile *profile, const char *name)
{
    for (uint32_t i = 0; i < profile->n_roles; i++) {
        if (strcmp(profile->roles[i].name, name) == 0)
            return &profile->roles[i];
    }
    return NULL;
}
