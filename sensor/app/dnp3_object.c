/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of DNP3 messages (IEEE 1815, clause 11 and annex A): headers, how long their points are,
 * and the values of the common ones.
 * Limits: OBJECTS_MAX objects of a message, POINTS_MAX points of an object.
 */
#include "sensor/app/dnp3_tx.h"

#include "common/pen.h"

#include <string.h>

enum {
    OBJECTS_MAX = 256,
    POINTS_MAX = 16384,
    POINTS_SHOWN = 256,
    RANGE_NONE = 6,
    RANGE_FREE = 11,
    TIME_BYTES = 6
};

/** What a point begins with. */
enum flags { NO_FLAGS, BINARY, DOUBLE, OUTPUT, COUNTER, ANALOG, STATUS_LAST, COMMAND, COMMANDED };
enum value { NO_VALUE, DELAY_16, TIME_16, INT_16, INT_32, FLOAT_32, FLOAT_64, TIME_48, CROB };

/** Form of the points of a group and variation. */
struct form {
    uint8_t group, variation;
    uint8_t bits; /* of a point where they are packed */
    uint8_t bytes;
    enum flags flags;
    enum value value;
};

static const struct form forms[] = {
    {1, 1, 1, 0, 0, 0},
    {1, 2, 0, 1, BINARY, 0},
    {2, 1, 0, 1, BINARY, 0},
    {2, 2, 0, 7, BINARY, TIME_48},
    {2, 3, 0, 3, BINARY, TIME_16},
    {3, 1, 2, 0, 0, 0},
    {3, 2, 0, 1, DOUBLE, 0},
    {4, 1, 0, 1, DOUBLE, 0},
    {4, 2, 0, 7, DOUBLE, TIME_48},
    {4, 3, 0, 3, DOUBLE, TIME_16},
    {10, 1, 1, 0, 0, 0},
    {10, 2, 0, 1, OUTPUT, 0},
    {11, 1, 0, 1, OUTPUT, 0},
    {11, 2, 0, 7, OUTPUT, TIME_48},
    {12, 1, 0, 11, 0, CROB},
    {12, 2, 0, 11, 0, CROB},
    {12, 3, 1, 0, 0, 0},
    {13, 1, 0, 1, COMMAND, 0},
    {13, 2, 0, 7, COMMAND, TIME_48},
    {20, 1, 0, 5, COUNTER, INT_32},
    {20, 2, 0, 3, COUNTER, INT_16},
    {20, 5, 0, 4, 0, INT_32},
    {20, 6, 0, 2, 0, INT_16},
    {21, 1, 0, 5, COUNTER, INT_32},
    {21, 2, 0, 3, COUNTER, INT_16},
    {21, 5, 0, 11, COUNTER, INT_32},
    {21, 6, 0, 9, COUNTER, INT_16},
    {21, 9, 0, 4, 0, INT_32},
    {21, 10, 0, 2, 0, INT_16},
    {22, 1, 0, 5, COUNTER, INT_32},
    {22, 2, 0, 3, COUNTER, INT_16},
    {22, 5, 0, 11, COUNTER, INT_32},
    {22, 6, 0, 9, COUNTER, INT_16},
    {23, 1, 0, 5, COUNTER, INT_32},
    {23, 2, 0, 3, COUNTER, INT_16},
    {23, 5, 0, 11, COUNTER, INT_32},
    {23, 6, 0, 9, COUNTER, INT_16},
    {30, 1, 0, 5, ANALOG, INT_32},
    {30, 2, 0, 3, ANALOG, INT_16},
    {30, 3, 0, 4, 0, INT_32},
    {30, 4, 0, 2, 0, INT_16},
    {30, 5, 0, 5, ANALOG, FLOAT_32},
    {30, 6, 0, 9, ANALOG, FLOAT_64},
    {31, 1, 0, 5, ANALOG, INT_32},
    {31, 2, 0, 3, ANALOG, INT_16},
    {31, 3, 0, 11, ANALOG, INT_32},
    {31, 4, 0, 9, ANALOG, INT_16},
    {31, 5, 0, 4, 0, INT_32},
    {31, 6, 0, 2, 0, INT_16},
    {31, 7, 0, 5, ANALOG, FLOAT_32},
    {31, 8, 0, 9, ANALOG, FLOAT_64},
    {32, 1, 0, 5, ANALOG, INT_32},
    {32, 2, 0, 3, ANALOG, INT_16},
    {32, 3, 0, 11, ANALOG, INT_32},
    {32, 4, 0, 9, ANALOG, INT_16},
    {32, 5, 0, 5, ANALOG, FLOAT_32},
    {32, 6, 0, 9, ANALOG, FLOAT_64},
    {32, 7, 0, 11, ANALOG, FLOAT_32},
    {32, 8, 0, 15, ANALOG, FLOAT_64},
    {33, 1, 0, 5, ANALOG, INT_32},
    {33, 2, 0, 3, ANALOG, INT_16},
    {33, 3, 0, 11, ANALOG, INT_32},
    {33, 4, 0, 9, ANALOG, INT_16},
    {33, 5, 0, 5, ANALOG, FLOAT_32},
    {33, 6, 0, 9, ANALOG, FLOAT_64},
    {33, 7, 0, 11, ANALOG, FLOAT_32},
    {33, 8, 0, 15, ANALOG, FLOAT_64},
    {34, 1, 0, 2, 0, INT_16},
    {34, 2, 0, 4, 0, INT_32},
    {34, 3, 0, 4, 0, FLOAT_32},
    {40, 1, 0, 5, ANALOG, INT_32},
    {40, 2, 0, 3, ANALOG, INT_16},
    {40, 3, 0, 5, ANALOG, FLOAT_32},
    {40, 4, 0, 9, ANALOG, FLOAT_64},
    {41, 1, 0, 5, STATUS_LAST, INT_32},
    {41, 2, 0, 3, STATUS_LAST, INT_16},
    {41, 3, 0, 5, STATUS_LAST, FLOAT_32},
    {41, 4, 0, 9, STATUS_LAST, FLOAT_64},
    {42, 1, 0, 5, ANALOG, INT_32},
    {42, 2, 0, 3, ANALOG, INT_16},
    {42, 3, 0, 11, ANALOG, INT_32},
    {42, 4, 0, 9, ANALOG, INT_16},
    {42, 5, 0, 5, ANALOG, FLOAT_32},
    {42, 6, 0, 9, ANALOG, FLOAT_64},
    {42, 7, 0, 11, ANALOG, FLOAT_32},
    {42, 8, 0, 15, ANALOG, FLOAT_64},
    {43, 1, 0, 5, COMMANDED, INT_32},
    {43, 2, 0, 3, COMMANDED, INT_16},
    {43, 3, 0, 11, COMMANDED, INT_32},
    {43, 4, 0, 9, COMMANDED, INT_16},
    {43, 5, 0, 5, COMMANDED, FLOAT_32},
    {43, 6, 0, 9, COMMANDED, FLOAT_64},
    {43, 7, 0, 11, COMMANDED, FLOAT_32},
    {43, 8, 0, 15, COMMANDED, FLOAT_64},
    {50, 1, 0, 6, 0, TIME_48},
    {50, 2, 0, 10, 0, TIME_48},
    {50, 3, 0, 6, 0, TIME_48},
    {50, 4, 0, 11, 0, TIME_48},
    {51, 1, 0, 6, 0, TIME_48},
    {51, 2, 0, 6, 0, TIME_48},
    {52, 1, 0, 2, 0, DELAY_16},
    {52, 2, 0, 2, 0, DELAY_16},
    {80, 1, 1, 0, 0, 0},
    {101, 1, 0, 2, 0, 0},
    {101, 2, 0, 4, 0, 0},
    {101, 3, 0, 8, 0, 0},
    {102, 1, 0, 1, 0, 0},
};

