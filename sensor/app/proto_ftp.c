/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP's control channel over TCP.
 * Spec: RFC 959 (commands, replies), RFC 2428 (EPRT, EPSV), RFC 4217 (AUTH TLS).
 * One transaction = a command and its replies, paired by order; what a server says unasked (its
 * greeting) is one too. A transfer announces its data channel, which is parsed as ftp-data.
 * Limits: a line LINE_MAX bytes, the rest of it is dropped and noted.
 */
#include "sensor/app/ftp_tx.h"
#include "sensor/app/greeting.h"

enum {
    LINE_MAX = 4096,
    LINE_MOST = 61440,
    CODE_BYTES = 3,
    COMMAND_MAX = 32,
    FIRST_LINE_MAX = 512, /* the probe wants no more of the first command */
    REPLIES_MAX = 1024,   /* lines of one transaction that are kept */
};

struct ftp_side {
    bool dropping; /* rest of a line that was too long */
};

struct ftp_state {
    struct ftp_side side[2];
    uint64_t asked, answered; /* transactions begun, and those with their final reply */
    bool replying, several;   /* inside the replies of one; inside a reply of several lines */
    uint16_t port;            /* agreed for the next transfer; 0 = none */
};

enum { NOTE_LONG_REQUEST, NOTE_LONG_REPLY };
static const char *const ftp_notes[] = {"request_command_too_long", "response_command_too_long",
                                        NULL};

/* ---- fields ------------------------------------------------------------------------------- */

static const struct label yes_no[] = {
    {1, "yes"}, {0, "no"}, {1, "on"}, {0, "off"}, {1, "true"}, {0, "false"}, {1, "1"}, {0, NULL},
};

static const struct label modes[] = {{FTP_ACTIVE, "active"}, {FTP_PASSIVE, "passive"}, {0, NULL}};

static bool has_data(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct ftp_tx *)data)->data.len > 0;
}

static bool has_mode(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct ftp_tx *)data)->mode != 0;
}

static bool is_told(const struct tx *tx, const void *data)
{
    const struct ftp_tx *ftp = data;

    (void)tx;
    return ftp->mode == FTP_ACTIVE || ftp->asked_port;
}

static const struct field code_fields[] = {
    {.name = "ftp.completion_code",
     .eve = "",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ftp_text, text),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Three digits a line of the reply begins with"},
    FIELD_END,
};

static const struct field reply_fields[] = {
    {.name = "ftp.reply",
     .eve = "",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ftp_text, text),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "A line of the reply, without the code"},
    FIELD_END,
};

static const struct field ftp_fields[] = {
    {.name = "ftp.command",
     .eve = "command",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ftp_tx, command),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Command in capital letters"},
    {.name = "ftp.command_data",
     .eve = "command_data",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ftp_tx, data),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "What stands behind the command"},
    {.name = "ftp.command_truncated",
     .eve = "command_truncated",
     .uses = IN_EVE,
     .type = FIELD_BOOL,
     .offset = offsetof(struct ftp_tx, request_truncated),
     .zero = true,
     .has = has_data,
     .doc = "The command was longer than a line may be"},
    {.name = "ftp.completion_codes",
     .eve = "completion_code",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct ftp_tx, codes),
     .items = code_fields,
     .item_size = sizeof(struct ftp_text),
     .doc = "Codes of the replies"},
    {.name = "ftp.replies",
     .eve = "reply",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct ftp_tx, replies),
     .items = reply_fields,
     .item_size = sizeof(struct ftp_text),
     .doc = "Lines of the replies"},
    {.name = "ftp.dynamic_port",
     .eve = "dynamic_port",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct ftp_tx, dynamic_port),
     .progress = TX_DONE,
     .has = has_mode,
     .doc = "Port agreed for the next data channel"},
    {.name = "ftp.mode",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct ftp_tx, mode),
     .progress = TX_DONE,
     .labels = modes,
     .has = has_mode,
     .doc = "Who opens the data channel: active is the server"},
    {.name = "ftp.mode_active",
     .eve = "mode",
     .uses = IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct ftp_tx, mode),
     .labels = modes,
     .has = is_told,
     .doc = "active, behind PORT and EPRT"},
    {.name = "ftp.reply_received",
     .eve = "reply_received",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct ftp_tx, received),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .labels = yes_no,
     .zero = true,
     .doc = "The command was answered"},
    {.name = "ftp.reply_truncated",
     .eve = "reply_truncated",
     .uses = IN_EVE,
     .type = FIELD_BOOL,
     .offset = offsetof(struct ftp_tx, reply_truncated),
     .zero = true,
     .doc = "A reply was longer than a line may be"},
    FIELD_END,
};

