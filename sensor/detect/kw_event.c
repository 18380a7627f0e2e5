/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of decoders and of TCP sessions: one alert for each packet that has one.
 */
#include "sensor/detect/draft.h"

#include "sensor/decode/decode.h"
#include "sensor/flow/stream_event.h"

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
        if (slice_ieq(value, slice_of_str(decode_note_name(i)))) {
            *note = i;
            return draft_test(d, kw, note);
        }
    }
    return draft_fail(d, "no decoder notes \"%.*s\"", (int)(value.len & 127),
                      (const char *)value.at);
}

static bool stream_match(const struct inspection *in, const void *args)
{
    const uint8_t *event = args;

    return in->flow && stream_event_has(in->flow, *event);
}

static bool stream_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t *event = draft_alloc(d, sizeof(*event));

    value = draft_unquote(value);
    int found = stream_event_find(value);
    if (!event || found < 0)
        return draft_fail(d, "there is no event of streams \"%.*s\"", (int)(value.len & 127),
                          (const char *)value.at);
    *event = (uint8_t)found;
    d->need_packet = true;
    d->rule.events_only = true;
    return draft_test(d, kw, event);
}

static bool engine_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice name = draft_unquote(value);

    if (slice_starts(name, SLICE_LIT("stream.")))
        return stream_parse(d, keyword_find(SLICE_LIT("stream-event")), value);
    return decode_parse(d, keyword_find(SLICE_LIT("decode-event")), value) && kw;
}

static const struct keyword rows[] = {
    {.name = "decode-event",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = decode_parse,
     .match = decode_match,
     .example = "decode-event:ipv4.trunc_pkt",
     .doc = "A fault that a decoder has noted"},
    {.name = "stream-event",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = stream_parse,
     .match = stream_match,
     .example = "stream-event:reassembly_seq_gap",
     .doc = "A fault that tracking or reassembly of TCP has noted on this packet"},
    {.name = "engine-event",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = engine_parse,
     .example = "engine-event:stream.est_invalid_ack",
     .doc = "An event of decoders or streams, with its prefix"},
    KEYWORD_END,
};

const struct kw_family kw_event = {.doc = "Events of decoders and streams", .rows = rows};