static const struct form *form_of(const struct dnp3_object *o)
{
    for (uint32_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].group == o->group && forms[i].variation == o->variation)
            return &forms[i];
    return NULL;
}

static uint32_t little(struct cursor *c, uint32_t bytes)
{
    struct slice s = cursor_take(c, bytes);
    uint32_t value = 0;
    for (uint32_t i = s.len; i > 0; i--)
        value = value << 8 | s.at[i - 1];
    return value;
}

/* Start and stop, or a count, in 1, 2 or 4 bytes. False: a form nobody uses. */
static bool read_range(struct cursor *c, struct dnp3_object *o)
{
    uint32_t code = o->qualifier & DNP3_RANGE_MASK;

    if (code <= 2) {
        o->start = little(c, 1u << code);
        o->stop = little(c, 1u << code);
        if (o->stop < o->start)
            return false;
        o->count = o->stop - o->start + 1;
        return true;
    }
    if (code >= 7 && code <= 9)
        o->count = little(c, 1u << (code - 7));
    else if (code == RANGE_FREE)
        o->count = little(c, 1);
    return code >= RANGE_NONE && code <= RANGE_FREE && code != 10;
}

/* Points that say their own length. */
static void skip_sized(struct cursor *c, uint32_t prefix, uint32_t count)
{
    while (count-- && cursor_ok(c))
        cursor_skip(c, little(c, 1u << (prefix - 4)));
}