/* ---- commands ----------------------------------------------------------------------------- */

static struct slice capitals(struct app *app, struct tx *tx, struct slice word)
{
    word = slice_head(word, COMMAND_MAX);
    uint8_t *copy = app_alloc(app, tx, word.len);

    if (!copy)
        return SLICE_NONE;
    for (uint32_t i = 0; i < word.len; i++)
        copy[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ? word.at[i] & 0xdf : word.at[i];
    return (struct slice){copy, word.len};
}

static bool is(const struct ftp_tx *ftp, const char *command)
{
    return slice_eq(ftp->command, slice_of_str(command));
}

/* Which way the bytes of a transfer go; 0: no transfer of a file. */
static uint8_t transfer_of(const struct ftp_tx *ftp)
{
    if (is(ftp, "RETR"))
        return FTP_RETR;
    return is(ftp, "STOR") || is(ftp, "APPE") || is(ftp, "STOU") ? FTP_STOR : 0;
}

static bool is_listing(const struct ftp_tx *ftp)
{
    return is(ftp, "LIST") || is(ftp, "NLST") || is(ftp, "MLSD");
}

static void announce(struct app *app, struct ftp_state *state, struct tx *tx, uint8_t transfer)
{
    struct ftp_tx *ftp = tx_data(tx);
    struct slice says = SLICE_NONE;
    uint8_t head[2] = {transfer, (uint8_t)ftp->command.len};

    app_grow(app, tx, &says, (struct slice){head, sizeof head}, LINE_MAX * 2);
    app_grow(app, tx, &says, ftp->command, LINE_MAX * 2);
    app_grow(app, tx, &says, ftp->data, LINE_MAX * 2);
    app_expect(app, state->port, "ftp-data", says);
    state->port = 0;
}

static void agree(struct ftp_state *state, struct ftp_tx *ftp, uint8_t mode, uint16_t port)
{
    ftp->mode = mode;
    ftp->dynamic_port = state->port = port;
}

/* Where Suricata's words are asked for, what is not answered yet is no agreement. */
static void propose(struct app *app, struct ftp_tx *ftp, uint16_t port)
{
    struct ftp_state *state = app_state(app);

    agree(state, ftp, FTP_ACTIVE, port);
    if (!app_as_suricata(app))
        return;
    ftp->asked_port = port;
    ftp->mode = FTP_PASSIVE;
    ftp->dynamic_port = 0;
}

static void act_on_command(struct app *app, struct ftp_state *state, struct tx *tx)
{
    struct ftp_tx *ftp = tx_data(tx);
    uint16_t port;
    uint8_t transfer = transfer_of(ftp);

    if (transfer && state->port)
        announce(app, state, tx, transfer);
    else if (is_listing(ftp))
        state->port = 0; /* the channel is used up */
    else if ((is(ftp, "PORT") && ftp_port_read(ftp->data, &ftp->port_host, &port)) ||
             (is(ftp, "EPRT") && ftp_port_read_extended(ftp->data, &ftp->port_host, &port)))
        propose(app, ftp, port);
}

static void read_command(struct app *app, struct tx *tx, struct slice line)
{
    static const struct slice auth = SLICE_LIT("AUTH TLS");
    struct ftp_tx *ftp = tx_data(tx);
    int64_t blank = slice_find_byte(line, ' ');
    uint32_t end = blank < 0 ? line.len : (uint32_t)blank;

    if (slice_ieq(line, auth)) /* one command of two words in EVE */
        end = line.len;
    ftp->command = capitals(app, tx, slice_head(line, end));
    ftp->data = app_keep(app, tx, slice_from(line, end + 1));
}

static bool on_request(struct app *app, struct slice line, bool cut)
{
    struct ftp_state *state = app_state(app);
    struct tx *tx = app_tx_new(app, ++state->asked);

    if (!tx)
        return false;
    struct ftp_tx *ftp = tx_data(tx);
    read_command(app, tx, line);
    ftp->request_truncated = cut;
    if (cut)
        app_note(app, tx, NOTE_LONG_REQUEST);
    act_on_command(app, state, tx);
    app_progress(app, tx, TO_SERVER, TX_DONE);
    return true;
}

/* ---- replies ------------------------------------------------------------------------------ */

static bool has_code(struct slice line)
{
    for (uint32_t i = 0; i < CODE_BYTES; i++)
        if (i >= line.len || line.at[i] < '0' || line.at[i] > '9')
            return false;
    return true;
}

static void append(struct app *app, struct tx *tx, struct list *list, struct slice text)
{
    struct ftp_text *item = list->n < REPLIES_MAX && text.len
                                ? app_append(app, tx, list, sizeof(struct ftp_text))
                                : NULL;
    if (item)
        item->text = app_keep(app, tx, text);
}

/* "227 … (h1,h2,h3,h4,p1,p2)", "229 … (|||port|)" */
static void read_passive(struct ftp_state *state, struct ftp_tx *ftp, struct slice line)
{
    struct addr host;
    uint16_t port = 0;

    if (slice_starts(line, SLICE_LIT("227")) && is(ftp, "PASV")) {
        if (!ftp_port_read(slice_from(line, CODE_BYTES), &host, &port))
            return;
    } else if (slice_starts(line, SLICE_LIT("229")) && is(ftp, "EPSV")) {
        int64_t at = slice_find_byte(line, '(');
        if (at < 0 || !ftp_port_read_extended(slice_from(line, (uint32_t)at + 1), &host, &port))
            return;
    } else {
        return;
    }
    agree(state, ftp, FTP_PASSIVE, port);
}

/* The transaction a line of the server belongs to; NULL when it is gone or the flow is full. */
static struct tx *tx_of_reply(struct app *app, struct ftp_state *state, bool *full)
{
    uint64_t key = state->answered + 1;
    struct tx *tx = NULL;

