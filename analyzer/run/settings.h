/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of the analyzer: all tables of options together, defaults that depend on where
 * the program's data lies, and the printing of tables for --list-*.
 */
#ifndef TRAMGAC_ANALYZER_RUN_SETTINGS_H
#define TRAMGAC_ANALYZER_RUN_SETTINGS_H

#include "common/conf.h"
#include "common/listing.h"
#include "common/strbuf.h"

/** All tables, with rules, profiles and pages of this installation as defaults: from the working
 * directory, from the source tree of the program, or from /usr/share/tramgac. */
struct conf *settings_new(void);

/** Prints the table of that name ("options", "counters", ...). False: there is none. */
bool settings_list(const struct conf *conf, const char *name, enum listing_format format,
                   struct strbuf *out);

/** Prints the web interface as an OpenAPI document. */
void settings_openapi(void);

#endif
