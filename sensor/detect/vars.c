/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules note on flows and packets: variables (bytes that a regular expression has captured),
 * and how these, bits and numbers of a flow stand in events.
 */
#include "sensor/detect/match.h"

#include "common/jsonw.h"

void vars_take(struct detect *d, bool of_flow, uint16_t id, struct slice value)
{
    uint32_t i = 0;

    if (of_flow) {
        if (d->in->flow && !state_var_set(d->pool, d->in->flow, id, value))
            d->count[DETECT_STATE_FULL]++;
        return;
    }
    while (i < d->n_vars && d->vars[i].id != id)
        i++;
    if (i == VARS_MAX) {
        d->count[DETECT_STATE_FULL]++;
        return;
    }
    value = slice_head(value, VAR_BYTES_MAX);
    d->vars[i].id = id;
    d->vars[i].at = (uint32_t)d->text.len;
    d->vars[i].len = value.len;
    strbuf_slice(&d->text, value);
    d->n_vars += i == d->n_vars;
}

static struct slice packet_var(const struct detect *d, uint32_t i)
{
    return slice_head(slice_from(strbuf_view(&d->text), d->vars[i].at), d->vars[i].len);
}

bool vars_of_packet(const struct detect *d, uint16_t id, struct slice *value)
{
    for (uint32_t i = 0; i < d->n_vars; i++) {
        if (d->vars[i].id != id)
            continue;
        *value = packet_var(d, i);
        return true;
    }
    return false;
}

/* ---- events ------------------------------------------------------------------------------- */

enum { OF_FLOWBITS, OF_FLOWINTS, OF_VARS = 3 }; /* tables of names, see ruleset_change.c */

/* Names of the ruleset end where the text does. */
static const char *name_of(const struct ruleset *rs, uint32_t table, uint16_t id, char *room)
{
    enum { ROOM = 64 };
    struct slice s = id < rs->names[table].n ? rs->names[table].at[id] : SLICE_NONE;
    uint32_t n = s.len < ROOM - 1 ? s.len : ROOM - 1;

    if (n)
        memcpy(room, s.at, n);
    room[n] = 0;
    return room;
}

static void write_var(struct jsonw *w, const char *name, struct slice value)
{
    jsonw_obj_open(w, NULL);
    jsonw_printable(w, name, value);
    jsonw_obj_close(w);
}

static void write_flow(struct jsonw *w, const struct ruleset *rs, const struct flow_marks *s)
{
    char room[64];

    if (s->n_bits)
        jsonw_arr_open(w, "flowbits");
    for (uint16_t i = 0; i < s->n_bits; i++)
        jsonw_str(w, NULL, name_of(rs, OF_FLOWBITS, s->bits[i], room));
    if (s->n_bits)
        jsonw_arr_close(w);
    if (s->n_ints)
        jsonw_obj_open(w, "flowints");
    for (uint16_t i = 0; i < s->n_ints; i++)
        jsonw_u64(w, name_of(rs, OF_FLOWINTS, s->ints[i].id, room), s->ints[i].value);
    if (s->n_ints)
        jsonw_obj_close(w);
    if (s->n_vars)
        jsonw_arr_open(w, "flowvars");
    for (uint16_t i = 0; i < s->n_vars; i++)
        write_var(w, name_of(rs, OF_VARS, s->vars[i].id, room),
                  (struct slice){s->vars[i].at, s->vars[i].len});
    if (s->n_vars)
        jsonw_arr_close(w);
}

static void write_all(const struct detect *d, const struct flow_marks *s, uint32_t n,
                      struct jsonw *w)
{
    char room[64];

    jsonw_obj_open(w, "metadata");
    if (s)
        write_flow(w, d->rs, s);
    if (n)
        jsonw_arr_open(w, "pktvars");
    for (uint32_t i = 0; i < n; i++)
        write_var(w, name_of(d->rs, OF_VARS, d->vars[i].id, room), packet_var(d, i));
    if (n)
        jsonw_arr_close(w);
    jsonw_obj_close(w);
}

void vars_write(const struct detect *d, const struct flow *flow, bool packet, struct jsonw *w)
{
    const struct flow_marks *s = state_marks(flow);
    uint32_t n = packet ? d->n_vars : 0;

    if (n || (s && (s->n_bits || s->n_ints || s->n_vars)))
        write_all(d, s, n, w);
}
