/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/output/sender.h"
#include "common/clock.h"

#define SILENCE_FIRST (30 * CLOCK_S)
#define SILENCE_MAX   (600 * CLOCK_S)

void sender_init(struct sender *s, uint64_t epoch, uint64_t first, uint64_t next)
{
    *s = (struct sender){.epoch = epoch,
                         .first = first,
                         .next = next,
                         .at = first,
                         .again_from = 1,
                         .silence_ns = SILENCE_FIRST,
                         .window = SENDER_WINDOW};
}

void sender_grew(struct sender *s, uint64_t next)
{
    s->next = next;
}

/* Everything not acknowledged, again. */
static void rewind_all(struct sender *s, uint64_t now_ns)
{
    s->repeated += s->at - s->first;
    s->at = s->first;
    s->again_from = 1;
    s->again_to = 0;
    s->patience_until_ns = now_ns + s->silence_ns;
}

void sender_up(struct sender *s, uint64_t now_ns)
{
    s->up = true;
    s->greet = true;
    s->silence_ns = SILENCE_FIRST;
    rewind_all(s, now_ns);
}

void sender_down(struct sender *s)
{
    s->up = false;
}

static bool acknowledged(struct sender *s, uint64_t seq, uint64_t now_ns)
{
    if (seq < s->first || seq >= s->next)
        return false;
    s->first = seq + 1;
    if (s->at < s->first)
        s->at = s->first; /* the analyzer had them from an earlier run of ours */
    s->silence_ns = SILENCE_FIRST;
    s->patience_until_ns = now_ns + s->silence_ns;
    return true;
}

static void asked_again(struct sender *s, uint64_t from, uint64_t to)
{
    if (from < s->first)
        from = s->first;
    if (to >= s->at)
        to = s->at - 1; /* the rest comes in turn */
    if (s->at == s->first || from > to)
        return;
    if (s->again_from <= s->again_to) { /* one range that covers both */
        from = from < s->again_from ? from : s->again_from;
        to = to > s->again_to ? to : s->again_to;
    }
    s->again_from = from;
    s->again_to = to;
}

bool sender_control(struct sender *s, const struct wire_control *control, uint64_t now_ns)
{
    if (control->type == WIRE_HELLO) {
        s->greet = true;
        s->silence_ns = SILENCE_FIRST;
        rewind_all(s, now_ns);
        return false;
    }
    if (control->epoch != s->epoch)
        return false;
    if (control->type == WIRE_ACK)
        return acknowledged(s, control->seq, now_ns);
    if (control->type == WIRE_RESEND)
        asked_again(s, control->from, control->to);
    return false;
}

enum sender_step sender_next(struct sender *s, uint64_t now_ns, uint64_t *seq)
{
    if (!s->up)
        return SENDER_WAIT;
    if (s->greet)
        return SENDER_HELLO;
    if (s->again_from < s->first)
        s->again_from = s->first;
    if (s->again_from <= s->again_to) {
        *seq = s->again_from;
        return SENDER_RECORD;
    }
    if (s->at > s->first && now_ns >= s->patience_until_ns) {
        s->silence_ns = s->silence_ns < SILENCE_MAX / 2 ? 2 * s->silence_ns : SILENCE_MAX;
        rewind_all(s, now_ns);
    }
    if (s->at >= s->next || s->at - s->first >= s->window)
        return SENDER_WAIT;
    *seq = s->at;
    return SENDER_RECORD;
}

void sender_did(struct sender *s, enum sender_step step, uint64_t now_ns)
{
    if (step == SENDER_HELLO) {
        s->greet = false;
    } else if (step == SENDER_RECORD && s->again_from <= s->again_to) {
        s->again_from++;
        s->repeated++;
    } else if (step == SENDER_RECORD) {
        if (s->at == s->first)
            s->patience_until_ns = now_ns + s->silence_ns;
        s->at++;
    }
}

void sender_hello(const struct sender *s, struct wire_control *hello)
{
    hello->type = WIRE_HELLO;
    hello->epoch = s->epoch;
    hello->from = s->first;
    hello->to = s->next - 1;
}
