/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB 1, 2 and 3 over TCP, with or without NetBIOS: files, shares, named pipes and the calls on
 * them. Spec: MS-CIFS, MS-SMB, MS-SMB2; RFC 1002 section 4.3 (framing).
 * One transaction = a command and its answer; a file that is read or written; a call on a pipe.
 * Encrypted messages (SMB 3) are counted as one transaction a flow. Limits: SMB_MESSAGE_MAX bytes
 * of a message are read, contents of files apart, which are passed on as they come.
 */
#include "sensor/app/smb_tx.h"

enum { FRAME = 4, MAGIC = 4, MESSAGE_LEAST = 32, FRAME_MOST = 0xffffff };
enum {
    FRAME_MESSAGE = 0,
    FRAME_REQUEST = 0x81,
    FRAME_ACCEPTED = 0x82,
    FRAME_REFUSED = 0x83,
    FRAME_RETARGET = 0x84,
    FRAME_ALIVE = 0x85,
};

/* 1 and 2; 3 = encrypted, 4 = compressed; 0 = no message of SMB. */
static uint8_t version_of(struct slice in)
{
    static const uint8_t first[] = {0xff, 0xfe, 0xfd, 0xfc};

    if (!slice_eq(slice_from(slice_head(in, MAGIC), 1), SLICE_LIT("SMB")))
        return 0;
    for (uint8_t i = 0; i < sizeof first; i++)
        if (in.at[0] == first[i])
            return (uint8_t)(i + 1);
    return 0;
}

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* ---- lost bytes --------------------------------------------------------------------------- */

/* Looks for the next message: a frame's header, then a known version. */
static struct parsed search(struct smb_side *side, struct slice in)
{
    enum { WHOLE = FRAME + MAGIC };

    if (in.len < WHOLE)
        return parse_more(WHOLE);
    for (uint32_t i = 0; i + WHOLE <= in.len; i++) {
        uint8_t version = in.at[i] ? 0 : version_of(slice_from(in, i + FRAME));
        if (version == 1 || version == 2 || version == 3) {
            side->lost = false;
            if (i)
                return parse_done(i);
            return (struct parsed){PARSED_DONE, 0};
        }
    }
    return parse_done(in.len - WHOLE + 1);
}

static void lose(struct app *app, enum dir dir, struct smb_side *side, uint32_t gap)
{
    if (side->bulk.left >= gap && side->left >= gap) {
        smb_file_hole(app, dir, side->bulk.handle);
        side->bulk.left -= gap;
        side->left -= gap;
        return;
    }
    if (side->bulk.left)
        smb_file_hole(app, dir, side->bulk.handle);
    side->bulk = (struct smb_bulk){0};
    side->left = 0;
    side->lost = true;
}

/* ---- messages ----------------------------------------------------------------------------- */

static struct parsed read_frame(struct app *app, struct smb_side *side, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t type = cursor_u8(&c);
    uint32_t length = cursor_be24(&c);

    if (!cursor_ok(&c))
        return parse_more(FRAME);
    if (type == FRAME_MESSAGE) {
        side->left = length;
        return parse_done(FRAME);
    }
    if (type >= FRAME_REQUEST && type <= FRAME_ALIVE && length <= 0x1ffff)
        return parse_done(FRAME + length);
    if (!app_as_suricata(app)) /* there a frame of any type is one */
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
    side->lost = true;
    return parse_done(1);
}

static struct parsed skip_frame(struct smb_side *side)
{
    uint32_t left = side->left;

    side->left = 0;
    side->bulk = (struct smb_bulk){0};
    return parse_done(left);
}

static void encrypted(struct app *app)
{
    struct smb_header h = {.version = 2};
    uint64_t key = UINT64_C(5) << 60;

    if (!app_tx_find(app, key))
        (void)smb_state_tx_new(app, key, &h, SMB_ENCRYPTED);
}

/* Length of the message at the start of `in`; 0 = it makes no sense. */
static uint32_t message_length(uint8_t version, struct slice in, uint32_t left)
{
    struct smb_header h = {0};

    if (version == 1)
        return left;
    if (!smb_v2_header(in, &h))
        return 0;
    if (!h.next)
        return left;
    return h.next < SMB2_HEADER || h.next > left ? 0 : h.next;
}

static struct parsed read_message(struct app *app, enum dir dir, struct smb_side *side,
                                  struct slice in)
{
    uint8_t version = version_of(in);
    uint32_t head = version == 1 ? SMB1_HEADER : SMB2_HEADER;

