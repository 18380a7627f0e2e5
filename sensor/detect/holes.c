/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/holes.h"

bool holes_note(struct window *win, const struct chunk *chunk)
{
    uint64_t lost = chunk->gap ? chunk->gap : chunk->offset - win->next;

    if (win->n_holes == HOLES_MAX)
        return false;
    if (!chunk->gap && !win->held) { /* nothing is known of what was before */
        win->len = 0;
        win->n_pending = 0;
        return true;
    }
    win->hole[win->n_holes++] =
        (struct hole){win->len, lost && lost < UINT32_MAX ? (uint32_t)lost : 1};
    return true;
}

struct rest holes_split(struct window *win, uint8_t *room)
{
    struct hole first = win->hole[0];
    struct rest rest = {.bytes = {room, win->len - first.at}, .lost = first.lost};

    if (rest.bytes.len)
        memcpy(room, win->at + first.at, rest.bytes.len);
    rest.next = win->next;
    rest.at = rest.next - rest.bytes.len;
    for (; rest.n + 1 < win->n_holes; rest.n++) {
        rest.hole[rest.n] = win->hole[rest.n + 1];
        rest.hole[rest.n].at -= first.at;
        rest.at -= rest.hole[rest.n].lost;
    }
    win->n_holes = 0;
    win->len = first.at;
    win->held -= rest.bytes.len;
    win->next = rest.at - rest.lost;
    return rest;
}

bool holes_put_back(struct pool *pool, struct window *win, const struct rest *rest)
{
    win->len = win->held = 0;
    win->n_pending = 0;
    win->next = rest->next;
    if (win->off || !rest->bytes.len)
        return true;
    if (!state_window(pool, win, rest->bytes.len))
        return false;
    memcpy(win->at, rest->bytes.at, rest->bytes.len);
    win->len = win->held = rest->bytes.len;
    win->hole[0] = (struct hole){0, rest->lost};
    memcpy(win->hole + 1, rest->hole, rest->n * sizeof(*rest->hole));
    win->n_holes = (uint8_t)(rest->n + 1);
    return true;
}

struct slice holes_piece(const struct rest *rest)
{
    return rest->n ? slice_head(rest->bytes, rest->hole[0].at) : rest->bytes;
}

void holes_next(struct rest *rest)
{
    uint32_t len = rest->hole[0].at;

    rest->bytes = slice_from(rest->bytes, len);
    rest->at += len + (uint64_t)rest->hole[0].lost;
    rest->lost = rest->hole[0].lost;
    rest->n--;
    memmove(rest->hole, rest->hole + 1, rest->n * sizeof(*rest->hole));
    for (uint8_t i = 0; i < rest->n; i++)
        rest->hole[i].at -= len;
}

uint64_t holes_waiting(const struct window *win, const struct chunk *chunk)
{
    uint64_t n = chunk ? chunk->data.len : 0;

    if (!win)
        return n;
    for (uint8_t i = 0; i < win->n_holes; i++)
        n += win->hole[i].at ? win->hole[i].lost : 0;
    return n + win->held + (chunk && win->held ? chunk->gap : 0);
}
