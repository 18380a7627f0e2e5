/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP over TCP: commands, replies and the messages between them.
 * Spec: RFC 5321, RFC 2920 (pipelining), RFC 3030 (BDAT), RFC 3207 (STARTTLS).
 * One transaction = the commands up to the end of a message (or RSET), with that message and the
 * reply to it; what follows begins another one, as Suricata counts them.
 * Limits: a line of a command or reply LINE_MAX bytes, WAITING_MAX commands without a reply.
 */
#include "sensor/app/greeting.h"
#include "sensor/app/mime.h"

enum {
    LINE_MAX = 4096,
    WAITING_MAX = 256,
    HELO_MAX = 255,
    RECIPIENTS_MAX = 1024,
    CODE_BYTES = 3,
    CODE_READY = 220,
    CHUNK_DIGITS_MAX = 10, /* a chunk is shorter than 4 GB */
};

enum command { OTHER, HELO, STARTTLS, DATA, DATA_END, BDAT };

/** One side of a flow. */
struct smtp_side {
    bool dropping; /* rest of a line that was too long */
};

struct smtp_state {
    struct smtp_side side[2];
    uint8_t waiting[WAITING_MAX]; /* enum command: sent and not answered, a ring */
    uint32_t first, n_waiting;
    bool heard, greeted; /* the server has spoken; it has said 220 */
    bool pipelining;     /* it takes commands ahead of its replies */
    bool open;           /* a transaction is open; its key is `key` */
    bool ended;          /* its message is complete, the reply to it is not there yet */
    bool in_data;
    bool granted;        /* the last reply granted STARTTLS */
    bool in_reply;       /* inside a reply of several lines */
    bool chunk_last;     /* the chunk that comes ends the message */
    bool chunk_open;     /* a chunk ended inside a line */
    uint64_t chunk_left; /* bytes of it */
    uint64_t key;
    struct mime *mime; /* of the open transaction; NULL = no message, or no memory for one */
    uint32_t helo_len;
    uint8_t helo[HELO_MAX];
};

static const char *const smtp_notes[] = {
    [SMTP_INVALID_REPLY] = "INVALID_REPLY",
    [SMTP_UNMATCHED_REPLY] = "UNABLE_TO_MATCH_REPLY_WITH_REQUEST",
    [SMTP_LONG_COMMAND] = "MAX_COMMAND_LINE_LEN_EXCEEDED",
    [SMTP_LONG_REPLY] = "MAX_REPLY_LINE_LEN_EXCEEDED",
    [SMTP_BAD_PIPELINE] = "INVALID_PIPELINED_SEQUENCE",
    [SMTP_LONG_CHUNK] = "BDAT_CHUNK_LEN_EXCEEDED",
    [SMTP_NO_WELCOME] = "NO_SERVER_WELCOME_MESSAGE",
    [SMTP_TLS_REJECTED] = "TLS_REJECTED",
    [SMTP_DATA_REJECTED] = "DATA_COMMAND_REJECTED",
    [SMTP_FAILED_CHANGE] = "FAILED_PROTOCOL_CHANGE",
    [SMTP_MIME_FAILED] = "MIME_PARSE_FAILED",
    [SMTP_MIME_MALFORMED] = "MIME_MALFORMED_MSG",
    [SMTP_MIME_BASE64] = "MIME_INVALID_BASE64",
    [SMTP_MIME_LONG_LINE] = "MIME_LONG_LINE",
    [SMTP_MIME_LONG_ENCODED] = "MIME_LONG_ENC_LINE",
    [SMTP_MIME_LONG_NAME] = "MIME_LONG_HEADER_NAME",
    [SMTP_MIME_LONG_VALUE] = "MIME_LONG_HEADER_VALUE",
    [SMTP_MIME_LONG_BOUNDARY] = "MIME_LONG_BOUNDARY",
    [SMTP_MIME_QP] = "MIME_INVALID_QP",
    [SMTP_MIME_LONG_FILENAME] = "MIME_LONG_FILENAME",
    [SMTP_DUPLICATE] = "DUPLICATE_FIELDS",
    [SMTP_UNPARSABLE] = "UNPARSABLE_CONTENT",
    [SMTP_TRUNCATED] = "TRUNCATED_LINE",
    NULL,
};

/* Suricata counts a message by lines, tells long ones by another name, and of replies only those
 * that belong to a transaction. */
