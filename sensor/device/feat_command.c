/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: fields of transactions declared IN_BASELINE. Of OT protocols also what a device is told
 * to do, together with who said it.
 */
#include "sensor/device/core.h"

static bool is_ot(const char *field)
{
    static const char *const heads[] = {"modbus.", "s7", "iec104.", "dnp3.", "enip.", "bacnet."};

    for (uint32_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (*field == *heads[i] && strncmp(field, heads[i], strlen(heads[i])) == 0)
            return true;
    }
    return false;
}

/* Measured values and counters in topics and paths are no commands of their own. */
static void value_text(const struct fact *f, char *out, size_t room)
{
    if (is_ot(f->text))
        core_cut(out, room, f->text2);
    else
        names_squash(f->text2, out, room);
}

/* Names have a class of their own; types of DNS records and methods say little. */
static bool elsewhere(const char *field)
{
    return strncmp(field, "dns.", 4) == 0 || strncmp(field, "dhcp.", 5) == 0 ||
           strcmp(field, "tls.sni") == 0 || strcmp(field, "http.host") == 0;
}

static bool command_value(struct devices *devices, const struct view *v, char out[ATOM_TEXT_MAX])
{
    const struct fact *f = v->fact;
    char value[ATOM_TEXT_MAX];
    char peer[ADDR_TEXT_MAX];
    char told[ATOM_TEXT_MAX], from[ADDR_TEXT_MAX + 8];

    (void)devices;
    if (f->kind != FACT_FIELD || !f->field || !(f->field->uses & IN_BASELINE) ||
        (f->field->uses & IN_IDENTITY) || elsewhere(f->text))
        return false;
    value_text(f, value, sizeof(value));
    if (f->from_client == v->as_client) {
        core_join(out, ATOM_TEXT_MAX, f->text, value);
        return true;
    }
    if (!is_ot(f->text) || v->as_client)
        return false;
    addr_text(v->peer, peer);
    core_join(told, sizeof(told), f->text, value);
    core_join(from, sizeof(from), "from", peer);
    core_join(out, ATOM_TEXT_MAX, told, from);
    return true;
}

const struct feat_def feat_command = {
    .name = "command",
    .doc =
        "Values of fields IN_BASELINE; of OT protocols also what the device is told, and by whom",
    .sid = 105,
    .title = "Device sends or gets a command not seen before",
    .title_vi = "Thiết bị gửi hoặc nhận lệnh chưa từng thấy",
    .what_en = "sent or got a command",
    .what_vi = "gửi hoặc nhận một lệnh",
    .technique = NULL,
    .severity = 2,
    .value = command_value,
};
