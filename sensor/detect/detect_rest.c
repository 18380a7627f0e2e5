/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules know of a flow that is silent, put away with the bytes of its streams that they may
 * still need. Marks, variables and frames, which few flows have, stay where they are.
 */
#include "sensor/detect/match.h"

static uint32_t pending_bytes(const struct window *win)
{
    return win->room_pending * (uint32_t)sizeof(struct pending);
}

enum { PACKED_MOST = 8192 }; /* more than that of a direction stays where it is */

static bool packs(const struct window *win)
{
    return win->at && win->len <= PACKED_MOST;
}

void detect_rest(struct detect *d, struct flow *flow, struct sparse_out *out)
{
    struct flow_marks *s = flow->ext[FLOW_EXT_DETECT];

    *out->at++ = s != NULL;
    if (!s)
        return;
    sparse_put(out, s, sizeof(*s));
    for (uint32_t dir = 0; dir < 2; dir++) {
        const struct window *win = &s->win[dir];
        sparse_put(out, win->pending, win->n_pending * sizeof(struct pending));
        state_give(d->pool, win->pending, pending_bytes(win));
        if (packs(win)) {
            sparse_put(out, win->at, win->len);
            state_give(d->pool, win->at, win->room);
        }
    }
    state_give(d->pool, s, sizeof(*s));
    flow->ext[FLOW_EXT_DETECT] = NULL;
}

static const uint8_t *wake_pending(struct detect *d, struct window *win, const uint8_t *from)
{
    size_t bytes = win->n_pending * sizeof(struct pending);

    win->pending = win->room_pending ? state_take(d->pool, pending_bytes(win)) : NULL;
    if (!win->pending && win->room_pending) {
        d->count[DETECT_STATE_FULL]++;
        win->n_pending = win->room_pending = 0;
    }
    return sparse_take(from, win->pending, bytes);
}

static const uint8_t *wake_window(struct detect *d, struct window *win, const uint8_t *from)
{
    uint32_t len = win->len;

    win->at = NULL;
    win->len = win->room = 0;
    if (!state_window(d->pool, win, len)) {
        d->count[DETECT_STATE_FULL]++;
        win->held = 0;
        win->held_end = false;
        win->n_holes = 0;
        return sparse_take(from, NULL, len);
    }
    win->len = len;
    return sparse_take(from, win->at, len);
}

const uint8_t *detect_rest_wake(struct detect *d, struct flow *flow, const uint8_t *from)
{
    struct flow_marks was, *s;

    if (!*from++)
        return from;
    from = sparse_take(from, &was, sizeof(was));
    for (uint32_t dir = 0; dir < 2; dir++) {
        from = wake_pending(d, &was.win[dir], from);
        if (packs(&was.win[dir]))
            from = wake_window(d, &was.win[dir], from);
    }
    s = state_take(d->pool, sizeof(*s));
    if (!s) {
        d->count[DETECT_STATE_FULL]++;
        state_flow_empty(d->pool, &was);
        return from;
    }
    *s = was;
    flow->ext[FLOW_EXT_DETECT] = s;
    return from;
}

bool detect_shown(const struct detect_input *in, enum dir dir)
{
    const struct flow_marks *s = in->flow->ext[FLOW_EXT_DETECT];

    if (in->flow->proto != IPPROTO_TCP4 || (s && s->win[dir].next))
        return true;
    for (uint32_t i = 0; i < in->n_chunks; i++) {
        if (in->chunks[i].dir == dir && in->chunks[i].data.len)
            return true;
    }
    return false;
}
