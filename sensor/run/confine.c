/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/confine.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/sandbox.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATHS_MAX = 10 };

struct paths {
    const char *at[PATHS_MAX + 1];
    char room[PATHS_MAX][4096];
    uint32_t n;
};

static void add(struct paths *p, const char *format, const char *a, const char *b)
{
    if (p->n == PATHS_MAX || !*a)
        return;
    snprintf(p->room[p->n], sizeof(p->room[0]), format, a, b);
    p->at[p->n] = p->room[p->n];
    p->n++;
}

/* The folder of an absolute path; others lie within the directory of the run. */
static void add_folder_of(struct paths *p, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];

    if (*path != '/' || slash == path || (size_t)(slash - path) >= sizeof(folder))
        return;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    add(p, "%s%s", folder, "");
}

static void add_cache(struct paths *p, const char *configured)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (*configured)
        add(p, "%s%s", configured, "");
    else if (xdg && *xdg)
        add(p, "%s%s", xdg, "/tramgac");
    else if (home)
        add(p, "%s%s", home, "/.cache/tramgac");
}

static void say(const struct strbuf *said)
{
    struct slice rest = strbuf_view(said);

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        if (len)
            log_say(LOG_NOTE, "%.*s", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
}

enum err confine(const struct conf *conf, const char *dir, bool live, bool serves)
{
    static const char *const all[] = {"/", NULL};
    const char *user = conf_text(conf, "sandbox.user");
    struct paths *writes = calloc(1, sizeof(*writes));
    struct strbuf said;
    enum err err = ERR_OK;

    if (!writes || !conf_bool(conf, "sandbox.enabled")) {
        free(writes);
        return ERR_OK;
    }
    add(writes, "%s%s", dir, "");
    add(writes, "%s%s", "/dev/null", "");
    add_folder_of(writes, conf_text(conf, "output.file.name"));
    add_folder_of(writes, conf_text(conf, "spool.dir"));
    add_folder_of(writes, conf_text(conf, "control.socket"));
    add_folder_of(writes, conf_text(conf, "device.state"));
    if (*conf_text(conf, "filestore.dir") == '/')
        add(writes, "%s%s", conf_text(conf, "filestore.dir"), "");
    add(writes, "%s%s", conf_text(conf, "default-data-dir"), "");
    add_cache(writes, conf_text(conf, "detect.cache-dir"));
    strbuf_init(&said, 0);
    if (live || *user)
        err = privs_drop(user, live, &said);
    if (!err) {
        struct sandbox sandbox = {.read_paths = conf_bool(conf, "sandbox.files") ? all : NULL,
                                  .write_paths = writes->at,
                                  .serves = serves};
        enum err partly = sandbox_enter(&sandbox, &said);
        if (partly)
            log_say(LOG_WARN, "the sandbox is not complete: %s", err_text(partly));
    }
    say(&said);
    strbuf_fini(&said);
    free(writes);
    return err;
}
