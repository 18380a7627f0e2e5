/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB events in the form of Suricata.
 */
#include "sensor/app/dcerpc_tx.h"
#include "sensor/app/smb_tx.h"

#include "common/pen.h"

/* The order in which Suricata prints identifiers of files and machines. */
static void guid_text(const uint8_t *g, uint8_t bytes, char out[40])
{
    static const uint8_t order[SMB_GUID] = {3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 15, 14, 13, 12};
    uint32_t at = 0;

    if (bytes == 2) {
        *pen_hex(pen_hex(out, g[1]), g[0]) = '\0';
        return;
    }
    for (uint32_t i = 0; bytes == SMB_GUID && i < SMB_GUID; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        (void)pen_hex(out + at, g[order[i]]);
        at += 2;
    }
    out[at] = '\0';
}

static void write_guid(struct jsonw *w, const char *key, const uint8_t *guid, uint8_t bytes)
{
    char text[40];

    guid_text(guid, bytes, text);
    jsonw_str(w, key, text);
}

static void write_status(struct jsonw *w, const struct smb_tx *smb)
{
    char text[40];

    if (!smb->has_status)
        return;
    if (smb->dos_status) {
        uint32_t class_ = smb->status & 0xff, code = smb->status >> 16;
        fmt_text(text, sizeof text, "UNKNOWN_%02x_%04x", class_, code);
        jsonw_str(w, "status", text);
        fmt_text(text, sizeof text, "0x%04x", code);
        jsonw_str(w, "status_code", text);
        return;
    }
    const char *name = smb_names_status(smb->status);
    fmt_text(text, sizeof text, "%u", smb->status);
    jsonw_str(w, "status", name ? name : text);
    fmt_text(text, sizeof text, "0x%x", smb->status);
    jsonw_str(w, "status_code", text);
}

static void write_head(struct jsonw *w, const struct tx *tx, const struct smb_tx *smb)
{
    char text[16];
    const char *dialect = smb_names_dialect(smb->dialect);
    const char *command = smb_names_command(smb->version, smb->command);

    jsonw_u64(w, "id", tx->id + 1);
    if (smb->dialect)
        jsonw_str(w, "dialect", dialect ? dialect : "unknown");
    else if (smb->dialect_name.len)
        jsonw_text(w, "dialect", smb->dialect_name);
    else
        jsonw_str(w, "dialect", "unknown");
    fmt_text(text, sizeof text, "%u", smb->command);
    if (smb->kind == SMB_ENCRYPTED)
        jsonw_bool(w, "encrypted", true);
    else
        jsonw_str(w, "command", command ? command : text);
    write_status(w, smb);
    jsonw_u64(w, "session_id", smb->kind == SMB_NEGOTIATE ? 0 : smb->session);
    jsonw_u64(w, "tree_id", smb->kind == SMB_NEGOTIATE ? 0 : smb->tree);
}

static void write_texts(struct jsonw *w, const char *key, const struct list *list)
{
    const struct slice *at = list->at;

    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++)
        jsonw_text(w, NULL, at[i]);
    jsonw_arr_close(w);
}

static void write_negotiate(struct jsonw *w, const struct smb_tx *smb)
{
    const struct smb_negotiate *n = &smb->negotiate;

    write_texts(w, "client_dialects", &n->dialects);
    if (n->has_client_guid)
        write_guid(w, "client_guid", n->client_guid, SMB_GUID);
    write_guid(w, "server_guid", n->server_guid, n->has_server_guid ? SMB_GUID : 0);
    if (n->max_read)
        jsonw_u64(w, "max_read_size", n->max_read);
    if (n->max_write)
        jsonw_u64(w, "max_write_size", n->max_write);
}

static void write_session(struct jsonw *w, const struct smb_tx *smb)
{
    const struct smb_session *s = &smb->auth;

    if (s->has_kerberos) {
        jsonw_obj_open(w, "kerberos");
        jsonw_text(w, "realm", s->realm);
        write_texts(w, "snames", &s->snames);
        jsonw_obj_close(w);
    } else if (s->has_ntlm) {
        char text[64];
        jsonw_obj_open(w, "ntlmssp");
        jsonw_text(w, "domain", s->domain);
        jsonw_text(w, "user", s->user);
        jsonw_text(w, "host", s->host);
        fmt_text(text, sizeof text, "%u.%u build %u rev %u", s->os_major, s->os_minor, s->os_build,
                 s->ntlm_revision);
        if (s->has_version)
            jsonw_str(w, "version", text);
        jsonw_obj_close(w);
    }
    for (int dir = 0; dir < 2; dir++) {
        if (dir == TO_SERVER ? !s->has_request : !s->has_response)
            continue;
        jsonw_obj_open(w, dir == TO_SERVER ? "request" : "response");
        jsonw_text(w, "native_os", s->os[dir]);
        jsonw_text(w, "native_lm", s->lm[dir]);
        jsonw_obj_close(w);
    }
}

