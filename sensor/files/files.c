/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File objects: from the pieces parsers pass on to a name, the first bytes, a size, digests, magic
 * and the YARA rules that match. Memory of one worker's files is bounded by files.memory; a file
 * that gets none is still counted and sized.
 */
#include "sensor/files/files.h"

#include "common/check.h"
#include "common/digest.h"
#include "sensor/app/pool.h"
#include "sensor/files/filestore.h"
#include "sensor/files/filetype.h"
#include "sensor/files/yara.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 1024, MAGIC_MAX = 255, FLOW_FILES_MAX = 1024, DIGESTS = 3 };

enum {
    FILES_SEEN,
    FILES_TRUNC,
    FILES_CUT,
    FILES_MEMORY,
    FILES_MANY,
    FILES_SCANS,
    FILES_HITS,
    FILES_ABORTED,
    FILES_STORED,
    FILES_NOT_STORED,
};

const struct option files_options[] = {
    {"files.inspect", CONF_SIZE, "1M", "First bytes of a file kept for rules, magic and YARA"},
    {"files.memory", CONF_SIZE, "128M",
     "Bytes a worker may use for the contents of open files; at most a tenth of memory by the "
     "workers"},
    {"files.magic", CONF_BOOL, "false", "Name the type of every file with libmagic"},
    {"files.hash", CONF_LIST, "", "Digests of every file: md5, sha1, sha256"},
    {"files.yara", CONF_LIST, "", "YARA rule files or directories that every file is scanned with"},
    {"files.yara_timeout", CONF_SPAN, "2s", "Longest scan of one file"},
    {"filestore.enabled", CONF_BOOL, "false", "Keep files that rules with filestore match"},
    {"filestore.dir", CONF_TEXT, "filestore",
     "Where they are kept, by SHA-256; relative to default-log-dir"},
    {"filestore.all", CONF_BOOL, "false", "Keep every file, whatever the rules say"},
    {"filestore.size", CONF_SIZE, "10M", "Largest file that is kept"},
    {"filestore.leave", CONF_SIZE, "1G", "Free bytes of the disk that are left"},
    OPTION_END,
};

const struct counter files_counters[] = {
    [FILES_SEEN] = {"files.seen", "Files that began"},
    [FILES_TRUNC] = {"files.truncated", "Files that did not end whole"},
    [FILES_CUT] = {"files.cut", "Files longer than files.inspect: only their start is inspected"},
    [FILES_MEMORY] = {"files.memory_full",
                      "Files without content because files.memory was used up"},
    [FILES_MANY] = {"files.too_many", "Files of flows that already held too many"},
    [FILES_SCANS] = {"files.scans", "Files scanned with YARA"},
    [FILES_HITS] = {"files.yara_hits", "Matches of YARA rules"},
    [FILES_ABORTED] = {"files.scans_aborted", "YARA scans that failed or took too long"},
    [FILES_STORED] = {"files.stored", "Files kept on disk because a rule asked for them"},
    [FILES_NOT_STORED] = {"files.not_stored",
                          "Wanted files that were not kept: larger than filestore.size, with "
                          "gaps, no memory or no room on the disk"},
    COUNTER_END,
};

struct flow_files {
    struct file *first, *last;
    uint32_t n, next_id;
    size_t room;
    bool dirty;
    uint32_t order_dirs, order_sid; /* files that begin later are wanted, too */
    const struct tx *order_tx;      /* only those of this one; NULL: all */
};

/* A file with what only this module needs. */
struct entry {
    struct file file;
    uint32_t digests;      /* which run: enum files_want */
    struct digest *digest; /* DIGESTS, when any run */
    struct files *files;
    char *magic;
    const uint8_t *content; /* here, or in the body that the transaction keeps */
    uint8_t *own;
    uint32_t kept; /* bytes of it: all from the start, or those of file.data */
    bool may_store;
    bool nameable; /* ended, and its type may be asked for */
    size_t own_room, room, digest_room, magic_room;
    uint8_t *name;
    size_t name_room;
};

