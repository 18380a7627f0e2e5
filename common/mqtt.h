/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MQTT 3.1.1 or 5 client (libmosquitto stays inside mqtt.c).
 *
 * It works in mqtt_poll(), which the owning thread calls again and again; events come from inside
 * it. Without a broker it tries again by itself, with growing pauses (0.5 s to 30 s). It remembers
 * subscriptions over reconnects, but not messages: what was published and not confirmed by
 * `published` before `lost` is the caller's to publish again.
 * The program must ignore SIGPIPE.
 */
#ifndef TRAMGAC_COMMON_MQTT_H
#define TRAMGAC_COMMON_MQTT_H

#include "common/err.h"
#include "common/slice.h"

struct mqtt_options {
    const char *host;
    uint16_t port;         /* 0: 1883, with TLS 8883 */
    const char *client_id; /* unique at the broker */
    const char *user;      /* NULL or "": none */
    const char *password;
    bool tls;
    const char *ca_file; /* NULL or "": the system's authorities */
    const char *cert_file;
    const char *key_file;
    bool tls_any_name;      /* do not compare the broker's name; for tests */
    const char *will_topic; /* NULL or "": no last will */
    struct slice will;      /* retained, QoS 1 */
    uint16_t keepalive_s;   /* 0: 30 */
    uint16_t inflight_max;  /* messages under way at once; 0: 20 */
    bool v5;                /* speak MQTT 5 (shared subscriptions); else 3.1.1 */
    bool keep_session;      /* the broker keeps subscriptions and messages while we are away */
};

struct mqtt_message {
    const char *topic;
    struct slice payload;
    bool retained;
};

/** All optional; called inside mqtt_poll(). */
struct mqtt_events {
    void *ctx;
    void (*connected)(void *ctx);
    /** Connection lost or not made; `why` is a text for the operator. */
    void (*lost)(void *ctx, const char *why);
    /** The broker has the QoS 1 message `id`. */
    void (*published)(void *ctx, int id);
    void (*message)(void *ctx, const struct mqtt_message *message);
};

struct mqtt;

/** Copies the options; does not touch the network. ERR_IO: a certificate or key cannot be read. */
enum err mqtt_new(const struct mqtt_options *options, const struct mqtt_events *events,
                  struct mqtt **mqtt);
/** Says goodbye to the broker when connected (so no last will is sent). */
void mqtt_free(struct mqtt **mqtt);

/** Connects, sends, receives; returns after something happened, at the latest after `timeout_ms`.
 */
void mqtt_poll(struct mqtt *mqtt, uint32_t timeout_ms);
bool mqtt_connected(const struct mqtt *mqtt);

/** QoS 1. ERR_AGAIN: not connected. `id` (may be NULL) is what `published` will tell. Allowed from
 * any thread. */
enum err mqtt_publish(struct mqtt *mqtt, const char *topic, struct slice payload, bool retain,
                      int *id);
/** Remembered for each connection to come. */
enum err mqtt_subscribe(struct mqtt *mqtt, const char *filter);
/** Makes mqtt_poll() return soon. From any thread. */
void mqtt_wake(struct mqtt *mqtt);

#endif
