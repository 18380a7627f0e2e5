/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of DNP3, names of its numbers, and its event in the form of Suricata.
 */
#include "sensor/app/dnp3_tx.h"

#include "common/pen.h"

static const struct label functions[] = {
    {0, "confirm"},
    {1, "read"},
    {2, "write"},
    {3, "select"},
    {4, "operate"},
    {5, "direct_operate"},
    {6, "direct_operate_nr"},
    {7, "immed_freeze"},
    {8, "immed_freeze_nr"},
    {9, "freeze_clear"},
    {10, "freeze_clear_nr"},
    {11, "freeze_at_time"},
    {12, "freeze_at_time_nr"},
    {13, "cold_restart"},
    {14, "warm_restart"},
    {15, "initialize_data"},
    {16, "initialize_appl"},
    {17, "start_appl"},
    {18, "stop_appl"},
    {19, "save_config"},
    {20, "enable_unsolicited"},
    {21, "disable_unsolicited"},
    {22, "assign_class"},
    {23, "delay_measure"},
    {24, "record_current_time"},
    {25, "open_file"},
    {26, "close_file"},
    {27, "delete_file"},
    {28, "get_file_info"},
    {29, "authenticate_file"},
    {30, "abort_file"},
    {31, "activate_config"},
    {32, "authenticate_req"},
    {33, "authenticate_err"},
    {129, "response"},
    {130, "unsolicited_response"},
    {131, "authenticate_resp"},
    {0, NULL},
};

const struct label dnp3_fields_indications[] = {
    {0x8000, "device_restart"},
    {0x4000, "device_trouble"},
    {0x2000, "local_control"},
    {0x1000, "need_time"},
    {0x0800, "class_3_events"},
    {0x0400, "class_2_events"},
    {0x0200, "class_1_events"},
    {0x0100, "all_stations"},
    {0x0080, "reserved_1"},
    {0x0040, "reserved_2"},
    {0x0020, "config_corrupt"},
    {0x0010, "already_executing"},
    {0x0008, "event_buffer_overflow"},
    {0x0004, "parameter_error"},
    {0x0002, "object_unknown"},
    {0x0001, "no_func_code_support"},
    {0, NULL},
};

const struct field dnp3_fields[] = {
    {.name = "dnp3.func",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_U8,
     .offset = offsetof(struct dnp3_tx, function),
     .progress = TX_DONE,
     .labels = functions,
     .alias = "dnp3_func",
     .doc = "Function code, number or name"},
    {.name = "dnp3.data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dnp3_tx, message),
     .progress = TX_DONE,
     .alias = "dnp3_data",
     .doc = "Application message, reassembled, without checksums"},
    {.name = "dnp3.src",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct dnp3_tx, source),
     .progress = TX_DONE,
     .doc = "Link address of the sender"},
    {.name = "dnp3.dst",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct dnp3_tx, destination),
     .progress = TX_DONE,
     .doc = "Link address of the receiver"},
    FIELD_END,
};

/* The four highest bits as members: "dir":true,"pri":false ... */
static char *pen_high_bits(char *at, uint8_t bits, const char names[4][4])
{
    for (uint32_t i = 0; i < 4; i++) {
        at = i ? PEN_LIT(at, ",\"") : PEN_LIT(at, "\"");
        at = pen_fixed(at, names[i], 3);
        at = PEN_LIT(at, "\":");
        at = pen_bool(at, bits & 0x80 >> i);
    }
    return at;
}

static void write_link(struct jsonw *w, const struct dnp3_tx *dnp3)
{
    uint8_t control = dnp3->link_control;
    char *at = pen_open(w, 192);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"control\":{");
    at = pen_high_bits(at, control, (const char[4][4]){"dir", "pri", "fcb", "fcv"});
    at = PEN_LIT(at, ",\"function_code\":");
    at = pen_u64(at, control & 15);
    at = PEN_LIT(at, "},\"src\":");
    at = pen_u64(at, dnp3->source);
    at = PEN_LIT(at, ",\"dst\":");
    at = pen_u64(at, dnp3->destination);
    pen_close(w, at);
}

/* The members of an object's header. */
static void write_header(struct jsonw *w, const struct dnp3_object *o)
{
    char *at = pen_open(w, 256);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"group\":");
    at = pen_u64(at, o->group);
    at = PEN_LIT(at, ",\"variation\":");
    at = pen_u64(at, o->variation);
    at = PEN_LIT(at, ",\"qualifier\":");
    at = pen_u64(at, o->qualifier);
    at = PEN_LIT(at, ",\"prefix_code\":");
    at = pen_u64(at, dnp3_tx_prefix(o));
    at = PEN_LIT(at, ",\"range_code\":");
    at = pen_u64(at, o->qualifier & DNP3_RANGE_MASK);
    at = PEN_LIT(at, ",\"start\":");
    at = pen_u64(at, o->start);
    at = PEN_LIT(at, ",\"stop\":");
    at = pen_u64(at, o->stop);
    at = PEN_LIT(at, ",\"count\":");
    at = pen_u64(at, o->count);
    pen_close(w, at);
}

static void write_objects(struct jsonw *w, const struct list *list)
{
    const struct dnp3_object *o = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, "objects");
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        write_header(w, &o[i]);
        dnp3_object_write(w, &o[i]);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

/* "application":{"control":{...},"function_code":1 */
static void write_control(struct jsonw *w, const struct dnp3_tx *dnp3)
{
    char *at = pen_open(w, 192);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"application\":{\"control\":{");
    at = pen_high_bits(at, dnp3->control, (const char[4][4]){"fir", "fin", "con", "uns"});
    at = PEN_LIT(at, ",\"sequence\":");
    at = pen_u64(at, dnp3->control & 15);
    at = PEN_LIT(at, "},\"function_code\":");
    at = pen_u64(at, dnp3->function);
    pen_close(w, at);
}

static void write_application(struct jsonw *w, const struct dnp3_tx *dnp3)
{
    write_control(w, dnp3);
    write_objects(w, &dnp3->objects);
    jsonw_bool(w, "complete", dnp3->is_complete);
    jsonw_obj_close(w);
}

static void write_indications(struct jsonw *w, uint16_t indications)
{
    jsonw_obj_open(w, "iin");
    if (indications)
        jsonw_arr_open(w, "indicators");
    for (const struct label *l = dnp3_fields_indications; l->name; l++)
        if (indications & l->value)
            jsonw_word(w, NULL, l->name);
    if (indications)
        jsonw_arr_close(w);
    jsonw_obj_close(w);
}

void dnp3_fields_event(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dnp3_tx *dnp3 = tx_data_const(tx);
    const char *type = !dnp3->is_response                   ? "request"
                       : dnp3->function == DNP3_UNSOLICITED ? "unsolicited_response"
                                                            : "response";

    (void)i;
    jsonw_word(w, "type", type);
    write_link(w, dnp3);
    write_application(w, dnp3);
    if (dnp3->is_response)
        write_indications(w, dnp3->indications);
}
