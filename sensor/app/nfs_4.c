/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFS version 4: what is inside a compound (RFC 7530, 15.2; RFC 7531; RFC 5661 for sessions). Names
 * of lookups and openings, the handles they lead to, and where the bytes of a file are.
 * Limits: an operation that is not among these ends the reading of its compound; of several reads
 * or writes in one compound the first is followed.
 */
#include "sensor/app/nfs_tx.h"

enum {
    OPS_MAX = 64,
    STATEID = 16,
    CHANGE = 20, /* change_info4 */
    VERIFIER = 8,
    BITMAP_MAX = 8,
};

enum op {
    OP_ACCESS = 3,
    OP_CLOSE = 4,
    OP_COMMIT = 5,
    OP_CREATE = 6,
    OP_GETATTR = 9,
    OP_GETFH = 10,
    OP_LINK = 11,
    OP_LOOKUP = 15,
    OP_LOOKUPP = 16,
    OP_OPEN = 18,
    OP_OPEN_CONFIRM = 20,
    OP_PUTFH = 22,
    OP_PUTPUBFH = 23,
    OP_PUTROOTFH = 24,
    OP_READ = 25,
    OP_READDIR = 26,
    OP_READLINK = 27,
    OP_REMOVE = 28,
    OP_RENAME = 29,
    OP_RENEW = 30,
    OP_RESTOREFH = 31,
    OP_SAVEFH = 32,
    OP_SETATTR = 34,
    OP_WRITE = 38,
    OP_SEQUENCE = 53,
};

/* A compound while it is read. */
struct compound {
    struct app *app;
    struct tx *tx;
    struct nfs_tx *nfs;
    enum dir dir;
    struct nfs_bulk *bulk;
};

static struct slice take_opaque(struct cursor *c)
{
    uint32_t length = cursor_be32(c);
    struct slice bytes = cursor_take(c, length);

    cursor_skip(c, (0 - length) & 3);
    return cursor_ok(c) ? bytes : SLICE_NONE;
}

static void skip_bitmap(struct cursor *c)
{
    uint32_t words = cursor_be32(c);

    cursor_skip(c, words <= BITMAP_MAX ? 4 * words : UINT32_MAX);
}

static void skip_attributes(struct cursor *c)
{
    skip_bitmap(c);
    (void)take_opaque(c);
}

/* How many bytes an operation's arguments have, or its results when it succeeded; -1: not the same
 * for all. */
static int32_t fixed_bytes(uint32_t op, bool result)
{
    static const struct {
        uint8_t op;
        int16_t call, result;
    } rows[] = {
        {OP_ACCESS, 4, 8},           {OP_CLOSE, 4 + STATEID, STATEID},
        {OP_COMMIT, 12, VERIFIER},   {OP_GETFH, 0, -1},
        {OP_LOOKUP, -1, 0},          {OP_LOOKUPP, 0, 0},
        {OP_LINK, -1, CHANGE},       {OP_OPEN_CONFIRM, STATEID + 4, STATEID},
        {OP_PUTFH, -1, 0},           {OP_PUTPUBFH, 0, 0},
        {OP_PUTROOTFH, 0, 0},        {OP_READ, STATEID + 12, -1},
        {OP_READLINK, 0, -1},        {OP_REMOVE, -1, CHANGE},
        {OP_RENAME, -1, 2 * CHANGE}, {OP_RENEW, 8, 0},
        {OP_RESTOREFH, 0, 0},        {OP_SAVEFH, 0, 0},
        {OP_WRITE, -1, 16},          {OP_SEQUENCE, 32, 36},
    };

    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].op == op)
            return result ? rows[i].result : rows[i].call;
    }
    return -1;
}

/* ---- calls -------------------------------------------------------------------------------- */

static void learn(const struct compound *k, struct slice name)
{
    if (name.len)
        k->nfs->name = app_keep(k->app, k->tx, name);
}

