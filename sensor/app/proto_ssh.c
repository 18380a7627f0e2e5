/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH over TCP: versions and key exchange offers, from which software is told apart (HASSH).
 * Spec: RFC 4253 sections 4.2 and 7.1. One transaction = the opening of a connection; when both
 * sides have made their offers, parsing ends.
 * Limits: BANNER_MAX bytes before the end of the version line, PACKET_MAX bytes of an offer.
 */
#include "sensor/app/proto.h"

#include "common/digest.h"

enum {
    BANNER_MAX = 8192,
    GREETING_MAX = 512,
    PACKET_MAX = 35000,
    COOKIE_BYTES = 16,
    KEXINIT = 20,
    NEWKEYS = 21,
    LISTS = 10,
    HASSH_LISTS = 4,
};

struct ssh_end {
    struct slice proto, software;
    struct slice hassh, hassh_text;
};

struct ssh_tx {
    struct ssh_end client, server;
};

struct ssh_side {
    bool has_version, over, silent;
};

struct ssh_state {
    struct ssh_side side[2];
    bool old;     /* version 1, of either side */
    bool damaged; /* where encryption begins is not known */
};

static const struct field ssh_fields[] = {
#define SSH_ROW(name_, eve_, uses_, member, side_, progress_, doc_)                                \
    {                                                                                              \
        .name = name_, .eve = eve_, .uses = (uses_) | IN_EVE, .type = FIELD_BYTES,                 \
        .offset = offsetof(struct ssh_tx, member), .side = side_, .progress = progress_,           \
        .doc = doc_                                                                                \
    }
    SSH_ROW("ssh.proto", "client.proto_version", IN_RULES, client.proto, SIDE_CLIENT, TX_LINE,
            "Protocol version of the client"),
    SSH_ROW("ssh.software", "client.software_version", IN_RULES | IN_IDENTITY, client.software,
            SIDE_CLIENT, TX_LINE, "Software of the client"),
    SSH_ROW("ssh.hassh", "client.hassh.hash", IN_RULES | IN_IDENTITY, client.hassh, SIDE_CLIENT,
            TX_HEADERS, "MD5 of the client's offers"),
    SSH_ROW("ssh.hassh.string", "client.hassh.string", IN_RULES, client.hassh_text, SIDE_CLIENT,
            TX_HEADERS, "The client's offers"),
    SSH_ROW("ssh.proto", "server.proto_version", IN_RULES, server.proto, SIDE_SERVER, TX_LINE,
            "Protocol version of the server"),
    SSH_ROW("ssh.software", "server.software_version", IN_RULES | IN_IDENTITY, server.software,
            SIDE_SERVER, TX_LINE, "Software of the server"),
    SSH_ROW("ssh.hassh.server", "server.hassh.hash", IN_RULES | IN_IDENTITY, server.hassh,
            SIDE_SERVER, TX_HEADERS, "MD5 of the server's offers"),
    SSH_ROW("ssh.hassh.server.string", "server.hassh.string", IN_RULES, server.hassh_text,
            SIDE_SERVER, TX_HEADERS, "The server's offers"),
    FIELD_END,
};

enum { NOTE_BANNER, NOTE_KEX, NOTE_LONG };
static const char *const ssh_notes[] = {"invalid_banner", "invalid_record", "long_banner", NULL};

static struct parsed side_over(struct app *app, struct tx *tx, enum dir dir, uint32_t used)
{
    struct ssh_state *state = app_state(app);
    state->side[dir].over = true;
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(used);
}

/* Nothing more is read of the direction: its next packets are encrypted, or none. */
static struct parsed no_more(struct app *app, enum dir dir, bool encrypted, uint32_t used)
{
    struct ssh_state *state = app_state(app);

    state->side[dir].silent = true;
    state->damaged |= !encrypted;
    if (!state->side[dir_other(dir)].silent)
        return parse_done(used);
    if (!state->damaged)
        app_hush(app);
    return parse_off();
}

