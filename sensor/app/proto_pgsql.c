/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL, protocol 3: who signs in to a database, what is asked, what is refused.
 * Spec: PostgreSQL documentation, "Frontend/Backend Protocol", message formats.
 * One transaction = a message of the client and what the server says to it. After an accepted
 * request for encryption TLS goes on. Passwords are not kept.
 * Limits: KEPT_MAX bytes of a message are read, the rest is passed over.
 */
#include "sensor/app/proto.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

enum {
    HEADER = 5,
    START_LEAST = 8,
    START_MAX = 10000,
    MESSAGE_MAX = 1 << 30,
    KEPT_MAX = 16384,
    VERSION_3 = 196608,
    CODE_CANCEL = 80877102,
    CODE_SSL = 80877103,
    PARAMETERS_MAX = 64,
};

enum pgsql_kind {
    PGSQL_NOTHING,
    PGSQL_SSL,
    PGSQL_CANCEL,
    PGSQL_START,
    PGSQL_QUERY,
    PGSQL_PASSWORD,
    PGSQL_SASL_FIRST,
    PGSQL_SASL,
    PGSQL_END,
    PGSQL_OTHER,
};

enum pgsql_auth { AUTH_OK = 0, AUTH_MD5 = 5, AUTH_SASL = 10, AUTH_CONTINUE = 11, AUTH_FINAL = 12 };

static const char *const pgsql_notes[] = {"malformed_data", NULL};

struct pgsql_pair {
    struct slice key, value;
};

struct pgsql_tx {
    uint8_t kind; /* enum pgsql_kind */
    bool has_answer, has_ssl, ssl, has_auth, has_key, has_fields;
    struct slice user, text, mechanism; /* text: query, SASL data */
    struct list start;                  /* struct pgsql_pair */
    uint32_t auth;                      /* the last that is told */
    struct slice salt, final;
    struct list status; /* struct pgsql_pair */
    uint32_t process, secret;
    struct list error; /* struct pgsql_pair: letter, text */
    uint16_t fields;
    uint64_t rows, row_bytes;
    struct slice completed;
};

struct pgsql_state {
    bool started;    /* the first messages have no type */
    bool asked_ssl;  /* one byte answers */
    uint32_t asked;  /* transactions made */
    uint32_t answer; /* the one the server is at */
    uint32_t auth;   /* what a password message answers */
};

static struct tx *answering(struct app *app)
{
    const struct pgsql_state *state = app_state(app);

    return state->answer < state->asked ? app_tx_find(app, state->answer) : NULL;
}

static struct tx *ask(struct app *app, uint8_t kind)
{
    struct pgsql_state *state = app_state(app);
    struct tx *tx = app_tx_new(app, state->asked);

    if (!tx)
        return NULL;
    state->asked++;
    ((struct pgsql_tx *)tx_data(tx))->kind = kind;
    return tx;
}

static void answered(struct app *app, struct tx *tx)
{
    struct pgsql_state *state = app_state(app);

    state->answer++;
    app_progress(app, tx, TO_CLIENT, TX_DONE);
    app_raw_look(app, TO_CLIENT);
}

/* Text up to a zero byte, or all of it. */
static struct slice take_text(struct cursor *c)
{
    struct cursor ahead = *c;
    struct slice rest = cursor_rest(&ahead);
    int64_t end = slice_find_byte(rest, 0);
    struct slice text = slice_head(rest, end < 0 ? rest.len : (uint32_t)end);

    cursor_skip(c, end < 0 ? rest.len : (uint32_t)end + 1);
    return text;
}

static void add_pair(struct app *app, struct tx *tx, struct list *list, struct slice key,
                     struct slice value)
{
    struct pgsql_pair *pair =
        list->n < PARAMETERS_MAX ? app_append(app, tx, list, sizeof *pair) : NULL;
    if (!pair)
        return;
    struct slice kept = app_keep(app, tx, value);
    *pair = (struct pgsql_pair){app_keep(app, tx, key), kept.at ? kept : SLICE_LIT("")};
}

