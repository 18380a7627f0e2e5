/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POP3 over TCP.
 * Spec: RFC 1939, RFC 2449 (CAPA), RFC 2595 (STLS), RFC 5034 (AUTH).
 * One transaction = a command and its response, paired by order; the server's greeting is none.
 * Messages that are fetched are passed over. The events are those of Suricata 8.
 * Limits: a line LINE_MAX bytes; LINES_MAX lines of a response are kept.
 */
#include "sensor/app/proto.h"

enum { LINE_MAX = 4096, WORDS_MAX = 16, LINES_MAX = 256, COMMAND_MAX = 16 };

struct pop3_text {
    struct slice text;
};

struct pop3_tx {
    struct slice command, status, header;
    struct list words; /* struct pop3_text: arguments of the command */
    struct list lines; /* of the response */
    bool success, answered, several;
};

struct pop3_state {
    uint64_t asked, answered;
    bool greeted;
    bool in_lines; /* of a response of several lines */
    bool talking;  /* inside AUTH: the client's lines are answers */
    bool dropping[2];
};

static bool was_answered(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct pop3_tx *)data)->answered;
}

static const struct field word_fields[] = {
    {.name = "pop3.argument",
     .eve = "",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pop3_text, text),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "A word behind the command"},
    FIELD_END,
};

static const struct field line_fields[] = {
    {.name = "pop3.line",
     .eve = "",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pop3_text, text),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "A line of a response, behind its first one; not those of messages"},
    FIELD_END,
};

static const struct field pop3_fields[] = {
    {.name = "pop3.command",
     .eve = "request.command",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pop3_tx, command),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Command in capital letters; <SASL DATA> inside AUTH"},
    {.name = "pop3.arguments",
     .eve = "request.args",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct pop3_tx, words),
     .items = word_fields,
     .item_size = sizeof(struct pop3_text),
     .doc = "Words behind the command"},
    {.name = "pop3.success",
     .eve = "response.success",
     .uses = IN_EVE,
     .type = FIELD_BOOL,
     .offset = offsetof(struct pop3_tx, success),
     .side = SIDE_SERVER,
     .zero = true,
     .has = was_answered,
     .doc = "The command succeeded"},
    {.name = "pop3.status",
     .eve = "response.status",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pop3_tx, status),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "OK or ERR; + when more is wanted"},
    {.name = "pop3.header",
     .eve = "response.header",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pop3_tx, header),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .zero = true,
     .has = was_answered,
     .doc = "Text of the first line of the response"},
    {.name = "pop3.lines",
     .eve = "response.data",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct pop3_tx, lines),
     .items = line_fields,
     .item_size = sizeof(struct pop3_text),
     .doc = "The other lines of the response"},
    FIELD_END,
};

/* ---- commands ----------------------------------------------------------------------------- */

static struct slice next_word(struct slice *rest)
{
    int64_t blank = slice_find_byte(*rest, ' ');
    struct slice word = blank < 0 ? *rest : slice_head(*rest, (uint32_t)blank);
    *rest = blank < 0 ? SLICE_NONE : slice_from(*rest, (uint32_t)blank + 1);
    return word;
}

static void append(struct app *app, struct tx *tx, struct list *list, struct slice text,
                   uint32_t max)
{
    struct pop3_text *item = list->n < max ? app_append(app, tx, list, sizeof *item) : NULL;
    if (item)
        item->text = app_keep(app, tx, text);
}

static struct slice capitals(struct app *app, struct tx *tx, struct slice word)
{
    word = slice_head(word, COMMAND_MAX);
    uint8_t *copy = app_alloc(app, tx, word.len);

    for (uint32_t i = 0; copy && i < word.len; i++)
        copy[i] = word.at[i] >= 'a' && word.at[i] <= 'z' ? word.at[i] & 0xdf : word.at[i];
    return copy ? (struct slice){copy, word.len} : SLICE_NONE;
}

static bool is(const struct pop3_tx *pop3, const char *command)
{
    return slice_eq(pop3->command, slice_of_str(command));
}

static bool on_command(struct app *app, struct slice line)
{
    struct pop3_state *state = app_state(app);
    struct tx *tx = app_tx_new(app, ++state->asked);

    if (!tx)
        return false;
    struct pop3_tx *pop3 = tx_data(tx);
    if (state->talking) {
        state->talking = false;
        pop3->command = app_keep(app, tx, SLICE_LIT("<SASL DATA>"));
    } else {
        pop3->command = capitals(app, tx, next_word(&line));
        while (line.len)
            append(app, tx, &pop3->words, next_word(&line), WORDS_MAX);
    }
    pop3->several = is(pop3, "RETR") || is(pop3, "TOP") || is(pop3, "CAPA") ||
                    (!pop3->words.n && (is(pop3, "LIST") || is(pop3, "UIDL") || is(pop3, "AUTH")));
    app_progress(app, tx, TO_SERVER, TX_DONE);
    return true;
}

