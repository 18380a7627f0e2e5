/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms of reports: one YAML file each in a folder (rules/reports/README.md says their shape). Read
 * when asked for, so that a changed form counts at once.
 */
#ifndef TRAMGAC_ANALYZER_REPORT_FORMS_H
#define TRAMGAC_ANALYZER_REPORT_FORMS_H

#include "common/err.h"
#include "common/json.h"
#include "common/strbuf.h"

/** ERR_NOTFOUND when there is none of this name (lower-case letters, digits, dashes); ERR_INPUT
 * with a line in `fault` when it cannot be used. *form must be freed. */
enum err forms_read(const char *dir, const char *name, struct json **form, struct strbuf *fault);

/** "incident" or "period". */
const char *forms_scope(const struct json *form);

/** Calls `each` for all usable forms, by name. */
void forms_each(const char *dir, void (*each)(void *ctx, const char *name, const struct json *form),
                void *ctx);

#endif
