/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of decoders: faults of headers, one alert for each packet that has one.
 */
#include "sensor/detect/draft.h"

#include "sensor/decode/decode.h"

#include <stdlib.h>

static bool decode_match(const struct inspection *in, const void *args)
{
    const uint8_t *note = args;

    for (uint8_t i = 0; in->packet && i < in->packet->notes && i < PACKET_NOTES_MAX; i++) {
        if (in->packet->note[i] == *note)
            return true;
    }
    return false;
}

static bool decode_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t *note = draft_alloc(d, sizeof(*note));

    d->need_packet = true;
    d->rule.events_only = true;
    value = draft_unquote(value);
    if (slice_starts(value, SLICE_LIT("decoder.")))
        value = slice_from(value, 8);
    for (uint8_t i = 0; note && i < NOTE_COUNT; i++) {
        if (slice_eq(value, slice_of_str(decode_note_name(i)))) {
            *note = i;
            return draft_test(d, kw, note);
        }
    }
    return draft_fail(d, "no decoder notes \"%.*s\"", (int)(value.len & 127),
                      (const char *)value.at);
}

static bool stream_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    return draft_fail(d, "reassembly does not tell \"%.*s\" to rules", (int)(value.len & 127),
                      (const char *)value.at);
}

static const struct keyword rows[] = {
    {.name = "decode-event",
     .stage = AT_PACKET,
     .parse = decode_parse,
     .match = decode_match,
     .example = "decode-event:ipv4.trunc_pkt",
     .doc = "A fault that a decoder has noted"},
    {.name = "stream-event",
     .aliases = "engine-event",
     .stage = AT_PACKET,
     .parse = stream_parse,
     .example = "stream-event:reassembly_seq_gap",
     .doc = "Not available: such rules are quarantined"},
    KEYWORD_END,
};

const struct kw_family kw_event = {.doc = "Events of decoders", .rows = rows};
