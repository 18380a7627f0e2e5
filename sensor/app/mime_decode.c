/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer encodings of MIME: RFC 2045, 6.7 (quoted-printable) and 6.8 (base64). What does not
 * belong to an encoding is passed over (base64) or kept as it is (quoted-printable), and told.
 */
#include "sensor/app/mime.h"

static int32_t base64_value(uint8_t b)
{
    if (b >= 'A' && b <= 'Z')
        return b - 'A';
    if (b >= 'a' && b <= 'z')
        return b - 'a' + 26;
    if (b >= '0' && b <= '9')
        return b - '0' + 52;
    return b == '+' ? 62 : b == '/' ? 63 : -1;
}

uint32_t mime_decode_base64(struct mime_base64 *state, struct slice in, uint8_t *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < in.len; i++) {
        int32_t value = base64_value(in.at[i]);
        if (value < 0) {
            if (in.at[i] == '=') /* the end of a unit: what is left are fill bits */
                state->bits = state->n = 0;
            else if (in.at[i] != ' ' && in.at[i] != '\t' && in.at[i] != '\r')
                state->bad = true;
            continue;
        }
        state->bits = state->bits << 6 | (uint32_t)value;
        state->n = (uint8_t)(state->n + 6);
        if (state->n >= 8) {
            state->n = (uint8_t)(state->n - 8);
            out[n++] = (uint8_t)(state->bits >> state->n);
            state->bits &= (UINT32_C(1) << state->n) - 1;
        }
    }
    return n;
}

static int32_t hex_value(uint8_t b)
{
    if (b >= '0' && b <= '9')
        return b - '0';
    if (b >= 'A' && b <= 'F')
        return b - 'A' + 10;
    return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

uint32_t mime_decode_quoted(struct slice line, uint8_t *out, bool *soft, bool *bad)
{
    uint32_t n = 0;

    *soft = line.len && line.at[line.len - 1] == '=';
    line = slice_head(line, line.len - *soft);
    for (uint32_t i = 0; i < line.len; i++) {
        int32_t high = -1, low = -1;
        if (line.at[i] == '=' && i + 2 < line.len) {
            high = hex_value(line.at[i + 1]);
            low = hex_value(line.at[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            out[n++] = (uint8_t)(high << 4 | low);
            i += 2;
            continue;
        }
        *bad |= line.at[i] == '=';
        out[n++] = line.at[i];
    }
    return n;
}
