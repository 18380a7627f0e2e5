/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/pack.h"
#include "common/hash.h"
#include "common/inflate.h"

#include <stdio.h>

enum { LEVEL = 1 };

bool pack_may(const struct api_route *route)
{
    static const char *const secret[] = {"/api/login", "/api/me", "/api/sessions", "/api/tokens",
                                         "/api/accounts"};

    if (!route || strcmp(route->method, "GET") != 0)
        return false;
    for (uint32_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        if (strncmp(route->path, secret[i], strlen(secret[i])) == 0)
            return false;
    return true;
}

/* "gzip;q=0" refuses it. */
static bool is_refused(const char *parameters)
{
    parameters += strspn(parameters, " ;");
    if (strncmp(parameters, "q=0", 3) != 0)
        return false;
    parameters += 3;
    if (*parameters == '.')
        parameters += 1 + strspn(parameters + 1, "0");
    return *parameters == '\0' || *parameters == ',' || *parameters == ' ';
}

bool pack_accepted(const char *accept)
{
    const char *at = strstr(accept, "gzip");

    return at && !is_refused(at + 4);
}

bool pack_bytes(struct slice bytes, struct strbuf *out)
{
    return bytes.len >= PACK_LEAST && inflate_pack(bytes, LEVEL, out) == ERR_OK &&
           out->len < bytes.len;
}

void pack_tag(struct slice bytes, char tag[PACK_TAG_MAX])
{
    snprintf(tag, PACK_TAG_MAX, "W/\"%016llx\"", (unsigned long long)hash_bytes(bytes, 0));
}

bool pack_is_known(const char *if_none_match, const char *tag)
{
    return strstr(if_none_match, tag + 2) != NULL; /* weak comparison: without W/ */
}