struct files {
    struct pool pool;
    struct filetype *filetype; /* NULL unless wanted */
    struct yara *yara;         /* NULL without rules */
    struct filestore *store;   /* NULL unless switched on */
    uint64_t *count;
    uint64_t keep_bytes, show_bytes; /* of contents: kept, and shown to rules */
    uint32_t wants;
    bool name_all; /* the type of every file, not only when a rule asks */
    bool unread;   /* nobody looks at contents */
};

static const struct {
    const char *name;
    uint32_t want;
    enum digest_kind kind;
} digests[DIGESTS] = {
    {"md5", FILES_MD5, DIGEST_MD5},
    {"sha1", FILES_SHA1, DIGEST_SHA1},
    {"sha256", FILES_SHA256, DIGEST_SHA256},
};

static uint32_t wants_of(const struct conf *conf)
{
    uint32_t wants = conf_bool(conf, "files.magic") ? FILES_MAGIC : 0;
    const char *item;

    for (uint32_t i = 0; (item = conf_item(conf, "files.hash", i)); i++)
        for (uint32_t j = 0; j < DIGESTS; j++)
            if (strcmp(item, digests[j].name) == 0)
                wants |= digests[j].want;
    return wants;
}

struct files *files_new(const struct conf *conf, struct stats *stats)
{
    struct files *files = calloc(1, sizeof *files);
    CHECK(files);
    files->count = stats_add(stats, files_counters);
    files->show_bytes = files->keep_bytes = conf_size(conf, "files.inspect");
    files->store = filestore_new(conf);
    if (files->store && filestore_size(files->store) > files->keep_bytes)
        files->keep_bytes = filestore_size(files->store);
    pool_init(&files->pool, conf_size(conf, "files.memory"));
    files->yara = yara_new(conf);
    files_want(files, wants_of(conf) | (files->store ? FILES_SHA256 : 0u));
    files->name_all = conf_bool(conf, "files.magic");
    return files;
}

void files_free(struct files **files)
{
    if (!*files)
        return;
    filetype_free(&(*files)->filetype);
    yara_free(&(*files)->yara);
    filestore_free(&(*files)->store);
    pool_fini(&(*files)->pool);
    free(*files);
    *files = NULL;
}

void files_want(struct files *files, uint32_t wants)
{
    files->wants |= wants;
    if ((files->wants & FILES_MAGIC) && !files->filetype)
        files->filetype = filetype_new();
}

void files_without_rules(struct files *files)
{
    files->unread = !files->yara && !files->store && !files->name_all;
}

static struct entry *entry_of(struct file *file)
{
    return (struct entry *)(void *)file;
}

static struct flow_files *hanging(const struct flow *flow)
{
    return flow->ext[FLOW_EXT_FILES];
}

static struct flow_files *hang(struct files *files, struct flow *flow)
{
    size_t room;
    struct flow_files *list = hanging(flow);
    if (list)
        return list;
    list = pool_get(&files->pool, sizeof *list, &room);
    if (!list)
        return NULL;
    *list = (struct flow_files){.room = room};
    flow->ext[FLOW_EXT_FILES] = list;
    return list;
}

static void set_name(struct files *files, struct entry *entry, struct slice name)
{
    name = slice_head(name, NAME_MAX_BYTES);
    if (!name.len)
        return;
    entry->name = pool_get(&files->pool, name.len, &entry->name_room);
    if (!entry->name)
        return;
    memcpy(entry->name, name.at, name.len);
    entry->file.name = (struct slice){entry->name, name.len};
}

static void want_kept(struct file *file, uint32_t sid)
{
    if (!entry_of(file)->may_store)
        return;
    file->wanted_store = true;
    for (uint32_t i = 0; i < file->sids; i++) {
        if (file->sid[i] == sid)
            return;
    }
    if (file->sids < FILE_SIDS_MAX)
        file->sid[file->sids++] = sid;
}

void files_order(struct flow *flow, struct tx *tx, struct file *file,
                 const struct files_order *order, uint32_t sid)
{
    struct flow_files *list = flow ? hanging(flow) : NULL;

    if (order->scope == FILES_SCOPE_FILE) {
        if (file)
            want_kept(file, sid);
        return;
    }
    if (!list)
        return;
    for (struct file *f = list->first; f; f = f->next) {
        bool asked = order->scope == FILES_SCOPE_FLOW || f->tx == tx;
        if (asked && order->dirs >> f->dir & 1)
            want_kept(f, sid);
    }
    list->order_dirs = order->dirs;
    list->order_sid = sid;
    list->order_tx = order->scope == FILES_SCOPE_TX ? tx : NULL;
}

