/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an account may do: roles are sets of permissions; every route names the one it needs, and a
 * token holds no more than those it was given.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_PERMISSION_H
#define TRAMGAC_ANALYZER_RECORD_PERMISSION_H

#include "common/slice.h"

/** Stored as numbers: append only. */
enum role { ROLE_VIEWER, ROLE_ANALYST, ROLE_ADMIN, ROLE_LEAD, ROLE_ENGINEER, ROLE_AUDITOR };
enum { ROLES = 6 };

enum permission {
    PERM_OPEN,   /* without signing in */
    PERM_SELF,   /* whoever is signed in, about himself */
    PERM_READ,   /* lists, pages, searches */
    PERM_RAW,    /* personal data in events as they are; each read is noted */
    PERM_REVEAL, /* the same on request, with a reason */
    PERM_TRIAGE, /* alert groups, incidents, tasks */
    PERM_LEAD,   /* other people's work: what they share, their tasks */
    PERM_DETECT, /* rules, exceptions, profiles */
    PERM_REPORT, /* reports */
    PERM_AUDIT,  /* who did what */
    PERM_ADMIN,  /* accounts, tokens and sessions of others, settings */
};
enum { PERMISSIONS = 11 };

/** "viewer", "analyst", "admin", "lead", "engineer", "auditor". */
const char *permission_role_name(enum role role);
bool permission_role_parse(struct slice text, enum role *role);

/** "open", "self", "read", ... */
const char *permission_name(enum permission permission);
bool permission_parse(struct slice text, enum permission *permission);

/** Bit per permission; PERM_OPEN and PERM_SELF are in every role. */
uint32_t permission_of_role(enum role role);
static inline bool permission_in(uint32_t set, enum permission permission)
{
    return set >> permission & 1;
}
/** Names with blanks or commas between; false at an unknown one. */
bool permission_parse_set(struct slice text, uint32_t *set);

#endif
