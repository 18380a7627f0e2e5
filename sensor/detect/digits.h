/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers in bytes, as byte_test and its kin read them.
 */
#ifndef TRAMGAC_SENSOR_DETECT_DIGITS_H
#define TRAMGAC_SENSOR_DETECT_DIGITS_H

#include "common/slice.h"

/** A number in text, behind blanks; `base` 8, 10 or 16 (there with or without 0x). `used`: bytes up
 * to its end. False when there is no digit. */
bool digits_text(struct slice text, uint8_t base, uint64_t *value, uint32_t *used);
/** All bytes as one number; of more than eight the last ones count. */
uint64_t digits_binary(struct slice bytes, bool little);
/** 0 … 63, or -1. */
int digits_base64(uint8_t c);

enum digits_mode {
    DIGITS_RFC4648, /* ends at the first byte that is no digit, but for line ends and blanks */
    DIGITS_RFC2045, /* skips whatever is no digit, up to the padding */
    DIGITS_STRICT,  /* nothing, when a byte is no digit */
};
/** Base64 into `out`, at most `room` bytes; gives their number. */
uint32_t digits_unbase64(struct slice text, enum digits_mode mode, uint8_t *out, uint32_t room);

#endif
