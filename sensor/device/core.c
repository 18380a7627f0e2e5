/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/core.h"
#include "common/fmt.h"

#include <stdio.h>

void core_fmt(char *out, size_t room, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fmt_textv(out, room, format, args);
    va_end(args);
}

void core_cut(char *out, size_t room, const char *text)
{
    size_t n = strnlen(text, room - 1);

    memcpy(out, text, n);
    out[n] = '\0';
}

void core_join(char *out, size_t room, const char *first, const char *second)
{
    size_t n = strnlen(first, room - 1), m = strlen(second);

    memcpy(out, first, n);
    if (n < room - 1)
        out[n++] = ' ';
    if (m > room - 1 - n)
        m = room - 1 - n;
    memcpy(out + n, second, m);
    out[n + m] = '\0';
}

static bool asks_for_name(const struct fact *f)
{
    static const char *const fields[] = {"dns.query", "tls.sni", "http.host"};

    for (uint32_t i = 0; f->kind == FACT_FIELD && i < 3; i++) {
        if (*f->text == *fields[i] && strcmp(f->text, fields[i]) == 0)
            return true;
    }
    return false;
}

const char *core_name(const struct view *view)
{
    const struct fact *f = view->fact;
    struct addr literal;

    if (!view->as_client)
        return NULL;
    if (asks_for_name(f))
        return *f->text2 && !addr_parse(slice_of_str(f->text2), &literal) ? f->text2 : NULL;
    return core_is_habit(view) ? view->peer_name : NULL;
}
