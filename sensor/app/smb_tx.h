/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: what the files of the parser share. smb_v1.c and smb_v2.c read messages of their version,
 * smb_auth.c what session setup carries, smb_state.c keeps trees, open files and reads under way,
 * smb_pipe.c calls on named pipes, smb_file.c contents of files.
 */
#ifndef TRAMGAC_SENSOR_APP_SMB_TX_H
#define TRAMGAC_SENSOR_APP_SMB_TX_H

#include "sensor/app/dcerpc_pdu.h"

enum {
    SMB_TREES_MAX = 32,
    SMB_HANDLES_MAX = 64,
    SMB_READS_MAX = 64,
    SMB_NAME_MAX = 400, /* bytes of a name kept for later messages; a transaction keeps all */
    SMB_GUID = 16,
    SMB_DIALECTS_MAX = 32,
};

enum smb_note {
    SMB_NOTE_INTERNAL,
    SMB_NOTE_MALFORMED,
    SMB_NOTE_RECORD_OVERFLOW,
    SMB_NOTE_NTLMSSP,
    SMB_NOTE_DIALECTS,
    SMB_NOTE_OVERLAP,
    SMB_NOTE_TO_CLIENT,
    SMB_NOTE_TO_SERVER,
    SMB_NOTE_MAX_READ,
    SMB_NOTE_MAX_WRITE,
    SMB_NOTE_READ_REQUEST,
    SMB_NOTE_READ_RESPONSE,
    SMB_NOTE_READ_QUEUE_SIZE,
    SMB_NOTE_READ_QUEUE_COUNT,
    SMB_NOTE_WRITE_REQUEST,
    SMB_NOTE_WRITE_QUEUE_SIZE,
    SMB_NOTE_WRITE_QUEUE_COUNT,
    SMB_NOTE_TRANSACTIONS,
};

/** What a transaction is about: decides what its event holds. */
enum smb_kind {
    SMB_PLAIN,
    SMB_NEGOTIATE,
    SMB_SESSION,
    SMB_TREE,
    SMB_CREATE,
    SMB_FILE,
    SMB_RENAME,
    SMB_SET_PATH,
    SMB_SET_FILE,
    SMB_IOCTL,
    SMB_DCERPC,
    SMB_ENCRYPTED,
};

struct smb_negotiate {
    struct list dialects; /* struct slice */
    bool has_client_guid, has_server_guid;
    uint8_t client_guid[SMB_GUID], server_guid[SMB_GUID];
    uint32_t max_read, max_write;
};

struct smb_session {
    bool has_ntlm, has_version, has_kerberos, has_request, has_response;
    struct slice domain, user, host;
    uint8_t os_major, os_minor, ntlm_revision;
    uint16_t os_build;
    uint32_t ntlm_flags;
    struct slice realm;
    struct list snames;        /* struct slice */
    struct slice os[2], lm[2]; /* by direction */
};

struct smb_create {
    struct slice name;
    uint32_t disposition;
    bool directory, delete_on_close, has_guid;
    uint64_t created, accessed, written, changed, size; /* seconds since 1970; bytes */
};

struct smb_tx {
    uint8_t version; /* 1 or 2 */
    uint8_t kind;    /* enum smb_kind */
    uint16_t command;
    bool has_status, dos_status, pipe;
    uint32_t status;
    uint64_t session;
    uint32_t tree;
    uint16_t dialect; /* as it was when the transaction was made */
    struct slice dialect_name;
    uint8_t share_type;
    struct slice share, service[2]; /* tree connect, files; service by direction */
    uint8_t guid[SMB_GUID];         /* of the file */
    uint8_t guid_bytes;             /* 16, 2 (SMB 1) or 0 */
    struct slice name, new_name;    /* file, set info, rename */
    uint16_t info_level;
    bool delete_on_close, has_info;
    uint32_t function; /* ioctl */
    union {
        struct smb_negotiate negotiate;
        struct smb_session auth;
        struct smb_create create;
        struct dcerpc_call call;
    };
};