static bool skip_points(struct cursor *c, const struct dnp3_object *o)
{
    const struct form *form = form_of(o);
    uint32_t prefix = dnp3_tx_prefix(o);

    if (prefix >= 4) {
        skip_sized(c, prefix, prefix < 7 ? o->count : 0);
        return prefix < 7;
    }
    if (o->group == 60 || !o->count)
        return true;
    uint32_t index = prefix ? 1u << (prefix - 1) : 0;
    if (o->group == 110 || o->group == 111 || o->group == 112 || o->group == 113) {
        cursor_skip(c, o->count * (index + o->variation));
        return true;
    }
    if (!form)
        return false;
    if (form->bits && !index)
        cursor_skip(c, (o->count * form->bits + 7) / 8);
    else
        cursor_skip(c, o->count * (index + (form->bits ? 1u : form->bytes)));
    return true;
}

/* Header and points of one object; `fault` when it does not make sense. */
static bool read_object(struct cursor *c, bool with_points, struct dnp3_object *o, uint32_t *fault)
{
    *o = (struct dnp3_object){.group = cursor_u8(c)};
    o->variation = cursor_u8(c);
    o->qualifier = cursor_u8(c);
    *fault = DNP3_MALFORMED;
    if (!read_range(c, o) || !cursor_ok(c))
        return false;
    *fault = DNP3_MANY_POINTS;
    if (o->count > POINTS_MAX)
        return false;
    struct cursor points = *c;
    bool sized = dnp3_tx_prefix(o) >= 4; /* such points are there in any case */
    *fault = DNP3_UNKNOWN_OBJECT;
    if ((with_points || sized) && !skip_points(c, o))
        return false;
    *fault = DNP3_MALFORMED;
    if (!cursor_ok(c))
        return false;
    o->points = cursor_take(&points, cursor_left(&points) - cursor_left(c));
    return true;
}

/* Suricata looks for points wherever some are counted, also in a question, which has none. */
static bool is_known_there(const struct dnp3_object *o, bool with_points)
{
    return !o->count || !o->variation || (with_points && o->group != 60) || dnp3_tx_prefix(o) >= 4;
}

bool dnp3_object_read(struct app *app, struct tx *tx, struct cursor *c, bool with_points,
                      uint32_t *note)
{
    struct dnp3_tx *dnp3 = tx_data(tx);

    while (cursor_left(c)) {
        struct dnp3_object o;
        if (dnp3->objects.n >= OBJECTS_MAX) {
            *note = DNP3_MANY_OBJECTS;
            return false;
        }
        bool good = read_object(c, with_points, &o, note);
        struct dnp3_object *kept = app_append(app, tx, &dnp3->objects, sizeof *kept);
        if (kept)
            *kept = o;
        if (!good && *note == DNP3_MANY_POINTS && app_as_suricata(app) && !form_of(&o))
            *note = DNP3_UNKNOWN_OBJECT;
        if (!good)
            return false;
        if (app_as_suricata(app) && !is_known_there(&o, with_points))
            app_note(app, tx, DNP3_UNKNOWN_OBJECT);
    }
    return true;
}

