/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device profiles: MUD file and overlay (iot-profiles/schema.md), checked and compiled at start.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_PROFILE_H
#define TRAMGAC_SENSOR_DEVICE_PROFILE_H

#include "common/addr.h"
#include "common/err.h"
#include "sensor/device/mud.h"

struct strbuf;
struct ident_def;
struct profiles;

enum {
    PROFILE_WORD_MAX = 48,
    PROFILE_TEXT_MAX = 96,
    PROFILE_IDENTIFY_MAX = 32,
    PROFILE_ROLES_MAX = 16,
    PROFILE_WRITES_MAX = 32,
    PROFILE_TOPICS_MAX = 32,
    PROFILE_HARD_MAX = 24,
    PROFILE_CONDITIONS_MAX = 6,
    PROFILE_CODES_MAX = 16,
};

struct profile_identify {
    const struct ident_def *kind;
    char match[PROFILE_TEXT_MAX];
    double weight;
};

struct profile_role {
    char name[PROFILE_WORD_MAX];
    bool learn; /* else `net` */
    struct prefix net;
};

/** A write that is allowed; -1: any. */
struct profile_write {
    uint8_t fc;
    int32_t unit;
    uint32_t low, high;
};

enum profile_word {
    WORD_MODBUS_WRITE,
    WORD_MODBUS_FC,
    WORD_PEER_ROLE,
    WORD_INTERNET_PEER,
    WORD_SERVICE,
    WORD_CLIENT,
    WORD_MQTT_WILDCARD,
    WORD_NEW_RESOLVER,
    WORD_SCAN,
};

struct profile_condition {
    bool negated;
    enum profile_word word;
    char role[PROFILE_WORD_MAX];
    uint8_t proto;
    uint16_t port;
    uint8_t codes[PROFILE_CODES_MAX];
    uint8_t n_codes;
};

struct profile_hard {
    char id[PROFILE_WORD_MAX];
    char when[PROFILE_TEXT_MAX * 2];
    char attack[16];
    uint8_t severity; /* 1 critical … 4 low, as in alerts */
    struct profile_condition all[PROFILE_CONDITIONS_MAX];
    uint8_t n;
};

struct profile {
    char id[PROFILE_WORD_MAX];
    int64_t version;
    char title_en[PROFILE_TEXT_MAX], title_vi[PROFILE_TEXT_MAX];
    char otclass[PROFILE_WORD_MAX];
    struct mud *mud; /* NULL when it could not be read */
    struct profile_identify identify[PROFILE_IDENTIFY_MAX];
    uint32_t n_identify;
    struct profile_role roles[PROFILE_ROLES_MAX];
    uint32_t n_roles;
    bool has_modbus, has_mqtt;
    bool modbus_read[256];
    struct profile_write writes[PROFILE_WRITES_MAX];
    uint32_t n_writes;
    char pub[PROFILE_TOPICS_MAX][PROFILE_TEXT_MAX];
    char sub[PROFILE_TOPICS_MAX][PROFILE_TEXT_MAX];
    uint32_t n_pub, n_sub;
    struct profile_hard hard[PROFILE_HARD_MAX];
    uint32_t n_hard;
    double tau_n;
    double learn_h; /* hours; 0 = the sensor's own setting */
};

/** All `*.yaml` of a folder except site.yaml, in name order. A profile with a wrong value is left
 * out; unknown keys are only named. Faults go to `report`, a line each. A folder that is missing is
 * an error only when `must_exist`. */
enum err profiles_new(const char *folder, bool must_exist, struct profiles **profiles,
                      struct strbuf *report);
void profiles_free(struct profiles **profiles);
uint32_t profiles_count(const struct profiles *profiles);
/** In order of id; NULL behind the last. */
const struct profile *profiles_at(const struct profiles *profiles, uint32_t i);
const struct profile *profiles_find(const struct profiles *profiles, const char *id);

/** One overlay from text; `mud` stays NULL. For profiles_new and tests. */
enum err profile_parse(struct slice text, const char *path, struct profile *profile, char *mud_file,
                       struct strbuf *report);
const struct profile_role *profile_find_role(const struct profile *profile, const char *name);

#endif
