/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NFS: what the files of the parser share. proto_nfs.c reads records and calls, nfs_4.c the
 * compounds of version 4, nfs_file.c keeps handles and contents of files, nfs_event.c writes.
 */
#ifndef TRAMGAC_SENSOR_APP_NFS_TX_H
#define TRAMGAC_SENSOR_APP_NFS_TX_H

#include "sensor/app/proto.h"

enum {
    NFS_HANDLE_MAX = 64, /* RFC 1813, 2.4; version 4 has 128, of which these are kept */
    NFS_NAME_MAX = 255,
    NFS_HANDLES_MAX = 64,
};

struct nfs_tx {
    uint32_t xid, version, procedure;
    uint32_t auth, uid, gid;
    bool as_suricata; /* its event is written as Suricata does */
    bool unix_auth, has_reply, denied, has_status, has_handle, is_file, reads;
    uint32_t status, handle_hash;
    struct slice machine, name, to;
    /* of a read, for its answer */
    uint32_t file; /* index of the handle + 1 */
    uint32_t count;
    uint64_t offset;
    /* of a file */
    uint32_t last_xid, chunks;
    bool complete;
};

/** A file's bytes in a message: where they begin and how many there are. */
struct nfs_bulk {
    uint32_t at, length, file;
    bool ends; /* the file ends with them */
};

/** How far one direction of a file has come. */
struct nfs_progress {
    bool open, cut;
    uint64_t offset;
};

struct nfs_handle {
    uint8_t len;
    uint8_t bytes[NFS_HANDLE_MAX];
    uint8_t name_len;
    uint8_t name[NFS_NAME_MAX];
    uint32_t serial;
    struct nfs_progress file[2];
};

struct nfs_side {
    uint32_t left; /* of a file's bytes in the record at hand */
    uint32_t pad;  /* of the record behind them */
    uint32_t file; /* index of the handle + 1 */
    bool ends;     /* the file ends with them */
};

struct nfs_state {
    struct nfs_side side[2];
    uint32_t serial, next;
    struct nfs_handle *handle[NFS_HANDLES_MAX];
};

/** The operations of a compound, and their results (the status was read before). What cannot be
 * read ends the look into it. */
void nfs_4_call(struct app *app, enum dir dir, struct tx *tx, struct cursor *c,
                struct nfs_bulk *bulk);
void nfs_4_reply(struct app *app, enum dir dir, struct tx *tx, struct cursor *c,
                 struct nfs_bulk *bulk);

/** Index + 1 of the handle, which is made when it is new; 0 without memory. */
uint32_t nfs_file_handle(struct app *app, struct slice bytes);
/** CRC-32 of a handle: short name of it in events. */
uint32_t nfs_file_hash(struct slice bytes);
void nfs_file_name(struct app *app, uint32_t file, struct slice name);
struct slice nfs_file_name_of(struct app *app, struct tx *tx, uint32_t file);
/** Bytes of a file at an offset begin; `call` is the read or write they belong to. */
void nfs_file_chunk(struct app *app, enum dir dir, uint32_t file, uint64_t offset,
                    const struct nfs_tx *call);
void nfs_file_data(struct app *app, enum dir dir, uint32_t file, struct slice data);
void nfs_file_close(struct app *app, enum dir dir, uint32_t file);
/** After lost bytes: what is open is not complete any more. */
void nfs_file_lost(struct app *app, enum dir dir);

enum { NFS_4_READ = 25, NFS_4_WRITE = 38 }; /* what stands as procedure of a file's transaction */

const char *nfs_event_procedure(uint32_t version, uint32_t procedure);
void nfs_event_write(struct tx *tx, uint32_t i, struct jsonw *w);
void nfs_event_write_rpc(struct tx *tx, struct jsonw *w);

#endif
