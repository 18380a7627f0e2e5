/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/permission.h"

#define BIT(name) (1u << PERM_##name)
#define EVERYONE  (BIT(OPEN) | BIT(SELF) | BIT(READ))

static const struct {
    const char *name;
    uint32_t set;
} roles[ROLES] = {
    [ROLE_VIEWER] = {"viewer", EVERYONE},
    [ROLE_ANALYST] = {"analyst",
                      EVERYONE | BIT(RAW) | BIT(REVEAL) | BIT(TRIAGE) | BIT(DETECT) | BIT(REPORT)},
    [ROLE_LEAD] = {"lead", EVERYONE | BIT(RAW) | BIT(REVEAL) | BIT(TRIAGE) | BIT(REPORT) |
                               BIT(LEAD) | BIT(DETECT) | BIT(AUDIT)},
    [ROLE_ENGINEER] = {"engineer", EVERYONE | BIT(RAW) | BIT(REVEAL) | BIT(DETECT)},
    [ROLE_AUDITOR] = {"auditor", EVERYONE | BIT(REVEAL) | BIT(REPORT) | BIT(AUDIT)},
    [ROLE_ADMIN] = {"admin", (1u << PERMISSIONS) - 1},
};

static const char *const names[PERMISSIONS] = {"open",   "self",   "read", "raw",
                                               "reveal", "triage", "lead", "detect",
                                               "report", "audit",  "admin"};

const char *permission_role_name(enum role role)
{
    return roles[(unsigned)role < ROLES ? role : ROLE_VIEWER].name;
}

bool permission_role_parse(struct slice text, enum role *role)
{
    for (uint32_t i = 0; i < ROLES; i++) {
        if (slice_eq(text, slice_of_str(roles[i].name))) {
            *role = (enum role)i;
            return true;
        }
    }
    return false;
}

const char *permission_name(enum permission permission)
{
    return names[(unsigned)permission < PERMISSIONS ? permission : 0];
}

bool permission_parse(struct slice text, enum permission *permission)
{
    for (uint32_t i = 0; i < PERMISSIONS; i++) {
        if (slice_eq(text, slice_of_str(names[i]))) {
            *permission = (enum permission)i;
            return true;
        }
    }
    return false;
}

uint32_t permission_of_role(enum role role)
{
    return roles[(unsigned)role < ROLES ? role : ROLE_VIEWER].set;
}

bool permission_parse_set(struct slice text, uint32_t *set)
{
    *set = 0;
    while (text.len) {
        enum permission one;
        uint32_t n = 0;
        while (n < text.len && text.at[n] != ' ' && text.at[n] != ',')
            n++;
        if (n && !permission_parse(slice_head(text, n), &one))
            return false;
        if (n)
            *set |= 1u << one;
        text = slice_from(text, n + (n < text.len));
    }
    return true;
}