void files_keep(struct files *files, struct file *file)
{
    const struct entry *entry = entry_of(file);

    if (!file->wanted_store || file->stored || file->state == FILE_OPEN || !files->store)
        return;
    file->stored =
        entry->kept == file->size && *file->sha256 &&
        filestore_put(files->store, file->sha256, (struct slice){entry->content, entry->kept});
    files->count[file->stored ? FILES_STORED : FILES_NOT_STORED]++;
}

static void begin_digests(struct files *files, struct entry *entry)
{
    uint32_t wanted = files->wants & (FILES_MD5 | FILES_SHA1 | FILES_SHA256);

    if (wanted)
        entry->digest =
            pool_get(&files->pool, DIGESTS * sizeof(*entry->digest), &entry->digest_room);
    if (!entry->digest) {
        files->count[FILES_MEMORY] += wanted != 0;
        return;
    }
    entry->digests = wanted;
    for (uint32_t i = 0; i < DIGESTS; i++)
        if (wanted & digests[i].want)
            digest_init(&entry->digest[i], digests[i].kind);
}

static struct file *file_begin(struct files *files, struct flow *flow, const struct app_file *piece)
{
    struct flow_files *list = hang(files, flow);
    size_t room;

    files->count[FILES_SEEN]++;
    if (!list || list->n >= FLOW_FILES_MAX) {
        files->count[list ? FILES_MANY : FILES_MEMORY]++;
        return NULL;
    }
    struct entry *entry = pool_get(&files->pool, sizeof *entry, &room);
    if (!entry) {
        files->count[FILES_MEMORY]++;
        return NULL;
    }
    *entry = (struct entry){.room = room, .files = files};
    struct file *file = &entry->file;
    file->id = ++list->next_id;
    file->flow = flow;
    file->tx = piece->tx;
    file->dir = piece->dir;
    file->touched = true;
    set_name(files, entry, piece->bytes);
    begin_digests(files, entry);
    if (list->last)
        list->last->next = file;
    else
        list->first = file;
    list->last = file;
    list->n++;
    list->dirty = true;
    piece->tx->files[piece->dir] = file;
    entry->may_store = files->store != NULL;
    file->wanted_store = files->store && filestore_keeps_all(files->store);
    if (list->order_dirs >> piece->dir & 1 && (!list->order_tx || list->order_tx == piece->tx))
        want_kept(file, list->order_sid);
    return file;
}

static bool is_lent(const struct entry *entry)
{
    return entry->content && !entry->own;
}

/* What is kept comes to lie here, with room for `bytes`; false without memory. */
static bool make_own(struct entry *entry, uint32_t bytes)
{
    size_t room;

    if (bytes <= entry->own_room)
        return true;
    uint8_t *own = pool_get(&entry->files->pool, bytes, &room);
    if (!own) {
        entry->files->count[FILES_MEMORY]++;
        return false;
    }
    if (entry->kept)
        memcpy(own, entry->content, entry->kept);
    pool_put(&entry->files->pool, entry->own, entry->own_room);
    entry->content = entry->own = own;
    entry->own_room = room;
    return true;
}

/* The body may have moved as it grew: this file and the ones before it look where it is now. */
static void follow_body(struct file *file, const struct slice *body)
{
    for (; file && body; file = file->before) {
        struct entry *entry = entry_of(file);
        if (is_lent(entry))
            entry->content = file->data.at = body->at;
    }
}

/* The body goes. Only the file's event may still need what it lent. */
static void leave_body(struct entry *entry, bool lies)
{
    struct file *file = &entry->file;

    if (!is_lent(entry))
        return;
    if (lies && !file->logged && make_own(entry, entry->kept)) {
        file->data.at = entry->content;
        return;
    }
    entry->content = NULL;
    entry->kept = 0;
    file->data = SLICE_NONE;
}

