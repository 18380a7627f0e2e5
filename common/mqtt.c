/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fresh libmosquitto client for each connection, so that nothing of the last one lingers in its
 * queues. The socket is polled here and not by the library, whose select() ends at descriptor 1024.
 */
#include "common/mqtt.h"
#include "common/check.h"
#include "common/clock.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FILTERS_MAX = 16,
    PORT_PLAIN = 1883,
    PORT_TLS = 8883,
    KEEPALIVE_S = 30,
    INFLIGHT = 20,
    PAUSE_FIRST_MS = 500,
    PAUSE_MAX_MS = 30000,
    CONNECT_MAX_S = 10,
    SLICE_MS = 500, /* the library's housekeeping wants a call this often */
};

enum phase { IDLE, CONNECTING, CONNECTED };

struct mqtt {
    struct mqtt_options options;
    struct mqtt_events events;
    struct mosquitto *client; /* NULL between connections */
    pthread_mutex_t lock;     /* guards client and phase against publishers */
    enum phase phase;
    uint64_t at_ns; /* IDLE: next attempt; CONNECTING: give up */
    uint64_t pause_ns;
    uint64_t jitter;
    int wake_fd;
    int failed; /* code of the library seen in a callback, or 0 */
    char *filters[FILTERS_MAX];
    uint32_t n_filters;
};

static char *keep(const char *text)
{
    if (!text || !*text)
        return NULL;
    char *copy = strdup(text);
    CHECK(copy);
    return copy;
}

static void keep_options(struct mqtt *m, const struct mqtt_options *o)
{
    m->options = *o;
    m->options.host = keep(o->host && *o->host ? o->host : "127.0.0.1");
    m->options.client_id = keep(o->client_id);
    m->options.user = keep(o->user);
    m->options.password = keep(o->password);
    m->options.ca_file = keep(o->ca_file);
    m->options.cert_file = keep(o->cert_file);
    m->options.key_file = keep(o->key_file);
    m->options.will_topic = keep(o->will_topic);
    if (!o->port)
        m->options.port = o->tls ? PORT_TLS : PORT_PLAIN;
    if (!o->keepalive_s)
        m->options.keepalive_s = KEEPALIVE_S;
    if (!o->inflight_max)
        m->options.inflight_max = INFLIGHT;
    uint8_t *will = malloc(o->will.len + 1);
    CHECK(will);
    if (o->will.len)
        memcpy(will, o->will.at, o->will.len);
    m->options.will.at = will;
}

static void on_connect(struct mosquitto *client, void *ctx, int code)
{
    struct mqtt *m = ctx;

    if (code) {
        m->failed = MOSQ_ERR_CONN_REFUSED;
        return;
    }
    m->phase = CONNECTED;
    m->pause_ns = PAUSE_FIRST_MS * CLOCK_MS;
    for (uint32_t i = 0; i < m->n_filters; i++)
        mosquitto_subscribe(client, NULL, m->filters[i], 1);
    if (m->events.connected)
        m->events.connected(m->events.ctx);
}

static void on_publish(struct mosquitto *client, void *ctx, int id)
{
    struct mqtt *m = ctx;

    (void)client;
    if (m->events.published)
        m->events.published(m->events.ctx, id);
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *got)
{
    struct mqtt *m = ctx;

    (void)client;
    if (!m->events.message || got->payloadlen < 0)
        return;
    m->events.message(m->events.ctx, &(struct mqtt_message){
                                         .topic = got->topic,
                                         .payload = {got->payload, (uint32_t)got->payloadlen},
                                         .retained = got->retain,
                                     });
}

static int set_up(struct mqtt *m, struct mosquitto *client)
{
    const struct mqtt_options *o = &m->options;
    int code = MOSQ_ERR_SUCCESS;

    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_threaded_set(client, true);
    mosquitto_max_inflight_messages_set(client, o->inflight_max);
    if (o->v5)
        code = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    if (!code && o->user)
        code = mosquitto_username_pw_set(client, o->user, o->password);
    if (!code && o->will_topic)
        code = mosquitto_will_set(client, o->will_topic, (int)o->will.len, o->will.at, 1, true);
    if (!code && o->tls) {
        code = mosquitto_tls_set(client, o->ca_file, o->ca_file ? NULL : "/etc/ssl/certs",
                                 o->cert_file, o->key_file, NULL);
        if (!code)
            code = mosquitto_tls_insecure_set(client, o->tls_any_name);
    }
    return code;
}

