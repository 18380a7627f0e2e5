/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a Modbus/TCP server, then the operations of the command line
 * in order (libmodbus). Usage: mbtool ADDRESS UNIT OPERATION...
 *   rc:A:N rd:A:N rh:A:N ri:A:N   read coils, discrete inputs, holding, input registers
 *   wc:A:V wr:A:V                 write one coil, one register
 *   wcs:A:N wrs:A:N               write N coils or registers, all 1
 *   id                            report server id (17)
 *   raw:HEX                       function and data as given, e.g. raw:080001 0000 without blanks
 *   ms:N                          wait
 */
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64 };

static int raw(modbus_t *ctx, int unit, const char *hex)
{
    uint8_t request[MOST + 1] = {(uint8_t)unit};
    uint8_t answer[MODBUS_TCP_MAX_ADU_LENGTH];
    int n = 1;

    for (; hex[0] && hex[1] && n <= MOST; hex += 2) {
        unsigned byte;
        if (sscanf(hex, "%2x", &byte) != 1)
            return -1;
        request[n++] = (uint8_t)byte;
    }
    modbus_send_raw_request(ctx, request, n);
    return modbus_receive_confirmation(ctx, answer);
}

static int operate(modbus_t *ctx, int unit, const char *op, int a, int b)
{
    uint8_t bits[MOST];
    uint16_t words[MOST];

    memset(bits, 1, sizeof(bits));
    for (int i = 0; i < MOST; i++)
        words[i] = 1;
    if (b > MOST && op[0] == 'r')
        b = MOST;
    if (!strcmp(op, "rc"))
        return modbus_read_bits(ctx, a, b, bits);
    if (!strcmp(op, "rd"))
        return modbus_read_input_bits(ctx, a, b, bits);
    if (!strcmp(op, "rh"))
        return modbus_read_registers(ctx, a, b, words);
    if (!strcmp(op, "ri"))
        return modbus_read_input_registers(ctx, a, b, words);
    if (!strcmp(op, "wc"))
        return modbus_write_bit(ctx, a, b);
    if (!strcmp(op, "wr"))
        return modbus_write_register(ctx, a, b);
    if (!strcmp(op, "wcs"))
        return modbus_write_bits(ctx, a, b, bits);
    if (!strcmp(op, "wrs"))
        return modbus_write_registers(ctx, a, b, words);
    if (!strcmp(op, "id"))
        return modbus_report_slave_id(ctx, MOST, bits);
    if (!strcmp(op, "ms"))
        return usleep((useconds_t)a * 1000);
    (void)unit;
    return -1;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int unit = atoi(argv[2]);
    modbus_t *ctx = modbus_new_tcp(argv[1], 502);
    modbus_set_slave(ctx, unit);
    if (modbus_connect(ctx) < 0)
        return 1;
    for (int i = 3; i < argc; i++) {
        char op[8] = "";
        int a = 0, b = 0;
        if (!strncmp(argv[i], "raw:", 4)) {
            raw(ctx, unit, argv[i] + 4);
            continue;
        }
        sscanf(argv[i], "%7[a-z]:%d:%d", op, &a, &b);
        if (operate(ctx, unit, op, a, b) < 0)
            fprintf(stderr, "%s: refused\n", argv[i]);
    }
    modbus_close(ctx);
    modbus_free(ctx);
    return 0;
}
