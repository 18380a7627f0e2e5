/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT 3.1, 3.1.1 and 5 over TCP, port 1883.
 * Spec: OASIS MQTT 3.1.1 and 5.0.
 * One transaction = an exchange: CONNECT and CONNACK; a PUBLISH and the acknowledgements of its
 * identifier; SUBSCRIBE and SUBACK; any other message alone.
 * Limits: of a message longer than MESSAGE_KEPT the first so many bytes are looked at; TOPICS_MAX
 * topics a subscription.
 */
#include "sensor/app/mqtt_tx.h"

#include "common/conf.h"

enum { MESSAGE_KEPT = 65536, HEADER_MAX = 5, TOPICS_MAX = 256, CODES_MAX = 256, MESSAGES_MAX = 8 };

struct mqtt_config {
    uint64_t message_max;
};

static const struct option mqtt_options[] = {
    {"mqtt.max-msg-length", CONF_SIZE, "1M", "Longer messages are told of and not looked into"},
    OPTION_END,
};

static void mqtt_configure(const struct conf *conf, void *config)
{
    struct mqtt_config *c = config;

    c->message_max = conf_size(conf, "mqtt.max-msg-length");
}

struct mqtt_state {
    uint8_t version; /* of the CONNECT; 0 = not seen */
    bool connected;  /* a CONNACK came */
};

enum {
    NOTE_MALFORMED,
    NOTE_NO_CONNECT,
    NOTE_NO_PUBLISH,
    NOTE_NO_SUBSCRIBE,
    NOTE_NO_UNSUBSCRIBE,
    NOTE_DOUBLE_CONNECT,
    NOTE_TRUNCATED,
    NOTE_VERSION,
    NOTE_QOS,
    NOTE_TYPE,
    NOTE_NO_ID,
    NOTE_UNINTRODUCED,
    NOTE_TOO_MANY /* by the engine, see .crowded */
};
static const char *const mqtt_notes[] = {
    [NOTE_MALFORMED] = "malformed_traffic",
    [NOTE_NO_CONNECT] = "missing_connect",
    [NOTE_NO_PUBLISH] = "missing_publish",
    [NOTE_NO_SUBSCRIBE] = "missing_subscribe",
    [NOTE_NO_UNSUBSCRIBE] = "missing_unsubscribe",
    [NOTE_DOUBLE_CONNECT] = "double_connect",
    [NOTE_TRUNCATED] = "message_truncated",
    [NOTE_VERSION] = "invalid_protocol_version",
    [NOTE_QOS] = "invalid_qos_level",
    [NOTE_TYPE] = "unassigned_msg_type",
    [NOTE_NO_ID] = "missing_msg_id",
    [NOTE_UNINTRODUCED] = "unintroduced_message",
    [NOTE_TOO_MANY] = "too_many_transactions",
    NULL,
};

/* ---- reading ------------------------------------------------------------------------------ */

static struct slice text_of(struct cursor *c)
{
    return cursor_take(c, cursor_be16(c));
}

/* Kept even when empty: an empty value is not an absent one. */
static struct slice keep(struct app *app, struct tx *tx, struct slice s)
{
    static const uint8_t nothing[1];
    struct slice kept = app_keep(app, tx, s);
    return kept.at ? kept : (struct slice){nothing, 0};
}

/* Variable byte integer of at most four bytes. */
static bool length_of(struct cursor *c, uint32_t *value)
{
    *value = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t b = cursor_u8(c);
        *value |= (uint32_t)(b & 0x7f) << (7 * i);
        if (!(b & 0x80))
            return true;
    }
    return false;
}

static bool properties_of(struct app *app, struct tx *tx, struct cursor *c, struct slice *out)
{
    uint32_t len;
    if (!length_of(c, &len))
        return false;
    struct slice block = cursor_take(c, len);
    if (!cursor_ok(c) || !mqtt_event_properties_valid(block))
        return false;
    *out = app_keep(app, tx, block);
    return true;
}

static bool read_connect(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    struct mqtt_state *state = app_state(app);
    struct mqtt_tx *mqtt = tx_data(tx);

    struct slice protocol = text_of(c);
    mqtt->connect_version = cursor_u8(c) & 0x7f;
    mqtt->connect_flags = cursor_u8(c);
    mqtt->keep_alive = cursor_be16(c);
    if (!cursor_ok(c))
        return false;
    mqtt->has_connect = true;
    mqtt->protocol = keep(app, tx, protocol);
    if (mqtt->connect_version < MQTT_3 || mqtt->connect_version > MQTT_5)
        app_note(app, tx, NOTE_VERSION);
    state->version = mqtt->version = mqtt->connect_version;
    if (state->version == MQTT_5 && !properties_of(app, tx, c, &m->properties))
        return false;
    mqtt->client_id = keep(app, tx, text_of(c));
    if (mqtt->connect_flags & MQTT_WILL) {
        if (state->version == MQTT_5 && !properties_of(app, tx, c, &mqtt->will_properties))
            return false;
        mqtt->will_topic = keep(app, tx, text_of(c));
        mqtt->will_message = keep(app, tx, text_of(c));
    }
    if (mqtt->connect_flags & MQTT_USER)
        mqtt->username = keep(app, tx, text_of(c));
    if (mqtt->connect_flags & MQTT_PASSWORD)
        mqtt->password = keep(app, tx, text_of(c));
    return cursor_ok(c);
}

