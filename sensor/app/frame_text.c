/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of protocols in lines: HTTP/1 messages (RFC 9112), SIP messages (RFC 3261 7), Telnet (RFC
 * 854: commands, and lines between them).
 */
#include "sensor/app/frame.h"
#include "sensor/app/http_tx.h"

enum { HEAD_MAX = 64 * 1024 };

/* Length of the head with its empty line, 0 when that is not there yet. */
static uint32_t head_length(struct slice in)
{
    uint32_t line = 0; /* where the line in hand begins */

    for (uint32_t i = 0; i < in.len; i++) {
        if (in.at[i] != '\n')
            continue;
        uint32_t len = i - line;
        if (len == 0 || (len == 1 && in.at[line] == '\r'))
            return i + 1;
        line = i + 1;
    }
    return 0;
}

/* The value of a header of this head, trimmed; empty when it has none. */
static struct slice header_of(struct slice head, struct slice name)
{
    struct slice rest = head;

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        struct slice line = end < 0 ? rest : slice_head(rest, (uint32_t)end);
        rest = end < 0 ? SLICE_NONE : slice_from(rest, (uint32_t)end + 1);
        if (line.len > name.len && line.at[name.len] == ':' &&
            slice_ieq(slice_head(line, name.len), name))
            return slice_trim(slice_from(line, name.len + 1));
    }
    return SLICE_NONE;
}

/* ---- HTTP/1 ------------------------------------------------------------------------------- */

enum http_step { HTTP_HEAD, HTTP_CHUNK, HTTP_TRAILER, HTTP_REST };

struct http_memory {
    struct {
        uint8_t step; /* enum http_step */
        bool open;    /* the frame of the message in hand was begun */
    } side[2];
    uint64_t heads; /* requests that wait for their response, oldest lowest: bit = HEAD */
    uint8_t waiting;
};
_Static_assert(sizeof(struct http_memory) <= FRAME_MEMORY, "memory of a flow's frames");

static uint32_t status_of(struct slice head)
{
    enum { AT = 9 };
    uint64_t status;

    return head.len >= AT + 3 && slice_to_u64((struct slice){head.at + AT, 3}, &status)
               ? (uint32_t)status
               : 0;
}

/* A response without a body, whatever its headers say. Takes its request off the list. */
static bool bodiless(struct http_memory *m, struct slice head)
{
    uint32_t status = status_of(head);

    if (status >= 100 && status < 200 && status != 101)
        return true;
    bool to_head = m->heads & 1;
    if (m->waiting) {
        m->waiting--;
        m->heads >>= 1;
    }
    return to_head || status == 101 || status == 204 || status == 304;
}

static uint32_t http_message(struct frame_cut *cut, struct http_memory *m, uint32_t len)
{
    struct slice head = slice_head(cut->in, len), coding, length;
    bool response = cut->dir == TO_CLIENT;
    uint8_t type = response;
    uint64_t body = 0;

    if (!response && m->waiting < 64)
        m->heads |= (uint64_t)slice_starts(head, SLICE_LIT("HEAD ")) << m->waiting++;
    bool none = response && bodiless(m, head);
    coding = header_of(head, SLICE_LIT("Transfer-Encoding"));
    length = header_of(head, SLICE_LIT("Content-Length"));
    m->side[cut->dir].step = HTTP_HEAD;
    if (!none && slice_ieq(slice_tail(coding, 7), SLICE_LIT("chunked"))) {
        m->side[cut->dir].step = HTTP_CHUNK;
        return len;
    }
    if (!none && response && !length.len) {
        m->side[cut->dir].step = HTTP_REST;
        return len;
    }
    if (!none && length.len && (!slice_to_u64(length, &body) || body > FRAME_OFF - 1 - len))
        return FRAME_LOST;
    frame_closes(cut, type, len + (uint32_t)body);
    m->side[cut->dir].open = false;
    return len + (uint32_t)body;
}

static uint32_t http_head(struct frame_cut *cut, struct http_memory *m)
{
    bool *open = &m->side[cut->dir].open;
    uint32_t len = 0;

    if (!*open && cut->in.len && (cut->in.at[0] == '\r' || cut->in.at[0] == '\n'))
        return 1;
    if (!*open)
        frame_found(cut, cut->dir == TO_CLIENT, 0, FRAME_OPEN);
    *open = true;
    len = http_head_length(cut->in, 0, false);
    if (!len)
        return cut->in.len > HEAD_MAX ? FRAME_LOST : FRAME_MORE;
    return http_message(cut, m, len);
}

