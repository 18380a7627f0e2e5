/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP's data channels over TCP, as the control channel announced them (proto_ftp.c).
 * Spec: RFC 959, 3.2. One flow = one transaction = one file, in the direction that sends bytes.
 */
#include "sensor/app/ftp_tx.h"

struct ftp_data_tx {
    struct slice filename, command;
    uint8_t transfer; /* FTP_RETR, FTP_STOR */
};

struct ftp_data_state {
    bool begun;
    enum dir dir; /* of the file */
};

static const struct label transfers[] = {{FTP_RETR, "retr"}, {FTP_STOR, "stor"}, {0, NULL}};

static bool is_stored(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct ftp_data_tx *)data)->transfer == FTP_STOR;
}

static bool is_fetched(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct ftp_data_tx *)data)->transfer == FTP_RETR;
}

static const struct field ftp_data_fields[] = {
    {.name = "ftpdata.filename",
     .eve = "filename",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ftp_data_tx, filename),
     .progress = TX_LINE,
     .doc = "Name of the file as the client wrote it"},
    {.name = "ftpdata.command",
     .eve = "command",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ftp_data_tx, command),
     .progress = TX_LINE,
     .doc = "Command that asked for the transfer"},
    {.name = "ftpdata.transfer",
     .alias = "ftpdata_command",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct ftp_data_tx, transfer),
     .side = SIDE_CLIENT,
     .progress = TX_LINE,
     .labels = transfers,
     .has = is_stored,
     .doc = "Which way the file goes, stor: to the server"},
    {.name = "ftpdata.transfer",
     .alias = "ftpdata_command",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct ftp_data_tx, transfer),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .labels = transfers,
     .has = is_fetched,
     .doc = "Which way the file goes, retr: from the server"},
    FIELD_END,
};

static struct tx *begin(struct app *app, enum dir dir, struct ftp_data_state *state)
{
    struct cursor c = cursor_of(app_expected(app));
    struct tx *tx = app_tx_new(app, 0);

    if (!tx)
        return NULL;
    struct ftp_data_tx *data = tx_data(tx);
    data->transfer = cursor_u8(&c);
    data->command = app_keep(app, tx, cursor_take(&c, cursor_u8(&c)));
    data->filename = app_keep(app, tx, cursor_rest(&c));
    state->begun = true;
    state->dir = dir;
    app_progress(app, tx, dir, TX_LINE);
    app_file_begin(app, tx, dir, data->filename);
    return tx;
}

static struct parsed ftp_data_parse(struct app *app, enum dir dir, struct slice in)
{
    struct ftp_data_state *state = app_state(app);

    if (state->begun && dir != state->dir)
        return in.len ? parse_done(in.len) : parse_more(1);
    struct tx *tx = state->begun ? app_tx_find(app, 0) : in.len ? begin(app, dir, state) : NULL;
    if (!tx)
        return state->begun || !in.len ? parse_off() : parse_full();
    app_file_data(app, tx, dir, in);
    if (!in.len && app_at_end(app)) {
        app_file_end(app, tx, dir, true);
        app_progress(app, tx, dir_other(dir), TX_DONE);
        app_progress(app, tx, dir, TX_DONE);
    }
    return in.len ? parse_done(in.len) : parse_more(1);
}

/* Nothing tells it from other bytes: only the control channel does. */
static enum probe ftp_data_probe(struct slice head, enum dir dir)
{
    (void)head;
    (void)dir;
    return PROBE_NO;
}

const struct proto_def proto_ftp_data = {
    .name = "ftp-data",
    .eve = "ftp_data",
    .spec = "RFC 959",
    .doc = "File transfer: the files",
    .l4 = L4_TCP,
    .tx_size = sizeof(struct ftp_data_tx),
    .state_size = sizeof(struct ftp_data_state),
    .ports = {20},
    .probe = ftp_data_probe,
    .parse = ftp_data_parse,
    .fields = ftp_data_fields,
};