static void fault(struct app *app, struct tx *tx, uint32_t note)
{
    if (app_as_suricata(app)) {
        if (note == SMTP_UNMATCHED_REPLY || (note == SMTP_INVALID_REPLY && !tx))
            return;
        if (note == SMTP_LONG_COMMAND || note == SMTP_LONG_REPLY)
            note = SMTP_TRUNCATED;
    }
    app_note(app, tx, note);
}

/* ---- the transaction in hand -------------------------------------------------------------- */

static struct tx *current(struct app *app)
{
    struct smtp_state *state = app_state(app);
    return state->open ? app_tx_find(app, state->key) : NULL;
}

/* The open transaction, or a new one; NULL at the flow's cap. */
static struct tx *open_tx(struct app *app)
{
    struct smtp_state *state = app_state(app);
    struct tx *tx = current(app);

    if (tx)
        return tx;
    tx = app_tx_new(app, ++state->key);
    if (!tx)
        return NULL;
    struct smtp_tx *smtp = tx_data(tx);
    smtp->config = app_config(app);
    smtp->helo = app_keep(app, tx, (struct slice){state->helo, state->helo_len});
    state->open = true;
    state->ended = false;
    state->mime = NULL;
    app_progress(app, tx, TO_SERVER, TX_LINE);
    app_progress(app, tx, TO_CLIENT, TX_LINE);
    return tx;
}

static void close_tx(struct app *app, struct tx *tx)
{
    struct smtp_state *state = app_state(app);

    state->open = false;
    state->mime = NULL;
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
}

/* ---- commands ----------------------------------------------------------------------------- */

/* The command sent last, if it was not answered. */
static enum command last_waiting(const struct smtp_state *state)
{
    uint32_t last = state->first + state->n_waiting - 1;

    return state->n_waiting ? (enum command)state->waiting[last % WAITING_MAX] : OTHER;
}

static void wait_for_reply(struct app *app, struct tx *tx, enum command command)
{
    struct smtp_state *state = app_state(app);
    enum command last = last_waiting(state);

    if (last == STARTTLS || last == DATA) /* these must be the last of a group */
        app_note(app, tx, SMTP_BAD_PIPELINE);
    if (state->n_waiting == WAITING_MAX) { /* nobody answers: forget the oldest */
        state->first = (state->first + 1) % WAITING_MAX;
        state->n_waiting--;
    }
    state->waiting[(state->first + state->n_waiting++) % WAITING_MAX] = (uint8_t)command;
}

static bool is_command(struct slice line, struct slice word)
{
    return line.len >= word.len && slice_ieq(slice_head(line, word.len), word);
}

/* What stands behind a command and one sign, up to the next blank. */
static struct slice argument(struct slice line, uint32_t command_len)
{
    struct slice rest = slice_from(line, command_len + 1);

    while (rest.len && rest.at[0] == ' ')
        rest = slice_from(rest, 1);
    int64_t blank = slice_find_byte(rest, ' ');
    return blank < 0 ? rest : slice_head(rest, (uint32_t)blank);
}

static void on_helo(struct app *app, struct tx *tx, struct slice name)
{
    struct smtp_state *state = app_state(app);

    if (state->helo_len) {
        app_note(app, tx, SMTP_DUPLICATE);
        return;
    }
    name = slice_head(name, HELO_MAX);
    if (name.len)
        memcpy(state->helo, name.at, name.len);
    state->helo_len = name.len;
    ((struct smtp_tx *)tx_data(tx))->helo = app_keep(app, tx, name);
}

static void on_sender(struct app *app, struct tx *tx, struct slice sender)
{
    struct smtp_tx *smtp = tx_data(tx);

    if (smtp->mail_from.at)
        app_note(app, tx, SMTP_DUPLICATE);
    else
        smtp->mail_from = app_keep(app, tx, sender);
}

static void on_recipient(struct app *app, struct tx *tx, struct slice recipient)
{
    struct smtp_tx *smtp = tx_data(tx);
    struct mail_text *item = smtp->recipients.n < RECIPIENTS_MAX
                                 ? app_append(app, tx, &smtp->recipients, sizeof *item)
                                 : NULL;
    if (item)
        item->text = app_keep(app, tx, recipient);
}

/* Without replies in sight the message is taken for granted. */
static void on_data(struct app *app, struct tx *tx)
{
    struct smtp_state *state = app_state(app);
    struct smtp_tx *smtp = tx_data(tx);

    if (smtp->data)
        app_note(app, tx, SMTP_UNPARSABLE);
    smtp->data = true;
    app_progress(app, tx, TO_SERVER, TX_HEADERS);
    state->mime = mime_begin(app, tx);
    state->in_data = state->pipelining || !state->heard;
}