/* ---- values ------------------------------------------------------------------------------- */

static char *pen_bit(char *at, uint8_t bits, uint32_t i)
{
    *at = (char)('0' + (bits >> i & 1));
    return at + 1;
}

static void write_flags(struct jsonw *w, enum flags flags, uint8_t b)
{
    static const struct slice last[][3] = {
        [BINARY] = {SLICE_OF(",\"chatter_filter\":"), SLICE_OF(",\"reserved\":"),
                    SLICE_OF(",\"state\":")},
        [OUTPUT] = {SLICE_OF(",\"reserved0\":"), SLICE_OF(",\"reserved1\":"),
                    SLICE_OF(",\"state\":")},
        [COUNTER] = {SLICE_OF(",\"rollover\":"), SLICE_OF(",\"discontinuity\":"),
                     SLICE_OF(",\"reserved0\":")},
        [ANALOG] = {SLICE_OF(",\"over_range\":"), SLICE_OF(",\"reference_err\":"),
                    SLICE_OF(",\"reserved0\":")},
    };
    char *at = pen_open(w, 192);

    if (!at)
        return;
    at = pen_bit(PEN_LIT(pen_comma(w, at), "\"online\":"), b, 0);
    at = pen_bit(PEN_LIT(at, ",\"restart\":"), b, 1);
    at = pen_bit(PEN_LIT(at, ",\"comm_lost\":"), b, 2);
    at = pen_bit(PEN_LIT(at, ",\"remote_forced\":"), b, 3);
    at = pen_bit(PEN_LIT(at, ",\"local_forced\":"), b, 4);
    for (uint32_t i = 0; i < 3; i++)
        at = pen_bit(pen_bytes(at, last[flags][i]), b, 5 + i);
    pen_close(w, at);
}

/* Of a double-bit input: two bits of state. */
static void write_double(struct jsonw *w, uint8_t b)
{
    static const char *const names[] = {"online",        "restart",      "comm_lost",
                                        "remote_forced", "local_forced", "chatter_filter"};

    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        jsonw_u64(w, names[i], b >> i & 1);
    jsonw_u64(w, "state", b >> 6);
}

/* Of the event of a command: its result, and for a switch the state that was asked for. */
static void write_command(struct jsonw *w, enum flags flags, uint8_t b)
{
    jsonw_u64(w, "status_code", b & 0x7f);
    jsonw_u64(w, flags == COMMAND ? "commanded_state" : "reserved0", b >> 7);
}

/* Begins the object of a point. */
static void open_point(struct jsonw *w, uint32_t prefix, uint32_t index)
{
    char *at = pen_open(w, 64);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "{\"prefix\":");
    at = pen_u64(at, prefix);
    at = PEN_LIT(at, ",\"index\":");
    at = pen_u64(at, index);
    pen_close(w, at);
}

static void write_real(struct jsonw *w, const char *key, struct slice s)
{
    float single;
    double wide;

    if (s.len == sizeof single) {
        memcpy(&single, s.at, sizeof single);
        jsonw_num(w, key, (double)single);
    } else if (s.len == sizeof wide) {
        memcpy(&wide, s.at, sizeof wide);
        jsonw_num(w, key, wide);
    }
}

/* Control relay output block. */
static void write_crob(struct jsonw *w, struct cursor *c)
{
    uint8_t code = cursor_u8(c);

    jsonw_u64(w, "op_type", code & 15);
    jsonw_u64(w, "qu", code >> 4 & 1);
    jsonw_u64(w, "cr", code >> 5 & 1);
    jsonw_u64(w, "tcc", code >> 6);
    jsonw_u64(w, "count", cursor_u8(c));
    jsonw_u64(w, "ontime", little(c, 4));
    jsonw_u64(w, "offtime", little(c, 4));
    uint8_t status = cursor_u8(c);
    jsonw_u64(w, "status_code", status & 0x7f);
    jsonw_u64(w, "reserved", status >> 7);
}

