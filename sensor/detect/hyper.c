/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/hyper.h"

#include "common/digest.h"
#include "common/strbuf.h"

#include <fcntl.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 20, PATH_ROOM = 1024 };

struct hyper {
    hs_database_t *db;
    size_t bytes;
};

struct hyper_scratch {
    hs_scratch_t *scratch;
};

struct cache_head {
    char magic[8];
    uint64_t bytes;
    uint8_t digest[32]; /* of the bytes behind the head */
};

static const char magic[8] = "tramhs3";

/* ---- disk cache --------------------------------------------------------------------------- */

static bool cache_name(const struct literal *list, uint32_t n, const char *dir,
                       char path[PATH_ROOM])
{
    struct digest digest;
    struct strbuf text;
    uint8_t bytes[DIGEST_MAX];
    char name[DIGEST_TEXT_MAX];
    hs_platform_info_t platform = {0};

    hs_populate_platform(&platform);
    strbuf_init(&text, 0);
    strbuf_fmt(&text, "%s %s %u %llu\n", magic, hs_version(), platform.tune,
               (unsigned long long)platform.cpu_features);
    for (uint32_t i = 0; i < n; i++) {
        const struct literal *l = &list[i];
        strbuf_fmt(&text, "%u %d ", l->text.len, l->nocase);
        strbuf_slice(&text, l->text);
    }
    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, strbuf_view(&text));
    digest_final(&digest, bytes);
    digest_text(bytes, NAME_BYTES, name);
    bool ok = !text.full;
    strbuf_fini(&text);
    int len = snprintf(path, PATH_ROOM, "%s/%s.hs", dir, name);
    return ok && len > 0 && len < PATH_ROOM;
}

static bool read_all(int fd, void *to, size_t bytes)
{
    uint8_t *at = to;

    while (bytes) {
        ssize_t n = read(fd, at, bytes);
        if (n <= 0)
            return false;
        at += n;
        bytes -= (size_t)n;
    }
    return true;
}

static bool head_ok(int fd, struct cache_head *head)
{
    struct stat st;

    return fstat(fd, &st) == 0 && read_all(fd, head, sizeof(*head)) &&
           memcmp(head->magic, magic, sizeof(magic)) == 0 && head->bytes &&
           head->bytes < UINT32_MAX && (uint64_t)st.st_size == head->bytes + sizeof(*head);
}

static hs_database_t *cache_load(const char *path)
{
    struct cache_head head;
    uint8_t digest[DIGEST_MAX];
    hs_database_t *db = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    uint8_t *bytes = head_ok(fd, &head) ? malloc(head.bytes) : NULL;
    if (bytes && read_all(fd, bytes, head.bytes)) {
        digest_of(DIGEST_SHA256, (struct slice){bytes, (uint32_t)head.bytes}, digest);
        if (memcmp(digest, head.digest, sizeof(head.digest)) == 0 &&
            hs_deserialize_database((const char *)bytes, head.bytes, &db) != HS_SUCCESS)
            db = NULL;
    }
    free(bytes);
    close(fd);
    return db;
}

static bool write_all(int fd, const void *from, size_t bytes)
{
    const uint8_t *at = from;

    while (bytes) {
        ssize_t n = write(fd, at, bytes);
        if (n <= 0)
            return false;
        at += n;
        bytes -= (size_t)n;
    }
    return true;
}

/* Written beside and renamed: a reader never sees half a file. Failing costs only time. */
static void cache_save(const char *path, const hs_database_t *db)
{
    struct cache_head head = {0};
    char *bytes = NULL, part[PATH_ROOM + 32];
    size_t n = 0;

    if (hs_serialize_database(db, &bytes, &n) != HS_SUCCESS)
        return;
    memcpy(head.magic, magic, sizeof(magic));
    head.bytes = n;
    digest_of(DIGEST_SHA256, (struct slice){(const uint8_t *)bytes, (uint32_t)n}, head.digest);
    snprintf(part, sizeof(part), "%s.%ld", path, (long)getpid());
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0) {
        bool ok = write_all(fd, &head, sizeof(head)) && write_all(fd, bytes, n);
        ok = close(fd) == 0 && ok;
        if (!ok || rename(part, path) != 0)
            unlink(part);
    }
    free(bytes);
}