static void add_code(struct app *app, struct tx *tx, uint8_t code)
{
    struct mqtt_tx *mqtt = tx_data(tx);
    struct mqtt_code *item =
        mqtt->codes.n < CODES_MAX ? app_append(app, tx, &mqtt->codes, sizeof *item) : NULL;
    if (item)
        item->code = code;
}

static void set_reason(struct app *app, struct tx *tx, struct mqtt_message *m, uint8_t reason)
{
    m->has_reason = true;
    m->reason = reason;
    add_code(app, tx, reason);
}

/* Properties that may be missing altogether. */
static bool maybe_properties(struct app *app, struct tx *tx, struct mqtt_message *m,
                             struct cursor *c)
{
    return !cursor_left(c) || properties_of(app, tx, c, &m->properties);
}

static bool read_connack(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    struct mqtt_tx *mqtt = tx_data(tx);
    uint8_t flags = cursor_u8(c);
    uint8_t reason = cursor_u8(c);
    if (!cursor_ok(c))
        return false;
    mqtt->has_connack = true;
    mqtt->session_present = flags & 1;
    set_reason(app, tx, m, reason);
    return mqtt->version != MQTT_5 || maybe_properties(app, tx, m, c);
}

static bool read_publish(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    struct mqtt_tx *mqtt = tx_data(tx);
    struct slice topic = text_of(c);

    if (m->qos) {
        m->has_id = true;
        m->id = cursor_be16(c);
    }
    if (!cursor_ok(c))
        return false;
    mqtt->topic = keep(app, tx, topic);
    if (mqtt->version == MQTT_5 && !properties_of(app, tx, c, &m->properties))
        return false;
    mqtt->message = keep(app, tx, cursor_rest(c));
    return true;
}

/* PUBACK, PUBREC, PUBREL, PUBCOMP: reason and properties only in MQTT 5, and only when not plain
 * success. */
static bool read_ack(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    const struct mqtt_tx *mqtt = tx_data(tx);
    m->has_id = true;
    m->id = cursor_be16(c);
    if (!cursor_ok(c))
        return false;
    if (mqtt->version != MQTT_5)
        return true;
    set_reason(app, tx, m, cursor_left(c) ? cursor_u8(c) : 0);
    return maybe_properties(app, tx, m, c);
}

static bool read_topics(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    struct mqtt_tx *mqtt = tx_data(tx);
    bool with_qos = m->type == MQTT_SUBSCRIBE;
    struct list *list = with_qos ? &mqtt->subscriptions : &mqtt->unsubscriptions;

    m->has_id = true;
    m->id = cursor_be16(c);
    if (!cursor_ok(c) || (mqtt->version == MQTT_5 && !properties_of(app, tx, c, &m->properties)))
        return false;
    while (cursor_left(c) && list->n < TOPICS_MAX) {
        struct slice topic = text_of(c);
        uint8_t qos = with_qos ? cursor_u8(c) & 3 : 0;
        struct mqtt_topic *item = cursor_ok(c) ? app_append(app, tx, list, sizeof *item) : NULL;
        if (!item)
            return false;
        item->topic = keep(app, tx, topic);
        item->qos = qos;
    }
    return true;
}

static bool read_sub_ack(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    const struct mqtt_tx *mqtt = tx_data(tx);
    m->has_id = true;
    m->id = cursor_be16(c);
    if (!cursor_ok(c) || (mqtt->version == MQTT_5 && !properties_of(app, tx, c, &m->properties)))
        return false;
    m->codes = app_keep(app, tx, slice_head(cursor_rest(c), CODES_MAX));
    for (uint32_t i = 0; i < m->codes.len; i++)
        add_code(app, tx, m->codes.at[i]);
    return true;
}

/* DISCONNECT and AUTH of MQTT 5. */
static bool read_end(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    const struct mqtt_tx *mqtt = tx_data(tx);
    if (mqtt->version != MQTT_5)
        return true;
    set_reason(app, tx, m, cursor_left(c) ? cursor_u8(c) : 0);
    return maybe_properties(app, tx, m, c);
}

static bool read_nothing(struct app *app, struct tx *tx, struct mqtt_message *m, struct cursor *c)
{
    (void)app;
    (void)tx;
    (void)m;
    (void)c;
    return true;
}

