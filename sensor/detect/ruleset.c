/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading of rule files: reading, ordering, freezing.
 *
 * A rule that cannot be accepted is quarantined with its place and reason; the rest load. Of two
 * rules with the same gid and sid the higher revision stays.
 */
#include "sensor/detect/ruleset.h"

#include "common/conf.h"
#include "common/geo.h"
#include "common/hash.h"
#include "common/log.h"
#include "sensor/detect/dataset.h"
#include "sensor/detect/reputation.h"
#include "sensor/detect/rule_parse.h"
#include "sensor/detect/sets.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const struct option ruleset_options[] = {
    {"vars", CONF_TREE, NULL, "address-groups and port-groups: the variables of rules"},
    {"detect.classification", CONF_TEXT, "",
     "classification.config; empty: beside the rules, or the one that is shipped"},
    {"detect.thresholds", CONF_TEXT, "", "threshold.config; empty: none"},
    {"detect.cache", CONF_BOOL, "true", "Keep compiled literals on disk"},
    {"detect.cache-dir", CONF_TEXT, "",
     "Where; empty: $XDG_CACHE_HOME/tramgac or ~/.cache/tramgac"},
    {"detect.memory", CONF_SIZE, "64M", "Most bytes of detection state per worker"},
    {"detect.stream-window", CONF_SIZE, "2560",
     "Bytes of a stream that rules may look back, at most 4k"},
    {"detect.stream-depth", CONF_SIZE, "1M", "Bytes of a stream's direction that are inspected"},
    {"detect.behind-depth", CONF_BOOL, "false",
     "Behind them rules look at each packet by itself, as Suricata does"},
    {"action-order", CONF_LIST, "pass,drop,reject,alert",
     "Which action goes first; alerts of a packet stay that stand before the pass rule"},
    {"detect.alerts-max", CONF_INT, "15", "Most alerts of one packet; the first in order stay"},
    {"detect.drop-ends", CONF_BOOL, "false",
     "Where drop or reject match for a flow, rules look at no more of it, as in Suricata"},
    {"detect.at-end", CONF_BOOL, "false",
     "Rules of a protocol alone match once more, each way, where an open connection ends"},
    {"detect.encrypted", CONF_BOOL, "false", "Rules look at the payload of encrypted TLS, too"},
    {"detect.rule-budget", CONF_INT, "0",
     "Steps a rule may take in a second of packet time from one of 64 shards of the flows; 0: any"},
    {"detect.rule-rest", CONF_SPAN, "60s", "How long a rule over its budget rests in that shard"},
    {"threshold-file", CONF_TEXT, "", "Suricata's name for detect.thresholds"},
    {"classification-file", CONF_TEXT, "", "Suricata's name for detect.classification"},
    {"vars.address-groups", CONF_TREE, NULL, "Names for lists of addresses, as rules use them"},
    {"vars.port-groups", CONF_TREE, NULL, "Names for lists of ports, as rules use them"},
    {"datasets", CONF_TREE, NULL, "Sets of values by name: type, load, state, memcap"},
    {"reputation-categories-file", CONF_TEXT, "", "Names of reputation categories, for iprep"},
    {"default-reputation-path", CONF_TEXT, "",
     "Directory that relative names of reputation-files start from"},
    {"reputation-files", CONF_LIST, "", "Reputation of addresses, for iprep"},
    {"app-layer.protocols.tls.ja3-fingerprints", CONF_TEXT, "auto",
     "no: rules that require the feature ja3 are left out"},
    {"app-layer.protocols.tls.ja4-fingerprints", CONF_TEXT, "auto",
     "no: rules that require the feature ja4 are left out"},
    {"default-data-dir", CONF_TEXT, "",
     "Where sets of values are saved; empty: the directory of the run"},
    OPTION_END,
};

enum { FILE_BYTES_MAX = 512 * 1024 * 1024, READ_BYTES = 64 * 1024 };