static void write_time(struct jsonw *w, struct cursor *c)
{
    uint64_t low = little(c, 4);

    jsonw_u64(w, "timestamp", low | (uint64_t)little(c, 2) << 32);
}

static bool counts(const struct form *form)
{
    return form->group >= 20 && form->group <= 23;
}

static void write_value(struct jsonw *w, const struct form *form, struct cursor *c)
{
    const char *key = counts(form)               ? "count"
                      : form->flags == COMMANDED ? "commanded_value"
                                                 : "value";

    switch (form->value) {
    case DELAY_16:
        jsonw_u64(w, "delay_ms", little(c, 2));
        break;
    case INT_16: {
        uint32_t v = little(c, 2);
        jsonw_i64(w, key, counts(form) ? (int64_t)v : (int16_t)v);
        break;
    }
    case INT_32: {
        uint32_t v = little(c, 4);
        jsonw_i64(w, key, counts(form) ? (int64_t)v : (int32_t)v);
        break;
    }
    case FLOAT_32:
        write_real(w, key, cursor_take(c, 4));
        break;
    case FLOAT_64:
        write_real(w, key, cursor_take(c, 8));
        break;
    case TIME_16: /* after a common time of occurrence */
        jsonw_u64(w, form->flags == DOUBLE ? "relative_time_ms" : "timestamp", little(c, 2));
        break;
    case TIME_48:
        write_time(w, c);
        break;
    case CROB:
        write_crob(w, c);
        break;
    case NO_VALUE:
        break;
    }
}

static void write_point(struct jsonw *w, const struct dnp3_object *o, const struct form *form,
                        uint32_t i, struct cursor *c)
{
    uint32_t prefix = dnp3_tx_prefix(o);
    uint32_t index = prefix ? little(c, 1u << (prefix - 1)) : o->start + i;
    struct cursor point = cursor_of(cursor_take(c, form->bytes));

    open_point(w, prefix ? index : 0, index);
    if (form->flags == DOUBLE)
        write_double(w, cursor_u8(&point));
    else if (form->flags >= COMMAND)
        write_command(w, form->flags, cursor_u8(&point));
    else if (form->flags && form->flags != STATUS_LAST)
        write_flags(w, form->flags, cursor_u8(&point));
    write_value(w, form, &point);
    if (form->flags == STATUS_LAST)
        jsonw_u64(w, "control_status", cursor_u8(&point));
    else if (form->value && form->flags && cursor_left(&point) == TIME_BYTES)
        write_time(w, &point);
    jsonw_obj_close(w);
}

static void write_bits(struct jsonw *w, const struct dnp3_object *o, const struct form *form)
{
    for (uint32_t i = 0; i < o->count && i < POINTS_SHOWN; i++) {
        uint32_t bit = i * form->bits;
        if (bit / 8 >= o->points.len)
            return;
        open_point(w, 0, o->start + i);
        jsonw_u64(w, "state", o->points.at[bit / 8] >> bit % 8 & ((1u << form->bits) - 1));
        jsonw_obj_close(w);
    }
}

void dnp3_object_write(struct jsonw *w, const struct dnp3_object *o)
{
    const struct form *form = form_of(o);
    struct cursor c = cursor_of(o->points);

    if (dnp3_sized_write(w, o))
        return;
    if (!form || !o->points.len || dnp3_tx_prefix(o) > 3 || (form->bits && dnp3_tx_prefix(o)))
        return;
    jsonw_arr_open(w, "points");
    if (form->bits)
        write_bits(w, o, form);
    for (uint32_t i = 0; !form->bits && i < o->count && i < POINTS_SHOWN && cursor_left(&c); i++)
        write_point(w, o, form, i, &c);
    jsonw_arr_close(w);
}
