/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNP3 objects whose points say their own length: files (group 70) and authentication (group 120),
 * IEEE 1815, annex A. What a point is too short for is left out.
 * Limits: SHOWN points of an object.
 */
#include "sensor/app/dnp3_tx.h"

#include "common/jsonw.h"

enum { SHOWN = 16, MEMBERS_MAX = 16 };

/* Numbers by their bytes; texts and data (in base64) of as many bytes as a member before them says,
 * or all the rest. */
enum kind { U8 = 1, U16 = 2, U24 = 3, U32 = 4, U48 = 6, TEXT, DATA };
enum { REST = 0 };

struct member {
    const char *name;
    uint8_t kind;
    uint8_t length_at; /* place of the member that says its length, + 1; REST */
};

static const struct member file_login[] = {
    {"username_offset", U16, 0},    {"username_size", U16, 0},
    {"password_offset", U16, 0},    {"password_size", U16, 0},
    {"authentication_key", U32, 0}, {"username", TEXT, 2},
    {"password", TEXT, 4},          {NULL, 0, 0},
};
static const struct member file_command[] = {
    {"filename_offset", U16, 0},
    {"filename_size", U16, 0},
    {"created", U48, 0},
    {"permissions", U16, 0},
    {"authentication_key", U32, 0},
    {"file_size", U32, 0},
    {"operational_mode", U16, 0},
    {"maximum_block_size", U16, 0},
    {"request_id", U16, 0},
    {"filename", TEXT, 2},
    {NULL, 0, 0},
};
static const struct member file_status[] = {
    {"file_handle", U32, 0},
    {"file_size", U32, 0},
    {"maximum_block_size", U16, 0},
    {"request_id", U16, 0},
    {"status_code", U8, 0},
    {"optional_text", TEXT, REST},
    {NULL, 0, 0},
};
static const struct member file_block[] = {
    {"file_handle", U32, 0},
    {"block_number", U32, 0},
    {"file_data", TEXT, REST},
    {NULL, 0, 0},
};
static const struct member file_block_status[] = {
    {"file_handle", U32, 0},
    {"block_number", U32, 0},
    {"status_code", U8, 0},
    {"optional_text", TEXT, REST},
    {NULL, 0, 0},
};
static const struct member file_descriptor[] = {
    {"filename_offset", U16, 0}, {"filename_size", U16, 0},     {"file_type", U16, 0},
    {"file_size", U32, 0},       {"created_timestamp", U48, 0}, {"permissions", U16, 0},
    {"request_id", U16, 0},      {"filename", TEXT, 2},         {NULL, 0, 0},
};
static const struct member file_specification[] = {
    {"file_specification", TEXT, REST},
    {NULL, 0, 0},
};
static const struct member challenge[] = {
    {"csq", U32, 0},
    {"usr", U16, 0},
    {"mal", U8, 0},
    {"reason", U8, 0},
    {"data->challenge_data", DATA, REST},
    {NULL, 0, 0},
};
static const struct member reply[] = {
    {"csq", U32, 0},
    {"usr", U16, 0},
    {"data->mac_value", DATA, REST},
    {NULL, 0, 0},
};
static const struct member aggressive[] = {
    {"csq", U32, 0},
    {"user_number", U16, 0},
    {NULL, 0, 0},
};
static const struct member key_request[] = {{"user_number", U16, 0}, {NULL, 0, 0}};
static const struct member key_status[] = {
    {"ksq", U32, 0},
    {"user_number", U16, 0},
    {"key_wrap_alg", U8, 0},
    {"key_status", U8, 0},
    {"mal", U8, 0},
    {"challenge_data_len", U16, 0},
    {"data->challenge_data", DATA, 6},
    {"data->mac_value", DATA, REST},
    {NULL, 0, 0},
};
static const struct member key_change[] = {
    {"ksq", U24, 0},
    {"usr", U16, 0},
    {"data->wrapped_key_data", DATA, REST},
    {NULL, 0, 0},
};
static const struct member auth_error[] = {
    {"sequence_number", U32, 0},
    {"usr", U16, 0},
    {"association_id", U16, 0},
    {"error_code", U8, 0},
    {"time_of_error", U48, 0},
    {"error_text", TEXT, REST},
    {NULL, 0, 0},
};
static const struct member certificate[] = {
    {"key_change_method", U8, 0},
    {"certificate_type", U8, 0},
    {"data->certificate", DATA, REST},
    {NULL, 0, 0},
};
static const struct member mac_value[] = {{"data->mac_value", DATA, REST}, {NULL, 0, 0}};
static const struct member user_change[] = {
    {"key_change_method", U8, 0},
    {"operation", U8, 0},
    {"scs", U32, 0},
    {"user_role", U16, 0},
    {"user_role_expiry_interval", U16, 0},
    {"username_len", U16, 0},
    {"user_public_key_len", U16, 0},
    {"certification_data_len", U16, 0},
    {"username", TEXT, 6},
    {"data->user_public_key", DATA, 7},
    {"data->certification_data", DATA, 8},
    {NULL, 0, 0},
};
static const struct member update_request[] = {
    {"key_change_method", U8, 0},
    {"username_len", U16, 0},
    {"master_challenge_data_len", U16, 0},
    {"username", TEXT, 2},
    {"data->master_challenge_data", DATA, 3},
    {NULL, 0, 0},
};
static const struct member update_reply[] = {
    {"ksq", U32, 0},
    {"user_number", U16, 0},
    {"challenge_data_len", U16, 0},
    {"data->challenge_data", DATA, 3},
    {NULL, 0, 0},
};
static const struct member update_key[] = {
    {"ksq", U32, 0},
    {"user_number", U16, 0},
    {"encrypted_update_key_len", U16, 0},
    {"data->encrypted_update_key_data", DATA, 3},
    {NULL, 0, 0},
};
static const struct member signature[] = {{"data->digital_signature", DATA, REST}, {NULL, 0, 0}};
static const struct member mac[] = {{"data->mac", DATA, REST}, {NULL, 0, 0}};

