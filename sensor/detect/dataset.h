/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of values that rules ask (`dataset`, `datarep`) and may change.
 *
 * A set that no rule changes is frozen with the ruleset and asked by the workers; what commands
 * change in it lies over it (overlay.h). A set that some
 * rule sets or unsets belongs to the host tier, which asks and changes it in packet order: what a
 * rule says of it travels with the hit as a condition. So alerts do not depend on the number of
 * workers.
 */
#ifndef TRAMGAC_SENSOR_DETECT_DATASET_H
#define TRAMGAC_SENSOR_DETECT_DATASET_H

#include "common/strbuf.h"
#include "sensor/detect/intern.h"
#include "sensor/detect/rule.h"

enum dataset_type {
    DATASET_NONE,
    DATASET_STRING, /* files hold Base64 */
    DATASET_MD5,    /* files hold hexadecimal digits */
    DATASET_SHA256,
    DATASET_IP4, /* files hold addresses */
    DATASET_IP,
};

enum dataset_what { DATASET_ISSET, DATASET_ISNOTSET, DATASET_SET, DATASET_UNSET };

struct dataset {
    const char *name;
    uint8_t type;
    uint16_t id;
    bool changes; /* some rule sets or unsets */
    bool loaded;
    uint64_t memcap;
    bool reputed;     /* values have numbers */
    const char *save; /* path, or NULL */
    struct intern values;
    struct overlay *overlay; /* NULL = none */
    struct dataset *next;
};

enum { DATASET_MEMCAP = 100 * 1024 * 1024, DATASET_VALUE_MAX = 4096 };

/** "string", "md5" …; DATASET_NONE when unknown. */
enum dataset_type dataset_type_of(struct slice text);
/** Values of a file, one a line (with ",number" behind each when `reputation`). Lines that cannot
 * be read are counted in `*bad`. ERR_IO: no such file; ERR_FULL: more than the memcap. */
enum err dataset_load(struct dataset *set, const char *path, bool reputation, uint32_t *bad);
/** Adds one value; false at the memcap. */
bool dataset_add(struct dataset *set, struct slice value, uint16_t reputation);
/** The value as the set keeps it (an IPv4 address in 16 bytes becomes 4 …); false when it cannot be
 * in such a set. */
bool dataset_value(const struct dataset *set, struct slice bytes, struct slice *value);
/** A value as files and commands write it; `room` has DATASET_VALUE_MAX bytes. */
bool dataset_read(const struct dataset *set, struct slice text, uint8_t *room, struct slice *value);
void dataset_remove(struct dataset *set, struct slice value);
void dataset_clear(struct dataset *set);
/** All values as files write them, in the order in which they came. */
void dataset_text(const struct dataset *set, struct strbuf *text);
/** False when the file cannot be written. */
bool dataset_write(const char *path, const struct strbuf *text);
void dataset_save(const struct dataset *set);
/** True when it is in the set; `*reputation` may be NULL. */
bool dataset_has(const struct dataset *set, struct slice value, uint16_t *reputation);

/** One condition behind others in `out`: what travels with a hit. */
void dataset_condition(struct strbuf *out, const struct dataset *set, enum dataset_what what,
                       struct slice value);

/** Sets of the host tier: those that change, with the values they were loaded with. */
struct dataset_live;
struct dataset_live *dataset_live_new(const struct dataset *sets);
/** Values of sets that `from` has too, as rules have made them, take the place of those loaded.
 * `from` will not save these. */
void dataset_live_take(struct dataset_live *live, struct dataset_live *from);
/** The host tier's own of the same name and type; NULL: it has none. */
struct dataset *dataset_live_of(const struct dataset_live *live, const struct dataset *set);
/** Writes the sets that are to be saved, then frees. */
void dataset_live_free(struct dataset_live **live);
/** True when all conditions hold, in their order; sets and unsets take effect. */
bool dataset_live_admit(struct dataset_live *live, struct slice conditions);

#endif
