/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors behind an MQTT broker (topics in common/wire.h). The broker may lose messages: the
 * ledger finds holes and has them sent again, so its session is not kept.
 *
 * When the queue is full, the call-back waits: the broker sees no acknowledgement
 * and stops sending.
 */
#include "analyzer/ingest/ingest.h"
#include "common/check.h"
#include "common/log.h"
#include "common/mqtt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { POLL_MS = 500 };

static const struct option options[] = {
    {"ingest.mqtt.host", CONF_TEXT, "", "Name or address of the broker; empty: none."},
    {"ingest.mqtt.port", CONF_INT, "0", "Port of the broker; 0: 1883, with TLS 8883."},
    {"ingest.mqtt.client", CONF_TEXT, "", "Client id; empty: tramgac-analyzer and process number."},
    {"ingest.mqtt.share", CONF_TEXT, "",
     "Name of a shared subscription (MQTT 5): each message goes to one of the analyzers that have "
     "the same name here; for a cluster."},
    {"ingest.mqtt.user", CONF_TEXT, "", "User at the broker."},
    {"ingest.mqtt.password", CONF_TEXT, "", "Password of that user."},
    {"ingest.mqtt.tls", CONF_BOOL, "no", "Encrypt, and check the broker's certificate."},
    {"ingest.mqtt.ca", CONF_TEXT, "", "PEM file of the authority; empty: the system's."},
    {"ingest.mqtt.certificate", CONF_TEXT, "", "PEM file of our certificate."},
    {"ingest.mqtt.key", CONF_TEXT, "", "PEM file of its private key."},
    OPTION_END};

struct subscriber {
    struct queue *queue;
    struct source *source;
    struct mqtt *mqtt;
    pthread_t thread;
    atomic_bool stop;
    atomic_ullong refused, losses;
    char host[256];
    bool told; /* that the broker is away */
};

static void lost(void *ctx, const char *why)
{
    struct subscriber *s = ctx;
    atomic_fetch_add(&s->losses, 1);
    if (!s->told && !atomic_load(&s->stop))
        log_say(LOG_WARN, "broker %s: %s; trying again", s->host, why);
    s->told = true;
}

static void connected(void *ctx)
{
    struct subscriber *s = ctx;
    log_say(LOG_NOTE, "broker %s: connected", s->host);
    s->told = false;
}

static void publish(struct subscriber *s, const struct wire_control *control)
{
    struct wire_topic topic = {.kind = WIRE_TOPIC_CTL};
    char text[WIRE_TOPIC_MAX];
    struct strbuf body;

    memcpy(topic.site, control->site, sizeof(topic.site));
    memcpy(topic.sensor, control->sensor, sizeof(topic.sensor));
    wire_topic_text(&topic, text);
    strbuf_init(&body, 4096);
    wire_control_build(control, &body);
    (void)mqtt_publish(s->mqtt, text, strbuf_view(&body), false, NULL);
    strbuf_fini(&body);
}

/* A retained hello comes once after each of our connections: we may have missed messages. */
static void greet(struct subscriber *s, const struct message *m)
{
    struct wire_control hello = m->control;
    hello.type = WIRE_HELLO;
    hello.from = hello.to = hello.seq = 0;
    publish(s, &hello);
}

static void received(void *ctx, const struct mqtt_message *message)
{
    struct subscriber *s = ctx;
    struct message *m = NULL;

    if (message->payload.len == 0) /* a retained status that was cleared */
        return;
    if (ingest_read_topic(slice_of_str(message->topic), message->payload, &m)) {
        atomic_fetch_add(&s->refused, 1);
        return;
    }
    if (m->kind == MESSAGE_HELLO && message->retained)
        greet(s, m);
    m->source = s->source;
    (void)ingest_put(s->queue, m);
}

static void *run(void *arg)
{
    struct subscriber *s = arg;
    while (!atomic_load(&s->stop))
        mqtt_poll(s->mqtt, POLL_MS);
    return NULL;
}

/* Events once among all that share; who is there, to each. */
static enum err subscribe(struct subscriber *s, const char *share)
{
    char filter[WIRE_TOPIC_MAX];

    snprintf(filter, sizeof(filter), "$share/%s/%s", share, WIRE_FILTER_EVENTS);
    enum err err = mqtt_subscribe(s->mqtt, *share ? filter : WIRE_FILTER_EVENTS);
    return err ? err : mqtt_subscribe(s->mqtt, WIRE_FILTER_STATUS);
}

static enum err mqtt_start(const struct conf *conf, struct queue *queue, struct source *source,
                           struct strbuf *report)
{
    char client[64];
    const char *host = conf_text(conf, "ingest.mqtt.host");
    const char *id = conf_text(conf, "ingest.mqtt.client");
    const char *share = conf_text(conf, "ingest.mqtt.share");

    if (!*host)
        return ERR_NOTFOUND;
    snprintf(client, sizeof(client), "tramgac-analyzer-%d", (int)getpid());
    struct mqtt_options o = {.host = host,
                             .port = (uint16_t)conf_int(conf, "ingest.mqtt.port"),
                             .client_id = *id ? id : client,
                             .user = conf_text(conf, "ingest.mqtt.user"),
                             .password = conf_text(conf, "ingest.mqtt.password"),
                             .tls = conf_bool(conf, "ingest.mqtt.tls"),
                             .ca_file = conf_text(conf, "ingest.mqtt.ca"),
                             .cert_file = conf_text(conf, "ingest.mqtt.certificate"),
                             .key_file = conf_text(conf, "ingest.mqtt.key"),
                             .v5 = *share != '\0',
                             .inflight_max = 200};
    struct subscriber *s = calloc(1, sizeof(*s));
    CHECK(s);
    struct mqtt_events events = {s, connected, lost, NULL, received};
    s->queue = queue;
    s->source = source;
    snprintf(s->host, sizeof(s->host), "%s", host);
    enum err err = mqtt_new(&o, &events, &s->mqtt);
    if (err) {
        strbuf_fmt(report, "ingest.mqtt: a certificate or key cannot be read\n");
        free(s);
        return err;
    }
    source->self = s;
    if (subscribe(s, share)) {
        strbuf_fmt(report, "ingest.mqtt.share: \"%s\" cannot be part of a topic\n", share);
        mqtt_free(&s->mqtt);
        free(s);
        return ERR_INPUT;
    }
    CHECK(pthread_create(&s->thread, NULL, run, s) == 0);
    return ERR_OK;
}

static void mqtt_tell(void *self, uint64_t peer, const struct wire_control *control)
{
    (void)peer;
    publish(self, control);
}

static void mqtt_stop(void *self)
{
    struct subscriber *s = self;
    atomic_store(&s->stop, true);
    mqtt_wake(s->mqtt);
    pthread_join(s->thread, NULL);
    mqtt_free(&s->mqtt);
    free(s);
}

static void mqtt_health(void *self, struct strbuf *json)
{
    struct subscriber *s = self;
    strbuf_fmt(json, "\"connected\":%s,\"refused\":%llu,\"losses\":%llu",
               mqtt_connected(s->mqtt) ? "true" : "false", atomic_load(&s->refused),
               atomic_load(&s->losses));
}

const struct ingest_def in_mqtt = {
    .name = "mqtt",
    .doc = "Sensors behind an MQTT broker",
    .options = options,
    .start = mqtt_start,
    .tell = mqtt_tell,
    .stop = mqtt_stop,
    .health = mqtt_health,
};
