/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records behind device.h, shared by the files of this folder only.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_CORE_H
#define TRAMGAC_SENSOR_DEVICE_CORE_H

#include "sensor/device/atoms.h"
#include "sensor/device/device.h"
#include "sensor/device/fleet.h"
#include "sensor/device/names.h"
#include "sensor/device/oui.h"
#include "sensor/device/profile.h"
#include "sensor/device/quiet.h"
#include "sensor/device/scan.h"
#include "sensor/device/site.h"
#include "sensor/device/volume.h"

enum {
    DEVICE_ID_MAX = 56,
    DEVICE_ADDRS = 6,
    DEVICE_PORTS = 24,
    DEVICE_NAME_MAX = 64,
    DEVICE_EVIDENCE_MAX = 64,
    DEVICE_CLASSES = 8, /* rows of feat_rows */
    DEVICE_MEMOS = 32,
    DEVICE_ROLES = 8,
    DEVICE_ROLE_HOLDERS = 2,
    FINDINGS_MAX = 16,
};

enum device_state { DEVICE_LEARN, DEVICE_OBSERVE, DEVICE_ENFORCE };

/** Texts that identify a device; one slot each. */
enum evidence {
    EVIDENCE_DHCP_HOST,
    EVIDENCE_DHCP_VENDOR,
    EVIDENCE_MQTT_CLIENT,
    EVIDENCE_HTTP_UA,
    EVIDENCE_COUNT
};

struct device_addr {
    struct addr addr;
    bool confirmed; /* the device itself said so: ARP or DHCP */
    uint64_t last_ns;
};

struct device_port {
    uint8_t proto;
    uint16_t port;
};

/** Novelty of one class (iot-anomaly model: n_c of H). */
struct device_novelty {
    uint32_t steps_with_new; /* n_c */
    uint32_t last_new_step;  /* 1-based; 0 = never */
    uint64_t recent_ns;      /* last novelty after learning */
    uint32_t recent_bits_m;  /* its bits in thousandths */
    uint32_t folded;
    uint64_t reported_ns; /* last report: more of the class within the window is folded */
};

/** What was reported already: key is a hash of class and value. */
struct device_memo {
    uint64_t key;
    uint64_t last_ns;
    uint32_t kept_back;
};

/** Peers that took a role of the profile while it was learnt. */
struct device_role {
    uint8_t role; /* index in profile->roles */
    uint8_t n;
    struct addr holders[DEVICE_ROLE_HOLDERS];
};

/** What each fact looks at stands first; what most devices never have is made when it is needed
 * (parts.h). */
struct device {
    bool has_mac;
    bool gateway; /* addresses behind it are devices of their own */
    bool announced;
    bool proven; /* exists: spoke ARP or DHCP, had an answer, or was seen for a minute */
    uint8_t n_addrs, n_serves, n_uses, n_roles;
    enum device_state state;
    uint16_t vlan;
    struct mac mac;
    uint64_t first_ns, last_ns;
    uint64_t linked_ns;           /* last move to the newest end of its list */
    struct device *older, *newer; /* by last sight */
    const struct profile *profile;
    struct quiet quiet;
    uint64_t version; /* changes when what told.c writes of it does */
    struct volume volume;
    struct device_novelty *novelty; /* DEVICE_CLASSES; parts.h */
    struct atoms atoms;
    struct scan scan;
    uint64_t number;   /* in order of first sight */
    uint64_t new_ns;   /* last novelty while learning */
    uint64_t state_ns; /* since when */
    const struct site_asset *asset;
    double profile_score;
    const char *vendor;
    struct device_addr addrs[DEVICE_ADDRS];
    char id[DEVICE_ID_MAX];
    char name[DEVICE_NAME_MAX];
    struct device_port serves[DEVICE_PORTS], uses[DEVICE_PORTS];
    struct device_role *roles;             /* DEVICE_ROLES; parts.h, as the next two */
    char (*evidence)[DEVICE_EVIDENCE_MAX]; /* EVIDENCE_COUNT */
    struct device_memo *memo;              /* DEVICE_MEMOS */
    uint64_t hour_ns;                      /* start of the hour that `hour_alerts` counts */
    uint32_t hour_alerts[2];               /* novelty, policy, commands; hard rules and scans */
};

enum device_counter {
    COUNT_FACTS,
    COUNT_DEVICES,
    COUNT_EVICTED,
    COUNT_GATEWAYS,
    COUNT_DEVIATIONS,
    COUNT_REPEATED,
    COUNT_OVER_RATE,
    COUNT_WOULD_ALERT,
    COUNT_FOLDED,
    COUNT_UNRESOLVED,
    COUNT_ATOMS_FULL,
    COUNT_FINDINGS_FULL,
    COUNT_STATE_SAVED,
    COUNT_STATE_FAILED,
};

struct map;

struct devices_found {
    struct finding finding;
    struct strbuf en, vi, detail;
};

/** Where the other end is. */
enum endpoint { ENDPOINT_LOCAL, ENDPOINT_INTERNET, ENDPOINT_GROUP };

