/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors behind a RabbitMQ cluster: they publish by MQTT, which RabbitMQ's plugin puts into the
 * exchange amq.topic (topics with dots for slashes); all analyzers consume one quorum queue bound
 * to it by AMQP 0-9-1. A message is acknowledged to the broker after the store has it: that of an
 * analyzer that dies goes to another one. At most `prefetch` messages are not acknowledged, so a
 * full queue of ours stops the broker. The only file that knows librabbitmq.
 *
 * Who is there (hello, bye) comes through a queue of each analyzer's own: all must hear it.
 */
#include "analyzer/ingest/ingest.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

enum {
    CHANNEL = 1,
    PORT_PLAIN = 5672,
    PORT_TLS = 5671,
    HEARTBEAT_S = 30,
    ANSWER_S = 10,
    WAIT_MS = 10, /* for a message, before acknowledgements are looked at again */
    PAUSE_FIRST_MS = 250,
    PAUSE_MAX_MS = 5000,
    PAUSE_STEP_MS = 50,
    HOSTS_MAX = 16,
    PREFETCH_MAX = 4096,
    CONTROLS_MAX = 8192,
    GENERATION_SHIFT = 48
};

static const char exchange[] = "amq.topic";
static const char filter_events[] = "tramgac.v1.*.*.ev.*.*";
static const char filter_status[] = "tramgac.v1.*.*.status";

static const struct option options[] = {
    {"ingest.amqp.hosts", CONF_LIST, "",
     "Nodes of a RabbitMQ cluster, name or name:port; the next one is tried when one is away."},
    {"ingest.amqp.vhost", CONF_TEXT, "/", "Virtual host."},
    {"ingest.amqp.user", CONF_TEXT, "guest", "User at the broker."},
    {"ingest.amqp.password", CONF_TEXT, "guest", "Password of that user."},
    {"ingest.amqp.queue", CONF_TEXT, "tramgac.events",
     "Quorum queue that all analyzers of a cluster consume; it is made when it is not there."},
    {"ingest.amqp.prefetch", CONF_INT, "256",
     "Messages that the broker may send before the store has the first of them."},
    {"ingest.amqp.tls", CONF_BOOL, "no", "Encrypt, and check the broker's certificate."},
    {"ingest.amqp.ca", CONF_TEXT, "/etc/ssl/certs/ca-certificates.crt",
     "PEM file of the authority."},
    {"ingest.amqp.certificate", CONF_TEXT, "", "PEM file of our certificate."},
    {"ingest.amqp.key", CONF_TEXT, "", "PEM file of its private key."},
    OPTION_END};

struct consumer {
    const struct conf *conf;
    struct queue *queue;
    struct source *source;
    pthread_t thread;
    atomic_bool stop, connected;
    atomic_ullong refused, losses;
    amqp_connection_state_t conn; /* NULL between connections; of our thread */
    uint64_t generation;          /* of the connection: numbers of older ones mean nothing */
    uint32_t n_hosts, host;
    uint32_t prefetch;
    bool told;            /* that the broker is away */
    pthread_mutex_t lock; /* of what follows */
    uint64_t acks[PREFETCH_MAX];
    uint32_t n_acks;
    struct wire_control *controls; /* a ring */
    uint32_t first_control, n_controls;
};

/* ---- the connection */

static const char *fault_of(const amqp_rpc_reply_t *reply, char room[160])
{
    const amqp_connection_close_t *close = reply->reply.decoded;

    switch (reply->reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return "";
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return amqp_error_string2(reply->library_error);
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        /* connection.close and channel.close begin alike: code and text */
        if (reply->reply.id == AMQP_CONNECTION_CLOSE_METHOD ||
            reply->reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
            snprintf(room, 160, "%u %.*s", close->reply_code,
                     (int)(close->reply_text.len > 140 ? 140 : close->reply_text.len),
                     (const char *)close->reply_text.bytes);
            return room;
        }
        break;
    case AMQP_RESPONSE_NONE:
        break;
    }
    return "the broker closed the connection";
}

static bool good(struct consumer *c, amqp_rpc_reply_t reply, const char *what)
{
    char room[160];

    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return true;
    if (!c->told && !atomic_load(&c->stop))
        log_say(LOG_WARN, "broker %s: %s: %s; trying again",
                conf_item(c->conf, "ingest.amqp.hosts", c->host), what, fault_of(&reply, room));
    c->told = true;
    return false;
}

static void disconnect(struct consumer *c)
{
    if (c->conn)
        (void)amqp_destroy_connection(c->conn);
    c->conn = NULL;
    atomic_store(&c->connected, false);
}

