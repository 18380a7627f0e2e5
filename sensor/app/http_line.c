/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First lines of HTTP/1 messages (RFC 9112, sections 3 and 4), and telling HTTP by them.
 */
#include "sensor/app/http_tx.h"

enum { PROBE_LINE_MAX = 1024, METHOD_MIN = 3, METHOD_MAX = 32 };

struct slice http_line_word(struct slice *rest)
{
    uint32_t n = 0;
    while (n < rest->len && rest->at[n] != ' ' && rest->at[n] != '\t')
        n++;
    struct slice w = slice_head(*rest, n);
    while (n < rest->len && (rest->at[n] == ' ' || rest->at[n] == '\t'))
        n++;
    *rest = slice_from(*rest, n);
    return w;
}

struct slice http_line_bare(struct slice line)
{
    return line.len && line.at[line.len - 1] == '\r' ? slice_head(line, line.len - 1) : line;
}

void http_line_split(struct slice line, struct slice *method, struct slice *target,
                     struct slice *protocol)
{
    struct slice rest = line;
    *method = http_line_word(&rest);
    *protocol = SLICE_NONE;
    *target = slice_trim(rest);
    for (uint32_t i = target->len; i > 0; i--) {
        if (target->at[i - 1] == ' ' || target->at[i - 1] == '\t') {
            struct slice last = slice_from(*target, i);
            if (slice_starts(last, SLICE_LIT("HTTP/"))) {
                *protocol = last;
                *target = slice_trim(slice_head(*target, i - 1));
            }
            return;
        }
    }
}

bool http_is_token(struct slice method)
{
    for (uint32_t i = 0; i < method.len; i++) {
        uint8_t b = method.at[i];
        if (!((b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '-' || b == '_'))
            return false;
    }
    return method.len >= METHOD_MIN && method.len <= METHOD_MAX;
}

bool http_is_common(struct slice method)
{
    static const struct slice common[] = {
        SLICE_LIT("GET"),    SLICE_LIT("POST"),    SLICE_LIT("HEAD"),  SLICE_LIT("PUT"),
        SLICE_LIT("DELETE"), SLICE_LIT("OPTIONS"), SLICE_LIT("PATCH"), SLICE_LIT("CONNECT"),
    };
    for (uint32_t i = 0; i < sizeof common / sizeof *common; i++)
        if (slice_eq(method, common[i]))
            return true;
    return false;
}

/* A whole first line decides: the version, or the shape of HTTP/0.9. */
static enum probe probe_line(struct slice line)
{
    struct slice method, target, protocol;

    http_line_split(line, &method, &target, &protocol);
    if (protocol.len) /* HTTP/2 begins with a line of this shape */
        return slice_starts(protocol, SLICE_LIT("HTTP/2")) ? PROBE_NO : PROBE_YES;
    if (slice_starts(target, SLICE_LIT("HTTP/")))
        return PROBE_YES;
    bool old = slice_ieq(method, SLICE_LIT("GET")) && slice_starts(target, SLICE_LIT("/")) &&
               slice_find_byte(target, ' ') < 0;
    return old ? PROBE_LIKELY : PROBE_NO;
}

/* No other protocol in lines begins so. */
static bool is_plain(struct slice method)
{
    return slice_eq(method, SLICE_LIT("GET")) || slice_eq(method, SLICE_LIT("POST")) ||
           slice_eq(method, SLICE_LIT("HEAD")) || slice_eq(method, SLICE_LIT("PUT"));
}

static enum probe probe_request(struct slice head)
{
    struct slice line = slice_head(head, PROBE_LINE_MAX), rest;
    int64_t eol = slice_find_byte(line, '\n');

    if (eol >= 0)
        line = http_line_bare(slice_head(line, (uint32_t)eol));
    rest = line;
    struct slice method = http_line_word(&rest);
    bool has_blank = method.len < line.len;
    if (!http_is_token(method) && (has_blank || eol >= 0 || method.len >= METHOD_MIN))
        return PROBE_NO;
    if (has_blank && is_plain(method))
        return PROBE_YES;
    if (eol >= 0)
        return has_blank ? probe_line(line) : PROBE_NO;
    if (line.len < PROBE_LINE_MAX)
        return PROBE_MORE;
    return http_is_common(method) ? PROBE_YES : PROBE_NO;
}

static enum probe probe_response(struct slice head)
{
    struct slice mark = SLICE_LIT("HTTP/");
    if (!slice_ieq(slice_head(mark, head.len), slice_head(head, mark.len)))
        return PROBE_NO;
    if (head.len < mark.len)
        return PROBE_MORE;
    struct cursor c = cursor_of(slice_from(head, mark.len));
    uint8_t major = cursor_u8(&c), dot = cursor_u8(&c), minor = cursor_u8(&c);
    if (!cursor_ok(&c))
        return PROBE_MORE;
    return (major == '0' || major == '1') && dot == '.' && minor >= '0' && minor <= '9' ? PROBE_YES
                                                                                        : PROBE_NO;
}

enum probe http_probe(struct slice head, enum dir dir)
{
    while (head.len && (head.at[0] == '\r' || head.at[0] == '\n'))
        head = slice_from(head, 1);
    if (!head.len)
        return PROBE_MORE;
    return dir == TO_SERVER ? probe_request(head) : probe_response(head);
}
