/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/identity.h"

#include "sensor/device/parts.h"

const struct ident_def *identity_kind(const char *kind)
{
    for (uint32_t i = 0; ident_rows[i]; i++) {
        if (strcmp(ident_rows[i]->kind, kind) == 0)
            return ident_rows[i];
    }
    return NULL;
}

bool identity_match_ok(const struct ident_def *kind, const char *match)
{
    return *match && (!kind->ok || kind->ok(match));
}

/* Control characters would only confuse who reads them. */
bool identity_text(struct device *device, enum evidence slot, struct slice text)
{
    char fresh[DEVICE_EVIDENCE_MAX];

    text = slice_head(slice_trim(text), DEVICE_EVIDENCE_MAX - 1);
    if (text.len == 0)
        return false;
    for (uint32_t i = 0; i < text.len; i++)
        fresh[i] = (char)(text.at[i] < 0x20 || text.at[i] == 0x7f ? '?' : text.at[i]);
    fresh[text.len] = '\0';
    char *old =
        strcmp(parts_evidence(device, slot), fresh) != 0 ? parts_evidence_slot(device, slot) : NULL;
    if (old)
        memcpy(old, fresh, text.len + 1);
    return old;
}

bool identity_port(struct device *device, bool serves, uint8_t proto, uint16_t port)
{
    struct device_port *all = serves ? device->serves : device->uses;
    uint8_t *n = serves ? &device->n_serves : &device->n_uses;

    for (uint8_t i = 0; i < *n; i++) {
        if (all[i].proto == proto && all[i].port == port)
            return false;
    }
    if (*n == DEVICE_PORTS)
        return false;
    all[(*n)++] = (struct device_port){proto, port};
    return true;
}

static double score(const struct profile *profile, const struct device *device)
{
    double sum = 0;

    for (uint32_t i = 0; i < profile->n_identify; i++) {
        const struct profile_identify *e = &profile->identify[i];
        if (e->kind->match(device, e->match))
            sum += e->weight;
    }
    return sum;
}

/* Weights like 0.6 and 0.4 must reach 1.0 in spite of rounding. Of equals the first id wins. */
static const struct profile *best_profile(const struct devices *devices,
                                          const struct device *device, double *sum)
{
    const struct profile *best = NULL;

    *sum = 1.0 - 1e-6;
    for (uint32_t i = 0; i < profiles_count(devices->profiles); i++) {
        double s = score(profiles_at(devices->profiles, i), device);
        if (s > *sum + (best ? 1e-9 : 0)) {
            best = profiles_at(devices->profiles, i);
            *sum = s;
        }
    }
    return best;
}

/* Evidence only grows: a profile once assigned stays until another is better. */
bool identity_decide(const struct devices *devices, struct device *device)
{
    double sum = 1;
    const struct profile *best = NULL;

    if (device->asset && *device->asset->profile)
        best = profiles_find(devices->profiles, device->asset->profile);
    if (!best)
        best = best_profile(devices, device, &sum);
    if (!best)
        return false;
    device->profile_score = sum;
    if (best == device->profile)
        return false;
    device->profile = best;
    device->n_roles = 0;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool identity_glob(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || (*pattern && lower(*pattern) == lower(*text))) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