/* ---- state of a flow ---------------------------------------------------------------------- */

/** A share that is connected. */
struct smb_tree {
    bool used, pipe;
    uint32_t id;
    uint64_t session;
    uint16_t name_len;
    uint8_t name[SMB_NAME_MAX];
};

/** How far one direction of an open file has come. */
struct smb_progress {
    bool open;       /* its transaction is under way */
    bool cut;        /* bytes were missing: no more is taken */
    uint64_t offset; /* that comes next */
    uint64_t again;  /* bytes of the chunk in hand that were there before */
};

/** An open file or pipe. */
struct smb_handle {
    bool used, pipe, directory;
    uint8_t version, guid_bytes;
    uint8_t guid[SMB_GUID];
    uint32_t serial; /* part of the keys of its transactions */
    uint32_t tree;
    uint64_t size; /* when it was opened */
    struct smb_progress file[2];
    struct dcerpc_contexts *contexts; /* pipes; made when needed */
    uint32_t left[2];                 /* bytes of a message that are still to come */
    uint32_t call[2];                 /* the call it belongs to */
    uint16_t name_len;
    uint8_t name[SMB_NAME_MAX];
};

/** A read that waits for its answer. */
struct smb_read {
    uint64_t id; /* of the message */
    uint64_t offset;
    uint32_t length;
    uint32_t handle; /* index + 1 */
};

/** Common part of the headers. */
struct smb_header {
    uint8_t version;
    uint16_t command;
    bool response, unicode, nt_status, related;
    uint32_t status, tree, next;
    uint64_t session, id;
    uint16_t structure;
};

/** File data that fills the rest of a message. */
struct smb_bulk {
    uint64_t left;
    uint32_t pad;    /* bytes of the message behind the data */
    uint32_t handle; /* index + 1; 0 = nobody's */
};

struct smb_side {
    uint32_t left; /* bytes of the NetBIOS message in hand */
    struct smb_bulk bulk;
    bool lost;              /* after a gap: looking for the next message */
    struct smb_header last; /* of a compound */
    uint32_t last_handle;   /* that the compound's create opened */
};

struct smb_state {
    struct smb_side side[2];
    uint16_t dialect; /* 0 = not known */
    uint8_t dialect_len, n_offered;
    uint8_t dialect_name[32];
    uint8_t offered[SMB_DIALECTS_MAX][32]; /* names of an SMB 1 negotiation */
    uint32_t serial;
    uint32_t next_handle, next_tree, next_read;
    struct smb_tree *tree[SMB_TREES_MAX];
    struct smb_handle *handle[SMB_HANDLES_MAX];
    struct smb_read read[SMB_READS_MAX];
    struct dcerpc_contexts *contexts; /* of pipes nobody saw being opened */
};

/* ---- smb_state.c -------------------------------------------------------------------------- */

struct smb_tree *smb_state_tree(struct smb_state *state, uint64_t session, uint32_t id);
void smb_state_tree_add(struct app *app, uint64_t session, uint32_t id, struct slice name,
                        bool pipe);
void smb_state_tree_drop(struct smb_state *state, uint64_t session, uint32_t id);
/** Index + 1 of an open file; 0 = unknown. */
uint32_t smb_state_handle(const struct smb_state *state, struct slice guid);
/** A new one (the oldest gives way at the limit); 0 when there is no memory. */
uint32_t smb_state_handle_add(struct app *app, struct slice guid, const struct smb_header *h,
                              struct slice name, uint64_t size, bool directory);
/** Name of an open file, kept in the transaction. */
struct slice smb_state_handle_name(struct app *app, struct tx *tx, uint32_t handle);
void smb_state_handle_drop(struct app *app, uint32_t handle);
void smb_state_read_add(struct smb_state *state, const struct smb_read *read);
/** The read or write that message `id` asked for; NULL when unknown. The answer ends it. */
struct smb_read *smb_state_read(struct smb_state *state, uint64_t id);

