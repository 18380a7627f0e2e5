/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/scan.h"

#include "common/clock.h"
#include "common/hash.h"
#include "sensor/device/room.h"

#include <stdlib.h>

enum { LN_4 = 1386, FLOOR = -1500, ALARM = 9200 };

static const struct room_rule contacts_growth = {4, SCAN_CONTACTS, sizeof(uint32_t)};
static const struct room_rule targets_growth = {4, SCAN_TARGETS, sizeof(uint32_t)};

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

/* Room for one more in the place it takes. */
static bool contacts_room(struct scan *scan, uint32_t need)
{
    uint32_t *all = room_for(scan->contacts, &scan->contacts_room, need, &contacts_growth);

    if (all)
        scan->contacts = all;
    return all;
}

static bool targets_room(struct scan *scan, uint32_t need)
{
    uint32_t *all = room_for(scan->targets, &scan->targets_room, need, &targets_growth);

    if (all)
        scan->targets = all;
    return all;
}

bool scan_contact(struct scan *scan, const struct addr *peer, uint8_t proto, uint16_t port,
                  bool answered, uint32_t figures[2])
{
    uint32_t contact = contact_of(peer, proto, port);

    if (seen(scan->contacts, scan->n_contacts, contact) ||
        !contacts_room(scan, scan->next_contact + 1u))
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
    if (scan->n_targets == SCAN_TARGETS || seen(scan->targets, scan->n_targets, t) ||
        !targets_room(scan, scan->n_targets + 1u))
        return false;
    scan->targets[scan->n_targets++] = t;
    return scan->n_targets == (limit < SCAN_TARGETS ? limit : SCAN_TARGETS);
}

void scan_restore(struct scan *scan, const uint32_t *contacts, uint8_t n_contacts,
                  uint8_t next_contact, const uint32_t *targets, uint8_t n_targets)
{
    if (n_contacts && contacts_room(scan, n_contacts)) {
        memcpy(scan->contacts, contacts, n_contacts * sizeof(contacts[0]));
        scan->n_contacts = n_contacts;
        scan->next_contact = n_contacts < SCAN_CONTACTS ? n_contacts : next_contact % SCAN_CONTACTS;
    }
    if (n_targets && targets_room(scan, n_targets)) {
        memcpy(scan->targets, targets, n_targets * sizeof(targets[0]));
        scan->n_targets = n_targets;
    }
}

void scan_fini(struct scan *scan)
{
    free(scan->contacts);
    free(scan->targets);
    *scan = (struct scan){0};
}
