/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMAP over TCP, recognised, and followed up to the login or the switch to TLS.
 * Spec: RFC 9051, 2.2 (commands and responses), 6.2.1 (STARTTLS).
 * Limits: a line LINE_MAX bytes; TAG_MAX bytes of its tag.
 */
#include "sensor/app/proto.h"

enum { LINE_MAX = 4096, TAG_MAX = 32 };

struct imap_tx {
    uint8_t unused;
};

struct imap_state {
    uint8_t tag[TAG_MAX]; /* of STARTTLS */
    uint32_t tag_len;
};

static const struct field imap_fields[] = {FIELD_END};

static struct slice next_word(struct slice *rest)
{
    int64_t blank = slice_find_byte(*rest, ' ');
    struct slice word = blank < 0 ? *rest : slice_head(*rest, (uint32_t)blank);
    *rest = blank < 0 ? SLICE_NONE : slice_from(*rest, (uint32_t)blank + 1);
    return word;
}

static bool is_word(struct slice word, const char *const *words)
{
    for (; *words; words++)
        if (slice_ieq(word, slice_of_str(*words)))
            return true;
    return false;
}

/* False when nothing of interest will come in the clear: the session has begun. */
static bool on_command(struct imap_state *state, struct slice line)
{
    static const char *const sessions[] = {"SELECT", "EXAMINE", "LIST", "FETCH", "IDLE", NULL};
    struct slice tag = next_word(&line), command = next_word(&line);

    if (slice_ieq(command, SLICE_LIT("STARTTLS")) && tag.len && tag.len <= TAG_MAX) {
        memcpy(state->tag, tag.at, tag.len);
        state->tag_len = tag.len;
    }
    return !is_word(command, sessions);
}

static void on_response(struct app *app, struct imap_state *state, struct slice line)
{
    struct slice tag = next_word(&line), answer = next_word(&line);

    if (!state->tag_len || !slice_eq(tag, (struct slice){state->tag, state->tag_len}))
        return;
    state->tag_len = 0;
    if (slice_ieq(answer, SLICE_LIT("OK")))
        app_switch(app, "tls");
}

static struct parsed imap_parse(struct app *app, enum dir dir, struct slice in)
{
    struct imap_state *state = app_state(app);
    int64_t eol = slice_find_byte(slice_head(in, LINE_MAX), '\n');

    if (!in.len)
        return parse_more(1);
    if (eol < 0)
        return in.len < LINE_MAX ? parse_more(in.len + 1) : parse_off();
    struct slice line = slice_trim(slice_head(in, (uint32_t)eol));
    if (dir == TO_CLIENT)
        on_response(app, state, line);
    else if (!on_command(state, line))
        return parse_off();
    return parse_done((uint32_t)eol + 1);
}

static enum probe begins(struct slice head, struct slice with)
{
    uint32_t n = head.len < with.len ? head.len : with.len;
    if (!slice_ieq(slice_head(head, n), slice_head(with, n)))
        return PROBE_NO;
    return n == with.len ? PROBE_YES : PROBE_MORE;
}

/* The first word of a client's line so far: printable ASCII, no longer than a tag (RFC 9051, 9). */
static bool may_be_tag(struct slice head)
{
    uint32_t n = 0;

    while (n < head.len && head.at[n] > ' ' && head.at[n] < 0x7f)
        n++;
    return n <= TAG_MAX && (n == head.len || (n > 0 && head.at[n] == ' '));
}

/* "* OK …" of a server; "tag CAPABILITY" and the like of a client. */
static enum probe imap_probe(struct slice head, enum dir dir)
{
    static const char *const first[] = {"CAPABILITY", "LOGIN", "AUTHENTICATE",
                                        "STARTTLS",   "ID",    NULL};
    if (dir == TO_CLIENT) {
        enum probe ok = begins(head, SLICE_LIT("* OK"));
        return ok == PROBE_NO ? begins(head, SLICE_LIT("* PREAUTH")) : ok;
    }
    if (!may_be_tag(head))
        return PROBE_NO;
    int64_t eol = slice_find_byte(slice_head(head, LINE_MAX), '\n');
    if (eol < 0)
        return head.len < LINE_MAX ? PROBE_MORE : PROBE_NO;
    struct slice line = slice_trim(slice_head(head, (uint32_t)eol));
    struct slice tag = next_word(&line), command = next_word(&line);
    return tag.len && tag.len <= TAG_MAX && is_word(command, first) ? PROBE_YES : PROBE_NO;
}

const struct proto_def proto_imap = {
    .name = "imap",
    .eve = "",
    .spec = "RFC 9051",
    .doc = "Reading of mail, recognised and followed into TLS",
    .l4 = L4_TCP,
    .ports = {143},
    .tx_size = sizeof(struct imap_tx),
    .state_size = sizeof(struct imap_state),
    .lines = true,
    .probe = imap_probe,
    .only_here = true,
    .parse = imap_parse,
    .fields = imap_fields,
};
