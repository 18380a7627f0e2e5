/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NTP, versions 3 and 4: who asks whom for the time. Spec: RFC 5905 section 7.3.
 * One transaction = a message; no events of its own.
 */
#include "sensor/app/proto.h"

enum { HEADER = 48, MODE_CONTROL = 6, PRIVATE_LEAST = 8 };

enum { NOTE_MALFORMED };
static const char *const ntp_notes[] = {"malformed_data", NULL};

struct ntp_tx {
    uint8_t version, mode, stratum;
};

static struct parsed ntp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t first = cursor_u8(&c), stratum = cursor_u8(&c);

    if (!in.len)
        return parse_done(0);
    struct tx *tx = app_tx_new(app, 0);
    if (!tx)
        return parse_full();
    struct ntp_tx *ntp = tx_data(tx);
    *ntp = (struct ntp_tx){first >> 3 & 7, first & 7, stratum};
    uint32_t least = ntp->mode < MODE_CONTROL ? HEADER : PRIVATE_LEAST;
    if (!cursor_ok(&c) || in.len < least)
        app_note(app, tx, NOTE_MALFORMED);
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(in.len);
}

static enum probe ntp_probe(struct slice head, enum dir dir)
{
    uint8_t version = head.len ? head.at[0] >> 3 & 7 : 0;
    uint8_t mode = head.len ? head.at[0] & 7 : 0;

    (void)dir;
    bool plausible = (version == 3 || version == 4) && mode && mode < MODE_CONTROL;
    return plausible && head.len >= HEADER ? PROBE_LIKELY : PROBE_NO;
}

static const struct field ntp_fields[] = {
    {.name = "ntp.version",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct ntp_tx, version),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Version: 3, 4"},
    {.name = "ntp.mode",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_U8,
     .offset = offsetof(struct ntp_tx, mode),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Mode: 3 client, 4 server, 5 broadcast, 6 control, 7 private"},
    {.name = "ntp.stratum",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct ntp_tx, stratum),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Distance of the clock from a reference; 0 in refusals"},
    FIELD_END,
};

const struct proto_def proto_ntp = {
    .name = "ntp",
    .eve = "",
    .spec = "RFC 5905",
    .doc = "Time of day",
    .l4 = L4_UDP,
    .ports = {123},
    .breadth = "NTP",
    .tx_size = sizeof(struct ntp_tx),
    .one_sided = true,
    .probe = ntp_probe,
    .parse = ntp_parse,
    .fields = ntp_fields,
    .notes = ntp_notes,
};