/* No size, or one that is too long; Suricata takes what is no number for 0. */
static void on_odd_size(struct app *app, struct tx *tx, struct slice digits)
{
    struct smtp_state *state = app_state(app);

    if (!app_as_suricata(app))
        app_note(app, tx, SMTP_LONG_CHUNK);
    else
        state->chunk_open = digits.len && (digits.at[0] < '0' || digits.at[0] > '9');
}

/* "BDAT 1234 LAST" */
static void on_chunk(struct app *app, struct tx *tx, struct slice line)
{
    struct smtp_state *state = app_state(app);
    struct smtp_tx *smtp = tx_data(tx);
    struct slice digits = argument(line, 4);
    struct slice rest = slice_trim(slice_from(line, 5));
    uint64_t size;

    if (!slice_to_u64(digits, &size) || digits.len > CHUNK_DIGITS_MAX) {
        on_odd_size(app, tx, digits);
        return;
    }
    state->chunk_left = size;
    state->chunk_open = !size;
    state->chunk_last = slice_ieq(slice_trim(slice_from(rest, digits.len)), SLICE_LIT("LAST"));
    if (!smtp->data)
        state->mime = mime_begin(app, tx);
    smtp->data = true;
    app_progress(app, tx, TO_SERVER, TX_HEADERS);
}

static void finish_message(struct app *app, struct tx *tx)
{
    struct smtp_state *state = app_state(app);

    if (state->mime)
        mime_end(state->mime, app, tx);
    state->mime = NULL;
    state->ended = true;
    close_tx(app, tx); /* what follows, QUIT too, is another one's, as Suricata has it */
}

static enum command act_on(struct app *app, struct tx *tx, struct slice line)
{
    if (is_command(line, SLICE_LIT("STARTTLS")))
        return STARTTLS;
    if (is_command(line, SLICE_LIT("DATA"))) {
        on_data(app, tx);
        return DATA;
    }
    if (is_command(line, SLICE_LIT("BDAT"))) {
        on_chunk(app, tx, line);
        return BDAT;
    }
    if (is_command(line, SLICE_LIT("HELO")) || is_command(line, SLICE_LIT("EHLO"))) {
        on_helo(app, tx, argument(line, 4));
        return HELO;
    }
    if (is_command(line, SLICE_LIT("MAIL FROM")))
        on_sender(app, tx, argument(line, 9));
    else if (is_command(line, SLICE_LIT("RCPT TO")))
        on_recipient(app, tx, argument(line, 7));
    return OTHER;
}

static bool on_command(struct app *app, struct slice line, bool cut)
{
    struct smtp_state *state = app_state(app);
    bool quits = is_command(line, SLICE_LIT("QUIT")) || is_command(line, SLICE_LIT("RSET"));

    struct tx *tx = current(app);
    if (tx && state->ended && quits) { /* sent along with the message */
        wait_for_reply(app, tx, OTHER);
        return true;
    }
    if (tx && state->ended)
        close_tx(app, tx);
    tx = open_tx(app);
    if (!tx)
        return false;
    if (cut)
        fault(app, tx, SMTP_LONG_COMMAND);
    enum command command = act_on(app, tx, line);
    wait_for_reply(app, tx, command == BDAT && state->chunk_last ? DATA_END : command);
    if (command == BDAT && state->chunk_last && !state->chunk_left)
        finish_message(app, tx);
    else if (is_command(line, SLICE_LIT("RSET")))
        close_tx(app, tx);
    return true;
}

/* ---- replies ------------------------------------------------------------------------------ */