/* The piece goes on in its transaction's body where the file's bytes end. */
static bool goes_on(const struct entry *entry, const struct app_file *piece)
{
    return piece->body && !entry->own && piece->body_at == entry->kept &&
           piece->bytes.at == piece->body->at + piece->body_at;
}

static void keep(struct files *files, struct entry *entry, const struct app_file *piece)
{
    struct file *file = &entry->file;
    struct slice data = piece->bytes;
    uint32_t have = entry->kept;

    if (have >= files->keep_bytes || have < file->size) {
        if (have == files->keep_bytes && file->size == have)
            files->count[FILES_CUT]++;
        return;
    }
    uint32_t n = data.len;
    if (n > files->keep_bytes - have)
        n = (uint32_t)(files->keep_bytes - have);
    if (files->unread) {
        entry->kept = have + n;
        return;
    }
    if (goes_on(entry, piece))
        entry->content = piece->body->at;
    else if (make_own(entry, have + n))
        memcpy(entry->own + have, data.at, n);
    else
        return;
    entry->kept = have + n;
    uint32_t shown = entry->kept < files->show_bytes ? entry->kept : (uint32_t)files->show_bytes;
    file->data = (struct slice){entry->content, shown};
}

static void file_data(struct files *files, struct file *file, const struct app_file *piece)
{
    struct entry *entry = entry_of(file);
    struct slice data = piece->bytes;

    keep(files, entry, piece);
    for (uint32_t i = 0; i < DIGESTS; i++)
        if (entry->digests & digests[i].want)
            digest_update(&entry->digest[i], data);
    file->size += data.len;
    file->touched = true;
    hanging(file->flow)->dirty = true;
}

static void write_digests(struct entry *entry)
{
    char *const out[DIGESTS] = {entry->file.md5, entry->file.sha1, entry->file.sha256};

    for (uint32_t i = 0; i < DIGESTS; i++) {
        uint8_t bytes[DIGEST_MAX];
        char text[DIGEST_TEXT_MAX];
        if (!(entry->digests & digests[i].want))
            continue;
        digest_final(&entry->digest[i], bytes);
        digest_text(bytes, digest_size(digests[i].kind), text);
        memcpy(out[i], text, 2 * digest_size(digests[i].kind) + 1);
    }
    entry->digests = 0;
}

const char *files_magic(struct file *file)
{
    struct entry *entry = entry_of(file);
    struct files *files = entry->files;

    if (file->magic || !entry->nameable)
        return file->magic;
    const char *magic = filetype_of(files->filetype, file->data);
    entry->nameable = false;
    if (!magic)
        return NULL;
    struct slice text = slice_head(slice_of_str(magic), MAGIC_MAX);
    entry->magic = pool_get(&files->pool, text.len + 1, &entry->magic_room);
    if (!entry->magic) {
        files->count[FILES_MEMORY]++;
        return NULL;
    }
    memcpy(entry->magic, text.at, text.len);
    entry->magic[text.len] = '\0';
    file->magic = entry->magic;
    return file->magic;
}

static void inspect(struct files *files, struct entry *entry)
{
    struct file *file = &entry->file;
    bool aborted = false;

    entry->nameable = files->filetype != NULL;
    if (files->name_all)
        files_magic(file);
    if (!files->yara || !file->data.len)
        return;
    file->yara_hits = (uint8_t)yara_scan(files->yara, file->data, file->yara, &aborted);
    files->count[FILES_SCANS]++;
    files->count[FILES_HITS] += file->yara_hits;
    files->count[FILES_ABORTED] += aborted;
}

static void file_end(struct files *files, struct file *file, bool complete)
{
    struct entry *entry = entry_of(file);

    file->state = complete ? FILE_CLOSED : FILE_TRUNCATED;
    file->touched = true;
    hanging(file->flow)->dirty = true;
    files->count[FILES_TRUNC] += !complete;
    write_digests(entry);
    inspect(files, entry);
}

/* A transaction brings one file after another; all of them know it as long as it lives. `lies`:
 * its body is where they look. */
static void forget_tx(struct file *file, bool lies)
{
    while (file) {
        struct file *before = file->before;
        leave_body(entry_of(file), lies);
        file->tx = NULL;
        file->before = NULL;
        file = before;
    }
}

