/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus events in the form of Suricata.
 */
#include "sensor/app/modbus_tx.h"

#include "common/pen.h"

static const char *label_of(const struct label *labels, uint64_t value, const char *otherwise)
{
    for (; labels->name; labels++)
        if (labels->value == value)
            return labels->name;
    return otherwise;
}

/* An exception is of its function's kind, where that has one. */
static const char *category(uint8_t function, bool named)
{
    static const struct {
        uint8_t first, last;
        const char *name;
    } ranges[] = {
        {9, 10, "RESERVED"},      {13, 14, "RESERVED"}, {41, 42, "RESERVED"},
        {65, 72, "USER_DEFINED"}, {90, 91, "RESERVED"}, {100, 110, "USER_DEFINED"},
        {125, 127, "RESERVED"},   {128, 255, "NONE"},
    };
    if (named)
        return function == (MODBUS_DIAGNOSTIC | MODBUS_ERROR) ? "NONE" : "PUBLIC_ASSIGNED";
    for (uint32_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (function >= ranges[i].first && function <= ranges[i].last)
            return ranges[i].name;
    return "PUBLIC_UNASSIGNED";
}

static char *pen_access(char *at, const struct modbus_message *m)
{
    static const char *const tables[] = {"", " | DISCRETES", " | COILS", " | INPUT", " | HOLDING"};

    if (!m->access)
        return PEN_LIT(at, "NONE");
    if (m->access & MODBUS_READ)
        at = PEN_LIT(at, "READ");
    if (m->access == (MODBUS_READ | MODBUS_WRITE))
        at = PEN_LIT(at, " | ");
    if (m->access & MODBUS_WRITE)
        at = PEN_LIT(at, "WRITE");
    at = pen_bytes(at, slice_of_str(tables[m->table]));
    if (!(m->access & MODBUS_WRITE) || m->has_mask)
        return at;
    return m->multiple ? PEN_LIT(at, " | MULTIPLE | WRITE_MULTIPLE")
                       : PEN_LIT(at, " | SINGLE | WRITE_SINGLE");
}

static char *pen_flags(char *at, const struct modbus_message *m)
{
    if (m->bad_length)
        at = PEN_LIT(at, "DATA_LENGTH");
    if (m->bad_length && m->bad_value)
        at = PEN_LIT(at, " | ");
    if (m->bad_value)
        at = PEN_LIT(at, "DATA_VALUE");
    return m->bad_length || m->bad_value ? at : PEN_LIT(at, "NONE");
}

static void write_read(struct jsonw *w, const struct modbus_message *m)
{
    jsonw_obj_open(w, "read");
    if (m->has_range) {
        jsonw_u64(w, "address", m->address);
        jsonw_u64(w, "quantity", m->quantity);
    } else {
        jsonw_text(w, "data", m->data);
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
            jsonw_text(w, "data", m->data);
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
    jsonw_word(w, "code", label_of(diagnostic ? diagnostics : mei, m->sub, "Reserved"));
    jsonw_text(w, "data", m->data);
    jsonw_obj_close(w);
}

/* What every message says, from the opening of its object on. */
static void write_header(struct jsonw *w, const struct modbus_message *m,
                         const struct modbus_message *access, bool request)
{
    const char *name = label_of(modbus_fields_functions, m->function & 0x7f, NULL);
    char *at = pen_open(w, 512);

    if (!at)
        return;
    at = pen_comma(w, at);
    at = request ? PEN_LIT(at, "\"request\"") : PEN_LIT(at, "\"response\"");
    at = PEN_LIT(at, ":{\"transaction_id\":");
    at = pen_u64(at, m->transaction);
    at = PEN_LIT(at, ",\"protocol_id\":");
    at = pen_u64(at, m->protocol);
    at = PEN_LIT(at, ",\"unit_id\":");
    at = pen_u64(at, m->unit);
    at = PEN_LIT(at, ",\"function_raw\":");
    at = pen_u64(at, m->function);
    at = PEN_LIT(at, ",\"function_code\":\"");
    at = pen_bytes(at, name ? slice_of_str(name) : SLICE_LIT("Unknown"));
    at = PEN_LIT(at, "\",\"access_type\":\"");
    at = pen_access(at, access);
    at = PEN_LIT(at, "\",\"category\":\"");
    at = pen_bytes(at, slice_of_str(category(m->function, name != NULL)));
    at = PEN_LIT(at, "\",\"error_flags\":\"");
    at = pen_flags(at, m);
    at = PEN_LIT(at, "\"");
    pen_close(w, at);
}

static void write_message(struct jsonw *w, const struct modbus_tx *modbus, bool request)
{
    const struct modbus_message *m = request ? &modbus->request : &modbus->response;
    bool refused = !request && m->function == (modbus->request.function | MODBUS_ERROR);

    write_header(w, m, refused ? &modbus->request : m, request);
    if (m->has_exception) {
        jsonw_obj_open(w, "exception");
        jsonw_u64(w, "raw", m->exception);
        jsonw_word(w, "code", label_of(modbus_fields_exceptions, m->exception, "Unknown"));
        jsonw_obj_close(w);
    } else if (m->has_sub) {
        write_sub(w, m);
    } else if (m->access) {
        if (m->access & MODBUS_READ)
            write_read(w, m);
        if ((m->access & MODBUS_WRITE) && m->has_write_range)
            write_write(w, m, request);
    } else {
        jsonw_text(w, "data", m->data);
    }
    jsonw_obj_close(w);
}

void modbus_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct modbus_tx *modbus = tx_data_const(tx);

    (void)i;
    jsonw_u64(w, "id", tx->id + 1);
    if (modbus->request.seen)
        write_message(w, modbus, true);
    if (modbus->response.seen)
        write_message(w, modbus, false);
}
