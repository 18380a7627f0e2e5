/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/event/choice.h"

const struct option choice_options[] = {
    {"event.dns.requests", CONF_BOOL, "true", "Events for requests of DNS"},
    {"event.dns.responses", CONF_BOOL, "true", "Events for responses of DNS"},
    {"event.dns.types", CONF_LIST, "", "Record types that become DNS events; empty: all"},
    {"event.alert.flow", CONF_BOOL, "true", "Alerts carry the flow up to now"},
    {"event.alert.rule_metadata", CONF_BOOL, "true", "Alerts carry the metadata of their rules"},
    {"event.alert.verdict", CONF_BOOL, "false", "Alerts say what became of the packet: alert"},
    {"event.xff.enabled", CONF_BOOL, "false",
     "Alerts say for whom a proxy speaks (X-Forwarded-For)"},
    {"event.xff.mode", CONF_TEXT, "extra-data",
     "extra-data: beside the addresses; overwrite: instead of the client's"},
    {"event.xff.deployment", CONF_TEXT, "reverse",
     "Which address of the header counts: reverse = the last, forward = the first"},
    {"event.alert.http_body_printable", CONF_BOOL, "false",
     "Alerts carry HTTP bodies with unprintable bytes as dots"},
    {"event.alert.rule", CONF_BOOL, "false", "Alerts carry their rule as it is written"},
    {"event.anomaly.packet", CONF_BOOL, "false",
     "Anomaly events for notes of the decoders carry the frame's first bytes in base64"},
    {"event.ethernet", CONF_BOOL, "false", "Events carry the hardware addresses of both ends"},
    {"event.pcap_filename", CONF_BOOL, "false", "Events of a replay of one file tell its path"},
    {"event.marks", CONF_BOOL, "true", "Events carry what rules left on the flow (metadata)"},
    OPTION_END,
};

static bool type_by_name(const char *name, uint16_t *type)
{
    struct field_ref ref;

    if (!field_find(SLICE_LIT("dns.rrtype"), 0, &ref) || !ref.field->labels)
        return false;
    for (const struct label *l = ref.field->labels; l->name; l++) {
        if (slice_ieq(slice_of_str(name), slice_of_str(l->name))) {
            *type = (uint16_t)l->value;
            return true;
        }
    }
    return false;
}

void choice_read(const struct conf *conf, struct choice *choice)
{
    const char *item;

    *choice = (struct choice){
        .requests = conf_bool(conf, "event.dns.requests"),
        .responses = conf_bool(conf, "event.dns.responses"),
        .flow = conf_bool(conf, "event.alert.flow"),
        .rule_metadata = conf_bool(conf, "event.alert.rule_metadata"),
        .verdict = conf_bool(conf, "event.alert.verdict"),
        .xff = conf_bool(conf, "event.xff.enabled"),
        .xff_overwrite = strcmp(conf_text(conf, "event.xff.mode"), "overwrite") == 0,
        .body_printable = conf_bool(conf, "event.alert.http_body_printable"),
        .rule_text = conf_bool(conf, "event.alert.rule"),
        .note_packet = conf_bool(conf, "event.anomaly.packet"),
        .ethernet = conf_bool(conf, "event.ethernet"),
        .file_name = conf_bool(conf, "event.pcap_filename"),
        .marks = conf_bool(conf, "event.marks"),
        .xff_first = strcmp(conf_text(conf, "event.xff.deployment"), "forward") == 0,
    };
    choice->more = choice->ethernet || choice->file_name;
    for (uint32_t i = 0; (item = conf_item(conf, "event.dns.types", i)); i++) {
        if (choice->n_types < CHOICE_TYPES_MAX &&
            type_by_name(item, &choice->types[choice->n_types]))
            choice->n_types++;
    }
}

static bool number(const char *name, struct tx *tx, uint64_t *value)
{
    struct field_ref ref;

    return field_find(slice_of_str(name), 0, &ref) && ref.proto == tx->proto &&
           field_number(&ref, tx, 0, value);
}

bool choice_wants(const struct choice *choice, struct tx *tx)
{
    uint64_t value = 0;

    if ((choice->requests && choice->responses && !choice->n_types) ||
        strcmp(tx->proto->name, "dns") != 0)
        return true;
    bool response = number("dns.rcode", tx, &value);
    if (!(response ? choice->responses : choice->requests))
        return false;
    if (!choice->n_types || !number("dns.rrtype", tx, &value))
        return true;
    for (uint8_t i = 0; i < choice->n_types; i++) {
        if (choice->types[i] == value)
            return true;
    }
    return false;
}

bool choice_forwarded(const struct choice *choice, struct tx *tx, struct addr *addr)
{
    struct field_ref ref;
    struct slice value;

    if (!choice->xff || !tx || !field_find(SLICE_LIT("http.xff"), 0, &ref) ||
        ref.proto != tx->proto || !field_bytes(&ref, tx, 0, &value))
        return false;
    int64_t comma = slice_find_byte(value, ',');
    if (comma >= 0 && choice->xff_first) {
        value = slice_head(value, (uint32_t)comma);
    } else {
        uint32_t at = value.len;
        while (at > 0 && value.at[at - 1] != ',')
            at--;
        value = slice_from(value, at);
    }
    return addr_parse(slice_trim(value), addr);
}
