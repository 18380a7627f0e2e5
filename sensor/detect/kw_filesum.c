/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files by their digest: lists of MD5, SHA-1 or SHA-256, one in hexadecimal a line. A list is
 * sorted when it is read; a file is looked up when it has ended.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include "common/digest.h"

#include <stdio.h>
#include <stdlib.h>

struct sum_list {
    uint32_t n;
    uint32_t size; /* bytes of a digest */
    uint8_t kind;  /* enum digest_kind */
    bool negated;
    const uint8_t *digests; /* sorted */
};

static bool listed(const struct sum_list *list, const uint8_t *digest)
{
    uint32_t lo = 0, hi = list->n;

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        int order = memcmp(list->digests + (size_t)mid * list->size, digest, list->size);
        if (order == 0)
            return true;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static bool filesum_match(const struct inspection *in, const void *args)
{
    const struct sum_list *list = args;
    const struct file *f = buffer_file(in);
    uint8_t digest[DIGEST_MAX];

    if (!f)
        return false;
    const char *text = list->kind == DIGEST_MD5    ? f->md5
                       : list->kind == DIGEST_SHA1 ? f->sha1
                                                   : f->sha256;
    return digest_parse(slice_of_str(text), digest, list->size) &&
           listed(list, digest) != list->negated;
}

static int by_bytes16(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}
static int by_bytes20(const void *a, const void *b)
{
    return memcmp(a, b, 20);
}
static int by_bytes32(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static void sort(struct sum_list *list, uint8_t *digests)
{
    qsort(digests, list->n, list->size,
          list->size == 16   ? by_bytes16
          : list->size == 20 ? by_bytes20
                             : by_bytes32);
    list->digests = digests;
}

/* The first word of each line that is a digest; two passes, so that nothing has to grow. */
static uint32_t each_line(FILE *f, const struct sum_list *list, uint8_t *out)
{
    char line[512];
    uint32_t n = 0;
    uint8_t digest[DIGEST_MAX];

    rewind(f);
    while (fgets(line, sizeof(line), f)) {
        struct slice text = slice_head(slice_trim(slice_of_str(line)), list->size * 2);
        if (!digest_parse(text, digest, list->size) || n == UINT32_MAX / DIGEST_MAX)
            continue;
        if (out)
            memcpy(out + (size_t)n * list->size, digest, list->size);
        n++;
    }
    return n;
}

static FILE *open_list(const struct draft *d, struct slice name)
{
    char path[4096];
    const char *file = d->loader->file ? d->loader->file : "";
    const char *slash = strrchr(file, '/');

    if (slash && name.at[0] != '/')
        snprintf(path, sizeof(path), "%.*s/%.*s", (int)(slash - file), file, (int)name.len,
                 (const char *)name.at);
    else
        snprintf(path, sizeof(path), "%.*s", (int)name.len, (const char *)name.at);
    return fopen(path, "re");
}

static bool read_list(struct draft *d, struct sum_list *list, struct slice name)
{
    FILE *f = open_list(d, name);

    if (!f)
        return draft_fail(d, "the list %.*s cannot be read", (int)(name.len & 127),
                          (const char *)name.at);
    list->n = each_line(f, list, NULL);
    size_t bytes = (size_t)list->n * list->size;
    uint8_t *digests = list->n ? arena_alloc(d->loader->own, bytes) : NULL;
    if (digests)
        each_line(f, list, digests);
    fclose(f);
    if (!digests)
        return draft_fail(d, "the list %.*s holds no digest", (int)(name.len & 127),
                          (const char *)name.at);
    sort(list, digests);
    return true;
}

static bool filesum_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct sum_list *list = draft_alloc(d, sizeof(*list));
    struct op *op =
        draft_op(d, buffer_special(d->loader, "file.meta", BUFFER_FILE_META, SIDE_BOTH), OP_CALL);

    value = slice_trim(value);
    if (!list || !op)
        return false;
    list->negated = value.len && value.at[0] == '!';
    value = draft_unquote(slice_from(value, list->negated ? 1 : 0));
    list->kind = *(const uint8_t *)kw->extra;
    list->size = digest_size((enum digest_kind)list->kind);
    d->last_group = -1;
    op->call.match = filesum_match;
    op->call.args = list;
    d->rule.beside = true;
    ruleset_want(d->loader, kw->name);
    return value.len ? read_list(d, list, value) : draft_fail(d, "%s wants a file", kw->name);
}

static const struct keyword rows[] = {
    {.name = "filemd5",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = filesum_parse,
     .example = "filemd5:bad-files.md5",
     .doc = "MD5 of the file is (with ! is not) in the list",
     .extra = &(const uint8_t){DIGEST_MD5}},
    {.name = "filesha1",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = filesum_parse,
     .example = "filesha1:bad-files.sha1",
     .doc = "SHA-1 of the file is (with ! is not) in the list",
     .extra = &(const uint8_t){DIGEST_SHA1}},
    {.name = "filesha256",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = filesum_parse,
     .example = "filesha256:bad-files.sha256",
     .doc = "SHA-256 of the file is (with ! is not) in the list",
     .extra = &(const uint8_t){DIGEST_SHA256}},
    KEYWORD_END,
};

const struct kw_family kw_filesum = {.doc = "Digests of files", .rows = rows};