struct reading {
    struct ruleset *rs;
    struct loader loader;
    struct draft *draft;
    struct rule *rules;
    uint32_t n, room;
    struct sid_index sids;
    struct strbuf joined;         /* of a rule over several lines */
    uint32_t line, begun, in_all; /* of the file; where that rule began; lines of it so far */
    struct strbuf *report;
    uint32_t skipped;             /* requires: not for this version */
    uint64_t classes_hash;        /* of all files of classes */
    const struct ruleset *before; /* NULL: no reload */
    struct known_rules known;     /* of `before`, when its rules can stand here too */
};

/* ---- files -------------------------------------------------------------------------------- */

/* A regular file of no absurd size; NULL with errno. `bytes` may be NULL. */
static FILE *open_file(const char *path, size_t *bytes)
{
    struct stat st;
    FILE *f = fopen(path, "rbe");

    if (!f)
        return NULL;
    if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EFBIG;
        fclose(f);
        return NULL;
    }
    if (bytes)
        *bytes = (size_t)st.st_size;
    return f;
}

static bool read_file(const char *path, char **text, size_t *len)
{
    FILE *f = open_file(path, len);

    *text = NULL;
    if (!f)
        return false;
    *text = malloc(*len + 1);
    *len = *text ? fread(*text, 1, *len, f) : 0;
    bool ok = *text && !ferror(f);
    fclose(f);
    return ok;
}

static void quarantine(struct reading *r, const char *file, uint32_t line)
{
    struct ruleset *rs = r->rs;
    const struct draft *d = r->draft;

    if (rs->n_bad == rs->room_bad) {
        rs->room_bad = rs->room_bad ? rs->room_bad * 2 : 64;
        rs->bad = realloc(rs->bad, rs->room_bad * sizeof(*rs->bad));
        if (!rs->bad)
            abort();
    }
    rs->bad[rs->n_bad++] = (struct quarantined){
        .file = file,
        .line = line,
        .column = d->column,
        .sid = d->rule.info.sid,
        .reason = arena_str(&rs->arena, slice_of_str(d->reason)),
    };
}

/* sid of a rule that broke before its sid was read, for the report. */
static void guess_sid(struct draft *d, struct slice text)
{
    int64_t at = slice_find(text, SLICE_LIT("sid:"));
    uint64_t sid = 0;

    if (d->rule.info.sid || at < 0)
        return;
    struct slice rest = slice_trim(slice_from(text, (uint32_t)at + 4));
    uint32_t n = 0;
    while (n < rest.len && rest.at[n] >= '0' && rest.at[n] <= '9')
        n++;
    if (slice_to_u64(slice_head(rest, n), &sid) && sid <= UINT32_MAX)
        d->rule.info.sid = (uint32_t)sid;
}

/* Puts a rule among those read: a new one, or in place of an older revision. */
static bool keep_rule(struct reading *r, const struct rule *rule)
{
    uint32_t gid = rule->info.gid, sid = rule->info.sid;
    uint32_t at = sid_index_find(&r->sids, r->rules, gid, sid, r->n);

    if (at < r->n && r->rules[at].info.rev >= rule->info.rev)
        return draft_fail(r->draft, "sid %u is used before, at %s:%u", sid, r->rules[at].info.file,
                          r->rules[at].info.line);
    if (at == r->room) {
        r->room = r->room ? r->room * 2 : 1024;
        r->rules = realloc(r->rules, r->room * sizeof(*r->rules));
        if (!r->rules)
            abort();
    }
    r->rules[at] = *rule;
    if (at == r->n)
        sid_index_add(&r->sids, r->rules, r->n++);
    return true;
}

/* The rule as the set before has it; only its place may be another. */
static void share_rule(struct draft *d, struct rule *rule, const struct rule *same)
{
    *rule = *same;
    d->rule.info = same->info; /* should it be put aside */
    d->failed = false;
    d->column = 1;
    rule->limits = rule->own_limits;
    rule->info.has_threshold = rule_asks_host(rule);
}

static bool make_rule(struct reading *r, struct slice text, uint32_t line, struct rule *rule)
{
    struct draft *d = r->draft;

    if (!rule_parse(d, text) || d->skip) {
        r->skipped += d->skip && !d->failed;
        if (d->failed) {
            guess_sid(d, text);
            quarantine(r, r->loader.file, line);
        }
        return false;
    }
    d->column = 1;
    if (!rule_finish(d, rule)) {
        quarantine(r, r->loader.file, line);
        return false;
    }
    return true;
}

