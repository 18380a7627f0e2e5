/* SPDX-License-Identifier: Apache-2.0 */
#include "common/suffix.h"

#include <libpsl.h>
#include <string.h>

static struct slice part(struct slice name, const char *(*of)(const psl_ctx_t *, const char *))
{
    char text[SUFFIX_NAME_MAX + 1];

    if (!name.len || name.len > SUFFIX_NAME_MAX || memchr(name.at, 0, name.len))
        return SLICE_NONE;
    for (uint32_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        text[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
    }
    text[name.len] = '\0';
    const char *at = of(psl_builtin(), text);
    return at ? slice_from(name, (uint32_t)(at - text)) : SLICE_NONE;
}

struct slice suffix_public(struct slice name)
{
    return part(name, psl_unregistrable_domain);
}

struct slice suffix_registered(struct slice name)
{
    return part(name, psl_registrable_domain);
}
