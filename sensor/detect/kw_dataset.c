/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset and datarep: is the buffer in a set of values, and how is it reputed. Files to load are
 * looked for beside the rule file, then as named; what is saved goes to the data directory.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/dataset.h"
#include "sensor/detect/draft.h"
#include "sensor/detect/state.h"

#include "common/conf.h"

#include <stdio.h>
#include <unistd.h>

struct dataset_args {
    const struct dataset *set;
    uint8_t what; /* enum dataset_what */
    struct num reputation;
};

/* ---- matching ----------------------------------------------------------------------------- */

static bool dataset_match(const struct inspection *in, const void *args)
{
    const struct dataset_args *a = args;
    struct slice value;

    if (!dataset_value(a->set, in->data, &value))
        return a->what == DATASET_ISNOTSET;
    if (a->set->changes)
        return detect_condition(in->detect, a->set, a->what, value);
    return dataset_has(a->set, value, NULL) == (a->what == DATASET_ISSET);
}

static bool datarep_match(const struct inspection *in, const void *args)
{
    const struct dataset_args *a = args;
    struct slice value;
    uint16_t reputation;

    return dataset_value(a->set, in->data, &value) && dataset_has(a->set, value, &reputation) &&
           rule_num_ok(&a->reputation, reputation);
}

/* ---- sets --------------------------------------------------------------------------------- */

struct set_options {
    struct slice type, load, save, memcap;
    bool state;
};

static const char *beside_rules(struct draft *d, struct slice name, char *room, size_t size)
{
    const char *file = d->loader->file ? d->loader->file : "";
    const char *slash = strrchr(file, '/');

    if (name.at[0] != '/' && slash) {
        snprintf(room, size, "%.*s/%.*s", (int)(slash - file), file, (int)name.len,
                 (const char *)name.at);
        if (access(room, R_OK) == 0)
            return room;
    }
    snprintf(room, size, "%.*s", (int)name.len, (const char *)name.at);
    return room;
}

static const char *in_data_dir(struct draft *d, struct slice name, char *room, size_t size)
{
    const char *dir = d->loader->data_dir;

    if (name.at[0] == '/' || !dir || !*dir)
        snprintf(room, size, "%.*s", (int)name.len, (const char *)name.at);
    else
        snprintf(room, size, "%s/%.*s", dir, (int)name.len, (const char *)name.at);
    return room;
}

static struct dataset *find_set(const struct draft *d, struct slice name)
{
    for (struct dataset *s = d->loader->datasets; s; s = s->next) {
        if (slice_eq(name, slice_of_str(s->name)))
            return s;
    }
    return NULL;
}

/* "100mb", "64k", "8192". */
static bool read_size(struct slice text, uint64_t *bytes)
{
    uint32_t digits = 0;

    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    if (!slice_to_u64(slice_head(text, digits), bytes))
        return false;
    struct slice unit = slice_from(text, digits);
    uint32_t shift = !unit.len                  ? 0
                     : (unit.at[0] | 32) == 'k' ? 10
                     : (unit.at[0] | 32) == 'm' ? 20
                     : (unit.at[0] | 32) == 'g' ? 30
                                                : 64;
    if (shift == 64 || *bytes >> (63 - shift))
        return false;
    *bytes <<= shift;
    return true;
}

/* Options of `datasets:` in the configuration stand where the rule says nothing. */
static void options_of_conf(struct draft *d, struct slice name, struct set_options *o)
{
    char key[96];

    if (name.len >= sizeof(key))
        return;
    memcpy(key, name.at, name.len);
    key[name.len] = '\0';
    const struct json *row = json_get(d->loader->sets_conf, key);
    if (!row)
        return;
    struct slice state = json_text(json_get(row, "state"));
    if (!o->type.len)
        o->type = json_text(json_get(row, "type"));
    if (!o->load.len)
        o->load = state.len ? state : json_text(json_get(row, "load"));
    if (!o->save.len)
        o->save = state;
    o->state |= state.len > 0;
    if (!o->memcap.len)
        o->memcap = json_text(json_get(row, "memcap"));
}

static bool load_set(struct draft *d, struct dataset *set, const struct set_options *o, bool rep)
{
    char path[4096];
    uint32_t bad = 0;

    if (o->save.len && !set->save)
        set->save =
            loader_str(d->loader, slice_of_str(in_data_dir(d, o->save, path, sizeof(path))));
    if (!o->load.len || set->loaded)
        return true;
    if (o->state)
        in_data_dir(d, o->load, path, sizeof(path));
    else
        beside_rules(d, o->load, path, sizeof(path));
    enum err err = dataset_load(set, path, rep, &bad);
    if (err == ERR_IO && o->state)
        return true; /* nothing was saved yet */
    if (err == ERR_IO)
        return draft_fail(d, "the set's file %s cannot be read", path);
    if (err)
        return draft_fail(d, "the set's file %s has more values than its memcap holds", path);
    if (bad && d->loader->report)
        strbuf_fmt(d->loader->report, "%s: %u lines are no values of the set's type: passed over\n",
                   path, bad);
    return true;
}

static struct dataset *set_of(struct draft *d, struct slice name, struct set_options *o, bool rep)
{
    struct loader *loader = d->loader;
    struct dataset *set = find_set(d, name);
    uint64_t memcap = DATASET_MEMCAP;