/* Packets behind the offer, up to the one behind which all is encrypted. */
static struct parsed parse_exchange(struct app *app, enum dir dir, struct slice in)
{
    const struct ssh_state *state = app_state(app);
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_be32(&c);

    if (state->side[dir].silent)
        return parse_done(in.len);
    cursor_skip(&c, 1);
    uint8_t type = cursor_u8(&c);
    if (!cursor_ok(&c))
        return parse_more(6);
    if (length < 2 || length > PACKET_MAX)
        return no_more(app, dir, false, in.len);
    return type == NEWKEYS ? no_more(app, dir, true, 4 + length) : parse_done(4 + length);
}

/* "SSH-protocol-software comments" */
static void read_version(struct app *app, struct tx *tx, struct slice line, struct ssh_end *end)
{
    struct slice rest = slice_from(line, 4);
    int64_t dash = slice_find_byte(rest, '-');

    if (dash < 0) {
        app_note(app, tx, NOTE_BANNER);
        return;
    }
    struct slice software = slice_from(rest, (uint32_t)dash + 1);
    int64_t blank = slice_find_byte(software, ' ');
    end->proto = app_keep(app, tx, slice_head(rest, (uint32_t)dash));
    end->software = app_keep(app, tx, blank < 0 ? software : slice_head(software, (uint32_t)blank));
}

static struct parsed parse_version(struct app *app, struct tx *tx, enum dir dir, struct slice in,
                                   struct ssh_end *end)
{
    struct ssh_state *state = app_state(app);
    int64_t eol = slice_find_byte(slice_head(in, BANNER_MAX), '\n');

    if (eol < 0 && in.len < BANNER_MAX)
        return parse_more(in.len + 1);
    if (eol < 0) {
        app_note(app, tx, NOTE_LONG);
        return parse_bad();
    }
    struct slice line = slice_trim(slice_head(in, (uint32_t)eol));
    if (!slice_starts(line, SLICE_LIT("SSH-"))) {
        if (dir == TO_SERVER || app_as_suricata(app))
            app_note(app, tx, NOTE_BANNER);
        /* servers may greet before their version */
        return dir == TO_CLIENT ? parse_done((uint32_t)eol + 1) : parse_bad();
    }
    state->side[dir].has_version = true;
    read_version(app, tx, line, end);
    app_progress(app, tx, dir, TX_LINE);
    state->old = state->old || (slice_starts(line, SLICE_LIT("SSH-1.")) &&
                                !slice_starts(line, SLICE_LIT("SSH-1.99")));
    if (state->old) {
        (void)no_more(app, dir, false, 0);
        return side_over(app, tx, dir, (uint32_t)eol + 1);
    }
    return parse_done((uint32_t)eol + 1);
}

/* The four lists of HASSH: key exchange, and cipher, MAC, compression of the own direction. */
static bool read_offer(struct app *app, struct tx *tx, enum dir dir, struct slice payload,
                       struct ssh_end *end)
{
    static const uint8_t wanted[2][HASSH_LISTS] = {{0, 2, 4, 6}, {0, 3, 5, 7}};
    struct cursor c = cursor_of(payload);
    struct slice lists[LISTS], text = SLICE_NONE;
    uint8_t digest[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];

    cursor_skip(&c, COOKIE_BYTES);
    for (uint32_t i = 0; i < LISTS; i++)
        lists[i] = cursor_take(&c, cursor_be32(&c));
    if (!cursor_ok(&c))
        return false;
    for (uint32_t i = 0; i < HASSH_LISTS; i++) {
        if (i)
            app_grow(app, tx, &text, SLICE_LIT(";"), PACKET_MAX);
        app_grow(app, tx, &text, lists[wanted[dir][i]], PACKET_MAX);
    }
    end->hassh_text = text;
    digest_of(DIGEST_MD5, text, digest);
    digest_text(digest, digest_size(DIGEST_MD5), hex);
    end->hassh = app_keep(app, tx, slice_of_str(hex));
    app_progress(app, tx, dir, TX_HEADERS);
    return true;
}