/* ---- compiling ---------------------------------------------------------------------------- */

static hs_database_t *compile(const struct literal *list, uint32_t n, char fault[160])
{
    const char **texts = calloc(n, sizeof(*texts));
    size_t *lens = calloc(n, sizeof(*lens));
    unsigned *flags = calloc(n, sizeof(*flags)), *ids = calloc(n, sizeof(*ids));
    hs_compile_error_t *error = NULL;
    hs_database_t *db = NULL;
    bool ok = texts && lens && flags && ids;

    for (uint32_t i = 0; ok && i < n; i++) {
        texts[i] = (const char *)list[i].text.at;
        ids[i] = i;
        lens[i] = list[i].text.len;
        flags[i] = list[i].nocase ? HS_FLAG_CASELESS : 0;
    }
    ok = ok && hs_compile_lit_multi(texts, flags, ids, lens, n, HS_MODE_BLOCK, NULL, &db, &error) ==
                   HS_SUCCESS;
    if (!ok)
        snprintf(fault, 160, "literals: %s", error ? error->message : "out of memory");
    hs_free_compile_error(error);
    free(texts);
    free(lens);
    free(flags);
    free(ids);
    return ok ? db : NULL;
}

struct hyper *hyper_new(const struct literal *list, uint32_t n, const char *cache,
                        enum hyper_source *source, char fault[160])
{
    char path[PATH_ROOM];
    struct hyper *h = calloc(1, sizeof(*h));
    bool named = cache && cache_name(list, n, cache, path);

    if (!h) {
        snprintf(fault, 160, "literals: out of memory");
        return NULL;
    }
    h->db = named ? cache_load(path) : NULL;
    *source = h->db ? HYPER_CACHED : HYPER_COMPILED;
    if (!h->db) {
        h->db = compile(list, n, fault);
        if (h->db && named)
            cache_save(path, h->db);
    }
    if (!h->db)
        hyper_free(&h);
    else
        hs_database_size(h->db, &h->bytes);
    return h;
}

void hyper_free(struct hyper **hyper)
{
    if (!*hyper)
        return;
    hs_free_database((*hyper)->db);
    free(*hyper);
    *hyper = NULL;
}

size_t hyper_bytes(const struct hyper *hyper)
{
    return hyper->bytes;
}

/* ---- scanning ----------------------------------------------------------------------------- */

struct hyper_scratch *hyper_scratch_new(void)
{
    return calloc(1, sizeof(struct hyper_scratch));
}

bool hyper_scratch_fit(struct hyper_scratch *scratch, const struct hyper *hyper)
{
    return hs_alloc_scratch(hyper->db, &scratch->scratch) == HS_SUCCESS;
}

void hyper_scratch_free(struct hyper_scratch **scratch)
{
    if (!*scratch)
        return;
    hs_free_scratch((*scratch)->scratch);
    free(*scratch);
    *scratch = NULL;
}

struct hyper_hits {
    void (*hit)(void *context, uint32_t id, uint32_t end);
    void *context;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    const struct hyper_hits *hits = context;

    (void)from;
    (void)flags;
    hits->hit(hits->context, id, (uint32_t)to);
    return 0;
}

void hyper_scan(const struct hyper *hyper, struct hyper_scratch *scratch, struct slice data,
                void (*hit)(void *context, uint32_t id, uint32_t end), void *context)
{
    struct hyper_hits hits = {hit, context};

    (void)hs_scan(hyper->db, (const char *)data.at, data.len, 0, scratch->scratch, on_match, &hits);
}
