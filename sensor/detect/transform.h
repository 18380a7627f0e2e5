/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms: what is done to a buffer before it is matched (and before the prefilter sees it).
 * Input beyond TRANSFORM_ROOM bytes is cut.
 */
#ifndef TRAMGAC_SENSOR_DETECT_TRANSFORM_H
#define TRAMGAC_SENSOR_DETECT_TRANSFORM_H

#include "sensor/detect/rule.h"

enum { TRANSFORM_ROOM = 64 * 1024 };

struct transform_def {
    const char *name;
    /** Writes the changed bytes into `out` (room TRANSFORM_ROOM and one) and gives their number. */
    uint32_t (*run)(struct slice in, const struct transform_use *use, uint8_t *out);
    /** Reads use->arg into use->num, false when it is wrong; NULL: takes none. */
    bool (*read)(struct transform_use *use);
};
extern const struct transform_def transform_table[];

/** The bytes as they are, cut. */
uint32_t transform_copy(struct slice in, uint8_t *out);

/** Of transform_packed.c. Bytes that cannot be decoded stay as they are. */
bool transform_read_base64(struct transform_use *use);
uint32_t transform_base64(struct slice in, const struct transform_use *use, uint8_t *out);
bool transform_read_inflate(struct transform_use *use);
uint32_t transform_gunzip(struct slice in, const struct transform_use *use, uint8_t *out);
uint32_t transform_zlib(struct slice in, const struct transform_use *use, uint8_t *out);

#endif