/* ---- responses ---------------------------------------------------------------------------- */

static void respond(struct app *app, struct tx *tx)
{
    struct pop3_state *state = app_state(app);
    state->answered++;
    state->in_lines = false;
    if (tx)
        app_progress(app, tx, TO_CLIENT, TX_DONE);
}

static void on_first_line(struct app *app, struct tx *tx, struct slice line)
{
    struct pop3_state *state = app_state(app);
    struct slice status = next_word(&line);
    bool ok = slice_eq(status, SLICE_LIT("+OK")), more = slice_eq(status, SLICE_LIT("+"));
    bool several = false;

    state->talking = more;
    if (tx) {
        struct pop3_tx *pop3 = tx_data(tx);
        pop3->answered = true;
        pop3->success = ok || more;
        pop3->status = app_keep(app, tx, more ? SLICE_LIT("OK") : slice_from(status, 1));
        pop3->header = app_keep(app, tx, line);
        several = ok && pop3->several;
        if (ok && is(pop3, "STLS"))
            app_switch(app, "tls");
    }
    state->in_lines = several;
    if (!several)
        respond(app, tx);
}

static void on_line(struct app *app, struct slice line)
{
    struct pop3_state *state = app_state(app);

    if (!state->greeted) {
        state->greeted = true;
        if (state->asked == 0)
            return;
    }
    if (state->answered == state->asked) /* nobody asked */
        return;
    struct tx *tx = app_tx_find(app, state->answered + 1);
    if (!state->in_lines) {
        on_first_line(app, tx, line);
        return;
    }
    if (slice_eq(line, SLICE_LIT("."))) {
        respond(app, tx);
        return;
    }
    struct pop3_tx *pop3 = tx ? tx_data(tx) : NULL;
    if (pop3 && !is(pop3, "RETR") && !is(pop3, "TOP"))
        append(app, tx, &pop3->lines, line, LINES_MAX);
}

/* ---- lines -------------------------------------------------------------------------------- */

static struct slice without_end(struct slice line)
{
    while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
        line.len--;
    return line;
}

static struct parsed pop3_parse(struct app *app, enum dir dir, struct slice in)
{
    struct pop3_state *state = app_state(app);
    int64_t eol = slice_find_byte(slice_head(in, LINE_MAX), '\n');

    if (!in.len)
        return parse_more(1);
    if (eol < 0 && in.len < LINE_MAX)
        return parse_more(in.len + 1);
    uint32_t used = eol < 0 ? LINE_MAX : (uint32_t)eol + 1;
    bool rest = state->dropping[dir];
    state->dropping[dir] = eol < 0;
    if (rest)
        return parse_done(used);
    struct slice line = without_end(slice_head(in, used));
    if (dir == TO_CLIENT)
        on_line(app, line);
    else if (!on_command(app, line))
        return parse_full();
    return parse_done(used);
}

/* ---- recognising -------------------------------------------------------------------------- */

static enum probe begins(struct slice head, struct slice with)
{
    uint32_t n = head.len < with.len ? head.len : with.len;
    if (!slice_ieq(slice_head(head, n), slice_head(with, n)))
        return PROBE_NO;
    return n == with.len ? PROBE_LIKELY : PROBE_MORE;
}

/* Its words are those of others too, so they count on its port only; "+OK" counts anywhere. */
static enum probe pop3_probe(struct slice head, enum dir dir)
{
    static const struct slice words[] = {SLICE_LIT("USER "), SLICE_LIT("CAPA"), SLICE_LIT("AUTH"),
                                         SLICE_LIT("APOP "), SLICE_LIT("STLS"), SLICE_LIT("QUIT")};
    enum probe best = PROBE_NO;

    if (dir == TO_CLIENT) {
        best = begins(head, SLICE_LIT("+OK"));
        return best == PROBE_LIKELY ? PROBE_YES : best;
    }
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
        enum probe probe = begins(head, words[i]);
        if (probe == PROBE_LIKELY)
            return PROBE_LIKELY;
        best = probe == PROBE_MORE ? PROBE_MORE : best;
    }
    return best;
}

const struct proto_def proto_pop3 = {
    .name = "pop3",
    .spec = "RFC 1939, RFC 2449, RFC 2595, RFC 5034",
    .doc = "Fetching of mail: commands and responses",
    .l4 = L4_TCP,
    .ports = {110},
    .tx_size = sizeof(struct pop3_tx),
    .state_size = sizeof(struct pop3_state),
    .lines = true,
    .probe = pop3_probe,
    .only_here = true,
    .parse = pop3_parse,
    .fields = pop3_fields,
};
