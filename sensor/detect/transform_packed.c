/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms that unpack: Base64, gzip, zlib. Suricata has them from version 8 on.
 */
#include "sensor/detect/digits.h"
#include "sensor/detect/draft.h"
#include "sensor/detect/transform.h"

#include "common/inflate.h"

enum { BASE64_BYTES, BASE64_OFFSET, BASE64_MODE };
enum { INFLATE_SIZE };
enum { INFLATED_USUALLY = 1024 };

/* A word and its value, as "offset 6". */
static bool named(struct slice part, const char *name, struct slice *value)
{
    if (!slice_starts(part, slice_of_str(name)))
        return false;
    *value = slice_trim(slice_from(part, (uint32_t)strlen(name)));
    return value->len && value->at > part.at + strlen(name);
}

static bool number(struct slice text, uint64_t most, uint32_t *out)
{
    uint64_t value;

    if (!draft_u64(text, &value) || value > most)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool read_mode(struct slice text, uint32_t *mode)
{
    static const char *const names[] = {
        [DIGITS_RFC4648] = "rfc4648", [DIGITS_RFC2045] = "rfc2045", [DIGITS_STRICT] = "strict"};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_ieq(text, slice_of_str(names[i]))) {
            *mode = i;
            return true;
        }
    }
    return false;
}

bool transform_read_base64(struct transform_use *use)
{
    struct slice rest = use->arg, part, value;

    use->num[BASE64_MODE] = DIGITS_RFC4648;
    while (draft_part(&rest, ',', &part)) {
        if (!(named(part, "bytes", &value) && number(value, UINT16_MAX, &use->num[BASE64_BYTES])) &&
            !(named(part, "offset", &value) &&
              number(value, UINT16_MAX, &use->num[BASE64_OFFSET])) &&
            !(named(part, "mode", &value) && read_mode(value, &use->num[BASE64_MODE])))
            return false;
    }
    return true;
}

uint32_t transform_base64(struct slice in, const struct transform_use *use, uint8_t *out)
{
    struct slice text = slice_from(in, use->num[BASE64_OFFSET]);

    if (use->num[BASE64_BYTES])
        text = slice_head(text, use->num[BASE64_BYTES]);
    uint32_t n =
        digits_unbase64(text, (enum digits_mode)use->num[BASE64_MODE], out, TRANSFORM_ROOM);
    return n ? n : transform_copy(in, out);
}

bool transform_read_inflate(struct transform_use *use)
{
    struct slice value;

    use->num[INFLATE_SIZE] = INFLATED_USUALLY;
    return !use->arg.len ||
           (named(use->arg, "max-size", &value) &&
            number(value, TRANSFORM_ROOM, &use->num[INFLATE_SIZE]) && use->num[INFLATE_SIZE]);
}

static uint32_t inflated(struct slice in, const struct transform_use *use,
                         enum inflate_format format, uint8_t *out)
{
    struct inflate *inflate = inflate_new(format);
    struct slice rest = in;
    uint32_t n = 0, got = 0;

    while (inflate && n < use->num[INFLATE_SIZE]) {
        enum err err = inflate_feed(inflate, &rest, out + n, use->num[INFLATE_SIZE] - n, &got);
        n += got;
        if (err != ERR_OK || !got)
            break;
    }
    inflate_free(&inflate);
    return n ? n : transform_copy(in, out);
}

uint32_t transform_gunzip(struct slice in, const struct transform_use *use, uint8_t *out)
{
    return inflated(in, use, INFLATE_GZIP, out);
}

uint32_t transform_zlib(struct slice in, const struct transform_use *use, uint8_t *out)
{
    return inflated(in, use, INFLATE_ZLIB, out);
}
