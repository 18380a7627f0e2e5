/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of Modbus, and the names of its numbers.
 */
#include "common/pen.h"
#include "sensor/app/modbus_tx.h"

const struct label modbus_fields_functions[] = {
    {1, "RdCoils"},          {2, "RdDiscreteInputs"}, {3, "RdHoldRegs"},   {4, "RdInputRegs"},
    {5, "WrSingleCoil"},     {6, "WrSingleReg"},      {7, "RdExcStatus"},  {8, "Diagnostic"},
    {11, "GetCommEventCtr"}, {12, "GetCommEventLog"}, {15, "WrMultCoils"}, {16, "WrMultRegs"},
    {17, "ReportServerID"},  {20, "RdFileRec"},       {21, "WrFileRec"},   {22, "MaskWrReg"},
    {23, "RdWrMultRegs"},    {24, "RdFIFOQueue"},     {43, "MEI"},         {0, NULL},
};

const struct label modbus_fields_exceptions[] = {
    {1, "IllegalFunction"},
    {2, "IllegalDataAddr"},
    {3, "IllegalDataValue"},
    {4, "ServerDeviceFail"},
    {5, "Ack"},
    {6, "ServerDeviceBusy"},
    {7, "NegAck"},
    {8, "MemParityErr"},
    {10, "GatewayPathUnavailable"},
    {11, "GatewayTargetFailToResp"},
    {0, NULL},
};

static const struct label accesses[] = {
    {1, "read"},
    {2, "write"},
    {3, "read-write"},
    {0, NULL},
};

static const struct label tables[] = {
    {1, "discretes"}, {2, "coils"}, {3, "input"}, {4, "holding"}, {0, NULL},
};

static bool request_seen(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->request.seen;
}

static bool response_seen(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->response.seen;
}

static bool request_has_sub(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->request.has_sub;
}

static bool response_has_sub(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->response.has_sub;
}

static bool request_has_range(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->request.has_range;
}

static bool request_has_write_range(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->request.has_write_range;
}

static bool response_has_exception(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct modbus_tx *)data)->response.has_exception;
}

static const struct field write_fields[] = {
    {.name = "modbus.value",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_write, value),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "A value written"},
    {.name = "modbus.value_address",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_write, address),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Address of a value written"},
    FIELD_END,
};

/* One text for what is commanded: first-seen judging needs function, unit and range together. */
static bool command_text(struct tx *tx, struct slice *out)
{
    struct modbus_tx *modbus = tx_data(tx);
    const struct modbus_message *m = &modbus->request;
    bool writes = m->has_write_range;
    uint32_t low = writes ? m->write_address : m->address;
    uint32_t n = writes ? m->write_quantity : m->quantity;
    char text[96], *at = text;

    if (!m->seen)
        return false;
    if (!modbus->command.len) {
        at = pen_u64(PEN_LIT(at, "fc="), m->function);
        at = pen_u64(PEN_LIT(at, " unit="), m->unit);
        if (writes || m->has_range) {
            at = pen_u64(PEN_LIT(at, " addr="), low);
            at = pen_u64(PEN_LIT(at, "-"), low + (n ? n - 1 : 0));
        }
        modbus->command =
            app_tx_keep(tx, (struct slice){(const uint8_t *)text, (uint32_t)(at - text)});
    }
    *out = modbus->command;
    return out->len > 0;
}

const struct field modbus_fields[] = {
    {.name = "modbus.command",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .get = command_text,
     .doc = "Request as text: fc=5 unit=1 addr=16-19"},
    {.name = "modbus.function",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, request.function),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .labels = modbus_fields_functions,
     .has = request_seen,
     .doc = "Function code (request)"},
    {.name = "modbus.function",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, response.function),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .labels = modbus_fields_functions,
     .has = response_seen,
     .doc = "Function code (response)"},
    {.name = "modbus.unit_id",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, request.unit),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = request_seen,
     .doc = "Unit addressed (request)"},
    {.name = "modbus.unit_id",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, response.unit),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .has = response_seen,
     .doc = "Unit addressed (response)"},
    {.name = "modbus.subfunction",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_tx, request.sub),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = request_has_sub,
     .doc = "Diagnostic code or MEI type (request)"},
    {.name = "modbus.subfunction",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_tx, response.sub),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .has = response_has_sub,
     .doc = "Diagnostic code or MEI type (response)"},
    {.name = "modbus.access",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, request.access),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .labels = accesses,
     .has = request_seen,
     .doc = "Access: 1 read, 2 write, 3 both (request)"},
    {.name = "modbus.access",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, response.access),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .labels = accesses,
     .has = response_seen,
     .doc = "Access: 1 read, 2 write, 3 both (response)"},
    {.name = "modbus.table",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, request.table),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .labels = tables,
     .has = request_seen,
     .doc = "What is accessed (request)"},
    {.name = "modbus.table",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, response.table),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .labels = tables,
     .has = response_seen,
     .doc = "What is accessed (response)"},
    {.name = "modbus.address",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_tx, request.address),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = request_has_range,
     .doc = "First address read"},
    {.name = "modbus.quantity",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_tx, request.quantity),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = request_has_range,
     .doc = "Number of values read"},
    {.name = "modbus.write_address",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_tx, request.write_address),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = request_has_write_range,
     .doc = "First address written"},
    {.name = "modbus.write_quantity",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct modbus_tx, request.write_quantity),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = request_has_write_range,
     .doc = "Number of values written"},
    {.name = "modbus.exception",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct modbus_tx, response.exception),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .labels = modbus_fields_exceptions,
     .has = response_has_exception,
     .doc = "Exception code of a response"},
    {.name = "modbus.data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct modbus_tx, request.data),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Bytes of a request behind its addresses"},
    {.name = "modbus.data",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct modbus_tx, response.data),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Bytes of a response"},
    {.name = "modbus.writes",
     .uses = 0,
     .type = FIELD_LIST,
     .offset = offsetof(struct modbus_tx, writes),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .items = write_fields,
     .item_size = sizeof(struct modbus_write),
     .doc = "Values a request writes"},
    FIELD_END,
};
