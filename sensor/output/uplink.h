/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of events to an analyzer: queue from the tail's thread, batches, spool, sender, and below
 * it a transport (out_unix.c, out_mqtt.c). One thread does all but the queueing, so the sensor
 * never waits for disk or network; when the queue is full the lower classes are shed first.
 *
 *     tail --ring--> packer --> spool --> sender --> transport --> analyzer
 *                                           ^------ acknowledgements ------'
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_UPLINK_H
#define TRAMGAC_SENSOR_OUTPUT_UPLINK_H

#include "sensor/output/output.h"

struct uplink;

/** What carries messages. All but `wake` is called from the uplink's thread. */
struct transport {
    void *self;
    /** Connects, sends, receives; calls uplink_up, uplink_down, uplink_received. Returns after
     * something happened or `timeout_ms`. */
    void (*poll)(void *self, uint32_t timeout_ms);
    /** ERR_AGAIN: not now. */
    enum err (*send)(void *self, enum event_class cls, uint32_t partition, struct slice message);
    enum err (*send_control)(void *self, struct slice message);
    void (*wake)(void *self);
    void (*free)(void *self);
};

struct uplink_setup {
    const char *name;  /* of the output: its spool is a folder of that name */
    const char *where; /* for messages: "unix:/run/x", "mqtt://host" */
    const struct conf *conf;
    const char *dir;
    bool replay;
    bool one_partition; /* the transport does not divide events */
    uint64_t *counters; /* UPLINK_COUNTERS order */
    struct strbuf *report;
};

enum {
    UPLINK_EVENTS,
    UPLINK_MESSAGES,
    UPLINK_ACKNOWLEDGED,
    UPLINK_REPEATED,
    UPLINK_SHED_ALERT, /* and the other classes in their order */
    UPLINK_WAITING = UPLINK_SHED_ALERT + WIRE_CLASSES,
    UPLINK_SPOOL_BYTES,
    UPLINK_DISK_FAILURES,
    UPLINK_RECONNECTS,
    UPLINK_COUNTS
};

/** Rows of an output's counters; `name` is a literal. */
#define UPLINK_COUNTERS(name)                                                                      \
    {"output." name ".events", "Events for the analyzer"},                                         \
        {"output." name ".messages", "Messages they were packed into"},                            \
        {"output." name ".acknowledged", "Messages the analyzer has stored"},                      \
        {"output." name ".repeated", "Messages sent again: reconnects, losses at the broker"},     \
        {"output." name ".shed.alert", "Alerts shed: the spool or queue was full"},                \
        {"output." name ".shed.device", "Device, deviation, visibility events shed"},              \
        {"output." name ".shed.tx", "Transaction events shed; give spool.size more"},              \
        {"output." name ".shed.flow", "Flow events shed; give spool.size more"},                   \
        {"output." name ".shed.stats", "Stats events shed; give spool.size more"},                 \
        {"output." name ".waiting", "Messages not acknowledged now"},                              \
        {"output." name ".spool_bytes", "Bytes in the spool now"},                                 \
        {"output." name ".disk_failures", "Failed writes and reads of the spool"},                 \
        {"output." name ".reconnects", "Connections made"}, COUNTER_END

/** Opens the spool. Takes the transport on success. The thread starts with the first event or
 * tick. */
enum err uplink_new(const struct uplink_setup *setup, struct uplink **uplink);
/** What transports need before they exist: names and the spool's epoch. */
const char *uplink_sensor(const struct uplink *u);
const char *uplink_site(const struct uplink *u);
uint64_t uplink_epoch(const struct uplink *u);
void uplink_attach_take(struct uplink *u, const struct transport *transport);

/* From the tail's thread. */
void uplink_write(struct uplink *u, const struct output_line *line);
void uplink_tick(struct uplink *u);
void uplink_close(struct uplink **u, uint64_t wait_ns);
/** Frees an uplink that was never used; its spool stays as it is. */
void uplink_abandon(struct uplink **u);

/* From the transport, within poll. */
void uplink_up(void *uplink);
void uplink_down(void *uplink, const char *why);
void uplink_received(void *uplink, struct slice message);

#endif
