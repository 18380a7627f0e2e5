/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends of FTP data channels as text: six numbers (RFC 959, 4.1.2) or delimited (RFC 2428, 2 and 3).
 */
#include "sensor/app/ftp_tx.h"

enum { NUMBERS = 6 };

static bool is_digit(uint8_t b)
{
    return b >= '0' && b <= '9';
}

/* A number of at most `max`; false when there is none. */
static bool take_number(struct slice *rest, uint32_t max, uint32_t *value)
{
    uint32_t n = 0;

    *value = 0;
    while (n < rest->len && is_digit(rest->at[n])) {
        *value = *value * 10 + (uint32_t)(rest->at[n++] - '0');
        if (*value > max)
            return false;
    }
    *rest = slice_from(*rest, n);
    return n > 0;
}

static bool six_numbers(struct slice rest, uint32_t numbers[NUMBERS])
{
    for (uint32_t i = 0; i < NUMBERS; i++) {
        if (!take_number(&rest, 255, &numbers[i]))
            return false;
        if (i == NUMBERS - 1)
            return true;
        if (!rest.len || rest.at[0] != ',')
            return false;
        rest = slice_from(rest, 1);
    }
    return false;
}

bool ftp_port_read(struct slice text, struct addr *host, uint16_t *port)
{
    uint32_t numbers[NUMBERS];

    for (uint32_t i = 0; i < text.len; i++) {
        if (!is_digit(text.at[i]) || (i && is_digit(text.at[i - 1])) ||
            !six_numbers(slice_from(text, i), numbers))
            continue;
        *host = (struct addr){.family = 4};
        for (uint32_t k = 0; k < 4; k++)
            host->b[k] = (uint8_t)numbers[k];
        *port = (uint16_t)(numbers[4] << 8 | numbers[5]);
        return *port != 0;
    }
    return false;
}

static bool take_part(struct slice *rest, uint8_t delimiter, struct slice *part)
{
    int64_t end = slice_find_byte(*rest, delimiter);

    if (end < 0)
        return false;
    *part = slice_head(*rest, (uint32_t)end);
    *rest = slice_from(*rest, (uint32_t)end + 1);
    return true;
}

bool ftp_port_read_extended(struct slice text, struct addr *host, uint16_t *port)
{
    struct slice family, address, number, digits;
    uint32_t value;

    if (text.len < 2 || is_digit(text.at[0]))
        return false;
    uint8_t delimiter = text.at[0];
    struct slice rest = slice_from(text, 1);
    if (!take_part(&rest, delimiter, &family) || !take_part(&rest, delimiter, &address) ||
        !take_part(&rest, delimiter, &number))
        return false;
    digits = number;
    *host = (struct addr){.family = 0};
    if (address.len && !addr_parse(address, host))
        return false;
    *port = take_number(&digits, UINT16_MAX, &value) && !digits.len ? (uint16_t)value : 0;
    return *port != 0;
}
