/* SPDX-License-Identifier: Apache-2.0 */
#include "common/geo.h"
#include "common/check.h"

#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>

struct table {
    MMDB_s db;
    bool open;
    char *path;
    struct stat seen;
};

struct geo {
    struct table country;
    struct table asn;
};

static enum err table_open(struct table *t, const char *path)
{
    if (!path || !*path || stat(path, &t->seen) != 0)
        return ERR_OK;
    if (MMDB_open(path, MMDB_MODE_MMAP, &t->db) != MMDB_SUCCESS)
        return ERR_INPUT;
    t->open = true;
    t->path = strdup(path);
    CHECK(t->path);
    return ERR_OK;
}

enum err geo_open(const char *country_path, const char *asn_path, struct geo **geo)
{
    struct geo *g = calloc(1, sizeof(*g));
    CHECK(g);
    enum err err = table_open(&g->country, country_path);
    enum err err_asn = table_open(&g->asn, asn_path);
    *geo = g;
    return err ? err : err_asn;
}

static void table_close(struct table *t)
{
    if (t->open)
        MMDB_close(&t->db);
    free(t->path);
}

void geo_free(struct geo **geo)
{
    if (!*geo)
        return;
    table_close(&(*geo)->country);
    table_close(&(*geo)->asn);
    free(*geo);
    *geo = NULL;
}

static bool look_up(const struct table *t, const struct addr *addr, MMDB_entry_s *entry)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    int code = 0;

    if (!t->open || (addr->family == 6 && t->db.metadata.ip_version == 4))
        return false;
    memcpy(&in4.sin_addr, addr->b, 4);
    memcpy(&in6.sin6_addr, addr->b, 16);
    const struct sockaddr *sa = addr->family == 4 ? (const void *)&in4 : (const void *)&in6;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&t->db, sa, &code);
    *entry = found.entry;
    return code == MMDB_SUCCESS && found.found_entry;
}

static struct slice text_at(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;

    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return SLICE_NONE;
    return (struct slice){(const uint8_t *)data.utf8_string, data.data_size};
}

static uint32_t number_at(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;
    uint64_t number = 0;

    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data)
        return 0;
    switch (data.type) {
    case MMDB_DATA_TYPE_UINT16:
        return data.uint16;
    case MMDB_DATA_TYPE_UINT32:
        return data.uint32;
    case MMDB_DATA_TYPE_UINT64:
        return data.uint64 <= UINT32_MAX ? (uint32_t)data.uint64 : 0;
    case MMDB_DATA_TYPE_UTF8_STRING: {
        struct slice text = {(const uint8_t *)data.utf8_string, data.data_size};
        return slice_to_u64(text, &number) && number <= UINT32_MAX ? (uint32_t)number : 0;
    }
    default:
        return 0;
    }
}

static void find_country(const struct geo *geo, const struct addr *addr, struct geo_place *place)
{
    static const char *const flat[] = {"country_code", NULL};
    static const char *const nested[] = {"country", "iso_code", NULL};
    MMDB_entry_s entry;

    if (!look_up(&geo->country, addr, &entry))
        return;
    struct slice code = text_at(&entry, flat);
    if (code.len == 0)
        code = text_at(&entry, nested);
    if (code.len == 2)
        memcpy(place->country, code.at, 2);
}

static void find_asn(const struct geo *geo, const struct addr *addr, struct geo_place *place)
{
    static const char *const number[] = {"autonomous_system_number", NULL};
    static const char *const name[] = {"autonomous_system_organization", NULL};
    MMDB_entry_s entry;

    if (!look_up(&geo->asn, addr, &entry))
        return;
    place->asn = number_at(&entry, number);
    place->org = text_at(&entry, name);
}

bool geo_find(const struct geo *geo, const struct addr *addr, struct geo_place *place)
{
    *place = (struct geo_place){0};
    if (!geo || (addr->family != 4 && addr->family != 6))
        return false;
    find_country(geo, addr, place);
    find_asn(geo, addr, place);
    return place->country[0] || place->asn;
}

static bool replaced(const struct table *t)
{
    struct stat now;

    return t->open && stat(t->path, &now) == 0 &&
           (now.st_ino != t->seen.st_ino || now.st_mtime != t->seen.st_mtime);
}

bool geo_is_old(const struct geo *geo)
{
    return geo && (replaced(&geo->country) || replaced(&geo->asn));
}
