/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/oui.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUI_MAX = 200000, OUI_NAME_MAX = 48, OUI_TEXT_MAX = 16 << 20 };

struct entry {
    uint32_t prefix;
    uint32_t name; /* offset in names */
};

struct oui {
    struct entry *entries; /* by prefix */
    uint32_t n, room;
    struct strbuf names; /* zero-terminated texts, one after the other */
};

static int by_prefix(const void *a, const void *b)
{
    uint32_t x = ((const struct entry *)a)->prefix;
    uint32_t y = ((const struct entry *)b)->prefix;

    return (x > y) - (x < y);
}

static bool add(struct oui *oui, uint32_t prefix, const char *name, size_t len)
{
    if (oui->n >= OUI_MAX)
        return false;
    if (oui->n == oui->room) {
        uint32_t room = oui->room ? oui->room * 2 : 4096;
        struct entry *more = realloc(oui->entries, room * sizeof(*more));
        if (!more)
            return false;
        oui->entries = more;
        oui->room = room;
    }
    oui->entries[oui->n++] = (struct entry){prefix, (uint32_t)oui->names.len};
    strbuf_bytes(&oui->names, name, len < OUI_NAME_MAX ? len : OUI_NAME_MAX);
    strbuf_bytes(&oui->names, "", 1);
    return !oui->names.full;
}

/* "MA-L,002272,American Micro-Fuel Device Corp.,address" or the name in quotes. */
static bool take_line(struct oui *oui, const char *line)
{
    char *end = NULL;

    if (strncmp(line, "MA-L,", 5) != 0)
        return true;
    unsigned long prefix = strtoul(line + 5, &end, 16);
    if (end != line + 11 || *end != ',')
        return true;
    const char *name = end + 1;
    char stop = ',';
    if (*name == '"') {
        stop = '"';
        name++;
    }
    size_t len = strcspn(name, stop == '"' ? "\"\r\n" : ",\r\n");
    return len == 0 || add(oui, (uint32_t)prefix, name, len);
}

enum err oui_new(const char *path, struct oui **result)
{
    FILE *file = fopen(path, "r");
    char line[1024];

    *result = NULL;
    if (!file)
        return ERR_IO;
    struct oui *oui = calloc(1, sizeof(*oui));
    if (!oui) {
        fclose(file);
        return ERR_NOMEM;
    }
    strbuf_init(&oui->names, OUI_TEXT_MAX);
    while (fgets(line, sizeof(line), file) && take_line(oui, line))
        ;
    fclose(file);
    if (oui->n)
        qsort(oui->entries, oui->n, sizeof(*oui->entries), by_prefix);
    *result = oui;
    return ERR_OK;
}

void oui_free(struct oui **oui)
{
    if (*oui) {
        strbuf_fini(&(*oui)->names);
        free((*oui)->entries);
        free(*oui);
    }
    *oui = NULL;
}

const char *oui_find(const struct oui *oui, const struct mac *mac)
{
    if (!oui || oui->n == 0 || (mac->b[0] & 2))
        return NULL;
    struct entry key = {(uint32_t)mac->b[0] << 16 | (uint32_t)mac->b[1] << 8 | mac->b[2], 0};
    const struct entry *e = bsearch(&key, oui->entries, oui->n, sizeof(key), by_prefix);
    return e ? oui->names.at + e->name : NULL;
}

uint32_t oui_count(const struct oui *oui)
{
    return oui ? oui->n : 0;
}