static const struct {
    uint8_t group, variation;
    const struct member *members;
} forms[] = {
    {70, 2, file_login},
    {70, 3, file_command},
    {70, 4, file_status},
    {70, 5, file_block},
    {70, 6, file_block_status},
    {70, 7, file_descriptor},
    {70, 8, file_specification},
    {120, 1, challenge},
    {120, 2, reply},
    {120, 3, aggressive},
    {120, 4, key_request},
    {120, 5, key_status},
    {120, 6, key_change},
    {120, 7, auth_error},
    {120, 8, certificate},
    {120, 9, mac_value},
    {120, 10, user_change},
    {120, 11, update_request},
    {120, 12, update_reply},
    {120, 13, update_key},
    {120, 14, signature},
    {120, 15, mac},
};

static uint64_t little(struct slice s)
{
    uint64_t value = 0;

    for (uint32_t i = s.len; i > 0; i--)
        value = value << 8 | s.at[i - 1];
    return value;
}

static void write_members(struct jsonw *w, const struct member *members, struct cursor c)
{
    uint64_t number[MEMBERS_MAX] = {0};

    for (uint32_t i = 0; members[i].name && i < MEMBERS_MAX; i++) {
        const struct member *m = &members[i];
        uint64_t length = m->kind < TEXT         ? m->kind
                          : m->length_at != REST ? number[m->length_at - 1]
                                                 : cursor_left(&c);
        struct slice bytes = cursor_take(&c, (uint32_t)length);
        if (!cursor_ok(&c))
            return;
        number[i] = m->kind < TEXT ? little(bytes) : 0;
        if (m->kind < TEXT)
            jsonw_u64(w, m->name, number[i]);
        else if (m->kind == TEXT)
            jsonw_text(w, m->name, bytes);
        else
            jsonw_base64(w, m->name, bytes);
    }
}

bool dnp3_sized_write(struct jsonw *w, const struct dnp3_object *o)
{
    const struct member *members = NULL;
    struct cursor c = cursor_of(o->points);

    for (uint32_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (forms[i].group == o->group && forms[i].variation == o->variation)
            members = forms[i].members;
    }
    if (!members || dnp3_tx_prefix(o) < 4 || !o->points.len)
        return false;
    jsonw_arr_open(w, "points");
    for (uint32_t i = 0; i < o->count && i < SHOWN && cursor_left(&c); i++) {
        uint32_t length = (uint32_t)little(cursor_take(&c, 1u << (dnp3_tx_prefix(o) - 4)));
        struct slice point = cursor_take(&c, length);
        jsonw_obj_open(w, NULL);
        jsonw_u64(w, "prefix", length);
        jsonw_u64(w, "index", i);
        jsonw_u64(w, "size", length);
        write_members(w, members, cursor_of(point));
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
    return true;
}
