/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus events in the form of Suricata; values that are bytes are written as hexadecimal.
 */
#include "sensor/app/modbus_tx.h"

#include "common/fmt.h"
#include "common/jsonw.h"

static const char *label_of(const struct label *labels, uint64_t value, const char *otherwise)
{
    for (; labels->name; labels++)
        if (labels->value == value)
            return labels->name;
    return otherwise;
}

static const char *category(uint8_t function)
{
    static const struct {
        uint8_t first, last;
        const char *name;
    } ranges[] = {
        {9, 10, "RESERVED"},      {13, 14, "RESERVED"}, {41, 42, "RESERVED"},
        {65, 72, "USER_DEFINED"}, {90, 91, "RESERVED"}, {100, 110, "USER_DEFINED"},
        {125, 127, "RESERVED"},   {128, 255, "NONE"},
    };
    if (label_of(modbus_fields_functions, function, NULL))
        return "PUBLIC_ASSIGNED";
    for (uint32_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (function >= ranges[i].first && function <= ranges[i].last)
            return ranges[i].name;
    return "PUBLIC_UNASSIGNED";
}

static void write_access(struct jsonw *w, const struct modbus_message *m)
{
    static const char *const tables[] = {"", " | DISCRETES", " | COILS", " | INPUT", " | HOLDING"};
    char text[96];

    if (!m->access) {
        jsonw_str(w, "access_type", "NONE");
        return;
    }
    const char *read = m->access & MODBUS_READ ? "READ" : "";
    const char *both = m->access == (MODBUS_READ | MODBUS_WRITE) ? " | " : "";
    const char *write = m->access & MODBUS_WRITE ? "WRITE" : "";
    const char *count = !(m->access & MODBUS_WRITE) ? ""
                        : m->multiple               ? " | MULTIPLE | WRITE_MULTIPLE"
                                                    : " | SINGLE | WRITE_SINGLE";
    fmt_text(text, sizeof text, "%s%s%s%s%s", read, both, write, tables[m->table], count);
    jsonw_str(w, "access_type", text);
}

static void write_flags(struct jsonw *w, const struct modbus_message *m)
{
    char text[64];
    fmt_text(text, sizeof text, "%s%s%s", m->bad_length ? "DATA_LENGTH" : "",
             m->bad_length && m->bad_value ? " | " : "", m->bad_value ? "DATA_VALUE" : "");
    jsonw_str(w, "error_flags", text[0] ? text : "NONE");
}

static void write_read(struct jsonw *w, const struct modbus_message *m)
{
    jsonw_obj_open(w, "read");
    if (m->has_range) {
        jsonw_u64(w, "address", m->address);
        jsonw_u64(w, "quantity", m->quantity);
    } else {
        jsonw_hex(w, "data", m->data, 0);
    }
    jsonw_obj_close(w);
}

static void write_write(struct jsonw *w, const struct modbus_message *m, bool request)
{
    jsonw_obj_open(w, "write");
    jsonw_u64(w, "address", m->write_address);
    if (m->has_mask) {
        jsonw_u64(w, "and_mask", m->and_mask);
        jsonw_u64(w, "or_mask", m->or_mask);
    } else if (m->has_value) {
        jsonw_u64(w, "data", m->value);
    } else {
        jsonw_u64(w, "quantity", m->write_quantity);
        if (request)
            jsonw_hex(w, "data", m->data, 0);
    }
    jsonw_obj_close(w);
}

static void write_sub(struct jsonw *w, const struct modbus_message *m)
{
    static const struct label diagnostics[] = {
        {0, "RetQueryData"},
        {1, "RestartCommOpt"},
        {2, "RetDiagReg"},
        {3, "ChangeInputDelimiter"},
        {4, "ForceListenOnlyMode"},
        {10, "ClearCtrDiagReg"},
        {11, "RetBusMsgCount"},
        {12, "RetBusCommErrCount"},
        {13, "RetBusExcErrCount"},
        {14, "RetServerMsgCount"},
        {15, "RetServerNoRespCount"},
        {16, "RetServerNAKCount"},
        {17, "RetServerBusyCount"},
        {18, "RetBusCharOverrunCount"},
        {20, "ClearOverrunCounterFlag"},
        {0, NULL},
    };
    static const struct label mei[] = {{13, "CANOpenGenRefReqResp"}, {14, "RdDevId"}, {0, NULL}};
    bool diagnostic = (m->function & ~MODBUS_ERROR) == MODBUS_DIAGNOSTIC;

    jsonw_obj_open(w, diagnostic ? "diagnostic" : "mei");
    jsonw_u64(w, "raw", m->sub);
    jsonw_str(w, "code", label_of(diagnostic ? diagnostics : mei, m->sub, "Reserved"));
    jsonw_hex(w, "data", m->data, 0);
    jsonw_obj_close(w);
}

static void write_message(struct jsonw *w, const struct modbus_message *m, bool request)
{
    uint8_t function = m->function & 0x7f;

    jsonw_obj_open(w, request ? "request" : "response");
    jsonw_u64(w, "transaction_id", m->transaction);
    jsonw_u64(w, "protocol_id", m->protocol);
    jsonw_u64(w, "unit_id", m->unit);
    jsonw_u64(w, "function_raw", m->function);
    jsonw_str(w, "function_code", label_of(modbus_fields_functions, function, "Unknown"));
    write_access(w, m);
    jsonw_str(w, "category", category(m->function));
    write_flags(w, m);
    if (m->has_exception) {
        jsonw_obj_open(w, "exception");
        jsonw_u64(w, "raw", m->exception);
        jsonw_str(w, "code", label_of(modbus_fields_exceptions, m->exception, "Unknown"));
        jsonw_obj_close(w);
    } else if (m->has_sub) {
        write_sub(w, m);
    } else if (m->access) {
        if (m->access & MODBUS_READ)
            write_read(w, m);
        if ((m->access & MODBUS_WRITE) && m->has_write_range)
            write_write(w, m, request);
    } else {
        jsonw_hex(w, "data", m->data, 0);
    }
    jsonw_obj_close(w);
}

void modbus_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct modbus_tx *modbus = tx_data_const(tx);

    (void)i;
    jsonw_u64(w, "id", tx->id + 1);
    if (modbus->request.seen)
        write_message(w, &modbus->request, true);
    if (modbus->response.seen)
        write_message(w, &modbus->response, false);
}
