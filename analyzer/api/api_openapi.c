/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of all routes for programs.
 */
#include "analyzer/api/api.h"
#include "analyzer/api/openapi.h"

static void show(struct call *call)
{
    openapi_write(call->out.out);
}

static const struct api_route routes[] = {
    {"GET", "/api/openapi.json", PERM_SELF, show,
     "This interface as an OpenAPI 3.1 document; also printed by --openapi.", ""},
    {.method = NULL},
};

const struct api_group api_openapi = {
    .name = "openapi", .doc = "Description of the interface", .routes = routes};