/* ---- client ------------------------------------------------------------------------------- */

static void read_start(struct app *app, struct tx *tx, struct cursor *c)
{
    struct pgsql_tx *pg = tx_data(tx);

    while (cursor_left(c)) {
        struct slice key = take_text(c);
        struct slice value = take_text(c);
        if (!key.len)
            break;
        if (slice_eq(key, SLICE_LIT("user")))
            pg->user = app_keep(app, tx, value);
        else
            add_pair(app, tx, &pg->start, key, value);
    }
}

static struct parsed first_message(struct app *app, struct slice in)
{
    struct pgsql_state *state = app_state(app);
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_be32(&c), code = cursor_be32(&c);

    if (!cursor_ok(&c))
        return parse_more(START_LEAST);
    if (length < START_LEAST || length > START_MAX)
        return parse_bad();
    struct cursor body = cursor_of(cursor_take(&c, length - START_LEAST));
    if (!cursor_ok(&c))
        return parse_more(length);
    uint8_t kind = code == CODE_SSL      ? PGSQL_SSL
                   : code == CODE_CANCEL ? PGSQL_CANCEL
                   : code == VERSION_3   ? PGSQL_START
                                         : PGSQL_NOTHING;
    struct tx *tx = kind ? ask(app, kind) : NULL;
    if (!kind)
        return parse_bad();
    if (!tx)
        return parse_full();
    struct pgsql_tx *pg = tx_data(tx);
    state->asked_ssl = kind == PGSQL_SSL;
    state->started = kind == PGSQL_START;
    if (kind == PGSQL_START)
        read_start(app, tx, &body);
    if (kind == PGSQL_CANCEL) {
        pg->process = cursor_be32(&body);
        pg->secret = cursor_be32(&body);
        answered(app, tx);
    }
    app_progress(app, tx, TO_SERVER, TX_DONE);
    return parse_done(length);
}

static uint8_t kind_of(const struct pgsql_state *state, uint8_t type)
{
    if (type == 'Q')
        return PGSQL_QUERY;
    if (type == 'X')
        return PGSQL_END;
    if (type != 'p')
        return type == 'P' || type == 'F' ? PGSQL_OTHER : PGSQL_NOTHING;
    return state->auth == AUTH_SASL       ? PGSQL_SASL_FIRST
           : state->auth == AUTH_CONTINUE ? PGSQL_SASL
                                          : PGSQL_PASSWORD;
}

static bool client_message(struct app *app, uint8_t type, struct slice body)
{
    struct cursor c = cursor_of(body);
    uint8_t kind = kind_of(app_state(app), type);

    if (kind == PGSQL_NOTHING) /* belongs to what was asked before */
        return true;
    struct tx *tx = ask(app, kind);
    if (!tx)
        return false;
    struct pgsql_tx *pg = tx_data(tx);
    if (kind == PGSQL_QUERY || kind == PGSQL_SASL) {
        pg->text = app_keep(app, tx, take_text(&c));
    } else if (kind == PGSQL_OTHER) {
        (void)take_text(&c); /* name of the statement */
        pg->text = app_keep(app, tx, take_text(&c));
    } else if (kind == PGSQL_SASL_FIRST) {
        pg->mechanism = app_keep(app, tx, take_text(&c));
        cursor_skip(&c, 4);
        pg->text = app_keep(app, tx, cursor_rest(&c));
    }
    if (kind == PGSQL_END)
        answered(app, tx);
    app_progress(app, tx, TO_SERVER, TX_DONE);
    return true;
}

/* ---- server ------------------------------------------------------------------------------- */

