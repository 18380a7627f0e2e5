/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the Modbus parser share: a request and its response.
 */
#ifndef TRAMGAC_SENSOR_APP_MODBUS_TX_H
#define TRAMGAC_SENSOR_APP_MODBUS_TX_H

#include "sensor/app/proto.h"

enum modbus_function {
    MODBUS_READ_COILS = 1,
    MODBUS_READ_DISCRETES = 2,
    MODBUS_READ_HOLDING = 3,
    MODBUS_READ_INPUT = 4,
    MODBUS_WRITE_COIL = 5,
    MODBUS_WRITE_REGISTER = 6,
    MODBUS_READ_EXCEPTION = 7,
    MODBUS_DIAGNOSTIC = 8,
    MODBUS_EVENT_COUNTER = 11,
    MODBUS_EVENT_LOG = 12,
    MODBUS_WRITE_COILS = 15,
    MODBUS_WRITE_REGISTERS = 16,
    MODBUS_REPORT_SERVER = 17,
    MODBUS_READ_FILE = 20,
    MODBUS_WRITE_FILE = 21,
    MODBUS_MASK_WRITE = 22,
    MODBUS_READ_WRITE = 23,
    MODBUS_READ_FIFO = 24,
    MODBUS_MEI = 43,
};

enum { MODBUS_ERROR = 0x80 };                                  /* bit of the function code */
enum modbus_access { MODBUS_NONE, MODBUS_READ, MODBUS_WRITE }; /* bits */
enum modbus_table { MODBUS_NO_TABLE, MODBUS_DISCRETES, MODBUS_COILS, MODBUS_INPUT, MODBUS_HOLDING };

struct modbus_message {
    bool seen;
    uint16_t transaction, protocol;
    uint8_t unit;
    uint8_t function; /* as sent */
    uint8_t access;   /* enum modbus_access */
    uint8_t table;    /* enum modbus_table */
    bool multiple;    /* writes more than one */
    bool bad_length, bad_value;
    bool has_range, has_write_range, has_value, has_sub, has_exception, has_mask;
    uint16_t address, quantity;             /* read, or the only range */
    uint16_t write_address, write_quantity; /* of what is written */
    uint16_t value;                         /* of a single write */
    uint16_t and_mask, or_mask;
    uint16_t sub; /* diagnostic code, MEI type */
    uint8_t exception;
    struct slice data; /* read or written values, or the rest */
};

struct modbus_write {
    uint16_t address, value; /* coils: 0 or 1 */
};

struct modbus_tx {
    struct modbus_message request, response;
    struct slice command; /* text of the request, made when asked for */
    struct list writes;   /* struct modbus_write: each register or coil the request sets */
};

extern const struct field modbus_fields[];
extern const struct label modbus_fields_functions[];
extern const struct label modbus_fields_exceptions[];

void modbus_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

#endif
