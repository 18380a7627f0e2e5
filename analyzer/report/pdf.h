/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as PDF, A4, with its fonts embedded (Pango and Cairo stay inside pdf.c).
 */
#ifndef TRAMGAC_ANALYZER_REPORT_PDF_H
#define TRAMGAC_ANALYZER_REPORT_PDF_H

#include "analyzer/report/doc.h"
#include "common/err.h"

/** ERR_NOMEM, or ERR_FULL when `out` has a cap that the report breaks. */
enum err pdf_write(const struct doc *doc, struct strbuf *out);

#endif