    if (in.len < least(head, side->left))
        return parse_more(least(head, side->left));
    if (side->left < head) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return skip_frame(side);
    }
    uint32_t length = message_length(version, in, side->left);
    if (!length) {
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
        return skip_frame(side);
    }
    uint32_t (*want)(struct app *, enum dir, struct slice, uint32_t) =
        version == 1 ? smb_v1_need : smb_v2_need;
    uint32_t need = least(least(want(app, dir, in, length), length), SMB_MESSAGE_MAX);
    if (in.len < need)
        return parse_more(need);
    struct smb_bulk bulk = {0};
    uint32_t bulk_at = 0;
    (version == 1 ? smb_v1_message : smb_v2_message)(app, dir, slice_head(in, need), length, &bulk,
                                                     &bulk_at);
    if (!bulk.left || bulk_at >= length) {
        side->left -= length;
        return parse_done(length);
    }
    if (bulk.left > length - bulk_at) {
        smb_state_note(app, NULL, SMB_NOTE_RECORD_OVERFLOW);
        bulk.left = length - bulk_at;
    }
    bulk.pad = (uint32_t)(length - bulk_at - bulk.left);
    side->bulk = bulk;
    side->left -= bulk_at;
    return parse_done(bulk_at);
}

static struct parsed read_bulk(struct app *app, enum dir dir, struct smb_side *side,
                               struct slice in)
{
    uint32_t n = least(in.len, side->bulk.left);

    smb_file_data(app, dir, side->bulk.handle, slice_head(in, n));
    side->bulk.left -= n;
    side->left -= n;
    if (!side->bulk.left) {
        uint32_t pad = side->bulk.pad;
        side->bulk = (struct smb_bulk){0};
        side->left -= pad;
        n += pad;
    }
    return parse_done(n);
}

static struct parsed smb_parse(struct app *app, enum dir dir, struct slice in)
{
    struct smb_state *state = app_state(app);
    struct smb_side *side = &state->side[dir];

    if (!in.len)
        return parse_done(0);
    if (app_gap(app))
        lose(app, dir, side, app_gap(app));
    if (side->lost) {
        struct parsed found = search(side, in);
        if (found.kind != PARSED_DONE || found.bytes)
            return found;
    }
    if (side->bulk.left)
        return read_bulk(app, dir, side, in);
    if (!side->left)
        return read_frame(app, side, in);
    if (in.len < least(MAGIC, side->left))
        return parse_more(least(MAGIC, side->left));
    uint8_t version = version_of(in);
    if (version == 1 || version == 2)
        return read_message(app, dir, side, in);
    if (version == 3)
        encrypted(app);
    else if (!version)
        smb_state_note(app, NULL, SMB_NOTE_MALFORMED);
    return skip_frame(side);
}

/* A NetBIOS session begins with a request of two names of 34 bytes, or its acceptance. */
static enum probe probe_session(struct slice head)
{
    struct cursor c = cursor_of(head);
    uint32_t want = cursor_u8(&c) == FRAME_REQUEST ? 68 : 0;
    uint32_t length = cursor_be24(&c);

    if (!cursor_ok(&c))
        return PROBE_MORE;
    return length == want ? PROBE_LIKELY : PROBE_NO;
}

static enum probe smb_probe(struct slice head, enum dir dir)
{
    (void)dir;
    if (!head.len)
        return PROBE_MORE;
    if (head.at[0] == FRAME_REQUEST || head.at[0] == FRAME_ACCEPTED)
        return probe_session(head);
    if (head.at[0] != FRAME_MESSAGE)
        return PROBE_NO;
    if (head.len < FRAME + MAGIC) {
        struct slice text = slice_from(head, FRAME + 1);
        bool so_far = head.len <= FRAME || head.at[FRAME] >= 0xfd;
        return so_far && slice_starts(SLICE_LIT("SMB"), text) ? PROBE_MORE : PROBE_NO;
    }
    uint8_t version = version_of(slice_from(head, FRAME));
    return version >= 1 && version <= 3 ? PROBE_YES : PROBE_NO;
}

/* Sessions of NetBIOS carry other things as well. */
static enum probe smb_alone(struct slice head, enum dir dir)
{
    return head.len && head.at[0] != FRAME_MESSAGE ? PROBE_NO : smb_probe(head, dir);
}

const struct proto_def proto_smb = {
    .name = "smb",
    .spec = "MS-CIFS, MS-SMB, MS-SMB2",
    .doc = "Files, shares and named pipes of Windows",
    .l4 = L4_TCP,
    .ports = {445, 139},
    .tx_size = sizeof(struct smb_tx),
    .state_size = sizeof(struct smb_state),
    .buffer_max = SMB_MESSAGE_MAX,
    .deep = true,
    .survives_gaps = true,
    .probe = smb_probe,
    .alone = smb_alone,
    .parse = smb_parse,
    .write_event = smb_event_write,
    .fields = smb_fields,
    .notes = smb_fields_notes,
    .crowded = "too_many_transactions",
};