static bool read_body(struct app *app, struct tx *tx, struct mqtt_message *m, struct slice body)
{
    static bool (*const readers[16])(struct app *, struct tx *, struct mqtt_message *,
                                     struct cursor *) = {
        read_nothing, read_connect, read_connack, read_publish, read_ack,    read_ack,
        read_ack,     read_ack,     read_topics,  read_sub_ack, read_topics, read_sub_ack,
        read_nothing, read_nothing, read_end,     read_end,
    };
    struct cursor c = cursor_of(body);
    return readers[m->type](app, tx, m, &c);
}

/* ---- exchanges ---------------------------------------------------------------------------- */

enum role { ALONE, ASKS, ANSWERS, ASKS_AGAIN, ENDS };

/* Who began the exchange a message belongs to: its direction is that of the transaction, so rules
 * look at an exchange once. */
static enum dir owner_of(enum role role, enum dir dir)
{
    return role == ANSWERS || role == ENDS ? dir_other(dir) : dir;
}

/* What a message is in its exchange. PUBREC asks for a PUBREL, which asks for a PUBCOMP. */
static enum role role_of(uint8_t type, uint8_t qos)
{
    switch (type) {
    case MQTT_CONNECT:
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        return ASKS;
    case MQTT_PUBLISH:
        return qos ? ASKS : ALONE;
    case MQTT_PUBREC:
        return ANSWERS;
    case MQTT_PUBREL:
        return ASKS_AGAIN;
    case MQTT_CONNACK:
    case MQTT_PUBACK:
    case MQTT_PUBCOMP:
    case MQTT_SUBACK:
    case MQTT_UNSUBACK:
        return ENDS;
    default:
        return ALONE;
    }
}

/* Identifiers are counted by each sender of PUBLISH, and those of subscriptions by the client. */
static uint64_t key_of(uint8_t type, enum role role, enum dir dir, uint16_t id)
{
    enum dir from = owner_of(role, dir);
    uint64_t family = type == MQTT_CONNECT || type == MQTT_CONNACK ? 1
                      : type >= MQTT_SUBSCRIBE                     ? 2
                                                                   : 3;
    return family << 32 | (uint64_t)from << 16 | (family == 1 ? 0 : id);
}

/* The identifier, where the message has one, without reading the rest. */
static uint16_t peek_id(uint8_t type, struct slice body)
{
    struct cursor c = cursor_of(body);
    if (type == MQTT_PUBLISH)
        (void)text_of(&c);
    return cursor_be16(&c);
}

/* What an answer came without. */
static uint32_t missing_note(uint8_t type)
{
    return type == MQTT_CONNACK    ? NOTE_NO_CONNECT
           : type == MQTT_SUBACK   ? NOTE_NO_SUBSCRIBE
           : type == MQTT_UNSUBACK ? NOTE_NO_UNSUBSCRIBE
                                   : NOTE_NO_PUBLISH;
}

/* Messages that carry an identifier, of which 0 is none. */
static bool wants_id(uint8_t type, uint8_t qos)
{
    return type == MQTT_PUBLISH ? qos > 0 : type > MQTT_PUBLISH && type <= MQTT_UNSUBACK;
}

static void note_message(struct app *app, struct tx *tx, uint8_t type, uint8_t qos,
                         struct slice body)
{
    struct mqtt_state *state = app_state(app);

    if (type == MQTT_CONNACK)
        state->connected = true;
    else if (!state->connected && type != MQTT_CONNECT)
        app_note(app, tx, NOTE_UNINTRODUCED);
    if (qos == 3)
        app_note(app, tx, NOTE_QOS);
    if (type == 0)
        app_note(app, tx, NOTE_TYPE);
    if (wants_id(type, qos) && peek_id(type, body) == 0)
        app_note(app, tx, NOTE_NO_ID);
}

static struct tx *exchange(struct app *app, uint8_t type, enum role role, enum dir dir,
                           struct slice body)
{
    const struct mqtt_state *state = app_state(app);
    uint64_t key = key_of(type, role, dir, peek_id(type, body));
    struct tx *tx = role == ALONE ? NULL : app_tx_find(app, key);
    bool again = tx && role == ASKS;

    if (again && type == MQTT_CONNECT)
        app_note(app, tx, NOTE_DOUBLE_CONNECT);
    if (again) /* sent once more: the first one stays unanswered */
        app_progress(app, tx, owner_of(role, dir), TX_DONE);
    if (!tx || again) {
        tx = app_tx_new(app, role == ALONE ? 0 : key);
        if (tx && (role == ANSWERS || role == ENDS))
            app_note(app, tx, missing_note(type));
    }
    if (tx) {
        struct mqtt_tx *mqtt = tx_data(tx);
        mqtt->version = state->version;
    }
    return tx;
}

