/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer encodings of MIME: RFC 2045, 6.7 (quoted-printable) and 6.8 (base64). What does not
 * belong to an encoding is passed over (base64) or kept as it is (quoted-printable), and told.
 */
#include "sensor/app/mime.h"

/* Values of the alphabet + 1; 0: not of it. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* Whole units: four letters, three bytes. Returns how many letters went. */
static uint32_t base64_units(struct slice in, uint8_t *out)
{
    uint32_t i = 0;

    for (; in.len - i >= 4; i += 4, out += 3) {
        const uint8_t *at = in.at + i;
        uint32_t a = base64_values[at[0]], b = base64_values[at[1]];
        uint32_t c = base64_values[at[2]], d = base64_values[at[3]];
        if (!a || !b || !c || !d)
            break;
        uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
        out[0] = (uint8_t)(bits >> 16);
        out[1] = (uint8_t)(bits >> 8);
        out[2] = (uint8_t)bits;
    }
    return i;
}

uint32_t mime_decode_base64(struct mime_base64 *state, struct slice in, uint8_t *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < in.len; i++) {
        if (state->n == 0) {
            uint32_t whole = base64_units(slice_from(in, i), &out[n]);
            n += whole / 4 * 3;
            i += whole;
            if (i == in.len)
                break;
        }
        int32_t value = (int32_t)base64_values[in.at[i]] - 1;
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
