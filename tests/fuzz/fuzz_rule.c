/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of rules, and as what those rules are held against: the text up to the first
 * zero byte are rules, all of the input is the payload of a packet and of a stream in two pieces.
 */
#include "sensor/detect/detect.h"

#include "../lib/detect_kit.h"

enum { INPUT_MAX = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = {data, size > INPUT_MAX ? INPUT_MAX : (uint32_t)size};
    char text[INPUT_MAX + 1];
    struct kit kit;

    memcpy(text, data, all.len);
    text[all.len] = '\0';
    if (!kit_open(&kit, text)) {
        kit_close(&kit);
        return 0;
    }
    (void)kit_datagram(&kit, all);
    kit_tcp(&kit, 80);
    (void)kit_segment(&kit, TO_SERVER, slice_head(all, all.len / 2));
    (void)kit_segment(&kit, TO_SERVER, slice_from(all, all.len / 2));
    (void)kit_segment(&kit, TO_CLIENT, all);
    kit_close(&kit);
    return 0;
}
