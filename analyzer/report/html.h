/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as one HTML file that stands alone: for the screen, for mail, for a word processor.
 */
#ifndef TRAMGAC_ANALYZER_REPORT_HTML_H
#define TRAMGAC_ANALYZER_REPORT_HTML_H

#include "analyzer/report/doc.h"

void html_write(const struct doc *doc, struct strbuf *out);

#endif
