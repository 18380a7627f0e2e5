/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events to analyzers through an MQTT broker: the topics of common/wire. The broker's own promises
 * are not relied on (it may drop what it accepted); the analyzer acknowledges on the control topic.
 */
#include "common/check.h"
#include "common/mqtt.h"
#include "sensor/output/output.h"
#include "sensor/output/uplink.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option mqtt_options[] = {
    {"output.mqtt.host", CONF_TEXT, "", "Name or address of the broker; empty: no such output"},
    {"output.mqtt.port", CONF_INT, "0", "Port of the broker; 0: 1883, with TLS 8883"},
    {"output.mqtt.user", CONF_TEXT, "", "User at the broker"},
    {"output.mqtt.password", CONF_TEXT, "", "Password at the broker"},
    {"output.mqtt.tls", CONF_BOOL, "no", "Encrypt, and check the broker's certificate"},
    {"output.mqtt.ca", CONF_TEXT, "",
     "File with the authorities to trust, PEM; empty: those of the system"},
    {"output.mqtt.cert", CONF_TEXT, "", "File with the sensor's own certificate, PEM"},
    {"output.mqtt.key", CONF_TEXT, "", "File with the key of that certificate, PEM"},
    {"output.mqtt.keepalive", CONF_SPAN, "30s", "Silence after which the broker is asked"},
    OPTION_END,
};

static const struct counter mqtt_counters[] = {UPLINK_COUNTERS("mqtt")};

struct output {
    struct uplink *uplink;
    struct mqtt *mqtt;
    struct wire_topic topic; /* site and sensor; the rest for each message */
    char ctl[WIRE_TOPIC_MAX];
    char status[WIRE_TOPIC_MAX];
};

static void on_connected(void *ctx)
{
    uplink_up(((struct output *)ctx)->uplink);
}

static void on_lost(void *ctx, const char *why)
{
    uplink_down(((struct output *)ctx)->uplink, why);
}

static void on_message(void *ctx, const struct mqtt_message *message)
{
    struct output *o = ctx;

    if (strcmp(message->topic, o->ctl) == 0)
        uplink_received(o->uplink, message->payload);
}

static void out_poll(void *self, uint32_t timeout_ms)
{
    mqtt_poll(((struct output *)self)->mqtt, timeout_ms);
}

static enum err out_send(void *self, enum event_class cls, uint32_t partition, struct slice message)
{
    struct output *o = self;
    struct wire_topic topic = o->topic;
    char text[WIRE_TOPIC_MAX];

    topic.kind = WIRE_TOPIC_EVENTS;
    topic.cls = cls;
    topic.partition = partition;
    wire_topic_text(&topic, text);
    return mqtt_publish(o->mqtt, text, message, false, NULL);
}

static enum err out_send_control(void *self, struct slice message)
{
    struct output *o = self;
    return mqtt_publish(o->mqtt, o->status, message, true, NULL);
}

static void out_wake(void *self)
{
    mqtt_wake(((struct output *)self)->mqtt);
}

static void out_free(void *self)
{
    struct output *o = self;

    mqtt_free(&o->mqtt);
    free(o);
}

static enum err make_client(struct output *o, const struct conf *conf)
{
    struct wire_control bye = {.type = WIRE_BYE, .epoch = uplink_epoch(o->uplink)};
    struct strbuf will;
    char id[2 * WIRE_NAME_MAX + 16];

    strcpy(o->topic.sensor, uplink_sensor(o->uplink));
    strcpy(o->topic.site, uplink_site(o->uplink));
    memcpy(bye.sensor, o->topic.sensor, sizeof(bye.sensor));
    memcpy(bye.site, o->topic.site, sizeof(bye.site));
    o->topic.kind = WIRE_TOPIC_CTL;
    wire_topic_text(&o->topic, o->ctl);
    o->topic.kind = WIRE_TOPIC_STATUS;
    wire_topic_text(&o->topic, o->status);
    snprintf(id, sizeof(id), "tramgac-%s-%s", o->topic.site, o->topic.sensor);
    strbuf_init(&will, 0);
    wire_control_build(&bye, &will);
    struct mqtt_options options = {
        .host = conf_text(conf, "output.mqtt.host"),
        .port = (uint16_t)conf_int(conf, "output.mqtt.port"),
        .client_id = id,
        .user = conf_text(conf, "output.mqtt.user"),
        .password = conf_text(conf, "output.mqtt.password"),
        .tls = conf_bool(conf, "output.mqtt.tls"),
        .ca_file = conf_text(conf, "output.mqtt.ca"),
        .cert_file = conf_text(conf, "output.mqtt.cert"),
        .key_file = conf_text(conf, "output.mqtt.key"),
        .will_topic = o->status,
        .will = strbuf_view(&will),
        .keepalive_s = (uint16_t)(conf_span_ns(conf, "output.mqtt.keepalive") / 1000000000),
    };
    struct mqtt_events events = {
        .ctx = o, .connected = on_connected, .lost = on_lost, .message = on_message};
    enum err err = mqtt_new(&options, &events, &o->mqtt);
    if (!err)
        err = mqtt_subscribe(o->mqtt, o->ctl);
    strbuf_fini(&will);
    return err;
}

static bool out_wanted(const struct conf *conf)
{
    return *conf_text(conf, "output.mqtt.host") != '\0';
}

static enum err out_open(const struct conf *conf, const char *dir, bool replay, struct stats *stats,
                         struct output **output, struct strbuf *report)
{
    char where[160];
    struct output *o = calloc(1, sizeof(*o));
    CHECK(o);

    *output = NULL;
    snprintf(where, sizeof(where), "mqtt://%s", conf_text(conf, "output.mqtt.host"));
    enum err err = uplink_new(&(struct uplink_setup){.name = "mqtt",
                                                     .where = where,
                                                     .conf = conf,
                                                     .dir = dir,
                                                     .replay = replay,
                                                     .counters = stats_add(stats, mqtt_counters),
                                                     .report = report},
                              &o->uplink);
    if (err) {
        free(o);
        return err;
    }
    err = make_client(o, conf);
    uplink_attach_take(o->uplink, &(struct transport){.self = o,
                                                      .poll = out_poll,
                                                      .send = out_send,
                                                      .send_control = out_send_control,
                                                      .wake = out_wake,
                                                      .free = out_free});
    if (err) {
        struct uplink *uplink = o->uplink;
        strbuf_str(report, "output.mqtt: a certificate or key cannot be read; see output.mqtt.ca, "
                           ".cert and .key\n");
        uplink_abandon(&uplink);
        return err;
    }
    *output = o;
    return ERR_OK;
}

static void out_write(struct output *o, const struct output_line *line)
{
    uplink_write(o->uplink, line);
}

static void out_tick(struct output *o, uint64_t now_ns)
{
    (void)now_ns;
    uplink_tick(o->uplink);
}

/* The uplink frees the output, which is its transport. */
static void out_close(struct output **output, uint64_t wait_ns)
{
    struct uplink *uplink = *output ? (*output)->uplink : NULL;

    uplink_close(&uplink, wait_ns);
    *output = NULL;
}

const struct output_def out_mqtt = {
    .name = "mqtt",
    .doc = "Analyzers behind an MQTT broker",
    .options = mqtt_options,
    .counters = mqtt_counters,
    .wanted = out_wanted,
    .open = out_open,
    .write = out_write,
    .tick = out_tick,
    .close = out_close,
};
