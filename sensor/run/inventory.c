/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/inventory.h"
#include "sensor/decode/decode.h"
#include "sensor/detect/keyword.h"
#include "sensor/event/event.h"
#include "sensor/output/output.h"
#include "sensor/run/control.h"
#include "sensor/run/ledger.h"
#include "sensor/run/settings.h"

#include <stdio.h>

/* One list: its columns and what fills its rows. */
struct list_row {
    const char *what;
    const char *heads[LISTING_COLUMNS_MAX + 1];
    void (*fill)(const struct conf *conf, struct listing *l);
};

static void row(struct listing *l, const char *a, const char *b, const char *c, const char *d)
{
    listing_row(l, (const char *const[]){a, b, c, d, NULL});
}

static void protocols(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t i = 0; proto_rows[i]; i++) {
        const struct proto_def *def = proto_rows[i];
        struct strbuf ports;
        strbuf_init(&ports, 256);
        for (uint32_t k = 0; k < PROTO_PORTS_MAX && def->ports[k]; k++)
            strbuf_fmt(&ports, "%s%u", k ? " " : "", def->ports[k]);
        row(l, def->name, ports.at, def->spec, def->doc);
        strbuf_fini(&ports);
    }
}

static const char *type_name(enum field_type type)
{
    static const char *const names[] = {"bool",  "u8",      "u16", "u32", "u64",
                                        "bytes", "address", "mac", "list"};
    return names[type];
}

static void fields_of(struct listing *l, const struct field *fields)
{
    for (const struct field *f = fields; f && f->name; f++) {
        struct strbuf uses;
        strbuf_init(&uses, 128);
        static const char *const names[] = {"rules", "eve", "baseline", "identity"};
        for (uint32_t bit = 0; bit < 4; bit++) {
            if (f->uses & 1u << bit)
                strbuf_fmt(&uses, "%s%s", uses.len ? " " : "", names[bit]);
        }
        row(l, f->name, type_name(f->type), uses.at, f->doc);
        strbuf_fini(&uses);
        if (f->type == FIELD_LIST)
            fields_of(l, f->items);
    }
}

static void fields(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t i = 0; proto_rows[i]; i++)
        fields_of(l, proto_rows[i]->fields);
}

static void options(const struct conf *conf, struct listing *l)
{
    const struct option *option;

    for (uint32_t i = 0; (option = conf_row(conf, i)); i++)
        row(l, option->key, conf_type_name(option->type), option->fallback, option->doc);
}

static void counters(const struct conf *conf, struct listing *l)
{
    const struct counter *tables[SETTINGS_TABLES_MAX];

    (void)conf;
    settings_counters(tables);
    for (uint32_t i = 0; tables[i]; i++) {
        for (const struct counter *c = tables[i]; c->name; c++)
            row(l, c->name, c->doc, NULL, NULL);
    }
}

static void keywords(const struct conf *conf, struct listing *l)
{
    const struct keyword *kw;

    (void)conf;
    for (uint32_t i = 0; (kw = keyword_at(i)); i++) {
        struct strbuf names;
        strbuf_init(&names, 64);
        strbuf_fmt(&names, "%s%s%s", kw->name, kw->aliases ? " " : "",
                   kw->aliases ? kw->aliases : "");
        row(l, names.at, keyword_stage_name(kw->stage), kw->example, kw->doc);
        strbuf_fini(&names);
    }
}

static void outputs(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t i = 0; out_rows[i]; i++)
        row(l, out_rows[i]->name, out_rows[i]->doc, NULL, NULL);
}

/* "key|type|text" lines of a row. */
static void schema(struct listing *l, const struct event_def *ev)
{
    char line[256];

    for (const char *at = ev->schema; at && *at;) {
        size_t len = strcspn(at, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)len, at);
        char *type = strchr(line, '|');
        char *text = type ? strchr(type + 1, '|') : NULL;
        if (text) {
            *type = *text = '\0';
            row(l, ev->name, line, type + 1, text + 1);
        }
        at += len + (at[len] == '\n');
    }
}

static void events(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t i = 0; ev_rows[i]; i++) {
        row(l, ev_rows[i]->name, "", "", ev_rows[i]->doc);
        schema(l, ev_rows[i]);
    }
}

/* What judges devices: evidence of their kind, and classes of first-seen values. */
static void detectors(const struct conf *conf, struct listing *l)
{
    char sid[16];
    const char *name, *title, *text;

    (void)conf;
    for (uint32_t i = 0; devices_detector(i, &name, sid, &title, &text); i++)
        row(l, sid, name, title, text);
}

static void evidence(const struct conf *conf, struct listing *l)
{
    const char *kind, *text;

    (void)conf;
    for (uint32_t i = 0; devices_evidence(i, &kind, &text); i++)
        row(l, kind, text, NULL, NULL);
}

static void features(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t i = 0; cap_rows[i]; i++)
        row(l, "capture", cap_rows[i]->name, cap_rows[i]->doc, NULL);
    for (uint32_t i = 0; dec_rows[i]; i++)
        row(l, "decoder", dec_rows[i]->name, dec_rows[i]->doc, dec_rows[i]->spec);
}

static void commands(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t i = 0; ctl_rows[i]; i++) {
        struct strbuf arguments;
        strbuf_init(&arguments, 0);
        for (uint32_t k = 0; k < CTL_ARGUMENTS_MAX && ctl_rows[i]->arguments[k]; k++)
            strbuf_fmt(&arguments, "%s%s", k ? " " : "", ctl_rows[i]->arguments[k]);
        row(l, ctl_rows[i]->name, arguments.at ? arguments.at : "",
            ctl_rows[i]->alias ? ctl_rows[i]->alias : "", ctl_rows[i]->doc);
        strbuf_fini(&arguments);
    }
}

static void ledger(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (const struct ledger_row *at = ledger_rows; at->stage; at++)
        row(l, at->stage, at->name, at->cause_en, at->remedy_en);
}

static const struct list_row lists[] = {
    {"protocols", {"protocol", "ports", "specification", "text", NULL}, protocols},
    {"keywords", {"keyword", "stage", "example", "text", NULL}, keywords},
    {"fields", {"field", "type", "uses", "text", NULL}, fields},
    {"options", {"option", "type", "default", "text", NULL}, options},
    {"counters", {"counter", "text", NULL}, counters},
    {"outputs", {"output", "text", NULL}, outputs},
    {"events", {"event", "key", "type", "text", NULL}, events},
    {"detectors", {"sid", "class", "signature", "text", NULL}, detectors},
    {"evidence", {"kind", "text", NULL}, evidence},
    {"commands", {"command", "arguments", "also", "text", NULL}, commands},
    {"ledger", {"stage", "loss", "cause", "remedy", NULL}, ledger},
    {"features", {"kind", "name", "text", "specification", NULL}, features},
};

int inventory_print(const struct conf *conf, const char *what, enum listing_format format)
{
    struct strbuf text;

    for (uint32_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].what, what) != 0)
            continue;
        struct listing *l = listing_new(lists[i].heads);
        if (!l)
            return 2;
        strbuf_init(&text, 0);
        lists[i].fill(conf, l);
        listing_print(l, format, &text);
        fwrite(text.at, 1, text.len, stdout);
        strbuf_fini(&text);
        listing_free(&l);
        return 0;
    }
    fprintf(stderr, "tramgac-sensor: there is no list of %s\n", what);
    return 2;
}
