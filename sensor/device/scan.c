/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/scan.h"

#include "common/clock.h"
#include "common/hash.h"

enum { LN_4 = 1386, FLOOR = -1500, ALARM = 9200 };

static uint32_t contact_of(const struct addr *peer, uint8_t proto, uint16_t port)
{
    return (uint32_t)hash_bytes((struct slice){peer->b, 16},
                                (uint64_t)peer->family << 24 | (uint64_t)proto << 16 | port);
}

static bool seen(const uint32_t *all, uint32_t n, uint32_t value)
{
    for (uint32_t i = 0; i < n; i++) {
        if (all[i] == value)
            return true;
    }
    return false;
}

bool scan_contact(struct scan *scan, const struct addr *peer, uint8_t proto, uint16_t port,
                  bool answered, uint32_t figures[2])
{
    uint32_t contact = contact_of(peer, proto, port);

    if (seen(scan->contacts, scan->n_contacts, contact))
        return false;
    scan->contacts[scan->next_contact] = contact;
    scan->next_contact = (uint8_t)((scan->next_contact + 1) % SCAN_CONTACTS);
    if (scan->n_contacts < SCAN_CONTACTS)
        scan->n_contacts++;
    scan->score_m += answered ? -LN_4 : LN_4;
    if (scan->score_m < FLOOR)
        scan->score_m = FLOOR;
    if (answered)
        scan->answered++;
    else
        scan->failed++;
    if (scan->score_m < ALARM)
        return false;
    figures[0] = scan->failed;
    figures[1] = scan->answered;
    scan->score_m = 0;
    scan->failed = scan->answered = 0;
    return true;
}

bool scan_target(struct scan *scan, const struct addr *target, uint64_t now_ns, uint32_t limit)
{
    uint32_t t = contact_of(target, 0, 0);

    if (now_ns - scan->sweep_ns >= 60 * CLOCK_S) {
        scan->sweep_ns = now_ns;
        scan->n_targets = 0;
    }
    if (scan->n_targets == SCAN_TARGETS || seen(scan->targets, scan->n_targets, t))
        return false;
    scan->targets[scan->n_targets++] = t;
    return scan->n_targets == (limit < SCAN_TARGETS ? limit : SCAN_TARGETS);
}
