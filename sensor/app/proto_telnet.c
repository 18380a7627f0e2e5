/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telnet over TCP, recognised only: rules name it, and look at the stream.
 * Spec: RFC 854 (commands). A side that negotiates options is taken for telnet at once when it does
 * so twice, on the usual ports already when it does so once.
 */
#include "sensor/app/proto.h"

enum { IAC = 255, SB = 250, DONT = 254, COMMAND_BYTES = 3, OPTION_MAX = 49 };

struct telnet_tx {
    uint8_t unused;
};

static const struct field telnet_fields[] = {FIELD_END};

/* IAC, WILL … DONT or SB, option */
static bool is_negotiation(struct slice bytes)
{
    return bytes.len >= COMMAND_BYTES && bytes.at[0] == IAC && bytes.at[1] >= SB &&
           bytes.at[1] <= DONT && bytes.at[2] <= OPTION_MAX;
}

static enum probe telnet_probe(struct slice head, enum dir dir)
{
    (void)dir;
    if (head.len < COMMAND_BYTES)
        return !head.len || head.at[0] == IAC ? PROBE_MORE : PROBE_NO;
    if (!is_negotiation(head))
        return PROBE_NO;
    return is_negotiation(slice_from(head, COMMAND_BYTES)) ? PROBE_YES : PROBE_LIKELY;
}

static struct parsed telnet_parse(struct app *app, enum dir dir, struct slice in)
{
    (void)app;
    (void)dir;
    (void)in;
    return parse_off();
}

const struct proto_def proto_telnet = {
    .name = "telnet",
    .eve = "",
    .spec = "RFC 854",
    .doc = "Remote terminals, recognised only",
    .l4 = L4_TCP,
    .ports = {23, 2323},
    .tx_size = sizeof(struct telnet_tx),
    .probe = telnet_probe,
    .parse = telnet_parse,
    .fields = telnet_fields,
};
