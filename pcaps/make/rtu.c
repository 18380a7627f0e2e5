/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pump-station RTU: Modbus/TCP server on port 502 (libmodbus), several clients.
 * Coils 0-3 are the pumps, holding registers 0-9 set points, input registers 0-3
 * water levels that drift a little. Usage: rtu ADDRESS
 */
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

static void drift(modbus_mapping_t *map)
{
    for (int i = 0; i < 4; i++)
        map->tab_input_registers[i] = (uint16_t)(1200 + 100 * i + rand() % 9);
}

static void serve(modbus_t *ctx, int fd, fd_set *all, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];

    modbus_set_socket(ctx, fd);
    int n = modbus_receive(ctx, query);
    if (n > 0) {
        drift(map);
        modbus_reply(ctx, query, n, map);
    } else if (n < 0) {
        close(fd);
        FD_CLR(fd, all);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    modbus_t *ctx = modbus_new_tcp(argv[1], 502);
    modbus_mapping_t *map = modbus_mapping_new(64, 64, 64, 64);
    int server = modbus_tcp_listen(ctx, 8);
    if (!map || server < 0)
        return 1;
    for (int i = 0; i < 10; i++)
        map->tab_registers[i] = (uint16_t)(500 + 10 * i);
    map->tab_bits[0] = 1;

    fd_set all;
    FD_ZERO(&all);
    FD_SET(server, &all);
    int top = server;
    for (;;) {
        fd_set ready = all;
        if (select(top + 1, &ready, NULL, NULL, NULL) < 0)
            return 1;
        for (int fd = 0; fd <= top; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd != server) {
                serve(ctx, fd, &all, map);
                continue;
            }
            int s = server;
            int client = modbus_tcp_accept(ctx, &s);
            if (client < 0)
                continue;
            FD_SET(client, &all);
            top = client > top ? client : top;
        }
    }
}