static bool make_socket(struct consumer *c, amqp_socket_t **out)
{
    const struct conf *conf = c->conf;
    const char *cert = conf_text(conf, "ingest.amqp.certificate");

    if (!conf_bool(conf, "ingest.amqp.tls")) {
        *out = amqp_tcp_socket_new(c->conn);
        return *out != NULL;
    }
    *out = amqp_ssl_socket_new(c->conn);
    if (!*out || amqp_ssl_socket_set_cacert(*out, conf_text(conf, "ingest.amqp.ca")))
        return false;
    if (amqp_ssl_socket_set_ssl_versions(*out, AMQP_TLSv1_2, AMQP_TLSvLATEST))
        return false;
    amqp_ssl_socket_set_verify_peer(*out, 1);
    amqp_ssl_socket_set_verify_hostname(*out, 1);
    return !*cert || amqp_ssl_socket_set_key(*out, cert, conf_text(conf, "ingest.amqp.key")) == 0;
}

static void host_and_port(const struct consumer *c, char host[256], int *port)
{
    const char *text = conf_item(c->conf, "ingest.amqp.hosts", c->host);
    const char *colon = strrchr(text, ':');
    bool has_port = colon && strchr(text, ':') == colon; /* else an IPv6 address */

    *port = conf_bool(c->conf, "ingest.amqp.tls") ? PORT_TLS : PORT_PLAIN;
    if (has_port)
        *port = (int)strtol(colon + 1, NULL, 10);
    snprintf(host, 256, "%.*s", has_port ? (int)(colon - text) : 255, text);
}

static bool open_socket(struct consumer *c)
{
    struct timeval wait = {ANSWER_S, 0};
    amqp_socket_t *socket = NULL;
    amqp_rpc_reply_t failed = {.reply_type = AMQP_RESPONSE_LIBRARY_EXCEPTION,
                               .library_error = AMQP_STATUS_SOCKET_ERROR};
    char host[256];
    int port;

    host_and_port(c, host, &port);
    c->conn = amqp_new_connection();
    if (!c->conn || !make_socket(c, &socket))
        return good(c, failed, "certificate or key");
    (void)amqp_set_rpc_timeout(c->conn, &wait);
    (void)amqp_set_handshake_timeout(c->conn, &wait);
    failed.library_error = amqp_socket_open_noblock(socket, host, port, &wait);
    if (failed.library_error)
        return good(c, failed, "connect");
    return good(c,
                amqp_login(c->conn, conf_text(c->conf, "ingest.amqp.vhost"), 0,
                           AMQP_DEFAULT_FRAME_SIZE, HEARTBEAT_S, AMQP_SASL_METHOD_PLAIN,
                           conf_text(c->conf, "ingest.amqp.user"),
                           conf_text(c->conf, "ingest.amqp.password")),
                "login");
}

static amqp_rpc_reply_t reply(struct consumer *c)
{
    return amqp_get_rpc_reply(c->conn);
}

/* The queue of events outlives all of us. */
static bool consume_events(struct consumer *c)
{
    amqp_bytes_t name = amqp_cstring_bytes(conf_text(c->conf, "ingest.amqp.queue"));
    amqp_table_entry_t entry = {.key = amqp_cstring_bytes("x-queue-type")};
    amqp_table_t arguments = {1, &entry};

    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = amqp_cstring_bytes("quorum");
    amqp_queue_declare(c->conn, CHANNEL, name, 0, 1, 0, 0, arguments);
    if (!good(c, reply(c), "queue"))
        return false;
    amqp_queue_bind(c->conn, CHANNEL, name, amqp_cstring_bytes(exchange),
                    amqp_cstring_bytes(filter_events), amqp_empty_table);
    if (!good(c, reply(c), "binding"))
        return false;
    amqp_basic_qos(c->conn, CHANNEL, 0, (uint16_t)c->prefetch, 0);
    if (!good(c, reply(c), "prefetch"))
        return false;
    amqp_basic_consume(c->conn, CHANNEL, name, amqp_cstring_bytes("events"), 0, 0, 0,
                       amqp_empty_table);
    return good(c, reply(c), "consume");
}

/* This one goes with the connection. */
static bool consume_status(struct consumer *c)
{
    const amqp_queue_declare_ok_t *made =
        amqp_queue_declare(c->conn, CHANNEL, amqp_empty_bytes, 0, 0, 1, 1, amqp_empty_table);
    if (!good(c, reply(c), "queue of hellos") || !made)
        return false;
    amqp_bytes_t name = amqp_bytes_malloc_dup(made->queue);
    amqp_queue_bind(c->conn, CHANNEL, name, amqp_cstring_bytes(exchange),
                    amqp_cstring_bytes(filter_status), amqp_empty_table);
    bool ok = good(c, reply(c), "binding of hellos");
    if (ok) {
        amqp_basic_consume(c->conn, CHANNEL, name, amqp_cstring_bytes("status"), 0, 1, 1,
                           amqp_empty_table);
        ok = good(c, reply(c), "consume hellos");
    }
    amqp_bytes_free(name);
    return ok;
}

