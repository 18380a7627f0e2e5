/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ATT&CK: the tactic of a technique, when the rule names only the technique. A technique of several
 * tactics gets its first one.
 */
#include "analyzer/enrich/attack.h"
#include "analyzer/enrich/enrich.h"

static const struct option options[] = {
    {"enrich.attack", CONF_TEXT, "rules/attack/attack.json",
     "ATT&CK as data: tactics and techniques with names in both languages."},
    OPTION_END};

static enum err attack_enr_open(const struct conf *conf, void **self, struct strbuf *report)
{
    struct attack *attack = NULL;
    enum err err = attack_load(conf_text(conf, "enrich.attack"), &attack, report);
    *self = attack;
    return err;
}

static bool has_tactic_of(const struct record *r, const struct attack_technique *t)
{
    for (uint32_t i = 0; i < r->n_tactics; i++)
        if (strstr(t->tactics, r->tactics[i]))
            return true;
    return false;
}

static void attack_enr_apply(void *self, struct batch *batch, struct record *r)
{
    bool added = false;

    for (uint32_t i = 0; i < r->n_techniques && r->n_tactics < RECORD_TACTICS_MAX; i++) {
        const struct attack_technique *t = attack_find(self, r->techniques[i]);
        if (!t || !*t->tactics || has_tactic_of(r, t))
            continue;
        struct slice ids = slice_of_str(t->tactics);
        r->tactics[r->n_tactics++] = batch_text(batch, slice_word(&ids));
        added = true;
    }
    if (added)
        batch_words(batch, r);
}

static void attack_enr_close(void *self)
{
    struct attack *attack = self;
    attack_free(&attack);
}

const struct enricher_def enr_attack = {
    .name = "attack",
    .doc = "ATT&CK tactics of the techniques that rules name",
    .options = options,
    .open = attack_enr_open,
    .apply = attack_enr_apply,
    .close = attack_enr_close,
};
