/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: fields for rules and baselines, names of faults. Events are written by smb_event.c.
 */
#include "sensor/app/smb_tx.h"

const char *const smb_fields_notes[] = {
    [SMB_NOTE_INTERNAL] = "internal_error",
    [SMB_NOTE_MALFORMED] = "malformed_data",
    [SMB_NOTE_RECORD_OVERFLOW] = "record_overflow",
    [SMB_NOTE_NTLMSSP] = "malformed_ntlmssp_request",
    [SMB_NOTE_DIALECTS] = "negotiate_malformed_dialects",
    [SMB_NOTE_OVERLAP] = "file_overlap",
    [SMB_NOTE_TO_CLIENT] = "request_to_client",
    [SMB_NOTE_TO_SERVER] = "response_to_server",
    [SMB_NOTE_MAX_READ] = "negotiate_max_read_size_too_large",
    [SMB_NOTE_MAX_WRITE] = "negotiate_max_write_size_too_large",
    [SMB_NOTE_READ_REQUEST] = "read_request_too_large",
    [SMB_NOTE_READ_RESPONSE] = "read_response_too_large",
    [SMB_NOTE_READ_QUEUE_SIZE] = "read_queue_size_exceeded",
    [SMB_NOTE_READ_QUEUE_COUNT] = "read_queue_cnt_exceeded",
    [SMB_NOTE_WRITE_REQUEST] = "write_request_too_large",
    [SMB_NOTE_WRITE_QUEUE_SIZE] = "write_queue_size_exceeded",
    [SMB_NOTE_WRITE_QUEUE_COUNT] = "write_queue_cnt_exceeded",
    [SMB_NOTE_TRANSACTIONS] = "too_many_transactions",
    NULL,
};

static const struct smb_tx *of(struct tx *tx, enum smb_kind kind)
{
    const struct smb_tx *smb = tx_data_const(tx);
    return smb->kind == kind ? smb : NULL;
}

static bool pipe_name(struct tx *tx, struct slice *out)
{
    const struct smb_tx *smb = of(tx, SMB_TREE);
    *out = smb && smb->pipe ? smb->share : SLICE_NONE;
    return smb && smb->pipe;
}

static bool share_name(struct tx *tx, struct slice *out)
{
    const struct smb_tx *smb = of(tx, SMB_TREE);
    /* what is connected counts as files until the server has said what it is */
    bool share = smb && (!smb->pipe || tx->progress[TO_CLIENT] == TX_NONE);
    *out = share ? smb->share : SLICE_NONE;
    return share;
}

static bool ntlm_user(struct tx *tx, struct slice *out)
{
    const struct smb_tx *smb = of(tx, SMB_SESSION);
    *out = smb && smb->auth.has_ntlm ? smb->auth.user : SLICE_NONE;
    return out->len > 0;
}

static bool ntlm_domain(struct tx *tx, struct slice *out)
{
    const struct smb_tx *smb = of(tx, SMB_SESSION);
    *out = smb && smb->auth.has_ntlm ? smb->auth.domain : SLICE_NONE;
    return out->len > 0;
}

static bool ntlm_host(struct tx *tx, struct slice *out)
{
    const struct smb_tx *smb = of(tx, SMB_SESSION);
    *out = smb && smb->auth.has_ntlm ? smb->auth.host : SLICE_NONE;
    return out->len > 0;
}

static bool stub(struct tx *tx, enum dir dir, struct slice *out)
{
    const struct smb_tx *smb = of(tx, SMB_DCERPC);
    *out = smb ? smb->call.stub[dir] : SLICE_NONE;
    return out->len > 0;
}

static bool stub_client(struct tx *tx, struct slice *out)
{
    return stub(tx, TO_SERVER, out);
}

static bool stub_server(struct tx *tx, struct slice *out)
{
    return stub(tx, TO_CLIENT, out);
}

static bool command_name(struct tx *tx, struct slice *out)
{
    const struct smb_tx *smb = tx_data_const(tx);
    const char *name = smb_names_command(smb->version, smb->command);
    *out = name ? slice_of_str(name) : SLICE_NONE;
    return name != NULL;
}

const struct field smb_fields[] = {
    {.name = "smb.named_pipe",
     .alias = "smb_named_pipe",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = pipe_name,
     .doc = "Tree of named pipes that is connected: \\\\host\\IPC$"},
    {.name = "smb.share",
     .alias = "smb_share",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = share_name,
     .doc = "Share of files that is connected: \\\\host\\share"},
    {.name = "smb.ntlmssp_user",
     .alias = "smb_ntlmssp_user",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = ntlm_user,
     .doc = "User who logs on with NTLM"},
    {.name = "smb.ntlmssp_domain",
     .alias = "smb_ntlmssp_domain",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = ntlm_domain,
     .doc = "Domain of the user who logs on with NTLM"},
    {.name = "smb.ntlmssp_host",
     .uses = IN_IDENTITY,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = ntlm_host,
     .doc = "Name of the client as it gives it when it logs on with NTLM"},
    {.name = "smb.command",
     .uses = IN_BASELINE,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = command_name,
     .doc = "Command of the request: SMB2_COMMAND_CREATE"},
    {.name = "dcerpc.stub_data",
     .alias = "dce_stub_data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = stub_client,
     .doc = "Arguments of a call on a named pipe, all fragments together"},
    {.name = "dcerpc.stub_data",
     .alias = "dce_stub_data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .get = stub_server,
     .doc = "Result of a call on a named pipe, all fragments together"},
    FIELD_END,
};
