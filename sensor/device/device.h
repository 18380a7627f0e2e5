/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the network: inventory, profiles (RFC 8520 MUD + overlay), first-seen baseline. Part
 * of the host tier: it is fed with facts in packet order by one thread, so its findings do not
 * depend on the number of workers.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_DEVICE_H
#define TRAMGAC_SENSOR_DEVICE_DEVICE_H

#include "common/conf.h"
#include "common/stat.h"
#include "common/strbuf.h"
#include "sensor/app/app.h"

/** Something a worker saw that says something about a host. Texts are inline: a fact owns its
 * bytes. */
enum fact_kind {
    FACT_PACKET, /* first packet of a host in a flow: `client` and `client_mac` are its sender,
                    whichever side of the flow it is; `server` is the address it was sent to and
                    `server_mac` the next hop, not necessarily that host's own */
    FACT_ARP,    /* `client` and `client_mac`: sender; `server`: the address asked for, or none */
    FACT_DHCP,   /* `client_mac`: the client's (chaddr); addr: the address given or asked for, or
                    none; text: host name; text2: vendor class; number_value: hash of option 55 */
    FACT_NAME,   /* DNS answer or SNI: `addr` (the server) is called `text` */
    FACT_OPEN, /* a flow got an answer: client, server, port, midstream; text: app protocol if known
                  yet */
    FACT_REFUSED, /* a first contact failed: no answer or RST */
    FACT_CLOSE,   /* a flow ended: bytes, packets */
    FACT_FIELD,   /* a field IN_BASELINE or IN_IDENTITY of a transaction: text = its name, text2 =
                     value as text, from_client */
};

enum { FACT_TEXT_MAX = 128 };

struct fact {
    enum fact_kind kind;
    uint64_t ts_ns;
    uint64_t number; /* frame */
    uint64_t flow_id;
    struct addr client, server; /* of the flow, or the host and none */
    uint16_t server_port;
    uint8_t proto;
    bool has_mac;
    struct mac client_mac, server_mac;
    uint16_t vlan;
    bool midstream;
    bool from_client; /* FACT_FIELD: which side sent it */
    uint64_t bytes[2], pkts[2];
    const struct field *field; /* FACT_FIELD */
    uint64_t said; /* FACT_FIELD: hash of text2, seeded with that of text; 0: not known */
    uint64_t number_value;
    struct addr addr;
    char text[FACT_TEXT_MAX];
    char text2[FACT_TEXT_MAX];
};

struct devices;
struct device;
struct jsonw;

extern const struct option device_options[];
extern const struct counter device_counters[];

/** Loads profiles, site bindings, OUI table, saved baselines. Faults of profiles go to `report`, a
 * line each. */
enum err devices_new(const struct conf *conf, struct stats *stats, struct devices **devices,
                     struct strbuf *report);
void devices_free(struct devices **devices);

/** gid of the alerts that come from device findings. */
enum { DEVICE_GID = 9101 };

/** A finding about a device; becomes a `device` or `deviation` event. Valid until the next
 * devices_fact. */
struct finding {
    const struct device *device;
    bool is_change;     /* inventory change (event `device`), else a deviation */
    const char *class_; /* "service", "peer", "name", "command", "scan", "policy", "new-device",
                           "identity" … */
    uint32_t sid;       /* stable id of the detector within DEVICE_GID */
    const char *title,
        *title_vi;    /* signature in both languages, the same for all findings of `sid` */
    uint8_t severity; /* 1 high … 4 info */
    const struct fact *fact;
    struct slice reason_en, reason_vi; /* one sentence with the numbers */
    struct slice detail_json; /* observed, expected, bits, rule … : members without braces */
    const char *attack_tactic, *attack_technique; /* ATT&CK ids or NULL */
};

/** Takes a fact; when it says true, ask devices_next until that says false. */
bool devices_fact(struct devices *devices, const struct fact *fact);
bool devices_next(struct devices *devices, struct finding *finding);
/** Packet time moves on (scan windows, learning states, saving). */
void devices_tick(struct devices *devices, uint64_t now_ns);

/** Who has this address at this time; NULL = unknown. `name` (may be NULL): its newest name by
 * passive DNS, or NULL; valid until the next devices_fact. */
const struct device *devices_find(const struct devices *devices, const struct addr *addr,
                                  const char **name);
/** Changes when what devices_write() writes of it does; no other device ever has it. 0: of NULL. */
uint64_t devices_version(const struct device *device);
/** Members {"id":…,"mac":…,"name":…,"profile":…,"state":…} into an open object; `brief`: those that
 * say which device it is: id, name and profile. */
void devices_write(const struct device *device, bool brief, struct jsonw *w);
enum { DEVICES_TEXT_MAX = 448 };
/** The object with these members as text, kept until something of it changes. Empty when it is
 * longer than DEVICES_TEXT_MAX. Valid until the next call. */
struct slice devices_text(const struct devices *devices, const struct device *device, bool brief);
/** Writes inventory and baselines as JSON (export, and the saved state). */
void devices_export(const struct devices *devices, struct strbuf *out);

/** i-th detector of deviations, for --list-detectors: its class, sid within DEVICE_GID as text,
 * title and what it looks at. False behind the last. */
bool devices_detector(uint32_t i, const char **class_, char sid[16], const char **title,
                      const char **doc);
/** i-th kind of evidence that profiles may name, for --list-evidence. */
bool devices_evidence(uint32_t i, const char **kind, const char **doc);

/** Rows: evidence for identity (ident_*.c) and baseline features (feat_*.c). Shapes are the
 * folder's own. */
struct ident_def;
struct feat_def;

#endif