static void read_auth(struct app *app, struct tx *tx, struct cursor *c)
{
    struct pgsql_state *state = app_state(app);
    struct pgsql_tx *pg = tx_data(tx);

    state->auth = cursor_be32(c);
    if (!cursor_ok(c))
        return;
    if (state->auth == AUTH_FINAL) {
        pg->final = app_keep(app, tx, cursor_rest(c));
        return;
    }
    pg->has_auth = true;
    pg->auth = state->auth;
    if (state->auth == AUTH_MD5)
        pg->salt = app_keep(app, tx, cursor_take(c, 4));
    if (state->auth != AUTH_OK)
        answered(app, tx);
}

static void read_error(struct app *app, struct tx *tx, struct cursor *c)
{
    struct pgsql_tx *pg = tx_data(tx);

    while (cursor_left(c)) {
        struct slice letter = cursor_take(c, 1);
        if (!letter.len || !letter.at[0])
            break;
        add_pair(app, tx, &pg->error, letter, take_text(c));
    }
}

static void server_message(struct app *app, uint8_t type, struct slice body, uint32_t length)
{
    struct tx *tx = answering(app);
    struct cursor c = cursor_of(body);

    if (!tx)
        return;
    struct pgsql_tx *pg = tx_data(tx);
    pg->has_answer = true;
    if (type == 'R') {
        read_auth(app, tx, &c);
    } else if (type == 'S') {
        struct slice key = take_text(&c);
        add_pair(app, tx, &pg->status, key, take_text(&c));
    } else if (type == 'K') {
        pg->process = cursor_be32(&c);
        pg->secret = cursor_be32(&c);
        pg->has_key = cursor_ok(&c);
    } else if (type == 'T') {
        pg->fields = cursor_be16(&c);
        pg->has_fields = true;
    } else if (type == 'D') {
        pg->rows++;
        uint16_t columns = cursor_be16(&c);
        uint32_t heads = 2 + 4U * columns;
        pg->row_bytes += length > heads ? length - heads : 0;
    } else if (type == 'C') {
        pg->completed = app_keep(app, tx, take_text(&c));
    } else if (type == 'E') {
        read_error(app, tx, &c);
    } else if (type == 'Z') {
        answered(app, tx);
    }
}

static struct parsed ssl_answer(struct app *app, uint8_t byte)
{
    struct pgsql_state *state = app_state(app);
    struct tx *tx = answering(app);

    state->asked_ssl = false;
    if (tx) {
        struct pgsql_tx *pg = tx_data(tx);
        pg->has_answer = pg->has_ssl = true;
        pg->ssl = byte == 'S';
        answered(app, tx);
    }
    if (byte == 'S')
        app_switch(app, "tls");
    return parse_done(1);
}

/* ---- messages ----------------------------------------------------------------------------- */

static bool known_type(enum dir dir, uint8_t type)
{
    const struct slice types =
        dir == TO_SERVER ? SLICE_LIT("QXpPBEDSCHFdcf") : SLICE_LIT("RSKZTDCENAItnsVGHWdc123v");

    return slice_find_byte(types, type) >= 0;
}

static struct parsed typed_message(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t type = cursor_u8(&c);
    uint32_t length = cursor_be32(&c);

    if (!cursor_ok(&c))
        return parse_more(HEADER);
    if (length < 4 || length > MESSAGE_MAX || !known_type(dir, type))
        return parse_bad();
    uint32_t kept = length - 4 < KEPT_MAX ? length - 4 : KEPT_MAX;
    struct slice body = cursor_take(&c, kept);
    if (!cursor_ok(&c))
        return parse_more(HEADER + kept);
    if (dir == TO_CLIENT)
        server_message(app, type, body, length - 4);
    else if (!client_message(app, type, body))
        return parse_full();
    return parse_done(1 + length);
}

static struct parsed pgsql_parse(struct app *app, enum dir dir, struct slice in)
{
    struct pgsql_state *state = app_state(app);

    if (!in.len)
        return parse_done(0);
    if (dir == TO_SERVER)
        app_raw_look(app, dir);
    if (dir == TO_SERVER && !state->started)
        return first_message(app, in);
    if (dir == TO_CLIENT && state->asked_ssl && (in.at[0] == 'S' || in.at[0] == 'N'))
        return ssl_answer(app, in.at[0]);
    return typed_message(app, dir, in);
}

