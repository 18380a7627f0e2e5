/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a capture of a flood on standard output, with a session through it from the first packet
 * to the last: an HTTP request whose path ends in /flood-proof comes after the flood.
 *
 *   flood KIND COUNT > FILE      KIND: syn, udp, ack, fragments, holes, idle
 *
 * syn        SYNs of ever new addresses          udp    datagrams of ever new addresses
 * ack        lone ACKs of ever new addresses     idle   sessions with a handshake, then silent
 * fragments  first fragments, never completed    holes  a handshake, then data that leaves a hole
 * COUNT is of packets; of idle and holes: of sessions. 200,000 packets a second of capture time.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCP = 6, UDP = 17, FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, STEP_NS = 5000 };

struct end {
    uint32_t addr;
    uint16_t port;
};

struct writer {
    uint64_t ns;
};

static void put16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
    put16(at, v >> 16);
    put16(at + 2, v & 0xffff);
}

static uint32_t sum(const uint8_t *at, uint32_t len, uint32_t start)
{
    for (uint32_t i = 0; i + 1 < len; i += 2)
        start += (uint32_t)at[i] << 8 | at[i + 1];
    if (len & 1)
        start += (uint32_t)at[len - 1] << 8;
    return start;
}

static uint32_t fold(uint32_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return ~s & 0xffff;
}

/* Ethernet and IPv4 around what stands at frame + 34. */
static void put_frame(struct writer *w, uint8_t *frame, const struct end *from,
                      const struct end *to, uint8_t proto, uint32_t l4_len, uint32_t fragment)
{
    uint32_t len = 34 + l4_len;
    uint32_t head[4] = {(uint32_t)(w->ns / 1000000000), (uint32_t)(w->ns % 1000000000), len, len};

    memset(frame, 0, 34);
    memcpy(frame, "\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0", 14);
    frame[14] = 0x45;
    put16(frame + 16, 20 + l4_len);
    put16(frame + 18, from->addr & 0xffff);
    put16(frame + 20, fragment);
    frame[22] = 64;
    frame[23] = proto;
    put32(frame + 26, from->addr);
    put32(frame + 30, to->addr);
    put16(frame + 24, fold(sum(frame + 14, 20, 0)));
    fwrite(head, sizeof(head), 1, stdout);
    fwrite(frame, len, 1, stdout);
    w->ns += STEP_NS;
}

static void tcp(struct writer *w, const struct end *from, const struct end *to, uint8_t flags,
                uint32_t seq, uint32_t ack, const char *data, uint32_t len)
{
    uint8_t frame[1600] = {0};
    uint8_t *l4 = frame + 34;

    put16(l4, from->port);
    put16(l4 + 2, to->port);
    put32(l4 + 4, seq);
    put32(l4 + 8, ack);
    l4[12] = 0x50;
    l4[13] = flags;
    put16(l4 + 14, 64000);
    memcpy(l4 + 20, data, len);
    uint8_t pseudo[12] = {0};
    put32(pseudo, from->addr);
    put32(pseudo + 4, to->addr);
    pseudo[9] = TCP;
    put16(pseudo + 10, 20 + len);
    put16(l4 + 16, fold(sum(l4, 20 + len, sum(pseudo, 12, 0))));
    put_frame(w, frame, from, to, TCP, 20 + len, 0);
}

static void datagram(struct writer *w, const struct end *from, const struct end *to, bool fragment,
                     uint32_t len)
{
    uint8_t frame[1600] = {0};
    uint8_t *l4 = frame + 34;

    put16(l4, from->port);
    put16(l4 + 2, to->port);
    put16(l4 + 4, 8 + len + (fragment ? 1480 : 0));
    put_frame(w, frame, from, to, UDP, 8 + len, fragment ? 0x2000 : 0);
}

static void session(struct writer *w, const struct end *client, const struct end *server,
                    uint32_t isn)
{
    tcp(w, client, server, SYN, isn, 0, "", 0);
    tcp(w, server, client, SYN | ACK, isn ^ 0x5555, isn + 1, "", 0);
    tcp(w, client, server, ACK, isn + 1, (isn ^ 0x5555) + 1, "", 0);
}

static void one(struct writer *w, const char *kind, uint32_t i)
{
    static const char data[1024];
    uint32_t mixed = i * UINT32_C(2654435761);
    struct end from = {UINT32_C(0x0b000000) + mixed % 0x00ffffff, (uint16_t)(1024 + i % 60000)};
    struct end to = {UINT32_C(0x0a000000) + i % 16, 80};

    if (strcmp(kind, "syn") == 0) {
        tcp(w, &from, &to, SYN, mixed, 0, "", 0);
    } else if (strcmp(kind, "ack") == 0) {
        tcp(w, &from, &to, ACK, mixed, 1, "", 0);
    } else if (strcmp(kind, "udp") == 0) {
        datagram(w, &from, &to, false, 32);
    } else if (strcmp(kind, "fragments") == 0) {
        datagram(w, &from, &to, true, 1472 - 8 * (mixed % 100));
    } else {
        session(w, &from, &to, mixed);
        if (strcmp(kind, "holes") == 0) {
            for (uint32_t k = 0; k < 8; k++)
                tcp(w, &from, &to, PSH | ACK, mixed + 1001 + 2000 * k, (mixed ^ 0x5555) + 1, data,
                    sizeof(data));
        }
    }
}

int main(int argc, char **argv)
{
    static const uint32_t head[6] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, 1};
    static const char request[] = "GET /flood-proof HTTP/1.1\r\nHost: pump.example\r\n\r\n";
    struct writer w = {.ns = UINT64_C(1700000000) * 1000000000};
    struct end client = {0xc0a80105, 40000};
    struct end server = {0xc0a80101, 80};

    if (argc != 3) {
        fprintf(stderr, "usage: flood syn|udp|ack|fragments|holes|idle COUNT\n");
        return 2;
    }
    fwrite(head, sizeof(head), 1, stdout);
    session(&w, &client, &server, 1000);
    tcp(&w, &client, &server, PSH | ACK, 1001, (1000 ^ 0x5555) + 1, request, 10);
    for (uint32_t i = 0; i < (uint32_t)strtoul(argv[2], NULL, 10); i++)
        one(&w, argv[1], i);
    tcp(&w, &client, &server, PSH | ACK, 1011, (1000 ^ 0x5555) + 1, request + 10,
        sizeof(request) - 11);
    tcp(&w, &server, &client, ACK, (1000 ^ 0x5555) + 1, 1001 + sizeof(request) - 1, "", 0);
    return 0;
}
