/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface as an OpenAPI 3.1 document, printed from the rows of the routes.
 */
#ifndef TRAMGAC_ANALYZER_API_OPENAPI_H
#define TRAMGAC_ANALYZER_API_OPENAPI_H

#include "common/strbuf.h"

void openapi_write(struct strbuf *out);

#endif