    options_of_conf(d, name, o);
    enum dataset_type type = dataset_type_of(o->type);
    if (o->memcap.len && !read_size(o->memcap, &memcap)) {
        draft_fail(d, "bad memcap of the set");
        return NULL;
    }
    if (!set && type == DATASET_NONE) {
        draft_fail(d, "the set \"%.*s\" needs a type: string, md5, sha256, ipv4 or ip",
                   (int)(name.len & 63), (const char *)name.at);
        return NULL;
    }
    if (set && o->type.len && set->type != type) {
        draft_fail(d, "the set \"%s\" has another type elsewhere", set->name);
        return NULL;
    }
    if (!set) {
        set = draft_alloc(d, sizeof(*set));
        if (!set)
            return NULL;
        set->name = loader_str(loader, name);
        set->type = (uint8_t)type;
        set->id = loader->n_datasets++;
        set->memcap = memcap;
        intern_init(&set->values, loader->own);
        set->next = loader->datasets;
        loader->datasets = set;
    }
    return load_set(d, set, o, rep) ? set : NULL;
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool read_option(struct draft *d, struct slice part, struct set_options *o)
{
    uint32_t space = 0;

    while (space < part.len && part.at[space] != ' ')
        space++;
    struct slice key = slice_head(part, space), value = slice_trim(slice_from(part, space));
    if (slice_eq(key, SLICE_LIT("type")))
        o->type = value;
    else if (slice_eq(key, SLICE_LIT("load")))
        o->load = value;
    else if (slice_eq(key, SLICE_LIT("save")))
        o->save = value;
    else if (slice_eq(key, SLICE_LIT("memcap")))
        o->memcap = value;
    else if (slice_eq(key, SLICE_LIT("state"))) {
        o->load = o->save = value;
        o->state = true;
    } else if (!slice_eq(key, SLICE_LIT("hashsize")))
        return draft_fail(d, "a set does not know \"%.*s\"", (int)(key.len & 63),
                          (const char *)key.at);
    return value.len > 0 || draft_fail(d, "an option of the set has no value");
}

static bool add_op(struct draft *d, const struct dataset_args *a,
                   bool (*match)(const struct inspection *, const void *))
{
    if (!d->sticky && !d->transforming)
        return draft_fail(d, "a set is asked behind a sticky buffer");
    struct op *op = draft_op(d, draft_buffer(d), OP_CALL);
    if (!op)
        return false;
    op->call.match = match;
    op->call.args = a;
    d->rule.datasets = d->rule.beside = true;
    return true;
}

static bool dataset_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const char *const words[] = {"isset", "isnotset", "set", "unset"};
    struct dataset_args *a = draft_alloc(d, sizeof(*a));
    struct set_options o = {0};
    struct slice word, name, part;

    (void)kw;
    if (!a || !draft_part(&value, ',', &word) || !draft_part(&value, ',', &name) || !name.len)
        return draft_fail(d, "dataset wants what to do and the name of a set");
    while (a->what < 4 && !slice_eq(word, slice_of_str(words[a->what])))
        a->what++;
    if (a->what == 4)
        return draft_fail(d, "dataset knows isset, isnotset, set and unset");
    while (draft_part(&value, ',', &part)) {
        if (!read_option(d, part, &o))
            return false;
    }
    struct dataset *set = set_of(d, name, &o, false);
    if (!set)
        return false;
    set->changes |= a->what >= DATASET_SET;
    a->set = set;
    return add_op(d, a, dataset_match);
}

static bool datarep_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct dataset_args *a = draft_alloc(d, sizeof(*a));
    struct set_options o = {0};
    struct slice name, sign, number, part;
    char text[32];

    (void)kw;
    if (!a || !draft_part(&value, ',', &name) || !draft_part(&value, ',', &sign) ||
        !draft_part(&value, ',', &number) || !name.len)
        return draft_fail(d, "datarep wants a set, one of < > =, and a number");
    snprintf(text, sizeof(text), "%.*s%.*s", (int)(sign.len & 3), (const char *)sign.at,
             (int)(number.len & 15), (const char *)number.at);
    if (slice_starts(sign, SLICE_LIT("==")))
        memmove(text, text + 1, strlen(text));
    if (!draft_num(slice_of_str(text), NULL, &a->reputation))
        return draft_fail(d, "datarep compares with <, >, <=, >= or =");
    while (draft_part(&value, ',', &part)) {
        if (!read_option(d, part, &o))
            return false;
    }
    a->set = set_of(d, name, &o, true);
    return a->set && add_op(d, a, datarep_match);
}

static const struct keyword rows[] = {
    {.name = "dataset",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED,
     .parse = dataset_parse,
     .example = "dns.query; dataset:set,names-seen,type string",
     .doc = "The buffer is (isset, isnotset) in a set of values, or is put into it (set) or taken "
            "out (unset), which matches when it changes something. Types string, md5, sha256, "
            "ipv4, ip; load, save, state, memcap"},
    {.name = "datarep",
     .stage = AT_BUFFER,
     .parse = datarep_parse,
     .example = "dns.query; to_md5; datarep:bad-names,>,200,type md5",
     .doc = "The buffer is in a set of values with numbers, and its number compares so"},
    KEYWORD_END,
};

const struct kw_family kw_dataset = {.doc = "Sets of values", .rows = rows};