static void take_file(const struct compound *k, struct slice handle)
{
    if (!handle.len)
        return;
    k->nfs->has_handle = true;
    k->nfs->handle_hash = nfs_file_hash(handle);
    k->nfs->file = nfs_file_handle(k->app, handle);
    k->nfs->name = nfs_file_name_of(k->app, k->tx, k->nfs->file);
}

static void skip_open_how(struct cursor *c)
{
    enum { CREATES = 1, EXCLUSIVE = 2, EXCLUSIVE_1 = 3 };

    if (cursor_be32(c) != CREATES)
        return;
    uint32_t mode = cursor_be32(c);
    if (mode == EXCLUSIVE || mode == EXCLUSIVE_1)
        cursor_skip(c, VERIFIER);
    if (mode != EXCLUSIVE)
        skip_attributes(c);
}

static void read_open(const struct compound *k, struct cursor *c)
{
    enum { BY_NAME, BY_PREVIOUS, BY_DELEGATION, BY_DELEGATION_BEFORE, BY_HANDLE, BY_HANDLE_HELD };

    cursor_skip(c, 4 + 8 + 8); /* sequence; access, deny; client */
    (void)take_opaque(c);
    skip_open_how(c);
    uint32_t claim = cursor_be32(c);
    if (claim == BY_PREVIOUS)
        cursor_skip(c, 4);
    if (claim == BY_DELEGATION || claim == BY_HANDLE_HELD)
        cursor_skip(c, STATEID);
    if (claim == BY_NAME || claim == BY_DELEGATION || claim == BY_DELEGATION_BEFORE)
        learn(k, take_opaque(c));
}

static void skip_create(const struct compound *k, struct cursor *c)
{
    enum { BLOCK = 3, CHARACTER = 4, LINK = 5 };
    uint32_t kind = cursor_be32(c);

    if (kind == LINK)
        (void)take_opaque(c);
    else if (kind == BLOCK || kind == CHARACTER)
        cursor_skip(c, 8);
    learn(k, take_opaque(c));
    skip_attributes(c);
}

static void read_read(const struct compound *k, struct cursor *c)
{
    cursor_skip(c, STATEID);
    k->nfs->offset = cursor_be64(c);
    k->nfs->count = cursor_be32(c);
    k->nfs->reads = cursor_ok(c);
}

/* The rest of the compound lies behind the file's bytes and is passed over with them. */
static void read_write(const struct compound *k, struct cursor *c)
{
    cursor_skip(c, STATEID);
    k->nfs->offset = cursor_be64(c);
    cursor_skip(c, 4); /* how stable */
    uint32_t length = cursor_be32(c);
    if (!cursor_ok(c) || !k->nfs->file)
        return;
    *k->bulk = (struct nfs_bulk){.length = length, .file = k->nfs->file};
    nfs_file_chunk(k->app, k->dir, k->nfs->file, k->nfs->offset, k->nfs);
}

static void close_file(const struct compound *k)
{
    nfs_file_close(k->app, TO_SERVER, k->nfs->file);
    nfs_file_close(k->app, TO_CLIENT, k->nfs->file);
}

/* Operations on a name; false: it is none. */
static bool read_name(const struct compound *k, uint32_t op, struct cursor *c)
{
    if (op == OP_LOOKUP || op == OP_REMOVE || op == OP_LINK)
        learn(k, take_opaque(c));
    else if (op == OP_OPEN)
        read_open(k, c);
    else if (op == OP_CREATE)
        skip_create(k, c);
    else if (op == OP_RENAME) {
        learn(k, take_opaque(c));
        k->nfs->to = app_keep(k->app, k->tx, take_opaque(c));
    } else
        return false;
    return true;
}