static struct parsed take_message(struct app *app, enum dir dir, uint8_t first, uint8_t header_len,
                                  uint32_t length, struct slice body)
{
    uint8_t type = first >> 4, qos = first >> 1 & 3;
    enum role role = role_of(type, qos);
    struct tx *tx = exchange(app, type, role, dir, body);
    struct mqtt_tx *mqtt = tx ? tx_data(tx) : NULL;
    struct mqtt_message *m = mqtt && mqtt->messages.n < MESSAGES_MAX
                                 ? app_append(app, tx, &mqtt->messages, sizeof *m)
                                 : NULL;
    if (!m)
        return parse_full();
    *m = (struct mqtt_message){.type = type, .flags = first & 15, .qos = qos, .length = length};
    m->header = header_len;
    m->truncated = body.len < length;
    note_message(app, tx, type, qos, body);
    if (m->truncated)
        app_note(app, tx, NOTE_TRUNCATED);
    if (!read_body(app, tx, m, body) && !m->truncated)
        app_note(app, tx, NOTE_MALFORMED);
    app_progress(app, tx, owner_of(role, dir),
                 role == ALONE || role == ENDS ? TX_DONE : TX_HEADERS);
    return parse_done(0);
}

/* Fixed header: type and flags, then the length; its size, 0 = more bytes are needed. */
static uint32_t header_of(struct slice in, uint8_t *first, uint32_t *length, bool *bad)
{
    struct cursor c = cursor_of(in);
    *first = cursor_u8(&c);
    *bad = !length_of(&c, length) && cursor_ok(&c);
    return cursor_ok(&c) ? in.len - cursor_left(&c) : 0;
}

static bool valid_first(uint8_t first)
{
    uint8_t type = first >> 4, flags = first & 15;
    if (type == MQTT_PUBLISH)
        return (flags & 6) != 6;
    if (type == MQTT_PUBREL || type == MQTT_SUBSCRIBE || type == MQTT_UNSUBSCRIBE)
        return flags == 2 || flags == 10;
    return type != 0 && flags == 0;
}

static struct parsed mqtt_parse(struct app *app, enum dir dir, struct slice in)
{
    uint8_t first;
    uint32_t length;
    bool bad;
    uint32_t header = header_of(in, &first, &length, &bad);

    if (in.len && (bad || first >> 4 == 0))
        return parse_bad();
    if (!header)
        return parse_more(in.len + 1);
    const struct mqtt_config *config = app_config(app);
    uint32_t seen = length < MESSAGE_KEPT ? length : MESSAGE_KEPT;
    if (config && length > config->message_max)
        seen = 0;
    if (in.len - header < seen)
        return parse_more(header + seen);
    struct slice body = slice_head(slice_from(in, header), seen);
    struct parsed parsed = take_message(app, dir, first, (uint8_t)header, length, body);
    return parsed.kind == PARSED_DONE ? parse_done(header + length) : parsed;
}

static enum probe mqtt_probe(struct slice head, enum dir dir)
{
    uint8_t first;
    uint32_t length;
    bool bad;
    uint32_t header = header_of(head, &first, &length, &bad);

    if (head.len && (bad || !valid_first(first)))
        return PROBE_NO;
    if (!header)
        return PROBE_MORE;
    if (first >> 4 != MQTT_CONNECT)
        return first >> 4 == MQTT_CONNACK && length < 2 ? PROBE_NO : PROBE_LIKELY;
    if (dir != TO_SERVER || length < 10)
        return PROBE_NO;
    struct cursor c = cursor_of(slice_from(head, header));
    struct slice name = text_of(&c);
    if (!cursor_ok(&c))
        return head.len > 64 ? PROBE_NO : PROBE_MORE;
    bool known = slice_eq(name, SLICE_LIT("MQTT")) || slice_eq(name, SLICE_LIT("MQIsdp"));
    return known ? PROBE_YES : PROBE_NO;
}

const struct proto_def proto_mqtt = {
    .name = "mqtt",
    .spec = "OASIS MQTT 3.1.1, 5.0",
    .doc = "Messages of sensors and other things through a broker",
    .l4 = L4_TCP,
    .ports = {1883},
    .breadth = "MQTT",
    .tx_size = sizeof(struct mqtt_tx),
    .state_size = sizeof(struct mqtt_state),
    .buffer_max = MESSAGE_KEPT + HEADER_MAX,
    .one_sided = true,
    .ends = TX_ENDS_OPENER,
    .resyncs = true,
    .probe = mqtt_probe,
    .parse = mqtt_parse,
    .write_event = mqtt_event_write,
    .options = mqtt_options,
    .config_size = sizeof(struct mqtt_config),
    .configure = mqtt_configure,
    .fields = mqtt_fields,
    .notes = mqtt_notes,
    .crowded = "too_many_transactions",
};