static bool connect_once(struct consumer *c)
{
    disconnect(c);
    c->generation++;
    pthread_mutex_lock(&c->lock);
    c->n_acks = 0;
    pthread_mutex_unlock(&c->lock);
    if (!open_socket(c))
        return false;
    amqp_channel_open(c->conn, CHANNEL);
    if (!good(c, reply(c), "channel") || !consume_status(c) || !consume_events(c))
        return false;
    log_say(LOG_NOTE, "broker %s: connected", conf_item(c->conf, "ingest.amqp.hosts", c->host));
    c->told = false;
    atomic_store(&c->connected, true);
    return true;
}

/* ---- to the broker */

/* MQTT's topics with dots for slashes, and back. */
static void swap_separators(char *text)
{
    for (; *text; text++)
        *text = *text == '.' ? '/' : *text == '/' ? '.' : *text;
}

static bool publish(struct consumer *c, const struct wire_control *control)
{
    struct wire_topic topic = {.kind = WIRE_TOPIC_CTL};
    amqp_basic_properties_t how = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 1};
    char key[WIRE_TOPIC_MAX];
    struct strbuf body;

    memcpy(topic.site, control->site, sizeof(topic.site));
    memcpy(topic.sensor, control->sensor, sizeof(topic.sensor));
    wire_topic_text(&topic, key);
    swap_separators(key);
    strbuf_init(&body, 4096);
    wire_control_build(control, &body);
    amqp_bytes_t bytes = {body.len, body.at};
    int failed = amqp_basic_publish(c->conn, CHANNEL, amqp_cstring_bytes(exchange),
                                    amqp_cstring_bytes(key), 0, 0, &how, bytes);
    strbuf_fini(&body);
    return failed == 0;
}

static bool flush_acks(struct consumer *c)
{
    uint64_t acks[PREFETCH_MAX];

    pthread_mutex_lock(&c->lock);
    uint32_t n = c->n_acks;
    memcpy(acks, c->acks, n * sizeof(acks[0]));
    c->n_acks = 0;
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < n; i++)
        if (acks[i] >> GENERATION_SHIFT == (c->generation & 0xffff) &&
            amqp_basic_ack(c->conn, CHANNEL, acks[i] & ((UINT64_C(1) << GENERATION_SHIFT) - 1), 0))
            return false;
    return true;
}

static bool flush_controls(struct consumer *c)
{
    struct wire_control one;

    for (;;) {
        pthread_mutex_lock(&c->lock);
        bool any = c->n_controls > 0;
        if (any) {
            one = c->controls[c->first_control];
            c->first_control = (c->first_control + 1) % CONTROLS_MAX;
            c->n_controls--;
        }
        pthread_mutex_unlock(&c->lock);
        if (!any)
            return true;
        if (!publish(c, &one))
            return false;
    }
}

/* ---- from the broker */

static void take(struct consumer *c, const amqp_envelope_t *envelope)
{
    char topic[WIRE_TOPIC_MAX];
    struct message *m = NULL;
    struct slice body = {envelope->message.body.bytes, (uint32_t)envelope->message.body.len};
    bool is_event = envelope->consumer_tag.len == 6; /* "events", "status" */
    bool fits =
        envelope->routing_key.len < sizeof(topic) && envelope->message.body.len <= WIRE_MESSAGE_MAX;

    is_event = is_event && memcmp(envelope->consumer_tag.bytes, "events", 6) == 0;
    snprintf(topic, sizeof(topic), "%.*s", (int)envelope->routing_key.len,
             (const char *)envelope->routing_key.bytes);
    swap_separators(topic);
    if (!is_event && body.len == 0) /* a retained status that was cleared */
        return;
    if (!fits || ingest_read_topic(slice_of_str(topic), body, &m)) {
        atomic_fetch_add(&c->refused, 1);
        if (is_event)
            (void)amqp_basic_ack(c->conn, CHANNEL, envelope->delivery_tag, 0);
        return;
    }
    m->source = c->source;
    m->peer = (c->generation & 0xffff) << GENERATION_SHIFT | envelope->delivery_tag;
    (void)ingest_put(c->queue, m);
}