/** A new transaction for a request; that of the request for an answer, or NULL. */
struct tx *smb_state_tx(struct app *app, enum dir dir, const struct smb_header *h,
                        enum smb_kind kind);
/** A fresh transaction with the members that all have. */
struct tx *smb_state_tx_new(struct app *app, uint64_t key, const struct smb_header *h,
                            enum smb_kind kind);
void smb_state_answer(struct app *app, struct tx *tx, const struct smb_header *h);
/** Notes a fault on the newest transaction. */
void smb_state_note(struct app *app, struct tx *tx, enum smb_note note);
/** Text of UTF-16 or of bytes up to a zero, as UTF-8, kept in the transaction. */
struct slice smb_state_text(struct app *app, struct tx *tx, struct slice bytes, bool unicode);
/** The same into `room`; bytes written. */
uint32_t smb_state_text_into(struct slice bytes, bool unicode, uint8_t *room, uint32_t max);
/** The text up to its end, and moves the cursor behind that. */
struct slice smb_state_string(struct cursor *c, bool unicode);

/* ---- smb_auth.c, smb_pipe.c, smb_file.c --------------------------------------------------- */

/** SPNEGO, NTLMSSP or Kerberos of a session setup request. */
void smb_auth_read(struct app *app, struct tx *tx, struct slice blob);

/** Bytes written to (TO_SERVER) or read from a pipe. True when they were a call. */
bool smb_pipe_data(struct app *app, enum dir dir, const struct smb_header *h, uint32_t handle,
                   struct slice data);

/** Data of a file at an offset begins; it will come through smb_file_data. */
void smb_file_chunk(struct app *app, enum dir dir, const struct smb_header *h, uint32_t handle,
                    uint64_t offset);
void smb_file_data(struct app *app, enum dir dir, uint32_t handle, struct slice data);
void smb_file_hole(struct app *app, enum dir dir, uint32_t handle);
/** The file is closed: its contents are complete, as far as they were seen. */
void smb_file_close(struct app *app, uint32_t handle, bool complete);
/** The transaction of a direction of an open file, or NULL. */
struct tx *smb_file_tx(struct app *app, enum dir dir, uint32_t handle);

/* ---- smb_v1.c, smb_v2.c ------------------------------------------------------------------- */

/** Bytes of a message of `length` bytes, from its header on, that have to be there before it can be
 * read; at most `length`. `in` holds at least the header. */
uint32_t smb_v1_need(struct app *app, enum dir dir, struct slice in, uint32_t length);
uint32_t smb_v2_need(struct app *app, enum dir dir, struct slice in, uint32_t length);
/** Reads a message (or what there is of it: SMB_MESSAGE_MAX). Contents of files are left to the
 * caller: `bulk` says where they begin and how many there are. */
void smb_v1_message(struct app *app, enum dir dir, struct slice in, uint32_t length,
                    struct smb_bulk *bulk, uint32_t *bulk_at);
void smb_v2_message(struct app *app, enum dir dir, struct slice in, uint32_t length,
                    struct smb_bulk *bulk, uint32_t *bulk_at);
bool smb_v1_header(struct slice in, struct smb_header *h);
bool smb_v2_header(struct slice in, struct smb_header *h);

enum { SMB1_HEADER = 32, SMB2_HEADER = 64, SMB_MESSAGE_MAX = 128 * 1024 };

/* ---- smb_fields.c, smb_names.c, smb_event.c ----------------------------------------------- */

extern const struct field smb_fields[];
extern const char *const smb_fields_notes[];

/** NULL when it has no name. */
const char *smb_names_status(uint32_t status);
const char *smb_names_command(uint8_t version, uint16_t command);
const char *smb_names_dialect(uint16_t dialect);
const char *smb_names_function(uint32_t function);
const char *smb_names_disposition(uint32_t disposition);

void smb_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

#endif