/* False: what follows cannot be found, or is not asked for. */
static bool read_argument(const struct compound *k, uint32_t op, struct cursor *c)
{
    int32_t fixed = fixed_bytes(op, false);

    if (op == OP_READ || op == OP_WRITE) {
        (op == OP_READ ? read_read : read_write)(k, c);
        return false;
    }
    if (op == OP_CLOSE && k->nfs->file)
        close_file(k);
    if (fixed >= 0)
        cursor_skip(c, (uint32_t)fixed);
    else if (op == OP_PUTFH)
        take_file(k, take_opaque(c));
    else if (op == OP_GETATTR)
        skip_bitmap(c);
    else if (op == OP_SETATTR) {
        cursor_skip(c, STATEID);
        skip_attributes(c);
    } else if (!read_name(k, op, c))
        return false;
    return cursor_ok(c);
}

void nfs_4_call(struct app *app, enum dir dir, struct tx *tx, struct cursor *c,
                struct nfs_bulk *bulk)
{
    struct compound k = {app, tx, tx_data(tx), dir, bulk};

    (void)take_opaque(c); /* the client's own word */
    cursor_skip(c, 4);    /* minor version */
    uint32_t n = cursor_be32(c);
    for (uint32_t i = 0; i < n && i < OPS_MAX; i++) {
        uint32_t op = cursor_be32(c);
        if (!cursor_ok(c) || !read_argument(&k, op, c))
            return;
    }
}

/* ---- answers ------------------------------------------------------------------------------ */

static void skip_delegation(struct cursor *c)
{
    enum { DELEGATE_NONE, DELEGATE_READ, DELEGATE_WRITE, DELEGATE_WHY };
    uint32_t kind = cursor_be32(c);

    if (kind == DELEGATE_READ || kind == DELEGATE_WRITE) {
        cursor_skip(c, STATEID + 4 + (kind == DELEGATE_WRITE ? 12 : 0));
        cursor_skip(c, 12); /* type, flags, rights */
        (void)take_opaque(c);
    } else if (kind == DELEGATE_WHY) {
        uint32_t why = cursor_be32(c);
        cursor_skip(c, why == 1 || why == 2 ? 4 : 0);
    }
}

static void read_data(const struct compound *k, struct cursor *c)
{
    bool ends = cursor_be32(c) != 0;
    uint32_t length = cursor_be32(c);

    if (!cursor_ok(c) || !k->nfs->file || !k->nfs->reads)
        return;
    *k->bulk = (struct nfs_bulk){.length = length, .file = k->nfs->file, .ends = ends};
    nfs_file_chunk(k->app, k->dir, k->nfs->file, k->nfs->offset, k->nfs);
}

static bool read_result(const struct compound *k, uint32_t op, struct cursor *c)
{
    int32_t fixed = fixed_bytes(op, true);

    if (fixed >= 0) {
        cursor_skip(c, (uint32_t)fixed);
    } else if (op == OP_GETFH) {
        struct slice handle = take_opaque(c);
        if (handle.len && k->nfs->name.len)
            nfs_file_name(k->app, nfs_file_handle(k->app, handle), k->nfs->name);
    } else if (op == OP_READLINK) {
        (void)take_opaque(c);
    } else if (op == OP_OPEN) {
        cursor_skip(c, STATEID + CHANGE + 4);
        skip_bitmap(c);
        skip_delegation(c);
    } else if (op == OP_CREATE) {
        cursor_skip(c, CHANGE);
        skip_bitmap(c);
    } else if (op == OP_GETATTR) {
        skip_attributes(c);
    } else if (op == OP_SETATTR) {
        skip_bitmap(c);
    } else {
        if (op == OP_READ)
            read_data(k, c);
        return false;
    }
    return cursor_ok(c);
}

void nfs_4_reply(struct app *app, enum dir dir, struct tx *tx, struct cursor *c,
                 struct nfs_bulk *bulk)
{
    struct compound k = {app, tx, tx_data(tx), dir, bulk};

    (void)take_opaque(c);
    uint32_t n = cursor_be32(c);
    for (uint32_t i = 0; i < n && i < OPS_MAX; i++) {
        uint32_t op = cursor_be32(c), status = cursor_be32(c);
        if (!cursor_ok(c) || status || !read_result(&k, op, c))
            return;
    }
}