/* "1a3;name=value" CRLF, the bytes, CRLF. */
static uint32_t http_chunk(struct frame_cut *cut, struct http_memory *m)
{
    enum { LINE_MAX_BYTES = 4096, DIGITS_MAX = 7 };
    int64_t end = slice_find_byte(cut->in, '\n');
    uint32_t size = 0, i = 0;

    if (end < 0)
        return cut->in.len > LINE_MAX_BYTES ? FRAME_LOST : FRAME_MORE;
    for (; i < (uint32_t)end && i < DIGITS_MAX; i++) {
        uint8_t c = cut->in.at[i] | 32;
        if (c >= '0' && c <= '9')
            size = size << 4 | (c - 48u);
        else if (c >= 'a' && c <= 'f')
            size = size << 4 | (c - 87u);
        else
            break;
    }
    if (!i)
        return FRAME_LOST;
    if (!size)
        m->side[cut->dir].step = HTTP_TRAILER;
    return (uint32_t)end + 1 + (size ? size + 2 : 0);
}

static uint32_t http_trailer(struct frame_cut *cut, struct http_memory *m)
{
    int64_t end = slice_find_byte(cut->in, '\n');

    if (end < 0)
        return cut->in.len > HEAD_MAX ? FRAME_LOST : FRAME_MORE;
    if (end <= 1) {
        frame_closes(cut, cut->dir == TO_CLIENT, (uint32_t)end + 1);
        m->side[cut->dir].step = HTTP_HEAD;
        m->side[cut->dir].open = false;
    }
    return (uint32_t)end + 1;
}

uint32_t frame_http_cut(struct frame_cut *cut)
{
    struct http_memory *m = cut->memory;

    switch (m->side[cut->dir].step) {
    case HTTP_HEAD:
        return http_head(cut, m);
    case HTTP_CHUNK:
        return http_chunk(cut, m);
    case HTTP_TRAILER:
        return http_trailer(cut, m);
    default:
        return cut->in.len;
    }
}

/* ---- SIP ---------------------------------------------------------------------------------- */

enum { SIP_PDU, SIP_REQUEST_LINE, SIP_RESPONSE_LINE = 4 }; /* each followed by headers, body */

/* Bytes behind the head; false when it says so many that this is none. */
static bool sip_body(const struct frame_cut *cut, struct slice head, uint64_t *body)
{
    struct slice length = header_of(head, SLICE_LIT("Content-Length"));

    if (!length.len)
        length = header_of(head, SLICE_LIT("l"));
    *body = cut->datagram ? cut->in.len - head.len : 0;
    return cut->datagram || !length.len || (slice_to_u64(length, body) && *body <= HEAD_MAX);
}

uint32_t frame_sip_cut(struct frame_cut *cut)
{
    uint32_t head = head_length(cut->in);
    uint64_t body;

    if (!head && !cut->datagram)
        return cut->in.len > HEAD_MAX ? FRAME_LOST : FRAME_MORE;
    struct slice text = slice_head(cut->in, head ? head : cut->in.len);
    int64_t end = slice_find_byte(text, '\n');
    if (end < 0 || !sip_body(cut, text, &body))
        return FRAME_LOST;
    bool response = slice_starts(text, SLICE_LIT("SIP/"));
    uint8_t line = response ? SIP_RESPONSE_LINE : SIP_REQUEST_LINE;
    uint32_t first = (uint32_t)end + 1;
    uint32_t empty = !head ? 0 : text.len > 1 && text.at[text.len - 2] == '\r' ? 2 : 1;
    frame_found(cut, SIP_PDU, 0, text.len + (uint32_t)body);
    frame_found(cut, line, 0, first);
    if (text.len > first + empty)
        frame_found(cut, (uint8_t)(line + 1), first, text.len - first - empty);
    if (body)
        frame_found(cut, (uint8_t)(line + 2), text.len, (uint32_t)body);
    return text.len + (uint32_t)body;
}

/* ---- Telnet ------------------------------------------------------------------------------- */

enum { TELNET_PDU, TELNET_CTL, TELNET_DATA };
enum { IAC = 255, IAC_SB = 250, IAC_SE = 240, IAC_WILL = 251 };

/* Length of the command that begins the bytes; 0 when its end is not there yet. */
static uint32_t command_length(struct slice in)
{
    if (in.len < 2)
        return 0;
    if (in.at[1] < IAC_SB)
        return 2;
    if (in.at[1] >= IAC_WILL)
        return in.len < 3 ? 0 : 3;
    for (uint32_t i = 2; i + 1 < in.len; i++) {
        if (in.at[i] != IAC)
            continue;
        if (in.at[i + 1] == IAC_SE)
            return i + 2;
        i++;
    }
    return 0;
}

uint32_t frame_telnet_cut(struct frame_cut *cut)
{
    enum { UNIT_MAX = 4096 };
    struct slice in = cut->in;
    uint32_t len = 0;
    bool command = in.len && in.at[0] == IAC;

    if (command)
        len = command_length(in);
    for (uint32_t i = 0; !command && !len && i < in.len; i++)
        len = in.at[i] == '\n' ? i + 1 : in.at[i] == IAC ? i : 0;
    if (!len)
        return in.len > UNIT_MAX ? FRAME_LOST : FRAME_MORE;
    frame_found(cut, TELNET_PDU, 0, len);
    frame_found(cut, command ? TELNET_CTL : TELNET_DATA, 0, len);
    return len;
}
