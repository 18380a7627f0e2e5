/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/parts.h"

#include <stdlib.h>

struct device_novelty *parts_novelty(struct device *d)
{
    if (!d->novelty)
        d->novelty = calloc(DEVICE_CLASSES, sizeof(*d->novelty));
    return d->novelty;
}

struct device_memo *parts_memo(struct device *d)
{
    if (!d->memo)
        d->memo = calloc(DEVICE_MEMOS, sizeof(*d->memo));
    return d->memo;
}

struct device_role *parts_roles(struct device *d)
{
    if (!d->roles)
        d->roles = calloc(DEVICE_ROLES, sizeof(*d->roles));
    return d->roles;
}

char *parts_evidence_slot(struct device *d, enum evidence slot)
{
    if (!d->evidence)
        d->evidence = calloc(EVIDENCE_COUNT, sizeof(*d->evidence));
    return d->evidence ? d->evidence[slot] : NULL;
}

void parts_free(struct device *d)
{
    quiet_fini(&d->quiet);
    volume_fini(&d->volume);
    atoms_fini(&d->atoms);
    scan_fini(&d->scan);
    free(d->novelty);
    free(d->memo);
    free(d->roles);
    free(d->evidence);
    free(d);
}