/** All that is asked about an address again and again, kept until something of it changes. */
struct known {
    struct addr addr; /* family 0: free */
    bool internal;
    enum endpoint endpoint;
    struct device *device; /* NULL = unknown */
    const char *name;      /* passive DNS; NULL = unknown */
    uint64_t hash;         /* of the address and the name */
};

enum { KNOWN = 2048 };

/** By last sight, oldest first. */
struct device_list {
    struct device *oldest, *newest;
    uint32_t n;
};

struct devices {
    /* settings */
    uint64_t learn_ns, observe_ns;
    uint32_t sweep_targets, alerts_per_hour, max;
    char *state_path;
    /* frozen after start */
    struct oui *oui;
    struct site *site;
    struct profiles *profiles;
    struct prefix *networks;
    uint32_t n_networks;
    uint64_t *count;
    /* changing */
    struct told *told;   /* texts of devices */
    struct known *known; /* KNOWN by hash, and one for addresses that are none */
    struct names *names;
    struct map *by_mac, *by_addr; /* to struct device */
    struct device_list lists[2];  /* by device->proven */
    uint64_t next_number;
    uint64_t versions; /* given to devices */
    uint64_t first_ns, now_ns, saved_ns;
    uint64_t fact_hash;   /* FACT_FIELD in hand: of its texts */
    uint64_t new_hour_ns; /* start of the hour that `new_in_hour` counts */
    uint32_t new_in_hour;
    struct fleet fleet;
    struct devices_found found[FINDINGS_MAX];
    uint32_t n_found, next_found;
};

/** A fact as seen from one of its two ends. */
struct view {
    const struct fact *fact;
    struct device *device;
    bool as_client;
    const struct addr *own, *peer;
    const struct device *peer_device; /* NULL = unknown */
    const char *peer_name;            /* passive DNS; NULL = unknown */
    uint64_t peer_hash;               /* of both */
    enum endpoint endpoint;
};

/** What a fact says about traffic with the other end. */
static inline bool core_is_contact(const struct view *view)
{
    const struct fact *f = view->fact;

    /* datagrams nobody answered are contacts too: floods and beacons need no answer */
    bool one_way = f->kind == FACT_CLOSE && f->proto == 17 && f->pkts[TO_CLIENT] == 0;
    return f->kind == FACT_OPEN || (view->as_client && (one_way || f->kind == FACT_REFUSED));
}

/** Contacts that say nothing about habits: echo requests of others, DHCP. */
static inline bool core_is_habit(const struct view *view)
{
    const struct fact *f = view->fact;
    uint16_t port = f->server_port;
    bool dhcp = f->proto == 17 && (port == 67 || port == 68 || port == 546 || port == 547);

    return core_is_contact(view) && f->kind != FACT_REFUSED && !dhcp &&
           (view->as_client || (f->proto != 1 && f->proto != 58));
}

/** Evidence of identity (ident_*.c): one kind of `identify` entries of profiles. */
struct ident_def {
    const char *kind;
    const char *doc;
    bool (*ok)(const char *match); /* the text of an entry is well-formed; NULL = any text */
    bool (*match)(const struct device *device, const char *match);
};

/** Class of first-seen values (feat_*.c). */
struct feat_def {
    const char *name; /* class */
    const char *doc;
    uint32_t sid;
    const char *title, *title_vi; /* of the alert */
    const char *what_en;          /* "serves or uses a service": what the device did */
    const char *what_vi;
    const char *tactic, *technique;
    uint8_t severity;
    /** The value that the fact shows of the device, as text; false = none. Not asked about the end
     * of a flow that is no contact. */
    bool (*value)(struct devices *devices, const struct view *view, char out[ATOM_TEXT_MAX]);
    /** Share of the bits that count for this value; NULL = all. */
    double (*weight)(struct device *device, const char *value);
};

extern const struct ident_def *const ident_rows[];
extern const struct feat_def *const feat_rows[];

/** Time a device learns; a profile may ask for a shorter or longer share of the usual 72 h. */
static inline uint64_t core_learn_ns(const struct devices *devices, const struct device *device)
{
    double share =
        device->profile && device->profile->learn_h > 0 ? device->profile->learn_h / 72 : 1;

    return (uint64_t)((double)devices->learn_ns * share);
}

/** Step of the novelty clock: an hour when learning takes 72 h. */
static inline uint64_t core_step_ns(const struct devices *devices, const struct device *device)
{
    uint64_t learn = core_learn_ns(devices, device);

    return learn / 72 ? learn / 72 : 1;
}

struct view;
/** Name that a client asks for (DNS, SNI, Host) or goes to; NULL = none, or a literal address. */
const char *core_name(const struct view *view);
/** "first second", cut to the room. */
void core_join(char *out, size_t room, const char *first, const char *second);
void core_cut(char *out, size_t room, const char *text);
/** Bounded formatting; cut silently, for texts whose length does not matter. */
__attribute__((format(printf, 3, 4))) void core_fmt(char *out, size_t room, const char *format,
                                                    ...);

#endif