void files_input(struct files *files, struct flow *flow, const struct app_file *pieces, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct app_file *piece = &pieces[i];
        struct file *file = files_of_tx(piece->tx, piece->dir);

        if (piece->kind == APP_FILE_BEGIN) {
            piece->tx->files[piece->dir] = NULL;
            struct file *begun = file_begin(files, flow, piece);
            if (begun)
                begun->before = file;
            else
                forget_tx(file, false);
            continue;
        }
        follow_body(file, piece->body);
        if (!file || file->state != FILE_OPEN)
            continue;
        if (piece->kind == APP_FILE_DATA)
            file_data(files, file, piece);
        else
            file_end(files, file, piece->kind == APP_FILE_END);
    }
}

struct file *files_first(struct flow *flow)
{
    struct flow_files *list = hanging(flow);
    return list ? list->first : NULL;
}

struct file *files_of_tx(const struct tx *tx, enum dir dir)
{
    return tx->files[dir];
}

void files_drop_tx(struct tx *tx)
{
    struct flow_files *list = NULL;

    for (int dir = 0; dir < 2; dir++) {
        struct file *file = tx->files[dir];
        list = file ? hanging(file->flow) : list;
        forget_tx(file, true);
        tx->files[dir] = NULL;
    }
    if (list && list->order_tx == tx)
        list->order_dirs = 0;
}

/* Its transaction and the files that began after it forget the file. */
static void leave_tx(struct file *file)
{
    struct file *later = file->tx ? file->tx->files[file->dir] : NULL;

    if (later == file)
        file->tx->files[file->dir] = file->before;
    while (later && later->before != file)
        later = later->before;
    if (later)
        later->before = file->before;
}

static void entry_free(struct files *files, struct entry *entry)
{
    leave_tx(&entry->file);
    pool_put(&files->pool, entry->own, entry->own_room);
    pool_put(&files->pool, entry->digest, entry->digest_room);
    pool_put(&files->pool, entry->magic, entry->magic_room);
    pool_put(&files->pool, entry->name, entry->name_room);
    pool_put(&files->pool, entry, entry->room);
}

static bool sweep(struct files *files, struct flow_files *list, bool all, uint32_t looked)
{
    struct file **link = &list->first;
    struct file *last = NULL;
    bool marked = false;

    while (*link) {
        struct file *file = *link;
        file->touched = file->touched && !(looked >> file->dir & 1);
        if (all || (!file->touched && file->state != FILE_OPEN && file->logged)) {
            *link = file->next;
            list->n--;
            entry_free(files, entry_of(file));
            continue;
        }
        marked |= file->touched;
        last = file;
        link = &file->next;
    }
    list->last = last;
    return marked;
}

void files_clear(struct files *files, struct flow *flow, uint32_t looked)
{
    struct flow_files *list = hanging(flow);
    if (list && list->dirty)
        list->dirty = sweep(files, list, false, looked);
}

void files_end(struct files *files, struct flow *flow)
{
    struct flow_files *list = hanging(flow);
    for (struct file *file = list ? list->first : NULL; file; file = file->next)
        if (file->state == FILE_OPEN)
            file_end(files, file, false);
}

void files_drop(struct files *files, struct flow *flow)
{
    struct flow_files *list = hanging(flow);
    if (!list)
        return;
    (void)sweep(files, list, true, 3);
    pool_put(&files->pool, list, list->room);
    flow->ext[FLOW_EXT_FILES] = NULL;
}

void files_rest(struct files *files, struct flow *flow, struct sparse_out *out)
{
    struct flow_files *list = hanging(flow);
    uint8_t rests = list && !list->first;

    *out->at++ = rests;
    if (!rests)
        return;
    sparse_put(out, list, sizeof(*list));
    pool_put(&files->pool, list, list->room);
    flow->ext[FLOW_EXT_FILES] = NULL;
}

const uint8_t *files_wake(struct files *files, struct flow *flow, const uint8_t *from)
{
    struct flow_files *list;
    size_t room;

    if (!*from++)
        return from;
    list = pool_get(&files->pool, sizeof(*list), &room);
    from = sparse_take(from, list, sizeof(*list));
    if (list)
        list->room = room;
    flow->ext[FLOW_EXT_FILES] = list;
    return from;
}