static struct parsed parse_packet(struct app *app, struct tx *tx, enum dir dir, struct slice in,
                                  struct ssh_end *end)
{
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_be32(&c);

    if (!cursor_ok(&c))
        return parse_more(4);
    if (length < 2 || length > PACKET_MAX) {
        app_note(app, tx, NOTE_KEX);
        (void)no_more(app, dir, false, in.len);
        return side_over(app, tx, dir, in.len);
    }
    struct cursor packet = cursor_of(cursor_take(&c, length));
    if (!cursor_ok(&c))
        return parse_more(4 + length);
    uint32_t padding = cursor_u8(&packet);
    uint8_t type = cursor_u8(&packet);
    if (type != KEXINIT) /* ignore, debug, guessed key exchange */
        return parse_done(4 + length);
    struct slice payload = cursor_rest(&packet);
    payload = slice_head(payload, payload.len > padding ? payload.len - padding : 0);
    if (!read_offer(app, tx, dir, payload, end))
        app_note(app, tx, NOTE_KEX);
    return side_over(app, tx, dir, 4 + length);
}

static struct parsed ssh_parse(struct app *app, enum dir dir, struct slice in)
{
    struct ssh_state *state = app_state(app);

    if (!in.len)
        return parse_more(1);
    if (state->side[dir].over)
        return parse_exchange(app, dir, in);
    struct tx *tx = app_tx(app, 0);
    if (!tx)
        return parse_full();
    struct ssh_tx *ssh = tx_data(tx);
    struct ssh_end *end = dir == TO_SERVER ? &ssh->client : &ssh->server;
    if (state->side[dir].has_version && state->old) /* packets of version 1 are built otherwise */
        return side_over(app, tx, dir, in.len);
    return state->side[dir].has_version ? parse_packet(app, tx, dir, in, end)
                                        : parse_version(app, tx, dir, in, end);
}

/* Lines of text: a server may send some before its version. */
static bool is_greeting(struct slice head)
{
    for (uint32_t i = 0; i < head.len; i++) {
        uint8_t b = head.at[i];
        if (b < ' ' ? b != '\r' && b != '\n' && b != '\t' : b > '~')
            return false;
    }
    return head.len < GREETING_MAX;
}

static enum probe ssh_probe(struct slice head, enum dir dir)
{
    static const struct slice mark = SLICE_LIT("SSH-");

    if (dir == TO_CLIENT && !slice_starts(head, slice_head(mark, head.len))) {
        int64_t at = slice_find(slice_head(head, GREETING_MAX), SLICE_LIT("\nSSH-"));
        if (!is_greeting(at < 0 ? head : slice_head(head, (uint32_t)at)))
            return PROBE_NO;
        if (at < 0)
            return PROBE_MORE;
        head = slice_from(head, (uint32_t)at + 1);
    }
    struct cursor c = cursor_of(slice_from(head, mark.len));
    if (!slice_starts(head, slice_head(mark, head.len)))
        return PROBE_NO;
    uint8_t major = cursor_u8(&c), dot = cursor_u8(&c);
    if (!cursor_ok(&c))
        return PROBE_MORE;
    return (major == '1' || major == '2') && dot == '.' ? PROBE_YES : PROBE_NO;
}

const struct proto_def proto_ssh = {
    .name = "ssh",
    .spec = "RFC 4253",
    .doc = "Secure shell: versions and key exchange offers",
    .l4 = L4_TCP,
    .ports = {22, 2222},
    .tx_size = sizeof(struct ssh_tx),
    .state_size = sizeof(struct ssh_state),
    .probe = ssh_probe,
    .parse = ssh_parse,
    .fields = ssh_fields,
    .notes = ssh_notes,
};