/* Codes of RFC 5321, 4.2.3, and of AUTH (RFC 4954). */
static bool is_known_code(uint32_t code)
{
    static const uint16_t codes[] = {211, 214, 220, 221, 235, 250, 251, 252, 334,
                                     354, 421, 450, 451, 452, 455, 500, 501, 502,
                                     503, 504, 550, 551, 552, 553, 554, 555};
    for (uint32_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static uint32_t code_of(struct slice line)
{
    uint64_t code;
    return line.len >= CODE_BYTES && slice_to_u64(slice_head(line, CODE_BYTES), &code)
               ? (uint32_t)code
               : 0;
}

static void on_reply_to(struct app *app, struct tx *tx, enum command command, uint32_t code)
{
    struct smtp_state *state = app_state(app);

    if (command == STARTTLS && code == CODE_READY) {
        state->granted = true;
        app_upgrade(app); /* what comes is TLS, if the client keeps its word */
        if (tx)
            close_tx(app, tx);
    } else if (command == STARTTLS) {
        app_note(app, tx, SMTP_TLS_REJECTED);
    } else if (command == DATA && code == 354) {
        state->in_data = tx != NULL;
    } else if (command == DATA) {
        state->in_data = false;
        app_note(app, tx, SMTP_DATA_REJECTED);
    } else if (command == DATA_END && tx && state->ended) {
        close_tx(app, tx);
    }
}

/* The last line of a reply: it answers the oldest command that waits. */
static void finish_reply(struct app *app, struct tx *tx, uint32_t code)
{
    struct smtp_state *state = app_state(app);
    bool welcome = !state->greeted && code == CODE_READY;

    state->heard = true;
    state->greeted |= welcome;
    if (!state->greeted || (welcome && state->n_waiting)) /* or the client did not wait for it */
        app_note(app, tx, SMTP_NO_WELCOME);
    if (!state->n_waiting) {
        if (!welcome && code != 421)
            fault(app, tx, SMTP_UNMATCHED_REPLY);
        return;
    }
    enum command command = state->waiting[state->first];
    state->first = (state->first + 1) % WAITING_MAX;
    state->n_waiting--;
    on_reply_to(app, tx, command, code);
}

static void on_reply(struct app *app, struct slice line, bool cut)
{
    struct smtp_state *state = app_state(app);
    struct tx *tx = current(app);
    uint32_t code = code_of(line);
    bool more = code && line.len > CODE_BYTES && line.at[CODE_BYTES] == '-';

    if (cut)
        fault(app, tx, SMTP_LONG_REPLY);
    if (!state->in_reply && !is_known_code(code))
        fault(app, tx, SMTP_INVALID_REPLY);
    if (state->n_waiting && state->waiting[state->first] == HELO &&
        slice_ieq(slice_trim(slice_from(line, CODE_BYTES + 1)), SLICE_LIT("PIPELINING")))
        state->pipelining = true;
    state->in_reply = more;
    if (!more)
        finish_reply(app, tx, code);
}

/* ---- bytes -------------------------------------------------------------------------------- */

static struct slice without_end(struct slice line)
{
    while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
        line.len--;
    return line;
}

static struct parsed parse_chunk(struct app *app, struct slice in)
{
    struct smtp_state *state = app_state(app);
    struct slice bytes =
        slice_head(in, state->chunk_left > UINT32_MAX ? UINT32_MAX : (uint32_t)state->chunk_left);
    struct tx *tx = current(app);

    state->chunk_left -= bytes.len;
    state->chunk_open = bytes.at[bytes.len - 1] != '\n';
    if (tx && state->mime)
        mime_bytes(state->mime, app, tx, bytes);
    if (tx && !state->chunk_left && state->chunk_last)
        finish_message(app, tx);
    return parse_done(bytes.len);
}

/* All whole lines of a message, up to the one that is a dot. */
static struct parsed parse_message(struct app *app, struct slice in)
{
    struct smtp_state *state = app_state(app);
    struct tx *tx = current(app);
    uint32_t used = 0;

    while (used < in.len) {
        struct slice rest = slice_from(in, used);
        int64_t eol = slice_find_byte(slice_head(rest, LINE_MAX), '\n');
        if (eol < 0 && rest.len < LINE_MAX)
            break;
        uint32_t n = eol < 0 ? LINE_MAX : (uint32_t)eol + 1;
        struct slice line = slice_head(rest, n);
        bool whole = !state->side[TO_SERVER].dropping; /* here: the line began in this piece */
        state->side[TO_SERVER].dropping = eol < 0;
        used += n;
        if (whole && eol >= 0 && slice_eq(without_end(line), SLICE_LIT("."))) {
            state->in_data = false;
            if (tx) {
                wait_for_reply(app, tx, DATA_END);
                finish_message(app, tx);
            }
            return parse_done(used);
        }
        if (whole && line.at[0] == '.') { /* RFC 5321, 4.5.2 */
            line = slice_from(line, 1);
            if (state->mime)
                mime_dot(state->mime);
        }
        if (tx && state->mime)
            mime_bytes(state->mime, app, tx, line);
    }
    return used ? parse_done(used) : parse_more(in.len + 1);
}

/* STARTTLS was granted and the next reply grants it once more: TLS cannot begin twice. */
static bool granted_again(struct smtp_state *state, struct slice rest)
{
    bool before = state->granted;

    state->granted = false;
    return before && state->n_waiting && state->waiting[state->first] == STARTTLS &&
           code_of(rest) == CODE_READY;
}

/* Bytes of a message nobody asked for yet, or behind a chunk that ended inside a line. */
static void judge_place(struct app *app)
{
    struct smtp_state *state = app_state(app);

    if (state->in_data && last_waiting(state) == DATA && !state->heard)
        app_note(app, current(app), SMTP_BAD_PIPELINE);
    if (state->chunk_left || !state->chunk_open)
        return;
    state->chunk_open = false;
    if (app_as_suricata(app))
        app_note(app, current(app), SMTP_LONG_CHUNK);
}

static struct parsed smtp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct smtp_state *state = app_state(app);
    struct smtp_side *side = &state->side[dir];

    if (!in.len)
        return parse_more(1);
    if (dir == TO_SERVER)
        judge_place(app);
    if (dir == TO_SERVER && state->chunk_left)
        return parse_chunk(app, in);
    if (dir == TO_SERVER && state->in_data)
        return parse_message(app, in);
    int64_t eol = slice_find_byte(slice_head(in, LINE_MAX), '\n');
    if (side->dropping) {
        side->dropping = eol < 0;
        return parse_done(eol < 0 ? slice_head(in, LINE_MAX).len : (uint32_t)eol + 1);
    }
    if (eol < 0 && in.len < LINE_MAX)
        return parse_more(in.len + 1);
    uint32_t used = eol < 0 ? LINE_MAX : (uint32_t)eol + 1;
    struct slice line = without_end(slice_head(in, used));
    side->dropping = eol < 0;
    if (dir == TO_CLIENT) {
        struct tx *tx = current(app);
        on_reply(app, line, eol < 0);
        if (granted_again(state, slice_from(in, used)))
            app_note(app, tx, SMTP_FAILED_CHANGE);
    } else if (!on_command(app, line, eol < 0))
        return parse_full();
    return parse_done(used);
}

/* ---- recognising -------------------------------------------------------------------------- */

static enum probe probe_request(struct slice head)
{
    static const struct slice words[] = {SLICE_LIT("EHLO"), SLICE_LIT("HELO"), SLICE_LIT("QUIT"),
                                         SLICE_LIT("MAIL FROM:"), SLICE_LIT("STARTTLS")};

    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint32_t n = head.len < words[i].len ? head.len : words[i].len;
        if (!slice_ieq(slice_head(head, n), slice_head(words[i], n)))
            continue;
        if (n < words[i].len)
            return PROBE_MORE;
        /* other protocols of mail quit in the same way */
        return i < 2 || i == 3 ? PROBE_YES : PROBE_LIKELY;
    }
    return PROBE_NO;
}

