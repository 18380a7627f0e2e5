/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of DNP3, names of its numbers, and its event in the form of Suricata.
 */
#include "sensor/app/dnp3_tx.h"

#include "common/jsonw.h"

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

static void write_link(struct jsonw *w, const struct dnp3_tx *dnp3)
{
    jsonw_obj_open(w, "control");
    jsonw_bool(w, "dir", dnp3->link_control & 0x80);
    jsonw_bool(w, "pri", dnp3->link_control & 0x40);
    jsonw_bool(w, "fcb", dnp3->link_control & 0x20);
    jsonw_bool(w, "fcv", dnp3->link_control & 0x10);
    jsonw_u64(w, "function_code", dnp3->link_control & 15);
    jsonw_obj_close(w);
    jsonw_u64(w, "src", dnp3->source);
    jsonw_u64(w, "dst", dnp3->destination);
}

static void write_objects(struct jsonw *w, const struct list *list)
{
    const struct dnp3_object *o = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, "objects");
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_u64(w, "group", o[i].group);
        jsonw_u64(w, "variation", o[i].variation);
        jsonw_u64(w, "qualifier", o[i].qualifier);
        jsonw_u64(w, "prefix_code", dnp3_tx_prefix(&o[i]));
        jsonw_u64(w, "range_code", o[i].qualifier & DNP3_RANGE_MASK);
        jsonw_u64(w, "start", o[i].start);
        jsonw_u64(w, "stop", o[i].stop);
        jsonw_u64(w, "count", o[i].count);
        dnp3_object_write(w, &o[i]);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_application(struct jsonw *w, const struct dnp3_tx *dnp3)
{
    jsonw_obj_open(w, "application");
    jsonw_obj_open(w, "control");
    jsonw_bool(w, "fir", dnp3->control & 0x80);
    jsonw_bool(w, "fin", dnp3->control & 0x40);
    jsonw_bool(w, "con", dnp3->control & 0x20);
    jsonw_bool(w, "uns", dnp3->control & 0x10);
    jsonw_u64(w, "sequence", dnp3->control & 15);
    jsonw_obj_close(w);
    jsonw_u64(w, "function_code", dnp3->function);
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
            jsonw_str(w, NULL, l->name);
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
    jsonw_str(w, "type", type);
    write_link(w, dnp3);
    write_application(w, dnp3);
    if (dnp3->is_response)
        write_indications(w, dnp3->indications);
}
