/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tramgac-sensor: reads packets, writes events. The path of a packet is sensor/run/worker.c.
 */
#include "common/conf.h"
#include "common/log.h"
#include "sensor/capture/iface.h"
#include "sensor/options.h"
#include "sensor/run/cases.h"
#include "sensor/run/client.h"
#include "sensor/run/doctor.h"
#include "sensor/run/inventory.h"
#include "sensor/run/sensor.h"
#include "sensor/run/summary.h"
#include "sensor/run/suricata_app.h"
#include "sensor/run/suricata_stream.h"
#include "sensor/run/suricata_yaml.h"
#include "sensor/run/why.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RULES_MAX = 256 };

struct program {
    struct options options;
    struct conf *conf;
    struct strbuf report;
    const char *rules[RULES_MAX + 1];
    char *owned[RULES_MAX]; /* paths put together here */
    uint32_t n_rules, n_owned;
    bool foreign; /* configured by a suricata.yaml */
};

static void say_report(struct strbuf *report)
{
    struct slice rest = strbuf_view(report);

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        if (len)
            log_say(LOG_WARN, "%.*s", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
    strbuf_clear(report);
}

/* --analyzer unix:PATH or mqtt:HOST[:PORT]. */
static enum err set_analyzer(struct program *p)
{
    const char *to = p->options.analyzer;
    char text[4300];

    if (!to)
        return ERR_OK;
    const char *rest = to + 5; /* behind "unix:" or "mqtt:" */
    if (*to == 'u') {
        snprintf(text, sizeof(text), "output.unix.path=%s", rest);
        return conf_set(p->conf, text, &p->report);
    }
    const char *colon = strrchr(rest, ':');
    size_t host = colon ? (size_t)(colon - rest) : strlen(rest);
    snprintf(text, sizeof(text), "output.mqtt.host=%.*s", (int)host, rest);
    enum err err = conf_set(p->conf, text, &p->report);
    snprintf(text, sizeof(text), "output.mqtt.port=%s", colon ? colon + 1 : "0");
    enum err second = conf_set(p->conf, text, &p->report);
    return err ? err : second;
}

/* Command-line values that stand for configuration keys. */
static enum err set_from_options(struct program *p)
{
    const struct options *o = &p->options;
    const struct {
        const char *key, *value;
    } pairs[] = {
        {"capture.checksum-validation", o->checksums},
        {"workers", o->workers},
        {"memory", o->memory},
        {"capture.filter", *o->filter ? o->filter : NULL},
        {"default-log-dir", o->dir},
        {"default-data-dir", o->data_dir},
        {"capture.follow", o->follow ? "true" : NULL},
    };
    char text[4300];
    enum err err = set_analyzer(p);

    for (uint32_t i = 0; o->set[i]; i++) {
        if (suricata_stream_set(p->conf, o->set[i]) || suricata_app_set(p->conf, o->set[i]))
            continue;
        size_t before = p->report.len;
        enum err one = conf_set(p->conf, o->set[i], &p->report);
        if (one == ERR_NOTFOUND && p->foreign)
            p->report.len = before; /* a key of Suricata's, read with its file */
        err = one == ERR_OK || one == ERR_NOTFOUND ? err : one;
    }
    for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (!pairs[i].value)
            continue;
        snprintf(text, sizeof(text), "%s=%s", pairs[i].key, pairs[i].value);
        enum err one = conf_set(p->conf, text, &p->report);
        err = one ? one : err;
    }
    return err;
}

static enum err read_configuration(struct program *p)
{
    enum err err = ERR_OK;

    for (uint32_t i = 0; p->options.config[i] && !err; i++)
        err = suricata_yaml_load(p->conf,
                                 &(struct suricata_source){.path = p->options.config[i],
                                                           .more = p->options.include,
                                                           .sets = p->options.set},
                                 &p->foreign, &p->report);
    if (!err)
        err = set_from_options(p);
    say_report(&p->report);
    return err;
}

static void add_rule(struct program *p, const char *path)
{
    if (p->n_rules < RULES_MAX)
        p->rules[p->n_rules++] = path;
}

/* One entry of rule-files, which may be a pattern. A configured file that is not there is told, not
 * fatal, unless --init-errors-fatal: many configurations name files before they are fetched. */
static void add_configured(struct program *p, const char *pattern)
{
    glob_t found = {0};

    if (glob(pattern, 0, NULL, &found) != 0)
        log_say(LOG_WARN, "rules %s: there is no such file", pattern);
    if (!found.gl_pathc && p->options.strict_rules)
        add_rule(p, pattern);
    for (size_t i = 0; i < found.gl_pathc && p->n_owned < RULES_MAX; i++) {
        char *path = strdup(found.gl_pathv[i]);
        if (!path)
            break;
        p->owned[p->n_owned++] = path;
        add_rule(p, path);
    }
    globfree(&found);
}