    if (key <= state->asked)
        return app_tx_find(app, key);
    state->asked = key; /* unasked */
    tx = app_tx_new(app, key);
    *full = tx == NULL;
    if (tx)
        app_progress(app, tx, TO_SERVER, TX_DONE);
    return tx;
}

static void keep_reply(struct app *app, struct ftp_state *state, struct tx *tx, struct slice line,
                       bool cut)
{
    struct ftp_tx *ftp = tx_data(tx);

    if (has_code(line)) {
        append(app, tx, &ftp->codes, slice_head(line, CODE_BYTES));
        append(app, tx, &ftp->replies, slice_from(line, CODE_BYTES + 1));
        read_passive(state, ftp, line);
    } else {
        append(app, tx, &ftp->replies, line);
    }
    if (cut) {
        ftp->reply_truncated = true;
        app_note(app, tx, NOTE_LONG_REPLY);
    }
}

/* Whether this line ends the replies of its transaction (RFC 959, 4.2). */
static bool ends_reply(struct ftp_state *state, struct slice line)
{
    bool coded = has_code(line);
    bool dash = coded && line.len > CODE_BYTES && line.at[CODE_BYTES] == '-';

    if (dash || (state->several && !coded)) {
        state->several = true;
        return false;
    }
    state->several = false;
    return !(coded && line.at[0] == '1'); /* preliminary: another one follows */
}

static bool secured(const struct ftp_tx *ftp, struct slice line)
{
    return slice_starts(line, SLICE_LIT("234")) &&
           (is(ftp, "AUTH TLS") || (is(ftp, "AUTH") && (slice_ieq(ftp->data, SLICE_LIT("SSL")) ||
                                                        slice_ieq(ftp->data, SLICE_LIT("TLS-C")))));
}

static bool on_reply(struct app *app, struct slice line, bool cut)
{
    struct ftp_state *state = app_state(app);
    bool full = false, end = ends_reply(state, line);
    struct tx *tx = tx_of_reply(app, state, &full);

    if (full)
        return false;
    if (tx)
        keep_reply(app, state, tx, line, cut);
    if (!end)
        return true;
    state->answered++;
    if (!tx)
        return true;
    struct ftp_tx *ftp = tx_data(tx);
    ftp->received = 1;
    if (ftp->asked_port) {
        ftp->mode = FTP_ACTIVE;
        ftp->dynamic_port = ftp->asked_port;
    }
    if (secured(ftp, line))
        app_switch(app, "tls");
    app_progress(app, tx, TO_CLIENT, TX_DONE);
    return true;
}

/* ---- lines -------------------------------------------------------------------------------- */

static struct slice without_end(struct slice line)
{
    while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
        line.len--;
    return line;
}

struct ftp_config {
    uint32_t line_max;
};

static const struct option ftp_options[] = {
    {"ftp.max-line-length", CONF_SIZE, "4k",
     "Bytes of a line; the rest of it is dropped and noted"},
    OPTION_END,
};

static void ftp_configure(const struct conf *conf, void *config)
{
    struct ftp_config *c = config;
    uint64_t bytes = conf_size(conf, "ftp.max-line-length");

    c->line_max = bytes && bytes < LINE_MOST ? (uint32_t)bytes : LINE_MOST;
}

static struct parsed ftp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct ftp_state *state = app_state(app);
    struct ftp_side *side = &state->side[dir];
    const struct ftp_config *config = app_config(app);
    uint32_t most = config ? config->line_max : LINE_MAX;
    int64_t eol = slice_find_byte(slice_head(in, most), '\n');