static enum probe probe_server(struct slice head)
{
    struct cursor c = cursor_of(head);
    uint8_t type = cursor_u8(&c);
    uint32_t length = cursor_be32(&c);
    bool sane = length >= 8 && length <= START_MAX && (type == 'R' || type == 'E');

    return cursor_ok(&c) && sane ? PROBE_LIKELY : PROBE_NO;
}

static enum probe pgsql_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    uint32_t length = cursor_be32(&c), code = cursor_be32(&c);

    if (dir == TO_CLIENT)
        return probe_server(head);
    if (head.len && head.at[0])
        return PROBE_NO;
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (code == CODE_SSL || code == CODE_CANCEL)
        return length == (code == CODE_SSL ? 8 : 16) ? PROBE_YES : PROBE_NO;
    return code == VERSION_3 && length > START_LEAST && length <= START_MAX ? PROBE_YES : PROBE_NO;
}

/* ---- events ------------------------------------------------------------------------------- */

/* Keys of events have only small letters and "_" ("DateStyle" is "date_style"). */
static void write_pair(struct jsonw *w, const struct pgsql_pair *pair)
{
    char key[64];
    uint32_t n = 0;

    for (uint32_t i = 0; i < pair->key.len && n + 2 < sizeof key; i++) {
        uint8_t b = pair->key.at[i];
        bool capital = b >= 'A' && b <= 'Z';
        bool after_small = i && pair->key.at[i - 1] >= 'a' && pair->key.at[i - 1] <= 'z';
        if (capital && after_small)
            key[n++] = '_';
        key[n++] = (char)(capital                                          ? b | 0x20
                          : b >= 0x20 && b < 0x7f && b != '"' && b != '\\' ? b
                                                                           : '_');
    }
    key[n] = '\0';
    jsonw_obj_open(w, NULL);
    jsonw_text(w, key, pair->value);
    jsonw_obj_close(w);
}

static void write_pairs(struct jsonw *w, const char *key, const struct list *list)
{
    const struct pgsql_pair *pairs = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++)
        write_pair(w, &pairs[i]);
    jsonw_arr_close(w);
}

static void write_text(struct jsonw *w, const char *key, struct slice text)
{
    if (text.at)
        jsonw_text(w, key, text);
}

static void write_request(struct jsonw *w, const struct pgsql_tx *pg)
{
    jsonw_obj_open(w, "request");
    if (pg->kind == PGSQL_SSL)
        jsonw_str(w, "message", "SSL Request");
    if (pg->kind == PGSQL_END)
        jsonw_str(w, "message", "termination_message");
    if (pg->kind == PGSQL_CANCEL) {
        jsonw_str(w, "message", "cancel_request");
        jsonw_u64(w, "process_id", pg->process);
        jsonw_u64(w, "secret_key", pg->secret);
    }
    if (pg->kind == PGSQL_START) {
        jsonw_str(w, "protocol_version", "3.0");
        jsonw_obj_open(w, "startup_parameters");
        write_text(w, "user", pg->user);
        write_pairs(w, "optional_parameters", &pg->start);
        jsonw_obj_close(w);
    }
    if (pg->kind == PGSQL_QUERY)
        write_text(w, "simple_query", pg->text);
    if (pg->kind == PGSQL_OTHER)
        write_text(w, "query", pg->text);
    if (pg->kind == PGSQL_PASSWORD)
        jsonw_bool(w, "password_redacted", true);
    if (pg->kind == PGSQL_SASL)
        write_text(w, "sasl_response", pg->text);
    if (pg->kind == PGSQL_SASL_FIRST) {
        bool scram = slice_eq(pg->mechanism, SLICE_LIT("SCRAM-SHA-256"));
        jsonw_text(w, "sasl_authentication_mechanism",
                   scram ? SLICE_LIT("scram_SHA256") : pg->mechanism);
        write_text(w, "sasl_param", pg->text);
    }
    jsonw_obj_close(w);
}