static void read_rule(struct reading *r, struct slice text, uint32_t line)
{
    const struct rule *same = ruleset_change_same(&r->known, text);
    struct rule rule;

    if (same)
        share_rule(r->draft, &rule, same);
    else if (!make_rule(r, text, line, &rule))
        return;
    if (!same)
        rule.info.text = arena_str(r->loader.arena, text);
    rule.info.file = r->loader.file;
    rule.info.line = line;
    if (!keep_rule(r, &rule))
        quarantine(r, r->loader.file, line);
}

/* The rule that was joined from several lines. */
static void end_joined(struct reading *r)
{
    if (r->joined.len)
        read_rule(r, slice_trim(strbuf_view(&r->joined)), r->begun);
    strbuf_clear(&r->joined);
}

static void read_line(struct reading *r, struct slice row)
{
    row = slice_trim(row);
    r->line++;
    if (!r->joined.len && (!row.len || row.at[0] == '#'))
        return;
    bool more = row.len && row.at[row.len - 1] == '\\';
    if (!r->joined.len && !more) {
        read_rule(r, row, r->line);
        return;
    }
    if (!r->joined.len)
        r->begun = r->line;
    strbuf_slice(&r->joined, more ? (struct slice){row.at, row.len - 1} : row);
    if (more)
        strbuf_char(&r->joined, ' ');
    else
        end_joined(r);
}

static void begin_file(struct reading *r, const char *path)
{
    r->loader.file = arena_str(&r->rs->arena, slice_of_str(path));
    r->line = 0;
    strbuf_clear(&r->joined);
}

static void read_lines(struct reading *r, struct slice text)
{
    while (text.len) {
        int64_t end = slice_find_byte(text, '\n');
        uint32_t len = end < 0 ? text.len : (uint32_t)end;
        read_line(r, slice_head(text, len));
        text = slice_from(text, len + 1);
    }
    end_joined(r);
}

/* Line by line: no file is held as a whole. */
static enum err read_rules_file(struct reading *r, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    FILE *f = open_file(path, NULL);

    if (!f) {
        strbuf_fmt(r->report, "%s: %s\n", path, strerror(errno));
        return ERR_IO;
    }
    (void)setvbuf(f, NULL, _IOFBF, READ_BYTES);
    begin_file(r, path);
    while ((len = getline(&line, &room, f)) >= 0)
        read_line(r, (struct slice){(const uint8_t *)line, (uint32_t)len});
    end_joined(r);
    bool failed = ferror(f);
    if (failed)
        strbuf_fmt(r->report, "%s: %s\n", path, strerror(errno));
    fclose(f);
    free(line);
    return failed ? ERR_IO : ERR_OK;
}

static int is_rules(const struct dirent *e)
{
    size_t len = strlen(e->d_name);

    return len > 6 && strcmp(e->d_name + len - 6, ".rules") == 0;
}

static enum err read_path(struct reading *r, const char *path)
{
    struct stat st;
    struct dirent **names;
    enum err err = ERR_OK;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return read_rules_file(r, path);
    int n = scandir(path, &names, is_rules, alphasort);
    if (n < 0) {
        strbuf_fmt(r->report, "%s: %s\n", path, strerror(errno));
        return ERR_IO;
    }
    for (int i = 0; i < n; i++) {
        char full[4096];
        if ((size_t)snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name) < sizeof(full) &&
            read_rules_file(r, full) != ERR_OK)
            err = ERR_IO;
        free(names[i]);
    }
    free(names);
    return err;
}

/* ---- side files --------------------------------------------------------------------------- */

static bool read_classes(struct reading *r, const char *path)
{
    char *text;
    size_t len;
    bool ok = *path && read_file(path, &text, &len);

    if (!ok)
        return false;
    struct slice all = {(const uint8_t *)text, (uint32_t)len};
    if (!r->known.of) /* else they are in the store */
        loader_classes(&r->loader, all);
    r->classes_hash = hash_bytes(all, r->classes_hash);
    free(text);
    return true;
}

