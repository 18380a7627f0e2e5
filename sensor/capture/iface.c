/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture/iface.h"
#include "common/clock.h"
#include "common/json.h"

const struct option iface_options[] = {
    {"capture.method", CONF_TEXT, "auto",
     "How interfaces are read: af-packet, pcap, or auto (af-packet where it can be had)"},
    {"capture.buffer", CONF_SIZE, "64M", "Kernel buffer of one interface, in bytes"},
    {"capture.rings", CONF_INT, "1",
     "Buffers an interface's frames are spread over, by flow; more help a card with many queues"},
    {"capture.block-timeout", CONF_SPAN, "1ms",
     "Longest time a frame waits in the kernel for its block to fill"},
    {"capture.snaplen", CONF_SIZE, "262144", "Most bytes taken of a frame"},
    {"capture.promiscuous", CONF_BOOL, "true", "Take frames that are not for this host"},
    {"capture.filter", CONF_TEXT, "", "BPF filter of the interface; empty takes everything"},
    {"capture.offloads", CONF_TEXT, "off",
     "Card functions that merge frames (GRO, LRO): off switches them off, keep leaves them"},
    {"capture.hardware-time", CONF_BOOL, "false",
     "Take the card's time stamps where it has real ones in step with the system's clock"},
    {"capture.interfaces", CONF_TREE, NULL,
     "Interfaces with settings of their own: a list of interface, method, filter, buffer, rings, "
     "snaplen, promiscuous, offloads, hardware-time; read when no -i is given, too"},
    OPTION_END,
};

static uint64_t size_or(const struct json *entry, const char *key, uint64_t fallback)
{
    const struct json *v = json_get(entry, key);
    uint64_t bytes;

    if (json_kind(v) == JSON_NUM && json_i64(v, 0) > 0)
        return (uint64_t)json_i64(v, 0);
    return conf_parse_size(json_text(v), &bytes) && bytes ? bytes : fallback;
}

static void read_entry(const struct json *e, struct iface_settings *s)
{
    s->method = json_str(json_get(e, "method"), s->method);
    s->filter = json_str(json_get(e, "filter"), s->filter);
    s->filter = json_str(json_get(e, "bpf-filter"), s->filter);
    s->buffer_bytes = size_or(e, "buffer", s->buffer_bytes);
    s->snaplen = (uint32_t)size_or(e, "snaplen", s->snaplen);
    s->rings = (uint32_t)size_or(e, "rings", s->rings);
    s->promiscuous = json_bool(json_get(e, "promiscuous"), s->promiscuous);
    s->promiscuous = !json_bool(json_get(e, "disable-promisc"), !s->promiscuous);
    s->hardware_time = json_bool(json_get(e, "hardware-time"), s->hardware_time);
    const char *offloads = json_str(json_get(e, "offloads"), NULL);
    if (offloads)
        s->keep_offloads = strcmp(offloads, "keep") == 0;
}

static const struct json *list_of(const struct conf *conf)
{
    const struct json *list = conf_tree(conf, "capture.interfaces");

    return list ? list : conf_tree(conf, "af-packet");
}

static void read_named(const struct conf *conf, const char *name, struct iface_settings *s)
{
    for (const struct json *e = json_first(list_of(conf)); e; e = json_next(e)) {
        if (strcmp(json_str(json_get(e, "interface"), ""), name) == 0)
            read_entry(e, s);
    }
}

void iface_settings_read(const struct conf *conf, const char *name, struct iface_settings *s)
{
    uint64_t snaplen = conf_size(conf, "capture.snaplen");
    int64_t rings = conf_int(conf, "capture.rings");

    *s = (struct iface_settings){
        .method = conf_text(conf, "capture.method"),
        .filter = conf_text(conf, "capture.filter"),
        .buffer_bytes = conf_size(conf, "capture.buffer"),
        .snaplen = snaplen < 262144 ? (uint32_t)snaplen : 262144,
        .rings = rings > 0 ? (uint32_t)rings : 1,
        .promiscuous = conf_bool(conf, "capture.promiscuous"),
        .keep_offloads = strcmp(conf_text(conf, "capture.offloads"), "keep") == 0,
        .hardware_time = conf_bool(conf, "capture.hardware-time"),
        .block_ns = conf_span_ns(conf, "capture.block-timeout"),
    };
    read_named(conf, "default", s);
    read_named(conf, name, s);
}

const char *iface_configured(const struct conf *conf, uint32_t i)
{
    uint32_t at = 0;

    for (const struct json *e = json_first(conf_tree(conf, "capture.interfaces")); e;
         e = json_next(e)) {
        const char *name = json_str(json_get(e, "interface"), NULL);
        if (name && strcmp(name, "default") != 0 && at++ == i)
            return name;
    }
    return NULL;
}