static struct mosquitto *make_client(struct mqtt *m, int *code)
{
    struct mosquitto *client = mosquitto_new(m->options.client_id, !m->options.keep_session, m);

    if (!client) {
        *code = errno == EINVAL ? MOSQ_ERR_INVAL : MOSQ_ERR_NOMEM;
        return NULL;
    }
    *code = set_up(m, client);
    if (*code) {
        mosquitto_destroy(client);
        return NULL;
    }
    return client;
}

enum err mqtt_new(const struct mqtt_options *options, const struct mqtt_events *events,
                  struct mqtt **mqtt)
{
    int code = 0;

    *mqtt = NULL;
    mosquitto_lib_init();
    struct mqtt *m = calloc(1, sizeof(*m));
    CHECK(m);
    keep_options(m, options);
    m->events = *events;
    m->pause_ns = PAUSE_FIRST_MS * CLOCK_MS;
    m->jitter = clock_mono_ns();
    m->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&m->lock, NULL);
    struct mosquitto *probe = m->wake_fd < 0 ? NULL : make_client(m, &code);
    if (!probe) {
        mqtt_free(&m);
        return code == MOSQ_ERR_NOMEM ? ERR_NOMEM : ERR_IO;
    }
    mosquitto_destroy(probe);
    *mqtt = m;
    return ERR_OK;
}

static void drop_client(struct mqtt *m)
{
    pthread_mutex_lock(&m->lock);
    if (m->client)
        mosquitto_destroy(m->client);
    m->client = NULL;
    m->phase = IDLE;
    pthread_mutex_unlock(&m->lock);
}

/* A pause that doubles up to 30 s, each time shortened by up to a quarter, so that many sensors do
 * not come back at once. */
static void lost(struct mqtt *m, const char *why)
{
    drop_client(m);
    m->jitter = m->jitter * UINT64_C(6364136223846793005) + 1;
    m->at_ns = clock_mono_ns() + m->pause_ns - (m->jitter >> 33) % (m->pause_ns / 4);
    m->pause_ns *= 2;
    if (m->pause_ns > PAUSE_MAX_MS * CLOCK_MS)
        m->pause_ns = PAUSE_MAX_MS * CLOCK_MS;
    if (m->events.lost)
        m->events.lost(m->events.ctx, why);
}

static const char *why_of(int code)
{
    return code == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(code);
}

static void begin(struct mqtt *m)
{
    int code = 0;
    struct mosquitto *client = make_client(m, &code);

    m->failed = 0;
    if (client) {
        pthread_mutex_lock(&m->lock);
        m->client = client;
        m->phase = CONNECTING;
        pthread_mutex_unlock(&m->lock);
        code = mosquitto_connect_async(client, m->options.host, m->options.port,
                                       m->options.keepalive_s);
        m->at_ns = clock_mono_ns() + CONNECT_MAX_S * CLOCK_S;
    }
    if (code)
        lost(m, why_of(code));
}

void mqtt_free(struct mqtt **mqtt)
{
    struct mqtt *m = *mqtt;

    if (!m)
        return;
    if (m->client && m->phase == CONNECTED) {
        mosquitto_disconnect(m->client);
        mosquitto_loop_write(m->client, 1);
    }
    drop_client(m);
    for (uint32_t i = 0; i < m->n_filters; i++)
        free(m->filters[i]);
    if (m->wake_fd >= 0)
        close(m->wake_fd);
    pthread_mutex_destroy(&m->lock);
    const void *texts[] = {m->options.host,     m->options.client_id,  m->options.user,
                           m->options.password, m->options.ca_file,    m->options.cert_file,
                           m->options.key_file, m->options.will_topic, m->options.will.at};
    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free((void *)(uintptr_t)texts[i]);
    free(m);
    *mqtt = NULL;
    mosquitto_lib_cleanup();
}