/* Where the configuration, a suricata.yaml, the rules' own folder or the package has one. */
static void find_classes(struct reading *r, const struct conf *conf, const char *const *paths)
{
    static const char *const shipped[] = {
        "rules/suricata/classification.config",
        "/usr/share/tramgac/rules/suricata/classification.config",
        "/usr/local/share/tramgac/rules/suricata/classification.config"};
    static const char *const beside[] = {"%s/classification.config", "%s/../classification.config"};
    char path[4096];

    for (uint32_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
        if (read_classes(r, shipped[i]))
            break;
    }
    for (uint32_t i = 0; paths && paths[i]; i++) {
        for (uint32_t k = 0; k < 2; k++) {
            snprintf(path, sizeof(path), beside[k], paths[i]);
            (void)read_classes(r, path);
        }
        const char *slash = strrchr(paths[i], '/');
        snprintf(path, sizeof(path), "%.*s/classification.config",
                 slash ? (int)(slash - paths[i]) : 1, slash ? paths[i] : ".");
        (void)read_classes(r, path);
    }
    if (!conf)
        return;
    const char *set = conf_text(conf, "detect.classification");
    if (!set || !*set)
        set = conf_text(conf, "classification-file");
    if (set && *set && !read_classes(r, set))
        strbuf_fmt(r->report, "%s: %s\n", set, strerror(errno));
}

static void read_thresholds(struct reading *r, const struct conf *conf)
{
    char *text;
    size_t len;
    const char *path = conf ? conf_text(conf, "detect.thresholds") : "";

    if (conf && (!path || !*path))
        path = conf_text(conf, "threshold-file");
    if (!path || !*path)
        return;
    if (!read_file(path, &text, &len)) {
        strbuf_fmt(r->report, "%s: %s\n", path, strerror(errno));
        return;
    }
    ruleset_limits(r->rs, &r->loader, (struct slice){(const uint8_t *)text, (uint32_t)len}, path,
                   r->report);
    free(text);
}

