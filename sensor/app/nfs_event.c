/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of NFS in the form of Suricata; the call's frame stands beside as `rpc`.
 * Names: RFC 1094, RFC 1813, RFC 7531.
 */
#include "sensor/app/nfs_tx.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

#include <stdio.h>

static const char *const names_2[] = {
    "NULL",   "GETATTR", "SETATTR", "ROOT", "LOOKUP",  "READLINK", "READ",  "WRITECACHE", "WRITE",
    "CREATE", "REMOVE",  "RENAME",  "LINK", "SYMLINK", "MKDIR",    "RMDIR", "READDIR",    "STATFS",
};

static const char *const names_3[] = {
    "NULL",    "GETATTR",     "SETATTR", "LOOKUP", "ACCESS",   "READLINK", "READ",   "WRITE",
    "CREATE",  "MKDIR",       "SYMLINK", "MKNOD",  "REMOVE",   "RMDIR",    "RENAME", "LINK",
    "READDIR", "READDIRPLUS", "FSSTAT",  "FSINFO", "PATHCONF", "COMMIT",
};

static const char *const names_4[] = {"NULL", "COMPOUND"};

const char *nfs_event_procedure(uint32_t version, uint32_t procedure)
{
    if (version == 2)
        return procedure < sizeof names_2 / sizeof *names_2 ? names_2[procedure] : NULL;
    if (version == 3)
        return procedure < sizeof names_3 / sizeof *names_3 ? names_3[procedure] : NULL;
    return procedure < sizeof names_4 / sizeof *names_4 ? names_4[procedure] : NULL;
}

static const char *status_name(uint32_t status)
{
    static const struct label names[] = {
        {0, "OK"},
        {1, "ERR_PERM"},
        {2, "ERR_NOENT"},
        {5, "ERR_IO"},
        {6, "ERR_NXIO"},
        {13, "ERR_ACCES"},
        {17, "ERR_EXIST"},
        {18, "ERR_XDEV"},
        {19, "ERR_NODEV"},
        {20, "ERR_NOTDIR"},
        {21, "ERR_ISDIR"},
        {22, "ERR_INVAL"},
        {27, "ERR_FBIG"},
        {28, "ERR_NOSPC"},
        {30, "ERR_ROFS"},
        {31, "ERR_MLINK"},
        {63, "ERR_NAMETOOLONG"},
        {66, "ERR_NOTEMPTY"},
        {69, "ERR_DQUOT"},
        {70, "ERR_STALE"},
        {71, "ERR_REMOTE"},
        {10001, "ERR_BADHANDLE"},
        {10002, "ERR_NOT_SYNC"},
        {10003, "ERR_BAD_COOKIE"},
        {10004, "ERR_NOTSUPP"},
        {10005, "ERR_TOOSMALL"},
        {10006, "ERR_SERVERFAULT"},
        {10007, "ERR_BADTYPE"},
        {10008, "ERR_JUKEBOX"},
        {0, NULL},
    };
    for (const struct label *l = names; l->name; l++)
        if (l->value == status)
            return l->name;
    return NULL;
}

static void write_named(struct jsonw *w, const char *key, const char *name, uint32_t number)
{
    char text[16];

    snprintf(text, sizeof text, "%u", number);
    jsonw_str(w, key, name ? name : text);
}

static void write_file(struct jsonw *w, const struct nfs_tx *nfs)
{
    static const struct {
        uint8_t read, write;
    } of_version[] = {[2] = {6, 8}, [3] = {6, 7}, [4] = {NFS_4_READ, NFS_4_WRITE}};
    bool is_read = nfs->procedure == of_version[nfs->version].read;

    if (!is_read && nfs->procedure != of_version[nfs->version].write)
        return;
    jsonw_obj_open(w, is_read ? "read" : "write");
    jsonw_bool(w, "first", true);
    jsonw_bool(w, "last", nfs->complete);
    jsonw_u64(w, "last_xid", nfs->last_xid);
    jsonw_u64(w, "chunks", nfs->chunks);
    jsonw_obj_close(w);
}

static const char *procedure_name(const struct nfs_tx *nfs)
{
    if (nfs->version == 4 && nfs->is_file)
        return nfs->procedure == NFS_4_READ ? "READ" : "WRITE";
    if (nfs->version == 2 && nfs->as_suricata) /* it has no names of its own for version 2 */
        return nfs_event_procedure(3, nfs->procedure);
    return nfs_event_procedure(nfs->version, nfs->procedure);
}

void nfs_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct nfs_tx *nfs = tx_data_const(tx);
    char hash[16];

    (void)i;
    jsonw_u64(w, "version", nfs->version);
    write_named(w, "procedure", procedure_name(nfs), nfs->procedure);
    bool nameless = nfs->version == 2 && nfs->as_suricata && !nfs->is_file;
    jsonw_text(w, "filename", nameless ? SLICE_NONE : nfs->name);
    snprintf(hash, sizeof hash, "%x", nfs->handle_hash);
    if (nfs->has_handle && !nameless)
        jsonw_str(w, "hhash", hash);
    jsonw_u64(w, "id", tx->id + 1);
    jsonw_bool(w, "file_tx", nfs->is_file);
    jsonw_str(w, "type", nfs->has_reply ? "response" : "request");
    if (nfs->has_status)
        write_named(w, "status", status_name(nfs->status), nfs->status);
    if (nfs->is_file)
        write_file(w, nfs);
    if (nfs->to.at && !nameless) {
        jsonw_obj_open(w, "rename");
        jsonw_text(w, "from", nfs->name);
        jsonw_text(w, "to", nfs->to);
        jsonw_obj_close(w);
    }
}

static const char *auth_name(uint32_t auth)
{
    return auth == 0 ? "NULL" : auth == 1 ? "UNIX" : auth == 6 ? "GSS" : NULL;
}

void nfs_event_write_rpc(struct tx *tx, struct jsonw *w)
{
    const struct nfs_tx *nfs = tx_data_const(tx);

    jsonw_obj_open(w, "rpc");
    jsonw_u64(w, "xid", nfs->xid);
    if (nfs->has_reply)
        jsonw_str(w, "status", nfs->denied ? "DENIED" : "ACCEPTED");
    write_named(w, "auth_type", auth_name(nfs->auth), nfs->auth);
    if (nfs->unix_auth) {
        jsonw_obj_open(w, "creds");
        jsonw_text(w, "machine_name", nfs->machine);
        jsonw_u64(w, "uid", nfs->uid);
        jsonw_u64(w, "gid", nfs->gid);
        jsonw_obj_close(w);
    }
    jsonw_obj_close(w);
}
