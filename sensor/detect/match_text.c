/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/match.h"

enum { TEXT_MAX = 1 << 20 };

static void write_lost(struct strbuf *text, uint32_t n)
{
    strbuf_fmt(text, "[%u bytes missing]", (unsigned)n);
}

void match_payload_text(struct detect *d, struct hit *hit)
{
    const struct beside *b = &d->beside;
    const struct view *view = &d->view[hit->dir];
    /* not when the rule has used the first bytes of the view before */
    bool before = b->lost_before && d->look.stream_base == view->base;
    /* the next chunk of this direction is put in the same place */
    bool moves = view->data.at == d->room + (hit->dir == TO_SERVER ? 0 : VIEW_ROOM);

    if (hit->tx || hit->frame.type || (!before && !b->lost_after && !moves) ||
        d->text.len > TEXT_MAX)
        return;
    hit->text_at = (uint32_t)d->text.len;
    if (before) {
        strbuf_slice(&d->text, b->before);
        write_lost(&d->text, b->lost_before);
    }
    strbuf_slice(&d->text, hit->payload);
    if (b->lost_after) {
        write_lost(&d->text, b->lost_after);
        strbuf_slice(&d->text, b->after);
    }
    hit->text_len = (uint32_t)d->text.len - hit->text_at;
}