static enum probe probe_reply(struct slice head)
{
    enum greeting greeting = greeting_of(head);

    if (greeting == GREETING_MORE)
        return PROBE_MORE;
    return greeting == GREETING_SMTP ? PROBE_YES : PROBE_NO;
}

static enum probe smtp_probe(struct slice head, enum dir dir)
{
    return dir == TO_SERVER ? probe_request(head) : probe_reply(head);
}

/* Greetings begin as those of FTP do. */
static enum probe smtp_alone(struct slice head, enum dir dir)
{
    return dir == TO_SERVER ? probe_request(head) : PROBE_NO;
}

const struct proto_def proto_smtp = {
    .name = "smtp",
    .spec = "RFC 5321, RFC 3030, RFC 3207; RFC 5322, RFC 2045 to 2047",
    .doc = "Mail: commands, messages, attached files",
    .l4 = L4_TCP,
    .ports = {25, 587, 465, 2525},
    .tx_size = sizeof(struct smtp_tx),
    .state_size = sizeof(struct smtp_state),
    .lines = true,
    .probe = smtp_probe,
    .alone = smtp_alone,
    .parse = smtp_parse,
    .write_beside = smtp_event_write_email,
    .options = smtp_event_options,
    .config_size = sizeof(struct smtp_config),
    .configure = smtp_event_configure,
    .fields = smtp_fields_rows,
    .notes = smtp_notes,
};
