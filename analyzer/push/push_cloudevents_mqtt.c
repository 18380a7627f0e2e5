/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents 1.0 over MQTT 3.1.1, structured JSON mode, QoS 1 (CloudEvents MQTT binding 3.2).
 *
 * Topic: <topic>/<incident>, <topic> being tramgac/v1/ioc/<connector> unless given; heartbeats go
 * to <topic>/heartbeat. A message counts as sent when the broker has confirmed it. With `retain`
 * the broker keeps the last state of each open incident; the end of an incident clears it.
 */
#include "analyzer/push/cloudevent.h"
#include "common/clock.h"
#include "common/mqtt.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOPIC_MAX = 512, POLL_MS = 100, ID_NONE = -1 };

struct link {
    struct mqtt *mqtt;
    int waiting; /* id of the message under way */
    bool confirmed;
    char why[PUSH_TEXT_MAX]; /* the connection was lost */
};

static void on_lost(void *ctx, const char *why)
{
    struct link *link = ctx;

    snprintf(link->why, sizeof(link->why), "%s", why);
    link->waiting = ID_NONE;
}

static void on_published(void *ctx, int id)
{
    struct link *link = ctx;

    if (id == link->waiting)
        link->confirmed = true;
}

static enum err cloudevents_mqtt_open(const struct connector *c, void **self,
                                      char fault[PUSH_TEXT_MAX])
{
    struct link *link = calloc(1, sizeof(*link));
    char client[96];
    struct mqtt_options options = {
        .host = c->host,
        .port = c->port,
        .client_id = client,
        .user = c->user,
        .password = c->password,
        .tls = c->tls,
        .ca_file = c->trust.ca_file,
        .cert_file = c->trust.cert_file,
        .key_file = c->trust.key_file,
    };

    if (!link)
        return ERR_NOMEM;
    snprintf(client, sizeof(client), "tramgac-push-%.64s", c->name);
    struct mqtt_events events = {.ctx = link, .lost = on_lost, .published = on_published};
    link->waiting = ID_NONE;
    enum err err = mqtt_new(&options, &events, &link->mqtt);
    if (err) {
        snprintf(fault, PUSH_TEXT_MAX, "a certificate or key cannot be read");
        free(link);
        return err;
    }
    *self = link;
    return ERR_OK;
}

/* Publishes and waits until the broker has it; false when time is over or the link is lost. */
static bool deliver(struct link *link, const char *topic, struct slice payload, bool retain,
                    uint64_t until_ns)
{
    while (!mqtt_connected(link->mqtt)) {
        if (clock_mono_ns() >= until_ns)
            return false;
        mqtt_poll(link->mqtt, POLL_MS);
    }
    link->confirmed = false;
    if (mqtt_publish(link->mqtt, topic, payload, retain, &link->waiting) != ERR_OK)
        return false;
    while (!link->confirmed && link->waiting != ID_NONE && clock_mono_ns() < until_ns)
        mqtt_poll(link->mqtt, POLL_MS);
    return link->confirmed;
}

/* The incident of "INC-2026-000001/3" is the first part. */
static void topic_of(const struct connector *c, const char *key, char out[TOPIC_MAX])
{
    char base[TOPIC_MAX / 2];

    if (*c->topic)
        snprintf(base, sizeof(base), "%.200s", c->topic);
    else
        snprintf(base, sizeof(base), "tramgac/v1/ioc/%.64s", c->name);
    snprintf(out, TOPIC_MAX, "%s/%.*s", base, (int)strcspn(key, "/"), key);
}

static void cloudevents_mqtt_send(void *self, const struct connector *c, const char *key,
                                  const char *kind, struct slice payload, uint64_t now_ns,
                                  struct push_answer *answer)
{
    struct link *link = self;
    char topic[TOPIC_MAX];
    uint64_t until_ns = clock_mono_ns() + c->timeout_ns;

    (void)now_ns;
    topic_of(c, key, topic);
    bool closed = strcmp(kind, "closed") == 0;
    link->why[0] = '\0';
    bool sent = deliver(link, topic, payload, c->retain && !closed && strcmp(kind, "exercise") != 0,
                        until_ns);
    if (sent && c->retain && closed)
        sent = deliver(link, topic, SLICE_NONE, true, until_ns);
    answer->outcome = sent ? PUSH_SENT : PUSH_LATER;
    snprintf(answer->text, sizeof(answer->text), "%s",
             sent           ? "confirmed by the broker"
             : link->why[0] ? link->why
                            : "the broker does not answer");
}

static void cloudevents_mqtt_close(void **self)
{
    struct link *link = *self;

    mqtt_free(&link->mqtt);
    free(link);
    *self = NULL;
}

const struct push_def push_cloudevents_mqtt = {
    .name = "cloudevents-mqtt",
    .doc = "CloudEvents 1.0 to an MQTT broker, QoS 1",
    .needs = "host",
    .render = cloudevent_incident,
    .render_heartbeat = cloudevent_heartbeat,
    .open = cloudevents_mqtt_open,
    .send = cloudevents_mqtt_send,
    .close = cloudevents_mqtt_close,
};