static void write_error(struct jsonw *w, const struct pgsql_tx *pg)
{
    static const struct label names[] = {
        {'S', "severity_localizable"},
        {'V', "severity_non_localizable"},
        {'C', "code"},
        {'M', "message"},
        {'D', "detail"},
        {'H', "hint"},
        {'P', "position"},
        {'p', "internal_position"},
        {'q', "internal_query"},
        {'W', "where"},
        {'s', "schema_name"},
        {'t', "table_name"},
        {'c', "column_name"},
        {'d', "data_type_name"},
        {'n', "constraint_name"},
        {'F', "file"},
        {'L', "line"},
        {'R', "routine"},
        {0, NULL},
    };
    const struct pgsql_pair *pairs = pg->error.at;

    for (uint32_t i = 0; i < pg->error.n; i++)
        for (const struct label *l = names; l->name && pairs[i].key.len; l++)
            if (l->value == pairs[i].key.at[0])
                jsonw_text(w, l->name, pairs[i].value);
}

static const char *auth_name(uint32_t auth)
{
    static const struct label names[] = {
        {AUTH_OK, "authentication_ok"},
        {3, "authentication_cleartext_password"},
        {7, "authentication_gss"},
        {8, "authentication_gss_continue"},
        {9, "authentication_sspi"},
        {AUTH_SASL, "authentication_sasl"},
        {AUTH_CONTINUE, "authentication_sasl_continue"},
        {0, NULL},
    };
    for (const struct label *l = names; l->name; l++)
        if (l->value == auth)
            return l->name;
    return NULL;
}

static void write_response(struct jsonw *w, const struct pgsql_tx *pg)
{
    const char *auth = pg->has_auth ? auth_name(pg->auth) : NULL;

    jsonw_obj_open(w, "response");
    if (pg->has_ssl)
        jsonw_bool(w, "ssl_accepted", pg->ssl);
    write_text(w, "authentication_sasl_final", pg->final);
    if (auth)
        jsonw_str(w, "message", auth);
    write_text(w, "authentication_md5_password", pg->salt);
    write_pairs(w, "parameter_status", &pg->status);
    if (pg->has_key) {
        jsonw_u64(w, "process_id", pg->process);
        jsonw_u64(w, "secret_key", pg->secret);
    }
    write_error(w, pg);
    if (pg->has_fields) {
        jsonw_u64(w, "field_count", pg->fields);
        jsonw_u64(w, "data_rows", pg->rows);
        jsonw_u64(w, "data_size", pg->row_bytes);
    }
    write_text(w, "command_completed", pg->completed);
    jsonw_obj_close(w);
}

static void pgsql_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct pgsql_tx *pg = tx_data_const(tx);

    (void)i;
    jsonw_u64(w, "tx_id", tx->id + 1);
    write_request(w, pg);
    if (pg->has_answer)
        write_response(w, pg);
}

static const struct field pgsql_fields[] = {
    {.name = "pgsql.user",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pgsql_tx, user),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "User who signs in"},
    {.name = "pgsql.query",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct pgsql_tx, text),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Text of a query (or data of SASL)"},
    FIELD_END,
};

const struct proto_def proto_pgsql = {
    .name = "pgsql",
    .spec = "PostgreSQL frontend/backend protocol 3.0",
    .doc = "PostgreSQL databases",
    .l4 = L4_TCP,
    .ports = {5432},
    .breadth = "PostgreSQL",
    .tx_size = sizeof(struct pgsql_tx),
    .state_size = sizeof(struct pgsql_state),
    .probe = pgsql_probe,
    .parse = pgsql_parse,
    .write_event = pgsql_write,
    .fields = pgsql_fields,
    .notes = pgsql_notes,
};
