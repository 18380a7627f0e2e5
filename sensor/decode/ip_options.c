/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/ip_options.h"

/* ---- IPv4 --------------------------------------------------------------------------------- */

enum {
    OPT_END = 0,
    OPT_NOP = 1,
    OPT_ROUTE = 7,
    OPT_TIME = 68,
    OPT_SECURITY = 130,
    OPT_LOOSE = 131,
    OPT_SECURITY_MORE = 133,
    OPT_CIPSO = 134,
    OPT_STREAM = 136,
    OPT_STRICT = 137,
    OPT_ALERT = 148,
    LINE_BYTES = 8
};

/* Length an option has to have; 0 = it differs. */
static uint8_t fixed_length(uint8_t type)
{
    return type == OPT_SECURITY ? 11 : type == OPT_STREAM || type == OPT_ALERT ? 4 : 0;
}

/* A list of addresses with a pointer to the next one to fill in. */
static void check_route(struct packet *p, struct slice option)
{
    if (option.len < 3) {
        decode_note(p, NOTE_IPV4_OPT_LENGTH);
        return;
    }
    uint8_t pointer = option.at[2];
    if (pointer < 4 || pointer % 4 || pointer > option.len + 1)
        decode_note(p, NOTE_IPV4_OPT_MALFORMED);
}

static void check_time(struct packet *p, struct slice option)
{
    if (option.len < 4) {
        decode_note(p, NOTE_IPV4_OPT_LENGTH);
        return;
    }
    uint8_t pointer = option.at[2], flag = option.at[3] & 15;
    uint8_t step = flag == 1 || flag == 3 ? 8 : 4;
    if (pointer < 5 || (pointer - 5) % step || pointer > option.len + 1)
        decode_note(p, NOTE_IPV4_OPT_MALFORMED);
}

static void check_option(struct packet *p, uint8_t type, struct slice option)
{
    uint8_t fixed = fixed_length(type);

    switch (type) {
    case OPT_ROUTE:
    case OPT_LOOSE:
    case OPT_STRICT:
        check_route(p, option);
        break;
    case OPT_TIME:
        check_time(p, option);
        break;
    case OPT_SECURITY:
    case OPT_STREAM:
    case OPT_ALERT:
        if (option.len != fixed)
            decode_note(p, NOTE_IPV4_OPT_LENGTH);
        break;
    case OPT_SECURITY_MORE:
        if (option.len < 3)
            decode_note(p, NOTE_IPV4_OPT_LENGTH);
        break;
    case OPT_CIPSO:
        if (option.len < 10)
            decode_note(p, NOTE_IPV4_OPT_MALFORMED);
        break;
    default:
        decode_note(p, NOTE_IPV4_OPT_INVALID);
        break;
    }
}

void ip_options_check(struct packet *p, struct slice options)
{
    uint64_t seen[4] = {0};

    if (options.len % LINE_BYTES)
        decode_note(p, NOTE_IPV4_OPT_PAD);
    while (options.len && options.at[0] != OPT_END) {
        uint8_t type = options.at[0];
        if (type == OPT_NOP) {
            options = slice_from(options, 1);
            continue;
        }
        if (options.len < 2) {
            decode_note(p, NOTE_IPV4_OPT_EOL);
            return;
        }
        uint8_t len = options.at[1];
        if (len < 2 || len > options.len) {
            decode_note(p, NOTE_IPV4_OPT_LENGTH);
            return;
        }
        if (seen[type / 64] >> (type % 64) & 1)
            decode_note(p, NOTE_IPV4_OPT_DUPLICATE);
        else
            check_option(p, type, slice_head(options, len));
        seen[type / 64] |= UINT64_C(1) << (type % 64);
        options = slice_from(options, len);
    }
}

/* ---- IPv6 --------------------------------------------------------------------------------- */

enum {
    HOP_BY_HOP = 0,
    ROUTING = 43,
    AUTH = 51,
    DESTINATION = 60,
    PAD1 = 0,
    PADN = 1,
    ROUTER_ALERT = 5,
    JUMBO = 0xc2,
    HOME_ADDRESS = 0xc9
};

static uint8_t least_length(uint8_t type)
{
    return type == ROUTER_ALERT ? 2 : type == JUMBO ? 4 : type == HOME_ADDRESS ? 16 : 0;
}

/* What was among the options of one header. */
struct option_kinds {
    bool pad, unknown, other;
};

/* One option with its length; false when it is too short for what it is. */
static bool check_extension_option(struct packet *p, uint8_t type, uint8_t len,
                                   struct option_kinds *kinds)
{
    bool known = least_length(type) > 0;

    kinds->pad |= type == PADN;
    kinds->other |= known;
    kinds->unknown |= !known && type != PADN;
    if (type == PADN && len == 0)
        decode_note(p, NOTE_IPV6_PADN_EMPTY);
    return len >= least_length(type);
}

/* Options of a hop-by-hop or destination header. */
static void check_extension_options(struct packet *p, struct slice in, bool hop)
{
    struct option_kinds kinds = {false, false, false};

    while (in.len) {
        if (in.at[0] == PAD1) {
            kinds.pad = true;
            in = slice_from(in, 1);
            continue;
        }
        if (in.len < 2 || in.at[1] + 2u > in.len ||
            !check_extension_option(p, in.at[0], in.at[1], &kinds)) {
            decode_note(p, NOTE_IPV6_EXT_OPTLEN);
            return;
        }
        in = slice_from(in, in.at[1] + 2u);
    }
    if (kinds.unknown)
        decode_note(p, hop ? NOTE_IPV6_HOP_UNKNOWN : NOTE_IPV6_DST_UNKNOWN);
    else if (kinds.pad && !kinds.other)
        decode_note(p, hop ? NOTE_IPV6_HOP_PADDING : NOTE_IPV6_DST_PADDING);
}

static void count(struct packet *p, uint8_t *seen, uint8_t most, enum decode_note note)
{
    if (*seen < UINT8_MAX)
        ++*seen;
    if (*seen > most)
        decode_note(p, note);
}

void ip_options_extension(struct packet *p, uint8_t kind, struct slice header,
                          struct ip_options_seen *seen)
{
    switch (kind) {
    case HOP_BY_HOP:
        count(p, &seen->hop, 1, NOTE_IPV6_EXT_DUPLICATE_HOP);
        check_extension_options(p, slice_from(header, 2), true);
        break;
    case DESTINATION: /* once before a routing header, once behind it */
        count(p, &seen->destination, 2, NOTE_IPV6_EXT_DUPLICATE_DST);
        check_extension_options(p, slice_from(header, 2), false);
        break;
    case ROUTING:
        count(p, &seen->routing, 1, NOTE_IPV6_EXT_DUPLICATE_ROUTING);
        if (header.len > 2 && header.at[2] == 0)
            decode_note(p, NOTE_IPV6_ROUTING_0);
        break;
    case AUTH:
        count(p, &seen->auth, 1, NOTE_IPV6_EXT_DUPLICATE_AUTH);
        if (header.len > 3 && (header.at[2] || header.at[3]))
            decode_note(p, NOTE_IPV6_AUTH_RESERVED);
        break;
    default:
        break;
    }
}

void ip_options_fragment(struct packet *p, struct slice header, struct ip_options_seen *seen)
{
    count(p, &seen->fragment, 1, NOTE_IPV6_EXT_DUPLICATE);
    if (header.len < 4)
        return;
    if (header.at[1])
        decode_note(p, NOTE_IPV6_FRAG_RESERVED);
    if (!header.at[2] && !(header.at[3] & 0xf9))
        decode_note(p, NOTE_IPV6_FRAG_USELESS);
}
