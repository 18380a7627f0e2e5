/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the MQTT parser share: an exchange and its messages.
 */
#ifndef TRAMGAC_SENSOR_APP_MQTT_TX_H
#define TRAMGAC_SENSOR_APP_MQTT_TX_H

#include "sensor/app/proto.h"

enum mqtt_type {
    MQTT_CONNECT = 1,
    MQTT_CONNACK = 2,
    MQTT_PUBLISH = 3,
    MQTT_PUBACK = 4,
    MQTT_PUBREC = 5,
    MQTT_PUBREL = 6,
    MQTT_PUBCOMP = 7,
    MQTT_SUBSCRIBE = 8,
    MQTT_SUBACK = 9,
    MQTT_UNSUBSCRIBE = 10,
    MQTT_UNSUBACK = 11,
    MQTT_PINGREQ = 12,
    MQTT_PINGRESP = 13,
    MQTT_DISCONNECT = 14,
    MQTT_AUTH = 15,
};

enum { MQTT_3 = 3, MQTT_3_1_1 = 4, MQTT_5 = 5 };

/** Bits of the CONNECT flags. */
enum { MQTT_CLEAN = 2, MQTT_WILL = 4, MQTT_WILL_RETAIN = 32, MQTT_PASSWORD = 64, MQTT_USER = 128 };

struct mqtt_message {
    uint8_t type;  /* enum mqtt_type */
    uint8_t flags; /* low bits of the first byte: retain 1, qos 2 and 4, dup 8 */
    uint8_t qos;
    bool has_id, has_reason, truncated;
    uint16_t id;
    uint8_t reason;
    uint8_t header;          /* bytes of the fixed header */
    uint32_t length;         /* behind the fixed header, as announced */
    struct slice properties; /* MQTT 5, without their length */
    struct slice codes;      /* of SUBACK, UNSUBACK */
};

struct mqtt_topic {
    struct slice topic;
    uint8_t qos; /* of subscriptions */
};

struct mqtt_code {
    uint8_t code;
};

struct mqtt_tx {
    uint8_t version; /* of the connection; 0 = not seen */
    struct list messages;
    struct list codes; /* reason codes of all messages */

    struct slice protocol; /* CONNECT */
    uint8_t connect_version;
    uint8_t connect_flags;
    bool has_connect, has_connack, session_present;
    uint16_t keep_alive;
    struct slice client_id, username, password;
    struct slice will_topic, will_message, will_properties;

    struct slice topic, message; /* PUBLISH */
    struct list subscriptions;   /* struct mqtt_topic */
    struct list unsubscriptions; /* struct mqtt_topic */
};

/** Checks a properties block (MQTT 5, 2.2.2). */
bool mqtt_event_properties_valid(struct slice properties);
/** The exchange as an EVE object: a member for each message. */
void mqtt_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

extern const struct field mqtt_fields[];

#endif