static void write_tree(struct jsonw *w, const struct smb_tx *smb)
{
    static const char *const types[] = {"UNKNOWN", "FILE", "PIPE", "PRINT"};

    jsonw_text(w, smb->pipe ? "named_pipe" : "share", smb->share);
    if (smb->version == 2) {
        if (smb->has_status)
            jsonw_str(w, "share_type", types[smb->share_type < 4 ? smb->share_type : 0]);
        return;
    }
    jsonw_obj_open(w, "service");
    if (smb->service[TO_SERVER].len)
        jsonw_text(w, "request", smb->service[TO_SERVER]);
    if (smb->service[TO_CLIENT].len)
        jsonw_text(w, "response", smb->service[TO_CLIENT]);
    jsonw_obj_close(w);
}

static void write_name(struct jsonw *w, const char *key, struct slice name)
{
    if (name.len)
        jsonw_text(w, key, name);
    else
        jsonw_str(w, key, "<share_root>");
}

static void write_create(struct jsonw *w, const struct smb_tx *smb)
{
    const struct smb_create *c = &smb->create;
    const char *disposition = smb_names_disposition(c->disposition);

    write_name(w, c->directory && c->name.len ? "directory" : "filename", c->name);
    jsonw_str(w, "disposition", disposition ? disposition : "UNKNOWN");
    jsonw_str(w, "access", c->delete_on_close ? "delete on close" : "normal");
    jsonw_u64(w, "created", c->created);
    jsonw_u64(w, "accessed", c->accessed);
    jsonw_u64(w, "modified", c->written);
    jsonw_u64(w, "changed", c->changed);
    jsonw_u64(w, "size", c->size);
    write_guid(w, "fuid", smb->guid, smb->guid_bytes);
}

static void write_call(struct jsonw *w, const struct dcerpc_call *call)
{
    char room[8];

    jsonw_obj_open(w, "dcerpc");
    jsonw_str(w, "request",
              call->seen[TO_SERVER] ? dcerpc_pdu_type_name(call->type[TO_SERVER], room)
                                    : "REQUEST_LOST");
    jsonw_str(w, "response",
              call->seen[TO_CLIENT] ? dcerpc_pdu_type_name(call->type[TO_CLIENT], room)
                                    : "UNREPLIED");
    if (call->seen[TO_SERVER] && call->type[TO_SERVER] == DCERPC_REQUEST) {
        jsonw_u64(w, "opnum", call->opnum);
        jsonw_obj_open(w, "req");
        jsonw_u64(w, "frag_cnt", call->fragments[TO_SERVER]);
        jsonw_u64(w, "stub_data_size", call->stub_bytes[TO_SERVER]);
        jsonw_obj_close(w);
    }
    if (call->seen[TO_SERVER])
        dcerpc_event_ifaces(w, call, true);
    if (call->seen[TO_CLIENT] && call->type[TO_CLIENT] == DCERPC_RESPONSE)
        dcerpc_event_half(w, call, TO_CLIENT);
    jsonw_u64(w, "call_id", call->call_id);
    jsonw_obj_close(w);
}

static void write_rename(struct jsonw *w, const struct smb_tx *smb)
{
    jsonw_obj_open(w, "rename");
    jsonw_text(w, "from", smb->name);
    jsonw_text(w, "to", smb->new_name);
    jsonw_obj_close(w);
}

static void write_function(struct jsonw *w, const struct smb_tx *smb)
{
    char text[16];
    const char *name = smb_names_function(smb->function);

    fmt_text(text, sizeof text, "0x%08x", smb->function);
    jsonw_str(w, "function", name ? name : text);
}

void smb_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct smb_tx *smb = tx_data_const(tx);

    (void)i;
    write_head(w, tx, smb);
    switch ((enum smb_kind)smb->kind) {
    case SMB_NEGOTIATE:
        write_negotiate(w, smb);
        break;
    case SMB_SESSION:
        write_session(w, smb);
        break;
    case SMB_TREE:
        write_tree(w, smb);
        break;
    case SMB_CREATE:
        write_create(w, smb);
        break;
    case SMB_FILE:
        jsonw_text(w, "filename", smb->name);
        jsonw_text(w, "share", smb->share);
        write_guid(w, "fuid", smb->guid, smb->guid_bytes);
        break;
    case SMB_RENAME:
        write_rename(w, smb);
        break;
    case SMB_SET_PATH:
    case SMB_SET_FILE:
        write_name(w, "filename", smb->name);
        jsonw_str(w, "access", smb->delete_on_close ? "delete on close" : "normal");
        write_guid(w, "fuid", smb->guid, smb->guid_bytes);
        break;
    case SMB_IOCTL:
        write_function(w, smb);
        break;
    case SMB_DCERPC:
        write_call(w, &smb->call);
        break;
    case SMB_PLAIN:
    case SMB_ENCRYPTED:
        break;
    }
}