static void wait_idle(struct mqtt *m, uint32_t timeout_ms)
{
    struct pollfd fd = {.fd = m->wake_fd, .events = POLLIN};
    uint64_t now = clock_mono_ns();
    uint64_t left_ms = m->at_ns > now ? (m->at_ns - now) / CLOCK_MS + 1 : 0;

    poll(&fd, 1, (int)(left_ms < timeout_ms ? left_ms : timeout_ms));
}

/* The library does not always notice that its connect() failed, or takes the reason away. */
static bool connect_failed(const struct mqtt *m, const struct pollfd *fd)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (m->phase != CONNECTING || getsockopt(fd->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return false;
    if (!error && fd->revents & POLLERR)
        error = ECONNREFUSED;
    if (!error && fd->revents & POLLHUP)
        error = ECONNRESET;
    errno = error;
    return error != 0;
}

/* What the socket is ready for; a code of the library. */
static int exchange(struct mqtt *m, const struct pollfd *fd)
{
    int code = 0;

    if (fd->revents && connect_failed(m, fd))
        return MOSQ_ERR_ERRNO;
    if (fd->revents & (POLLIN | POLLHUP | POLLERR))
        code = mosquitto_loop_read(m->client, 1);
    if (!code && fd->revents & POLLOUT)
        code = mosquitto_loop_write(m->client, 1);
    return code;
}

static void serve(struct mqtt *m, uint32_t timeout_ms)
{
    struct pollfd fds[2] = {{.fd = m->wake_fd, .events = POLLIN},
                            {.fd = mosquitto_socket(m->client), .events = POLLIN}};

    if (fds[1].fd < 0) {
        lost(m, "the connection was closed");
        return;
    }
    if (mosquitto_want_write(m->client) || m->phase == CONNECTING)
        fds[1].events |= POLLOUT;
    int ready = poll(fds, 2, (int)(timeout_ms < SLICE_MS ? timeout_ms : SLICE_MS));
    int code = ready > 0 ? exchange(m, &fds[1]) : 0;
    if (!code)
        code = mosquitto_loop_misc(m->client);
    if (!code)
        code = m->failed;
    if (code)
        lost(m, why_of(code));
    else if (m->phase == CONNECTING && clock_mono_ns() > m->at_ns)
        lost(m, "the broker did not answer in time");
}

void mqtt_poll(struct mqtt *mqtt, uint32_t timeout_ms)
{
    uint64_t woken = 0;

    if (mqtt->phase == IDLE && clock_mono_ns() >= mqtt->at_ns)
        begin(mqtt);
    if (mqtt->phase == IDLE)
        wait_idle(mqtt, timeout_ms);
    else
        serve(mqtt, timeout_ms);
    if (read(mqtt->wake_fd, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
        return;
}

bool mqtt_connected(const struct mqtt *mqtt)
{
    return mqtt->phase == CONNECTED;
}

enum err mqtt_publish(struct mqtt *mqtt, const char *topic, struct slice payload, bool retain,
                      int *id)
{
    int code = MOSQ_ERR_NO_CONN;

    if (payload.len > INT32_MAX)
        return ERR_INPUT;
    pthread_mutex_lock(&mqtt->lock);
    if (mqtt->phase == CONNECTED)
        code = mosquitto_publish(mqtt->client, id, topic, (int)payload.len, payload.at, 1, retain);
    pthread_mutex_unlock(&mqtt->lock);
    if (code == MOSQ_ERR_SUCCESS)
        mqtt_wake(mqtt);
    switch (code) {
    case MOSQ_ERR_SUCCESS:
        return ERR_OK;
    case MOSQ_ERR_NO_CONN:
    case MOSQ_ERR_CONN_LOST:
        return ERR_AGAIN;
    case MOSQ_ERR_NOMEM:
        return ERR_NOMEM;
    default:
        return ERR_INPUT;
    }
}

enum err mqtt_subscribe(struct mqtt *mqtt, const char *filter)
{
    if (mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS)
        return ERR_INPUT;
    if (mqtt->n_filters == FILTERS_MAX)
        return ERR_FULL;
    mqtt->filters[mqtt->n_filters++] = keep(filter);
    if (mqtt->phase == CONNECTED)
        mosquitto_subscribe(mqtt->client, NULL, filter, 1);
    return ERR_OK;
}

void mqtt_wake(struct mqtt *mqtt)
{
    uint64_t one = 1;

    if (write(mqtt->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: it is awake already */
}
