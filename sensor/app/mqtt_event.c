/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT events in the form of Suricata: one member for each message of the exchange, with the
 * properties of MQTT 5 by name. Names of user properties are the sender's: only letters, digits and
 * a few signs of them are kept.
 */
#include "sensor/app/mqtt_tx.h"

#include "common/pen.h"

enum form { FORM_NONE, BYTE, TWO, FOUR, VARIABLE, STRING, BINARY, PAIR };
enum { USER_PROPERTY = 38, USER_KEY_MAX = 64 };

static const struct {
    const char *name;
    enum form form;
} properties[] = {
    [1] = {"payload_format_indicator", BYTE},
    [2] = {"message_expiry_interval", FOUR},
    [3] = {"content_type", STRING},
    [8] = {"response_topic", STRING},
    [9] = {"correlation_data", BINARY},
    [11] = {"subscription_identifier", VARIABLE},
    [17] = {"session_expiry_interval", FOUR},
    [18] = {"assigned_client_identifier", STRING},
    [19] = {"server_keep_alive", TWO},
    [21] = {"authentication_method", STRING},
    [22] = {"authentication_data", BINARY},
    [23] = {"request_problem_information", BYTE},
    [24] = {"will_delay_interval", FOUR},
    [25] = {"request_response_information", BYTE},
    [26] = {"response_information", STRING},
    [28] = {"server_reference", STRING},
    [31] = {"reason_string", STRING},
    [33] = {"receive_maximum", TWO},
    [34] = {"topic_alias_maximum", TWO},
    [35] = {"topic_alias", TWO},
    [36] = {"maximum_qos", BYTE},
    [37] = {"retain_available", BYTE},
    [USER_PROPERTY] = {"user_property", PAIR},
    [39] = {"maximum_packet_size", FOUR},
    [40] = {"wildcard_subscription_available", BYTE},
    [41] = {"subscription_identifiers_available", BYTE},
    [42] = {"shared_subscription_available", BYTE},
};

static uint32_t variable(struct cursor *c)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t b = cursor_u8(c);
        value |= (uint32_t)(b & 0x7f) << (7 * i);
        if (!(b & 0x80))
            return value;
    }
    c->short_read = true;
    return 0;
}

struct property {
    uint8_t id;
    enum form form;
    uint64_t number;
    struct slice text, value; /* value: second of a pair */
};

static bool next_property(struct cursor *c, struct property *p)
{
    *p = (struct property){.id = cursor_u8(c)};
    if (p->id >= sizeof properties / sizeof *properties || !properties[p->id].form)
        return false;
    p->form = properties[p->id].form;
    switch (p->form) {
    case BYTE:
        p->number = cursor_u8(c);
        break;
    case TWO:
        p->number = cursor_be16(c);
        break;
    case FOUR:
        p->number = cursor_be32(c);
        break;
    case VARIABLE:
        p->number = variable(c);
        break;
    case PAIR:
        p->text = cursor_take(c, cursor_be16(c));
        p->value = cursor_take(c, cursor_be16(c));
        break;
    case STRING:
    case BINARY:
        p->text = cursor_take(c, cursor_be16(c));
        break;
    case FORM_NONE:
        return false;
    }
    return cursor_ok(c);
}

bool mqtt_event_properties_valid(struct slice block)
{
    struct cursor c = cursor_of(block);
    struct property p;
    while (cursor_left(&c))
        if (!next_property(&c, &p))
            return false;
    return true;
}

