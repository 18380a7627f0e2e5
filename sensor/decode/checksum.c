/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/checksum.h"

enum { TRUSTED_GOOD = 1, BAD_SHARE = 10, FRAME_MAX = 1526 };

typedef uint64_t words __attribute__((vector_size(16)));

uint64_t checksum_add(uint64_t sum, struct slice s)
{
    const uint8_t *at = s.at;
    uint32_t left = s.len;

    /* 32-bit words into 64-bit sums: no carry is lost below 2^32 words. */
    if (left >= 32) {
        words low = {0, 0};
        words high = {0, 0};
        for (; left >= 32; at += 32, left -= 32) {
            words a;
            words b;
            memcpy(&a, at, sizeof(a));
            memcpy(&b, at + sizeof(a), sizeof(b));
            low += (a & UINT32_MAX) + (b & UINT32_MAX);
            high += (a >> 32) + (b >> 32);
        }
        sum += low[0] + low[1] + high[0] + high[1];
    }
    for (; left >= 8; at += 8, left -= 8) {
        uint64_t a;
        memcpy(&a, at, sizeof(a));
        sum += (a & UINT32_MAX) + (a >> 32);
    }
    while (left >= 2) {
        uint16_t a;
        memcpy(&a, at, 2);
        sum += a;
        at += 2;
        left -= 2;
    }
    return left ? sum + at[0] : sum; /* little-endian: the padding byte is the high one */
}

uint16_t checksum_fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    uint32_t half = ((uint32_t)sum & 0xffff) + ((uint32_t)sum >> 16);
    return (uint16_t)(half + (half >> 16));
}

void checksum_policy_init(struct checksum_policy *policy, const char *mode)
{
    memset(policy, 0, sizeof(*policy));
    policy->mode = CHECKSUM_AUTO;
    if (strcmp(mode, "none") == 0 || strcmp(mode, "no") == 0)
        policy->mode = CHECKSUM_NONE;
    if (strcmp(mode, "all") == 0 || strcmp(mode, "yes") == 0)
        policy->mode = CHECKSUM_ALL;
}

/* The unused bytes of an IPv4 address are zeros. */
static uint64_t address_sum(const struct addr *addr)
{
    uint64_t halves[2];

    memcpy(halves, addr->b, sizeof(halves));
    return (halves[0] & UINT32_MAX) + (halves[0] >> 32) + (halves[1] & UINT32_MAX) +
           (halves[1] >> 32);
}

static uint64_t pseudo_header(const struct packet *p)
{
    uint64_t sum = address_sum(&p->src) + address_sum(&p->dst);

    sum += __builtin_bswap16((uint16_t)p->l4.len);
    return sum + (uint64_t)p->proto * 256;
}

/* `sum`: of the words of `l4`; NULL: not known yet. */
static bool transport_right(const struct packet *p, const uint64_t *sum)
{
    switch (p->proto) {
    case IPPROTO_TCP4:
        break;
    case IPPROTO_UDP4: /* 0 = not used, but IPv6 has no such thing */
        if (p->l4.len < 8 || (p->l4.at[6] == 0 && p->l4.at[7] == 0))
            return true;
        break;
    case IPPROTO_ICMP6:
        if (p->ip_version == 4)
            return true;
        break;
    case IPPROTO_ICMP4:
        return p->ip_version == 6 || checksum_fold(sum ? *sum : checksum_add(0, p->l4)) == 0xffff;
    default:
        return true;
    }
    uint64_t all = sum ? *sum : checksum_add(0, p->l4);
    return checksum_fold(all + pseudo_header(p)) == 0xffff;
}

bool checksum_transport_right(const struct packet *p)
{
    return transport_right(p, NULL);
}

/* Five words, as nearly every header has. */
static bool plain_header_right(const uint8_t *at)
{
    uint64_t most[2];
    uint32_t last;

    memcpy(most, at, sizeof(most));
    memcpy(&last, at + sizeof(most), sizeof(last));
    return checksum_fold((most[0] & UINT32_MAX) + (most[0] >> 32) + (most[1] & UINT32_MAX) +
                         (most[1] >> 32) + last) == 0xffff;
}

bool checksum_header_right(const struct packet *p)
{
    if (p->ip_version != 4 || p->reassembled || p->l3.len < 20)
        return true;
    uint32_t len = (uint32_t)(p->l3.at[0] & 0x0f) * 4;
    if (len == 20)
        return plain_header_right(p->l3.at);
    return len > p->l3.len || checksum_fold(checksum_add(0, slice_head(p->l3, len))) == 0xffff;
}

static struct checksum_host *host_of(struct checksum_policy *policy, const struct addr *addr)
{
    uint64_t high;
    uint64_t low;

    memcpy(&high, addr->b, 8);
    memcpy(&low, addr->b + 8, 8);
    uint64_t hash = (high ^ (low << 7) ^ (low >> 9)) * UINT64_C(0x9e3779b97f4a7c15);
    struct checksum_host *host = &policy->host[(hash >> 32) % CHECKSUM_HOSTS];
    uint32_t tag = (uint32_t)hash | 1;
    if (host->tag != tag)
        *host = (struct checksum_host){.tag = tag};
    return host;
}

static void remember(struct checksum_host *host, bool right)
{
    uint16_t *count = right ? &host->good : &host->bad;

    if (*count == UINT16_MAX) {
        host->good /= 2;
        host->bad /= 2;
    }
    ++*count;
}

/* Sent in one piece to a card that cuts it and writes the sums: larger than any frame of the
 * network, with no length, or with the sum of the pseudo header only. */
static bool left_to_card(const struct packet *p)
{
    if (p->frame.wirelen <= FRAME_MAX || p->reassembled || p->l3.len < 20)
        return false;
    const uint8_t *length = p->l3.at + (p->ip_version == 4 ? 2 : 4);
    if (length[0] == 0 && length[1] == 0)
        return true;
    uint32_t at = p->proto == IPPROTO_TCP4 ? 16 : 6;
    if ((p->proto != IPPROTO_TCP4 && p->proto != IPPROTO_UDP4) || p->l4.len < at + 2)
        return false;
    uint16_t half = checksum_fold(pseudo_header(p));
    return memcmp(p->l4.at + at, &half, 2) == 0;
}

enum checksum_verdict checksum_judge(struct checksum_policy *policy, const struct packet *p,
                                     const uint64_t *sum)
{
    if (policy->mode == CHECKSUM_NONE || p->fragment || p->payload_missing || !p->l4.len)
        return CHECKSUM_FINE;
    if (p->frame.sums_open)
        return CHECKSUM_FORGIVEN;
    if (policy->mode == CHECKSUM_AUTO && left_to_card(p))
        return CHECKSUM_FORGIVEN;
    bool right = checksum_header_right(p) && transport_right(p, sum);
    if (policy->mode == CHECKSUM_ALL)
        return right ? CHECKSUM_FINE : CHECKSUM_BAD;
    struct checksum_host *host = host_of(policy, &p->src);
    remember(host, right);
    if (right)
        return CHECKSUM_FINE;
    /* Only a host that is known to send right ones is held to it. */
    bool offloads = host->good < TRUSTED_GOOD ||
                    (uint32_t)host->bad * BAD_SHARE > (uint32_t)host->good + host->bad;
    return offloads ? CHECKSUM_FORGIVEN : CHECKSUM_BAD;
}
