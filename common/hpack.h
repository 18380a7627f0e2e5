/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header compression of HTTP/2 (RFC 7541), decoding side (libnghttp2 stays inside hpack.c).
 * One decoder per direction of a connection; its dynamic table holds at most HPACK_TABLE_MAX bytes,
 * whatever the peers agree on.
 */
#ifndef TRAMGAC_COMMON_HPACK_H
#define TRAMGAC_COMMON_HPACK_H

#include "common/err.h"
#include "common/slice.h"

enum { HPACK_TABLE_MAX = 65536 };

struct hpack;

/** NULL without memory. */
struct hpack *hpack_new(void);
void hpack_free(struct hpack **hpack);

/** The encoder may use a dynamic table of so many bytes from now on (SETTINGS_HEADER_TABLE_SIZE).
 */
void hpack_allow(struct hpack *hpack, uint32_t bytes);

/**
 * Decodes the next header of a block from the front of `in` (moved behind what was used); name and
 * value are valid until the next call. `last`: no further bytes of the block follow `in`.
 * ERR_OK: a header. ERR_END: all of `in` is used, there is no further header in it.
 * ERR_INPUT: damaged; the decoder cannot be used any more.
 */
enum err hpack_next(struct hpack *hpack, struct slice *in, bool last, struct slice *name,
                    struct slice *value);

#endif