static void add_configured_rules(struct program *p)
{
    const char *base = conf_text(p->conf, "default-rule-path");
    const char *name;

    for (uint32_t i = 0; (name = conf_item(p->conf, "rule-files", i)); i++) {
        char path[4096];
        bool whole = *name == '/' || !*base;
        snprintf(path, sizeof(path), "%s%s%s", whole ? "" : base, whole ? "" : "/", name);
        add_configured(p, path);
    }
}

static void collect_rules(struct program *p)
{
    const struct options *o = &p->options;

    if (o->no_detection)
        return;
    for (uint32_t i = 0; o->rules_only[i]; i++)
        add_rule(p, o->rules_only[i]);
    if (!o->rules_only[0])
        add_configured_rules(p);
    for (uint32_t i = 0; o->rules_more[i]; i++)
        add_rule(p, o->rules_more[i]);
}

static const char *const *configured_ifaces(struct program *p)
{
    for (uint32_t i = 0; i < OPTIONS_MANY && iface_configured(p->conf, i); i++)
        p->options.ifaces[i] = iface_configured(p->conf, i);
    return p->options.ifaces[0] ? p->options.ifaces : NULL;
}

/* ctl: the socket is named, or lies in the directory of the run. */
static int ask(const struct program *p)
{
    const struct options *o = &p->options;
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", o->dir ? o->dir : ".", "control.sock");
    return client_run(o->socket ? o->socket : path, o->words, o->wait);
}

static int run(struct program *p)
{
    struct sensor_result result;

    if (read_configuration(p) != ERR_OK)
        return 2;
    collect_rules(p);
    const struct options *o = &p->options;
    struct sensor_plan plan = {
        .conf = p->conf,
        .replay = o->replay[0] ? o->replay : NULL,
        .ifaces = o->ifaces[0] ? o->ifaces : NULL,
        .rules = p->rules,
        .dir = o->dir ? o->dir : conf_text(p->conf, "default-log-dir"),
        .speed = o->speed,
        .quiet = o->quiet,
        .serve = o->command == COMMAND_SERVE,
    };
    if (o->command == COMMAND_CHECK)
        return sensor_check(&plan);
    if (plan.serve)
        return sensor_serve(&plan);
    if (o->command == COMMAND_EXPLAIN) {
        struct explain_ask ask = {.sid = (uint32_t)o->sid, .packet = o->packet, .flow_id = o->flow};
        return why_run(&plan, &ask, o->format == LISTING_JSON);
    }
    if (!plan.replay && !plan.ifaces)
        plan.ifaces = configured_ifaces(p);
    if (!plan.replay && !plan.ifaces) {
        log_say(LOG_FAULT, "nothing to do: give -r FILE or -i IFACE, or name capture.interfaces");
        return 2;
    }
    int status = sensor_run(&plan, &result);
    if (plan.replay && !o->quiet && isatty(STDERR_FILENO))
        summary_print(&result);
    return status;
}

static int dispatch(struct program *p, const char *self)
{
    switch (p->options.command) {
    case COMMAND_HELP:
        options_help();
        return 0;
    case COMMAND_VERSION:
        puts("tramgac-sensor " TRAMGAC_VERSION);
        return 0;
    case COMMAND_LIST:
        return inventory_print(p->conf, p->options.list, p->options.format);
    case COMMAND_TEST:
        return cases_run(self, p->options.test_dir, p->options.junit);
    case COMMAND_CTL:
        return ask(p);
    case COMMAND_DOCTOR:
        return doctor_run(p->options.ifaces, p->options.dir, p->options.format);
    case COMMAND_RUN:
    case COMMAND_SERVE:
    case COMMAND_CHECK:
    case COMMAND_EXPLAIN:
        return run(p);
    }
    return 2;
}

int main(int argc, char **argv)
{
    struct program *p = calloc(1, sizeof(*p));
    struct strbuf fault;
    int status = 2;

    if (!p)
        return status;
    log_open("tramgac-sensor", LOG_NOTE);
    strbuf_init(&fault, 4096);
    strbuf_init(&p->report, 1 << 20);
    p->conf = settings_new();
    if (!options_parse(argc, argv, &p->options, &fault))
        log_say(LOG_FAULT, "%s", fault.at);
    else if (p->conf)
        status = dispatch(p, argv[0]);
    for (uint32_t i = 0; i < p->n_owned; i++)
        free(p->owned[i]);
    conf_free(&p->conf);
    strbuf_fini(&p->report);
    strbuf_fini(&fault);
    free(p);
    return status;
}
