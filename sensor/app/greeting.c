/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/greeting.h"

enum { CODE_BYTES = 3 };

enum greeting greeting_of(struct slice head)
{
    static const struct slice code = SLICE_LIT("220"), ftp = SLICE_LIT("220 (");
    struct slice rest = head;
    int64_t eol;

    if (!slice_starts(head, slice_head(code, head.len)))
        return GREETING_OTHER;
    if (head.len > CODE_BYTES && head.at[CODE_BYTES] != ' ' && head.at[CODE_BYTES] != '-')
        return GREETING_OTHER;
    if (slice_starts(head, ftp))
        return GREETING_FTP;
    while ((eol = slice_find_byte(rest, '\n')) >= 0) {
        struct slice line = slice_head(rest, (uint32_t)eol);
        if (slice_find(line, SLICE_LIT("SMTP")) >= 0)
            return GREETING_SMTP;
        if (slice_find(line, SLICE_LIT("FTP")) >= 0)
            return GREETING_FTP;
        rest = slice_from(rest, (uint32_t)eol + 1);
    }
    return GREETING_MORE;
}