static void safe_key(struct slice name, char out[USER_KEY_MAX])
{
    uint32_t n = 0;
    for (; n < name.len && n < USER_KEY_MAX - 1; n++) {
        uint8_t b = name.at[n];
        bool safe = (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') ||
                    b == '-' || b == '.' || b == ':' || b == '/';
        out[n] = safe ? (char)b : '_';
    }
    out[n] = '\0';
}

static void write_properties(struct jsonw *w, struct slice block)
{
    struct cursor c = cursor_of(block);
    struct property p;
    char key[USER_KEY_MAX];

    if (!block.len)
        return;
    jsonw_obj_open(w, "properties");
    while (cursor_left(&c) && next_property(&c, &p)) {
        if (p.form == PAIR) {
            safe_key(p.text, key);
            jsonw_text(w, key, p.value);
        } else if (p.form == STRING || p.form == BINARY) {
            jsonw_text(w, properties[p.id].name, p.text);
        } else {
            jsonw_u64(w, properties[p.id].name, p.number);
        }
    }
    jsonw_obj_close(w);
}

static void write_connect(struct jsonw *w, const struct mqtt_tx *mqtt)
{
    uint8_t flags = mqtt->connect_flags;

    jsonw_text(w, "protocol_string", mqtt->protocol);
    jsonw_u64(w, "protocol_version", mqtt->connect_version);
    jsonw_text(w, "client_id", mqtt->client_id);
    jsonw_obj_open(w, "flags");
    jsonw_bool(w, "username", flags & MQTT_USER);
    jsonw_bool(w, "password", flags & MQTT_PASSWORD);
    jsonw_bool(w, "will_retain", flags & MQTT_WILL_RETAIN);
    jsonw_bool(w, "will", flags & MQTT_WILL);
    jsonw_bool(w, "clean_session", flags & MQTT_CLEAN);
    jsonw_obj_close(w);
    if (mqtt->username.at)
        jsonw_text(w, "username", mqtt->username);
    if (mqtt->password.at)
        jsonw_text(w, "password", mqtt->password);
    if (flags & MQTT_WILL) {
        jsonw_obj_open(w, "will");
        jsonw_text(w, "topic", mqtt->will_topic);
        jsonw_text(w, "message", mqtt->will_message);
        write_properties(w, mqtt->will_properties);
        jsonw_obj_close(w);
    }
}

static void write_topics(struct jsonw *w, const struct list *topics, bool with_qos)
{
    const struct mqtt_topic *all = topics->at;
    jsonw_arr_open(w, "topics");
    for (uint32_t i = 0; i < topics->n; i++) {
        if (!with_qos) {
            jsonw_text(w, NULL, all[i].topic);
            continue;
        }
        jsonw_obj_open(w, NULL);
        jsonw_text(w, "topic", all[i].topic);
        jsonw_u64(w, "qos", all[i].qos);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_codes(struct jsonw *w, const char *key, struct slice codes)
{
    struct cursor c = cursor_of(codes);
    jsonw_arr_open(w, key);
    while (cursor_left(&c))
        jsonw_u64(w, NULL, cursor_u8(&c));
    jsonw_arr_close(w);
}

static void write_body(struct jsonw *w, const struct mqtt_tx *mqtt, const struct mqtt_message *m)
{
    if (m->type == MQTT_CONNECT)
        write_connect(w, mqtt);
    if (m->type == MQTT_PUBLISH)
        jsonw_text(w, "topic", mqtt->topic);
    if (m->has_id)
        jsonw_u64(w, "message_id", m->id);
    if (m->type == MQTT_CONNACK)
        jsonw_bool(w, "session_present", mqtt->session_present);
    if (m->has_reason)
        jsonw_u64(w, m->type == MQTT_CONNACK ? "return_code" : "reason_code", m->reason);
    if (m->type == MQTT_PUBLISH)
        jsonw_text(w, "message", mqtt->message);
    if (m->type == MQTT_SUBSCRIBE)
        write_topics(w, &mqtt->subscriptions, true);
    if (m->type == MQTT_UNSUBSCRIBE)
        write_topics(w, &mqtt->unsubscriptions, false);
    if (m->type == MQTT_SUBACK)
        write_codes(w, "qos_granted", m->codes);
    if (m->type == MQTT_UNSUBACK && m->codes.len)
        write_codes(w, "reason_codes", m->codes);
}

/* "publish":{"qos":0,"retain":false,"dup":false */
static char *pen_begin(char *at, struct slice name, const struct mqtt_message *m)
{
    at = PEN_LIT(at, "\"");
    at = pen_bytes(at, name);
    at = PEN_LIT(at, "\":{\"qos\":");
    at = pen_u64(at, m->qos);
    at = PEN_LIT(at, ",\"retain\":");
    at = pen_bool(at, m->flags & 1);
    at = PEN_LIT(at, ",\"dup\":");
    return pen_bool(at, m->flags & 8);
}

static void write_begin(struct jsonw *w, struct slice name, const struct mqtt_message *m)
{
    char *at = pen_open(w, name.len + 64);

    if (at)
        pen_close(w, pen_begin(pen_comma(w, at), name, m));
}

/* A publication of plain texts, most of what is sent, as a whole; false: it is another message. */
static bool write_plain(struct jsonw *w, const struct mqtt_tx *mqtt, const struct mqtt_message *m)
{
    if (m->type != MQTT_PUBLISH || m->has_reason || m->truncated || m->properties.len)
        return false;
    char *at = pen_open(w, (size_t)mqtt->topic.len + mqtt->message.len + 160);
    if (!at)
        return false;
    at = pen_begin(pen_comma(w, at), SLICE_LIT("publish"), m);
    at = jsonw_plain(PEN_LIT(at, ",\"topic\":\""), mqtt->topic);
    if (!at)
        return false;
    at = PEN_LIT(at, "\"");
    if (m->has_id)
        at = pen_u64(PEN_LIT(at, ",\"message_id\":"), m->id);
    at = jsonw_plain(PEN_LIT(at, ",\"message\":\""), mqtt->message);
    if (at)
        pen_close(w, PEN_LIT(at, "\"}"));
    return at != NULL;
}

void mqtt_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    static const char *const names[] = {
        NULL,      "connect",  "connack",    "publish", "puback",      "pubrec",
        "pubrel",  "pubcomp",  "subscribe",  "suback",  "unsubscribe", "unsuback",
        "pingreq", "pingresp", "disconnect", "auth",
    };
    const struct mqtt_tx *mqtt = tx_data_const(tx);
    const struct mqtt_message *all = mqtt->messages.at;

    (void)i;
    for (uint32_t j = 0; j < mqtt->messages.n; j++) {
        const struct mqtt_message *m = &all[j];
        if (write_plain(w, mqtt, m))
            continue;
        write_begin(w, slice_of_str(names[m->type]), m);
        write_body(w, mqtt, m);
        if (m->truncated) {
            jsonw_bool(w, "truncated", true);
            jsonw_u64(w, "skipped_length", (uint64_t)m->length + m->header);
        }
        write_properties(w, m->properties);
        jsonw_obj_close(w);
    }
}
