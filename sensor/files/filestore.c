/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is written under a name of its own first and then renamed: readers never see half of it,
 * and several workers may write the same one.
 *
 * Limits: the worker writes itself, into the page cache; where the file system is nearly full
 * (filestore.leave), nothing is written.
 */
#include "sensor/files/filestore.h"

#include "common/check.h"
#include "common/hash.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, SHA256_DIGITS = 64, NAME_ROOM = 128 };

struct filestore {
    int dir;
    uint64_t size, leave;
    uint64_t token, n; /* of temporary names */
    bool all, told;
};

static void path_of(const struct conf *conf, char path[PATH_ROOM])
{
    const char *dir = conf_text(conf, "filestore.dir");

    if (*dir == '/')
        snprintf(path, PATH_ROOM, "%s", dir);
    else
        snprintf(path, PATH_ROOM, "%s/%s", conf_text(conf, "default-log-dir"), dir);
}

struct filestore *filestore_new(const struct conf *conf)
{
    char path[PATH_ROOM];

    if (!conf_bool(conf, "filestore.enabled"))
        return NULL;
    path_of(conf, path);
    int made = mkdir(path, 0750);
    int dir = made == 0 || errno == EEXIST ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir < 0) {
        log_say(LOG_WARN, "%s: %s; no files are kept. Make the directory, or set filestore.dir",
                path, strerror(errno));
        return NULL;
    }
    struct filestore *store = calloc(1, sizeof(*store));
    CHECK(store);
    *store = (struct filestore){.dir = dir,
                                .size = conf_size(conf, "filestore.size"),
                                .leave = conf_size(conf, "filestore.leave"),
                                .token = hash_random_seed(),
                                .all = conf_bool(conf, "filestore.all")};
    return store;
}

void filestore_free(struct filestore **store)
{
    if (!*store)
        return;
    close((*store)->dir);
    free(*store);
    *store = NULL;
}

bool filestore_keeps_all(const struct filestore *store)
{
    return store->all;
}

uint64_t filestore_size(const struct filestore *store)
{
    return store->size;
}

static bool write_all(int fd, struct slice content)
{
    while (content.len) {
        ssize_t n = write(fd, content.at, content.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        content = slice_from(content, (uint32_t)n);
    }
    return true;
}

static bool has_room(const struct filestore *store, uint64_t bytes)
{
    struct statfs fs;

    errno = ENOSPC;
    return fstatfs(store->dir, &fs) != 0 ||
           (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= store->leave + bytes;
}

static bool write_as(struct filestore *store, const char *name, struct slice content)
{
    char temporary[NAME_ROOM];

    snprintf(temporary, sizeof(temporary), ".%016llx.%llu", (unsigned long long)store->token,
             (unsigned long long)++store->n);
    int fd = openat(store->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    bool done = write_all(fd, content);
    done = close(fd) == 0 && done;
    if (done && renameat(store->dir, temporary, store->dir, name) == 0)
        return true;
    int fault = errno;
    (void)unlinkat(store->dir, temporary, 0);
    errno = fault;
    return false;
}

bool filestore_put(struct filestore *store, const char *sha256, struct slice content)
{
    char folder[3] = {sha256[0], sha256[1], '\0'};
    char name[SHA256_DIGITS + 4];

    CHECK(strlen(sha256) == SHA256_DIGITS);
    snprintf(name, sizeof(name), "%s/%s", folder, sha256);
    if (faccessat(store->dir, name, F_OK, 0) == 0)
        return true;
    bool folder_there = mkdirat(store->dir, folder, 0750) == 0 || errno == EEXIST;
    if (folder_there && has_room(store, content.len) && write_as(store, name, content)) {
        store->told = false;
        return true;
    }
    if (!store->told)
        log_say(LOG_WARN, "a file could not be kept: %s. Make room, or see filestore.leave",
                strerror(errno));
    store->told = true;
    return false;
}