    if (!in.len)
        return parse_more(1);
    if (side->dropping) {
        side->dropping = eol < 0;
        return parse_done(eol < 0 ? slice_head(in, most).len : (uint32_t)eol + 1);
    }
    if (eol < 0 && in.len < most)
        return parse_more(in.len + 1);
    uint32_t used = eol < 0 ? most : (uint32_t)eol + 1;
    struct slice line = without_end(slice_head(in, used));
    side->dropping = eol < 0;
    if (!line.len)
        return parse_done(used);
    bool ok = dir == TO_SERVER ? on_request(app, line, eol < 0) : on_reply(app, line, eol < 0);
    return ok ? parse_done(used) : parse_full();
}

/* ---- recognising -------------------------------------------------------------------------- */

/* Names of IRC's users come with three more words. */
static bool is_irc_user(struct slice line)
{
    uint32_t blanks = 0;
    for (uint32_t i = 0; i < line.len; i++)
        blanks += line.at[i] == ' ';
    return blanks >= 3;
}

static enum probe probe_request(struct slice head)
{
    static const struct slice words[] = {
        SLICE_LIT("USER "), SLICE_LIT("PASS "),    SLICE_LIT("PORT "),
        SLICE_LIT("FEAT"),  SLICE_LIT("AUTH TLS"), SLICE_LIT("AUTH SSL"),
    };
    head = slice_head(head, FIRST_LINE_MAX);
    int64_t eol = slice_find_byte(head, '\n');
    struct slice line = without_end(eol < 0 ? head : slice_head(head, (uint32_t)eol));

    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint32_t n = line.len < words[i].len ? line.len : words[i].len;
        if (!slice_ieq(slice_head(line, n), slice_head(words[i], n)))
            continue;
        if (eol < 0 && head.len < FIRST_LINE_MAX)
            return PROBE_MORE;
        if (n == words[i].len)
            return i == 0 && is_irc_user(line) ? PROBE_NO : PROBE_YES;
    }
    return PROBE_NO;
}

static enum probe probe_reply(struct slice head)
{
    enum greeting greeting = greeting_of(head);

    if (greeting == GREETING_MORE)
        return PROBE_MORE;
    return greeting == GREETING_FTP ? PROBE_YES : PROBE_NO;
}

static enum probe ftp_probe(struct slice head, enum dir dir)
{
    return dir == TO_SERVER ? probe_request(head) : probe_reply(head);
}

/* Mail servers greet with 220, too; and security is negotiated by the same word elsewhere. */
static enum probe ftp_alone(struct slice head, enum dir dir)
{
    static const struct slice sure[] = {SLICE_LIT("USER "), SLICE_LIT("PASS "), SLICE_LIT("PORT "),
                                        SLICE_LIT("FEAT")};

    if (dir == TO_CLIENT)
        return slice_starts(head, SLICE_LIT("220 (")) ? PROBE_YES : PROBE_NO;
    for (uint32_t i = 0; i < sizeof sure / sizeof *sure; i++)
        if (slice_ieq(slice_head(head, sure[i].len), sure[i]))
            return PROBE_YES;
    return PROBE_NO;
}

const struct proto_def proto_ftp = {
    .name = "ftp",
    .spec = "RFC 959, RFC 2428, RFC 4217",
    .doc = "File transfer: commands and replies",
    .l4 = L4_TCP,
    .ports = {21, 2121},
    .tx_size = sizeof(struct ftp_tx),
    .state_size = sizeof(struct ftp_state),
    .lines = true,
    .probe = ftp_probe,
    .alone = ftp_alone,
    .parse = ftp_parse,
    .options = ftp_options,
    .config_size = sizeof(struct ftp_config),
    .configure = ftp_configure,
    .fields = ftp_fields,
    .notes = ftp_notes,
};
