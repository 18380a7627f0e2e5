/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SCADA master: polls each RTU in a fixed cycle (functions 1, 3, 4) over one
 * lasting connection each (libmodbus).
 * Usage: master INTERVAL_MS CYCLES WRITE_EVERY ADDRESS...
 * The interval is multiplied by the number in the file "pace", read each cycle.
 * WRITE_EVERY > 0: every so many cycles pump 1 is switched by function 5 (an operator at work).
 */
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_RTUS = 8 };

static int poll_one(modbus_t *ctx)
{
    uint8_t bits[8];
    uint16_t words[10];

    if (modbus_read_bits(ctx, 0, 8, bits) < 0)
        return -1;
    if (modbus_read_registers(ctx, 0, 10, words) < 0)
        return -1;
    return modbus_read_input_registers(ctx, 0, 4, words);
}

static int pace(void)
{
    int n = 1;
    FILE *f = fopen("pace", "r");

    if (f && fscanf(f, "%d", &n) != 1)
        n = 1;
    if (f)
        fclose(f);
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc - 4 > MOST_RTUS)
        return 2;
    int interval = atoi(argv[1]);
    int cycles = atoi(argv[2]);
    int every = atoi(argv[3]);
    modbus_t *rtu[MOST_RTUS];
    int n = argc - 4;

    for (int i = 0; i < n; i++) {
        rtu[i] = modbus_new_tcp(argv[4 + i], 502);
        modbus_set_slave(rtu[i], 1);
        if (modbus_connect(rtu[i]) < 0)
            return 1;
    }
    for (int c = 1; c <= cycles; c++) {
        for (int i = 0; i < n; i++) {
            if (poll_one(rtu[i]) < 0)
                fprintf(stderr, "%s: %s\n", argv[4 + i], modbus_strerror(0));
            if (every > 0 && c % every == 0)
                modbus_write_bit(rtu[i], 1, (c / every) % 2);
        }
        usleep((useconds_t)(interval * pace()) * 1000);
    }
    for (int i = 0; i < n; i++) {
        modbus_close(rtu[i]);
        modbus_free(rtu[i]);
    }
    return 0;
}
