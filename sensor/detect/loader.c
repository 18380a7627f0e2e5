/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and variables of a ruleset that is being loaded.
 *
 * Variables come from `vars` of the configuration; when a group is absent the defaults are the ones
 * that Suricata's own configuration file ships, so that rule sets written for it load unchanged.
 */
#include "sensor/detect/loader.h"

#include "sensor/detect/literals.h"
#include "sensor/detect/rule_store.h"
#include "sensor/detect/ruleset.h"

#include <stdio.h>
#include <stdlib.h>

/* Suricata's words for no. */
static bool says_no(const struct conf *conf, const char *key)
{
    static const char *const words[] = {"no", "false", "off", "0"};
    const char *text = conf ? conf_text(conf, key) : "";

    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_ieq(slice_of_str(text), slice_of_str(words[i])))
            return true;
    }
    return false;
}

void loader_init(struct loader *loader, struct rule_store *store, struct ruleset *ruleset,
                 const struct conf *conf)
{
    *loader = (struct loader){.ruleset = ruleset, .own = &ruleset->arena};
    arena_init(&loader->work, 256 * 1024, 0);
    rule_store_lend(store, loader);
    intern_init(&loader->strings, loader->arena);
    intern_init(&loader->pcres, &loader->work);
    intern_init(&loader->keywords, &loader->work);
    intern_init(&loader->flowbits, &ruleset->arena);
    intern_init(&loader->xbits, &ruleset->arena);
    intern_init(&loader->flowints, &ruleset->arena);
    intern_init(&loader->vars, &ruleset->arena);
    loader->usual = literals_usual_new();
    if (!loader->usual)
        abort();
    loader->addresses = conf ? conf_tree(conf, "vars.address-groups") : NULL;
    loader->sets_conf = conf ? conf_tree(conf, "datasets") : NULL;
    loader->data_dir = conf ? conf_text(conf, "default-data-dir") : NULL;
    if (conf && !*loader->data_dir)
        loader->data_dir = conf_text(conf, "default-log-dir");
    loader->ports = conf ? conf_tree(conf, "vars.port-groups") : NULL;
    loader->ja3_off = says_no(conf, "app-layer.protocols.tls.ja3-fingerprints");
    loader->ja4_off = says_no(conf, "app-layer.protocols.tls.ja4-fingerprints");
}

void loader_read(struct loader *loader)
{
    intern_fini(&loader->strings);
    intern_fini(&loader->pcres);
    intern_fini(&loader->keywords);
    arena_fini(&loader->work);
}

void loader_fini(struct loader *loader, struct rule_store *store)
{
    loader_read(loader);
    intern_fini(&loader->flowbits);
    intern_fini(&loader->xbits);
    intern_fini(&loader->flowints);
    intern_fini(&loader->vars);
    literals_usual_free(&loader->usual);
    rule_store_take_back(store, loader);
}

const char *loader_str(struct loader *loader, struct slice text)
{
    return (const char *)intern_get(&loader->strings, text)->text.at;
}

/* ---- variables ---------------------------------------------------------------------------- */

struct fallback_var {
    const char *name;
    const char *text;
};

static const struct fallback_var address_vars[] = {
    {"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"},
    {"EXTERNAL_NET", "!$HOME_NET"},
    {"HTTP_SERVERS", "$HOME_NET"},
    {"SMTP_SERVERS", "$HOME_NET"},
    {"SQL_SERVERS", "$HOME_NET"},
    {"DNS_SERVERS", "$HOME_NET"},
    {"TELNET_SERVERS", "$HOME_NET"},
    {"AIM_SERVERS", "$EXTERNAL_NET"},
    {"DC_SERVERS", "$HOME_NET"},
    {"DNP3_SERVER", "$HOME_NET"},
    {"DNP3_CLIENT", "$HOME_NET"},
    {"MODBUS_CLIENT", "$HOME_NET"},
    {"MODBUS_SERVER", "$HOME_NET"},
    {"ENIP_CLIENT", "$HOME_NET"},
    {"ENIP_SERVER", "$HOME_NET"},
    {NULL, NULL},
};

static const struct fallback_var port_vars[] = {
    {"HTTP_PORTS", "80"},
    {"SHELLCODE_PORTS", "!80"},
    {"ORACLE_PORTS", "1521"},
    {"SSH_PORTS", "22"},
    {"DNP3_PORTS", "20000"},
    {"MODBUS_PORTS", "502"},
    {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
    {"FTP_PORTS", "21"},
    {"GENEVE_PORTS", "6081"},
    {"VXLAN_PORTS", "4789"},
    {"TEREDO_PORTS", "3544"},
    {NULL, NULL},
};

bool loader_var(const struct loader *loader, bool port, struct slice name, struct slice *text)
{
    char key[64];
    const struct json *tree = port ? loader->ports : loader->addresses;
    const struct fallback_var *row = port ? port_vars : address_vars;

    if (name.len >= sizeof(key))
        return false;
    memcpy(key, name.at, name.len);
    key[name.len] = '\0';
    const struct json *value = json_get(tree, key);
    if (json_kind(value) == JSON_STR) {
        *text = json_text(value);
        return true;
    }
    if (value && json_kind(value) == JSON_NUM) {
        char number[32];
        int n = snprintf(number, sizeof(number), "%lld", (long long)json_i64(value, 0));
        *text = arena_keep(loader->arena, (struct slice){(const uint8_t *)number, (uint32_t)n});
        return true;
    }
    for (; row->name; row++) {
        if (slice_eq(name, slice_of_str(row->name))) {
            *text = slice_of_str(row->text);
            return true;
        }
    }
    return false;
}

/* ---- classification.config ---------------------------------------------------------------- */

static void class_line(struct loader *loader, struct slice line)
{
    static const char head[] = "config classification:";
    struct slice rest = slice_trim(line);

    if (!slice_starts(rest, SLICE_LIT(head)))
        return;
    rest = slice_trim(slice_from(rest, sizeof(head) - 1));
    int64_t first = slice_find_byte(rest, ',');
    if (first <= 0)
        return;
    struct slice name = slice_trim(slice_head(rest, (uint32_t)first));
    rest = slice_from(rest, (uint32_t)first + 1);
    int64_t last = -1;
    for (uint32_t i = 0; i < rest.len; i++)
        last = rest.at[i] == ',' ? (int64_t)i : last;
    uint64_t priority = 3;
    if (last < 0 || !slice_to_u64(slice_trim(slice_from(rest, (uint32_t)last + 1)), &priority) ||
        priority > UINT32_MAX)
        return;
    struct class_row *row = arena_alloc(loader->arena, sizeof(*row));
    if (!row)
        return;
    row->name = loader_str(loader, name);
    row->text = loader_str(loader, slice_trim(slice_head(rest, (uint32_t)last)));
    row->priority = (uint32_t)priority;
    loader->has_classes = true;
    intern_get(&loader->classes, name)->value = row;
}

void loader_classes(struct loader *loader, struct slice text)
{
    while (text.len) {
        int64_t end = slice_find_byte(text, '\n');
        uint32_t len = end < 0 ? text.len : (uint32_t)end;
        class_line(loader, slice_head(text, len));
        text = slice_from(text, len + 1);
    }
}