/* False: the connection is lost. */
static bool receive(struct consumer *c)
{
    struct timeval wait = {0, WAIT_MS * 1000};
    amqp_envelope_t envelope;

    amqp_maybe_release_buffers(c->conn);
    amqp_rpc_reply_t got = amqp_consume_message(c->conn, &envelope, &wait, 0);
    if (got.reply_type == AMQP_RESPONSE_NORMAL) {
        take(c, &envelope);
        amqp_destroy_envelope(&envelope);
        return true;
    }
    return (got.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
            got.library_error == AMQP_STATUS_TIMEOUT) ||
           good(c, got, "lost");
}

static void rest(struct consumer *c, uint64_t ms)
{
    struct timespec step = {0, PAUSE_STEP_MS * 1000000};

    for (uint64_t slept = 0; slept < ms && !atomic_load(&c->stop); slept += PAUSE_STEP_MS)
        nanosleep(&step, NULL);
}

static void *run(void *arg)
{
    struct consumer *c = arg;
    uint64_t pause_ms = PAUSE_FIRST_MS;

    while (!atomic_load(&c->stop)) {
        if (!atomic_load(&c->connected) && !connect_once(c)) {
            rest(c, pause_ms);
            pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms * 2;
            c->host = (c->host + 1) % c->n_hosts;
            continue;
        }
        pause_ms = PAUSE_FIRST_MS;
        if (!flush_acks(c) || !flush_controls(c) || !receive(c)) {
            atomic_fetch_add(&c->losses, 1);
            disconnect(c);
        }
    }
    if (atomic_load(&c->connected))
        (void)(flush_acks(c) && flush_controls(c));
    disconnect(c);
    return NULL;
}

/* ---- the row */

static enum err amqp_start(const struct conf *conf, struct queue *queue, struct source *source,
                           struct strbuf *report)
{
    const char *first = conf_item(conf, "ingest.amqp.hosts", 0);
    int64_t prefetch = conf_int(conf, "ingest.amqp.prefetch");

    if (!first || !*first)
        return ERR_NOTFOUND;
    if (prefetch < 1 || prefetch > PREFETCH_MAX) {
        strbuf_fmt(report, "ingest.amqp.prefetch: 1 to %d\n", PREFETCH_MAX);
        return ERR_INPUT;
    }
    struct consumer *c = calloc(1, sizeof(*c));
    CHECK(c && pthread_mutex_init(&c->lock, NULL) == 0);
    c->controls = calloc(CONTROLS_MAX, sizeof(*c->controls));
    CHECK(c->controls);
    c->conf = conf;
    c->queue = queue;
    c->source = source;
    c->prefetch = (uint32_t)prefetch;
    while (c->n_hosts < HOSTS_MAX && conf_item(conf, "ingest.amqp.hosts", c->n_hosts))
        c->n_hosts++;
    source->self = c;
    CHECK(pthread_create(&c->thread, NULL, run, c) == 0);
    return ERR_OK;
}

/* What does not fit is not said: the sensor sends again after a while, and is answered then. */
static void amqp_tell(void *self, uint64_t peer, const struct wire_control *control)
{
    struct consumer *c = self;

    (void)peer;
    pthread_mutex_lock(&c->lock);
    if (c->n_controls < CONTROLS_MAX)
        c->controls[(c->first_control + c->n_controls++) % CONTROLS_MAX] = *control;
    pthread_mutex_unlock(&c->lock);
}

static void amqp_stored(void *self, uint64_t peer)
{
    struct consumer *c = self;

    pthread_mutex_lock(&c->lock);
    if (c->n_acks < PREFETCH_MAX) /* more than `prefetch` are never under way */
        c->acks[c->n_acks++] = peer;
    pthread_mutex_unlock(&c->lock);
}

static void amqp_stop(void *self)
{
    struct consumer *c = self;

    atomic_store(&c->stop, true);
    pthread_join(c->thread, NULL);
    pthread_mutex_destroy(&c->lock);
    free(c->controls);
    free(c);
}

static void amqp_health(void *self, struct strbuf *json)
{
    struct consumer *c = self;
    strbuf_fmt(json, "\"connected\":%s,\"refused\":%llu,\"losses\":%llu",
               atomic_load(&c->connected) ? "true" : "false", atomic_load(&c->refused),
               atomic_load(&c->losses));
}

const struct ingest_def in_amqp = {
    .name = "amqp",
    .doc = "Sensors behind a RabbitMQ cluster",
    .options = options,
    .start = amqp_start,
    .tell = amqp_tell,
    .stored = amqp_stored,
    .stop = amqp_stop,
    .health = amqp_health,
};
