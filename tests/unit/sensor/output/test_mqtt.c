/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MQTT output against a real mosquitto on a port of its own, which is killed and started again
 * in the middle; the analyzer is played by the test.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/mqtt.h"
#include "sensor/output/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS = 5000, SEQ_MAX = 100000 };

#define BROKER   "/usr/sbin/mosquitto"
#define PATIENCE (900 * CLOCK_S) /* a hang ends; what works comes at once */

struct analyzer {
    struct mqtt *mqtt;
    pthread_t thread;
    _Atomic bool stop;
    _Atomic uint64_t events;
    _Atomic uint32_t hellos;
    bool seen[SEQ_MAX];
    uint64_t prefix;
};

static bool is_free(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool bound = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    close(fd);
    return bound;
}

/* Below those that the kernel gives to connections: it is still free when the broker starts. */
static uint16_t free_port(void)
{
    uint16_t port = (uint16_t)(12000 + getpid() % 20000);
    while (!is_free(port))
        port++;
    return port;
}

static pid_t broker_start(uint16_t port)
{
    char text[8];
    snprintf(text, sizeof(text), "%u", port);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        execl(BROKER, "mosquitto", "-p", text, NULL);
        _exit(127);
    }
    return pid;
}

static void broker_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void say(struct analyzer *a, const struct wire_control *control)
{
    struct strbuf text = {0};
    wire_control_build(control, &text);
    mqtt_publish(a->mqtt, "tramgac/v1/ct/s1/ctl", strbuf_view(&text), false, NULL);
    strbuf_fini(&text);
}

static void on_message(void *ctx, const struct mqtt_message *message)
{
    struct analyzer *a = ctx;
    struct wire_topic topic;
    struct wire_envelope e;
    struct strbuf room = {0};

    assert_true(wire_topic_parse(slice_of_str(message->topic), &topic));
    if (topic.kind == WIRE_TOPIC_STATUS) {
        a->hellos++;
        return;
    }
    assert_int_equal(wire_parse(message->payload, &room, &e), ERR_OK);
    strbuf_fini(&room);
    assert_int_equal(topic.cls, e.cls);
    if (e.seq < SEQ_MAX && !a->seen[e.seq]) {
        a->seen[e.seq] = true;
        a->events += e.n;
        while (a->seen[a->prefix + 1])
            a->prefix++;
    }
    say(a, &(struct wire_control){.type = WIRE_ACK, .epoch = e.epoch, .seq = a->prefix});
    if (e.seq > a->prefix + 1)
        say(a, &(struct wire_control){
                   .type = WIRE_RESEND, .epoch = e.epoch, .from = a->prefix + 1, .to = e.seq - 1});
}

static void on_connected(void *ctx)
{
    say(ctx, &(struct wire_control){.type = WIRE_HELLO});
}

static void *analyze(void *arg)
{
    struct analyzer *a = arg;
    while (!atomic_load(&a->stop))
        mqtt_poll(a->mqtt, 50);
    return NULL;
}

/* Waits until the analyzer has got something; how long that takes is nobody's business. */
#define UNTIL(got)                                                                                 \
    for (uint64_t limit_ns = clock_mono_ns() + PATIENCE; !(got) && clock_mono_ns() < limit_ns;)    \
    poll(NULL, 0, 5)

static const struct option own_options[] = {
    {"sensor.name", CONF_TEXT, "s1", "Name."},
    {"sensor.site", CONF_TEXT, "ct", "Site."},
    {"output.wait", CONF_SPAN, "900s", "Patience."},
    OPTION_END,
};

static void write_lines(const struct output_def *def, struct output *output, int n)
{
    char text[256];
    for (int i = 0; i < n; i++) {
        int len = snprintf(text, sizeof(text), "{\"event_type\":\"flow\",\"n\":%d}", i);
        def->write(output,
                   &(struct output_line){.text = {(uint8_t *)text, (uint32_t)len},
                                         .cls = (enum event_class)(i % WIRE_CLASSES),
                                         .host = {.family = 4, .b = {10, 0, 0, (uint8_t)i}}});
    }
}

static void a_broker_that_is_killed_loses_no_event(void **state)
{
    (void)state;
    extern const struct output_def out_mqtt;
    if (access(BROKER, X_OK) != 0)
        skip();
    char dir[] = "/tmp/tramgac-mqtt-XXXXXX";
    char set[64];
    char remove[64];
    struct strbuf report = {0};
    struct stats stats = {0};
    struct output *output = NULL;
    assert_non_null(mkdtemp(dir));
    log_open("test", LOG_FAULT);
    signal(SIGPIPE, SIG_IGN);
    uint16_t port = free_port();
    struct conf *conf = conf_new();
    conf_add(conf, own_options);
    for (uint32_t i = 0; out_rows[i]; i++)
        conf_add(conf, out_rows[i]->options);
    conf_set(conf, "output.mqtt.host=127.0.0.1", &report);
    snprintf(set, sizeof(set), "output.mqtt.port=%u", port);
    conf_set(conf, set, &report);

    struct analyzer *a = calloc(1, sizeof(*a));
    assert_int_equal(
        mqtt_new(&(struct mqtt_options){.host = "127.0.0.1", .port = port, .client_id = "analyzer"},
                 &(struct mqtt_events){.ctx = a, .message = on_message, .connected = on_connected},
                 &a->mqtt),
        ERR_OK);
    mqtt_subscribe(a->mqtt, WIRE_FILTER_EVENTS);
    mqtt_subscribe(a->mqtt, WIRE_FILTER_STATUS);
    pthread_create(&a->thread, NULL, analyze, a);

    assert_int_equal(out_mqtt.open(conf, dir, true, &stats, &output, &report), ERR_OK);
    write_lines(&out_mqtt, output, EVENTS / 2); /* before there is a broker */
    out_mqtt.tick(output, 0);
    pid_t broker = broker_start(port);
    UNTIL(a->events > 0 && a->hellos > 0);
    broker_kill(broker);
    write_lines(&out_mqtt, output, EVENTS / 2);
    broker = broker_start(port);
    out_mqtt.close(&output, PATIENCE);
    UNTIL(a->hellos >= 2); /* acknowledged events may come before it: another topic */

    atomic_store(&a->stop, true);
    pthread_join(a->thread, NULL);
    broker_kill(broker);
    assert_int_equal(a->events, EVENTS);
    assert_true(a->hellos >= 2);
    mqtt_free(&a->mqtt);
    free(a);
    conf_free(&conf);
    stats_fini(&stats);
    strbuf_fini(&report);
    snprintf(remove, sizeof(remove), "rm -rf %s", dir);
    assert_int_equal(system(remove), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_that_is_killed_loses_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
