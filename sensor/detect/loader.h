/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loading of rules shares: memory of the ruleset, names that occur often, variables, the
 * tables of classification.config. Gone when the ruleset is frozen, except the arena.
 */
#ifndef TRAMGAC_SENSOR_DETECT_LOADER_H
#define TRAMGAC_SENSOR_DETECT_LOADER_H

#include "common/json.h"
#include "sensor/detect/intern.h"
#include "sensor/detect/rule.h"

struct class_row {
    const char *name;
    const char *text;
    uint32_t priority;
};

struct ruleset;
struct dataset;
struct reputation;
struct geo;

struct loader {
    struct arena *arena; /* of the rules: see rule_store.h */
    struct arena *own;   /* of this ruleset alone: what every load reads anew */
    struct arena work;   /* until all rules are read */
    struct ruleset *ruleset;
    const struct json *addresses, *ports; /* vars of the configuration; NULL = defaults */
    struct intern strings;                /* zero-terminated, shared */
    struct intern netsets, portsets;      /* these, buffers and classes are the store's */
    struct intern buffers;
    struct intern pcres;
    struct intern flowbits, xbits, flowints, vars; /* the ruleset's */
    struct intern classes;                         /* value: struct class_row */
    struct intern keywords;                        /* rows by name, found once */
    bool has_classes;
    const char *file;     /* of the rule being read */
    const char *data_dir; /* where sets are saved */
    const struct json *sets_conf;
    struct strbuf *report;               /* what is passed over is told here; NULL = nowhere */
    bool ja3_off, ja4_off;               /* the site does not want rules on these */
    const struct reputation *reputation; /* NULL = none */
    const struct geo *geo;
    struct dataset *datasets;
    uint16_t n_datasets;
    struct literals_usual *usual; /* for the choice of literals */
    struct pcre *pcre_list;       /* all that were compiled; goes to the ruleset */
};

struct rule_store;

/** Borrows the tables of `store` until loader_fini; `ruleset` has an arena already. */
void loader_init(struct loader *loader, struct rule_store *store, struct ruleset *ruleset,
                 const struct conf *conf);
void loader_fini(struct loader *loader, struct rule_store *store);
/** Frees what only reading needs: names of keywords, numbers of rules. */
void loader_read(struct loader *loader);
/** Kept once and terminated. */
const char *loader_str(struct loader *loader, struct slice text);
/** Some rule needs this property of files: see ruleset_wants. */
void ruleset_want(struct loader *loader, const char *what);
/** Text of a variable ("HOME_NET"), from the configuration or Suricata's defaults; false when
 * nobody defines it. */
bool loader_var(const struct loader *loader, bool port, struct slice name, struct slice *text);
/** Address or port list as written in a rule's header. `fault` (room 160) says what is wrong. */
const struct netset *rule_net_parse(struct loader *loader, struct slice text, char *fault);
const struct portset *rule_port_parse(struct loader *loader, struct slice text, char *fault);
/** classification.config and reference.config lines. */
void loader_classes(struct loader *loader, struct slice text);

#endif
