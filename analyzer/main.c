/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tramgac-analyzer: takes the events of sensors, keeps them, makes incidents of them. The path of
 * an event is analyzer/run/pipeline.c.
 */
#include "analyzer/client/client.h"
#include "analyzer/options.h"
#include "analyzer/run/archive.h"
#include "analyzer/run/serve.h"
#include "analyzer/run/settings.h"
#include "common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void say_lines(const struct strbuf *report)
{
    struct slice rest = strbuf_view(report);

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        if (len)
            log_say(LOG_WARN, "%.*s", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
}

/* Files, then --set, then the options that stand for keys. */
static enum err configure(struct conf *conf, const struct options *o, struct strbuf *report)
{
    struct strbuf files;
    enum err err = o->config ? conf_load(conf, o->config, report) : ERR_OK;

    for (uint32_t i = 0; o->set[i]; i++) {
        enum err one = conf_set(conf, o->set[i], report);
        err = err ? err : one;
    }
    strbuf_init(&files, 0);
    strbuf_str(&files, "ingest.files=");
    for (uint32_t i = 0; o->ingest[i]; i++)
        strbuf_fmt(&files, "%s%s", i ? "," : "", o->ingest[i]);
    if (!err && o->ingest[0])
        err = conf_set(conf, files.at, report);
    if (!err && o->follow)
        err = conf_set(conf, "ingest.follow=yes", report);
    strbuf_fini(&files);
    return err;
}

static int print_list(const struct conf *conf, const struct options *o)
{
    struct strbuf out;

    strbuf_init(&out, 0);
    bool known = settings_list(conf, o->list, o->format, &out);
    if (known)
        fputs(out.at, stdout);
    strbuf_fini(&out);
    if (!known)
        log_say(LOG_FAULT, "there is no list of %s", o->list);
    return known ? 0 : 2;
}

static int act(struct store *store, const struct options *o)
{
    if (o->command == COMMAND_BACKUP)
        return archive_backup(store, o->word);
    if (o->command == COMMAND_EXPORT)
        return archive_export(store, o->word, o->search ? o->search : "", o->csv, stdout);
    return accounts_run(store, &o->user);
}

static int with_store(const struct conf *conf, const struct options *o)
{
    struct store *store = NULL;
    char fault[256] = "";

    if (mkdir(o->data, 0750) && errno != EEXIST) {
        log_say(LOG_FAULT, "cannot make the directory %s: %s", o->data, strerror(errno));
        return 2;
    }
    if (store_open(conf, o->data, &store, fault, sizeof(fault))) {
        log_say(LOG_FAULT, "%s", fault);
        return 2;
    }
    int status = act(store, o);
    store_close(&store);
    return status;
}

static int run(const struct conf *conf, const struct options *o)
{
    struct serve_plan plan = {.conf = conf,
                              .data_dir = o->data,
                              .listen = o->no_web ? NULL : o->listen,
                              .once = o->once,
                              .check = o->command == COMMAND_CHECK};
    sigset_t set;

    /* Broken connections are answered where they are used. The others are waited for by the writer;
     * blocked here, before there are threads. */
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return serve_run(&plan);
}

static int obey(const struct options *o)
{
    struct conf *conf = settings_new();
    struct strbuf report;
    int status = 2;

    strbuf_init(&report, 1 << 20);
    enum err err = configure(conf, o, &report);
    say_lines(&report);
    if (err)
        status = o->command == COMMAND_CHECK ? 1 : 2;
    else if (o->command == COMMAND_LIST)
        status = print_list(conf, o);
    else if (o->command == COMMAND_RESTORE)
        status = archive_restore(o->word, o->data);
    else if (o->command >= COMMAND_USER && o->command <= COMMAND_EXPORT)
        status = with_store(conf, o);
    else
        status = run(conf, o);
    strbuf_fini(&report);
    conf_free(&conf);
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    struct strbuf fault;

    if (argc > 1 && client_knows(argv[1]))
        return client_run(argc, argv);
    log_open("tramgac-analyzer", LOG_NOTE);
    strbuf_init(&fault, 4096);
    bool ok = options_parse(argc, argv, &o, &fault);
    if (!ok)
        log_say(LOG_FAULT, "%s", fault.at);
    strbuf_fini(&fault);
    if (!ok)
        return 2;
    if (o.quiet)
        log_open("tramgac-analyzer", LOG_WARN);
    if (o.command == COMMAND_OPENAPI) {
        settings_openapi();
        return 0;
    }
    if (o.command == COMMAND_HELP || o.command == COMMAND_VERSION) {
        if (o.command == COMMAND_HELP)
            options_help();
        else
            puts("tramgac-analyzer " TRAMGAC_VERSION);
        return 0;
    }
    return obey(&o);
}
