/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/literals.h"

#include "common/digest.h"
#include "common/strbuf.h"

#include <fcntl.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CACHE_LEAST = 24 }; /* fewer literals compile faster than a file is read */

struct literals {
    hs_database_t *db;
    size_t bytes;
};

struct literals_scratch {
    hs_scratch_t *scratch;
};

struct cache_head {
    char magic[8];
    uint64_t bytes;
    uint8_t digest[32]; /* of the bytes behind the head */
};

/* ---- disk cache --------------------------------------------------------------------------- */

static bool cache_name(const struct literal *list, uint32_t n, const char *dir, char *out,
                       size_t room)
{
    struct strbuf text;
    uint8_t digest[32];
    hs_platform_info_t platform = {0};

    strbuf_init(&text, 0);
    hs_populate_platform(&platform);
    strbuf_fmt(&text, "1 %s %u %llu\n", hs_version(), platform.tune,
               (unsigned long long)platform.cpu_features);
    for (uint32_t i = 0; i < n; i++) {
        strbuf_fmt(&text, "%u %d ", list[i].text.len, list[i].nocase);
        strbuf_slice(&text, list[i].text);
    }
    digest_of(DIGEST_SHA256, strbuf_view(&text), digest);
    bool ok = !text.full;
    strbuf_fini(&text);
    int len = snprintf(out, room, "%s/", dir);
    for (int i = 0; i < 20 && len > 0 && (size_t)len + 8 < room; i++)
        len += snprintf(out + len, room - (size_t)len, "%02x", digest[i]);
    return ok && len > 0 && (size_t)snprintf(out + len, room - (size_t)len, ".hs") < room;
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

static bool cache_load(const char *path, struct literals *l)
{
    struct cache_head head;
    uint8_t digest[32];
    struct stat st;
    char *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    bool ok = fstat(fd, &st) == 0 && read_all(fd, &head, sizeof(head)) &&
              memcmp(head.magic, "tramhs1", 8) == 0 && head.bytes < UINT32_MAX &&
              (uint64_t)st.st_size == head.bytes + sizeof(head);
    if (ok)
        bytes = malloc(head.bytes ? head.bytes : 1);
    ok = ok && bytes && read_all(fd, bytes, head.bytes);
    if (ok) {
        digest_of(DIGEST_SHA256, (struct slice){(const uint8_t *)bytes, (uint32_t)head.bytes},
                  digest);
        ok = memcmp(digest, head.digest, sizeof(digest)) == 0 &&
             hs_deserialize_database(bytes, head.bytes, &l->db) == HS_SUCCESS;
    }
    free(bytes);
    close(fd);
    return ok;
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
static void cache_save(const char *path, const struct literals *l)
{
    struct cache_head head = {.magic = "tramhs1"};
    char *bytes = NULL;
    size_t n = 0;
    char part[1200];

    if (hs_serialize_database(l->db, &bytes, &n) != HS_SUCCESS)
        return;
    head.bytes = n;
    digest_of(DIGEST_SHA256, (struct slice){(const uint8_t *)bytes, (uint32_t)n}, head.digest);
    int len = snprintf(part, sizeof(part), "%s.%ld", path, (long)getpid());
    int fd = len > 0 && (size_t)len < sizeof(part)
                 ? open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)
                 : -1;
    if (fd >= 0) {
        bool ok = write_all(fd, &head, sizeof(head)) && write_all(fd, bytes, n);
        ok = close(fd) == 0 && ok;
        if (!ok || rename(part, path) != 0)
            unlink(part);
    }
    free(bytes);
}

/* ---- compiling ---------------------------------------------------------------------------- */

static bool compile(const struct literal *list, uint32_t n, struct literals *l, char fault[160])
{
    const char **texts = calloc(n, sizeof(*texts));
    size_t *lens = calloc(n, sizeof(*lens));
    unsigned *flags = calloc(n, sizeof(*flags));
    unsigned *ids = calloc(n, sizeof(*ids));
    hs_compile_error_t *error = NULL;
    bool ok = texts && lens && flags && ids;

    for (uint32_t i = 0; ok && i < n; i++) {
        texts[i] = (const char *)list[i].text.at;
        lens[i] = list[i].text.len;
        flags[i] = HS_FLAG_SINGLEMATCH | (list[i].nocase ? HS_FLAG_CASELESS : 0);
        ids[i] = i;
    }
    ok = ok && hs_compile_lit_multi(texts, flags, ids, lens, n, HS_MODE_BLOCK, NULL, &l->db,
                                    &error) == HS_SUCCESS;
    if (!ok)
        snprintf(fault, 160, "prefilter: %s", error ? error->message : "out of memory");
    hs_free_compile_error(error);
    free(texts);
    free(lens);
    free(flags);
    free(ids);
    return ok;
}

enum err literals_new(const struct literal *list, uint32_t n, const char *cache,
                      struct literals **literals, bool *from_cache, char fault[160])
{
    char path[1024];
    struct literals *l = calloc(1, sizeof(*l));
    bool named = l && cache && n >= CACHE_LEAST && cache_name(list, n, cache, path, sizeof(path));

    *literals = NULL;
    *from_cache = false;
    if (!l)
        return ERR_NOMEM;
    *from_cache = named && cache_load(path, l);
    if (!*from_cache) {
        if (!compile(list, n, l, fault)) {
            free(l);
            return ERR_UNSUPPORTED;
        }
        if (named)
            cache_save(path, l);
    }
    hs_database_size(l->db, &l->bytes);
    *literals = l;
    return ERR_OK;
}

void literals_free(struct literals **literals)
{
    if (!*literals)
        return;
    hs_free_database((*literals)->db);
    free(*literals);
    *literals = NULL;
}

size_t literals_bytes(const struct literals *literals)
{
    return literals->bytes;
}

/* ---- scanning ----------------------------------------------------------------------------- */

struct literals_scratch *literals_scratch_new(void)
{
    return calloc(1, sizeof(struct literals_scratch));
}

bool literals_scratch_fit(struct literals_scratch *scratch, const struct literals *literals)
{
    return hs_alloc_scratch(literals->db, &scratch->scratch) == HS_SUCCESS;
}

void literals_scratch_free(struct literals_scratch **scratch)
{
    if (!*scratch)
        return;
    hs_free_scratch((*scratch)->scratch);
    free(*scratch);
    *scratch = NULL;
}

struct scan {
    void (*hit)(void *context, uint32_t id, uint32_t end);
    void *context;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    const struct scan *scan = context;

    (void)from;
    (void)flags;
    scan->hit(scan->context, id, (uint32_t)to);
    return 0;
}

void literals_scan(const struct literals *literals, struct literals_scratch *scratch,
                   struct slice data, void (*hit)(void *context, uint32_t id, uint32_t end),
                   void *context)
{
    struct scan scan = {hit, context};

    if (data.len)
        (void)hs_scan(literals->db, (const char *)data.at, data.len, 0, scratch->scratch, on_match,
                      &scan);
}