static const char *cache_dir(const struct conf *conf, char *room, size_t size)
{
    if (!conf || !conf_bool(conf, "detect.cache"))
        return NULL;
    const char *set = conf_text(conf, "detect.cache-dir");
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (set && *set)
        snprintf(room, size, "%s", set);
    else if (xdg && *xdg)
        snprintf(room, size, "%s/tramgac", xdg);
    else if (home && *home)
        snprintf(room, size, "%s/.cache/tramgac", home);
    else
        return NULL;
    for (char *slash = strchr(room + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(room, 0755);
        *slash = '/';
    }
    return mkdir(room, 0755) == 0 || errno == EEXIST ? room : NULL;
}

static enum err build(struct reading *r, const struct conf *conf)
{
    char room[4096];
    struct literals_maker maker = {.usual = r->loader.usual,
                                   .cache = cache_dir(conf, room, sizeof(room))};
    enum err err = ruleset_build(r->rs, r->before, &maker);

    if (err && *maker.fault)
        strbuf_fmt(r->report, "%s\n", maker.fault);
    r->rs->db_cached = maker.cached;
    r->rs->db_compiled = maker.compiled;
    return err;
}

/* ---- order -------------------------------------------------------------------------------- */

/* By action (pass before alert, unless configured); who changes a state before who asks it; then
 * severity; then as they were read. */
static int by_order(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    if (x->info.priority != y->info.priority)
        return x->info.priority < y->info.priority ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Places of the actions; one that the list does not name keeps its own behind those it does. */
static void rank_actions(const struct conf *conf, uint8_t rank[ACTION_CONFIG + 1])
{
    static const char *const names[] = {"pass", "drop", "reject", "alert"};
    const char *item;

    for (uint8_t a = 0; a <= ACTION_CONFIG; a++)
        rank[a] = (uint8_t)(a + ACTION_CONFIG + 1);
    for (uint32_t i = 0; conf && i <= ACTION_CONFIG && (item = conf_item(conf, "action-order", i));
         i++) {
        for (uint32_t a = 0; a < sizeof(names) / sizeof(names[0]); a++) {
            if (strcmp(names[a], item) == 0)
                rank[a] = (uint8_t)i;
        }
    }
}

/* Two bits a kind of state: changed only, changed and asked, asked only, neither. */
static uint16_t turn_of(const struct rule *r)
{
    uint32_t turn = 0;

    for (uint32_t i = 0; i < STATE_KINDS; i++) {
        uint32_t reads = r->reads >> i & 1, writes = r->writes >> i & 1;
        turn = turn << 2 | (writes ? reads : 3 - reads);
    }
    return (uint16_t)turn;
}

static void order_rules(struct reading *r, const struct conf *conf)
{
    struct ruleset *rs = r->rs;
    uint8_t rank[ACTION_CONFIG + 1];

    rank_actions(conf, rank);
    for (uint32_t i = 0; i < r->n; i++) {
        r->rules[i].order = i;
        r->rules[i].rank = rank[r->rules[i].action];
        r->rules[i].turn = turn_of(&r->rules[i]);
    }
    if (r->n)
        qsort(r->rules, r->n, sizeof(*r->rules), by_order);
    for (uint32_t i = 0; i < r->n; i++) {
        r->rules[i].info.index = i;
        r->rules[i].info.generation = rs->generation;
        r->rules[i].order = i;
    }
    rs->rules = r->rules;
    rs->n = r->n;
    ruleset_change_freeze(rs);
}

/* ---- wants -------------------------------------------------------------------------------- */

static void want(struct ruleset *rs, const char *what)
{
    if (!ruleset_wants(rs, what) && rs->n_wants < sizeof(rs->wants) / sizeof(rs->wants[0]))
        rs->wants[rs->n_wants++] = what;
}

void ruleset_want(struct loader *loader, const char *what)
{
    want(loader->ruleset, what);
}

static void find_wants(struct ruleset *rs)
{
    for (uint32_t i = 0; i < rs->n; i++) {
        for (uint8_t g = 0; g < rs->rules[i].n_groups; g++) {
            const struct buffer *b = rs->rules[i].groups[g].buffer;
            if (b->kind == BUFFER_FILE)
                want(rs, "file.data");
            else if (b->kind == BUFFER_FILE_MAGIC)
                want(rs, "file.magic");
        }
    }
}

/* ---- external ----------------------------------------------------------------------------- */

/* Reputation and places of addresses, for the rules that ask. */
static void open_knowledge(struct reading *r, const struct conf *conf)
{
    const char *country = conf ? conf_text(conf, "geo.country") : "";

    r->rs->reputation = reputation_new(conf, r->report);
    r->loader.reputation = r->rs->reputation;
    if (*country && geo_open(country, NULL, &r->rs->geo) == ERR_OK)
        r->loader.geo = r->rs->geo;
}

static void reading_open(struct reading *r, const struct conf *conf, const struct ruleset *before,
                         bool share, struct strbuf *report)
{
    *r = (struct reading){.report = report, .before = before};
    r->rs = calloc(1, sizeof(*r->rs));
    r->draft = calloc(1, sizeof(*r->draft));
    if (!r->rs || !r->draft)
        abort();
    arena_init(&r->rs->arena, ARENA_LARGE, 0);
    r->rs->store = share ? rule_store_hold(before->store) : rule_store_new();
    if (share)
        ruleset_change_know(&r->known, before);
    loader_init(&r->loader, r->rs->store, r->rs, conf);
    r->loader.report = report;
    ruleset_change_seed_names(&r->loader, before);
    open_knowledge(r, conf);
    strbuf_init(&r->joined, 1024 * 1024);
    strbuf_init(&r->draft->json, 1024 * 1024);
    r->draft->loader = &r->loader;
}

/* What only reading needs goes before the sets are built. */
static void reading_done(struct reading *r)
{
    free(r->known.slots);
    r->known = (struct known_rules){0};
    sid_index_fini(&r->sids);
    loader_read(&r->loader);
    strbuf_fini(&r->joined);
    strbuf_fini(&r->draft->json);
    free(r->draft);
    r->draft = NULL;
}

/* Freezes what was read; takes the reading apart. */
static enum err reading_close(struct reading *r, const struct conf *conf, enum err err,
                              struct ruleset **ruleset)
{
    ruleset_change_uids(r->rs, r->before, &r->sids, r->rules, r->n);
    order_rules(r, conf);
    ruleset_change_keep_names(r->rs, &r->loader);
    r->rs->store->classes_hash = r->classes_hash;
    r->rs->datasets = r->loader.datasets;
    r->rs->live_sets = r->before ? sets_hold(r->before->live_sets) : sets_new();
    if (!err && (!r->rs->live_sets || !sets_lay_over(r->rs->live_sets, r->rs->datasets)))
        err = ERR_NOMEM;
    r->rs->n_nets = r->loader.netsets.n;
    r->rs->n_xbits = r->loader.xbits.n;
    find_wants(r->rs);
    if (!err)
        read_thresholds(r, conf);
    reading_done(r);
    if (!err)
        err = build(r, conf);
    loader_fini(&r->loader, r->rs->store);
    if (err)
        ruleset_free(&r->rs);
    *ruleset = r->rs;
    return err;
}

static void reading_drop(struct reading *r)
{
    reading_done(r);
    loader_fini(&r->loader, r->rs->store);
    ruleset_free(&r->rs);
}

enum err ruleset_reload(const struct conf *conf, const char *const *paths,
                        const struct ruleset *before, struct ruleset **ruleset,
                        struct strbuf *report)
{
    struct reading r;
    enum err err = ERR_OK;

    reading_open(&r, conf, before, before && !rule_store_worn(before->store), report);
    find_classes(&r, conf, paths);
    if (r.known.of && r.classes_hash != before->store->classes_hash) { /* all rules are others */
        reading_drop(&r);
        reading_open(&r, conf, before, false, report);
        find_classes(&r, conf, paths);
    }
    for (uint32_t i = 0; paths && paths[i]; i++) {
        if (read_path(&r, paths[i]) != ERR_OK)
            err = ERR_IO;
    }
    return reading_close(&r, conf, err, ruleset);
}

enum err ruleset_load(const struct conf *conf, const char *const *paths, struct ruleset **ruleset,
                      struct strbuf *report)
{
    return ruleset_reload(conf, paths, NULL, ruleset, report);
}

enum err ruleset_load_text(const struct conf *conf, struct slice text, struct ruleset **ruleset,
                           struct strbuf *report)
{
    struct reading r;

    reading_open(&r, conf, NULL, false, report);
    begin_file(&r, "text");
    read_lines(&r, text);
    return reading_close(&r, conf, ERR_OK, ruleset);
}

void ruleset_free(struct ruleset **ruleset)
{
    struct ruleset *rs = *ruleset;

    if (!rs)
        return;
    for (uint32_t i = 0; i < rs->n_sets; i++)
        literals_free(&rs->sets[i]->db);
    free(rs->sets);
    free(rs->ports);
    free(rs->port_bits);
    free(rs->known_ports);
    free(rs->stream_ports);
    free(rs->rules);
    free(rs->headers);
    free(rs->bad);
    free(rs->index_of);
    reputation_free(&rs->reputation);
    geo_free(&rs->geo);
    sets_drop(&rs->live_sets, rs->datasets);
    for (struct dataset *s = rs->datasets; s; s = s->next)
        intern_fini(&s->values);
    ip_index_free(&rs->ip);
    arena_fini(&rs->arena);
    rule_store_drop(&rs->store);
    free(rs);
    *ruleset = NULL;
}

uint32_t ruleset_rules(const struct ruleset *rs)
{
    return rs->n;
}

const struct rule_info *ruleset_rule(const struct ruleset *rs, uint32_t index)
{
    return index < rs->n ? &rs->rules[index].info : NULL;
}

const struct quarantined *ruleset_quarantined(const struct ruleset *rs, uint32_t *n)
{
    *n = rs->n_bad;
    return rs->bad;
}

bool ruleset_wants(const struct ruleset *rs, const char *what)
{
    for (uint32_t i = 0; i < rs->n_wants; i++) {
        if (strcmp(rs->wants[i], what) == 0)
            return true;
    }
    return false;
}

const struct rule_info *ruleset_of_uid(const struct ruleset *rs, uint32_t uid)
{
    uint32_t i = ruleset_index(rs, uid);

    return i == RULE_GONE ? NULL : &rs->rules[i].info;
}

uint32_t ruleset_uids(const struct ruleset *rs)
{
    return rs->n_uids;
}
