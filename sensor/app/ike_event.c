/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of IKE in the form of Suricata.
 */
#include "sensor/app/ike_tx.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

#include <stdio.h>

enum { FLAG_INITIATOR = 8, CIPHER_NONE = 11 };

static void write_payloads(struct jsonw *w, const struct ike_tx *ike)
{
    const uint8_t *types = ike->payloads.at;

    jsonw_arr_open(w, "payload");
    for (uint32_t i = 0; i < ike->payloads.n; i++) {
        const char *name = ike_names_payload(ike->version, types[i]);
        char text[48];
        snprintf(text, sizeof text, "IkePayloadType(%u / 0x%x)", types[i], types[i]);
        jsonw_str(w, NULL, name ? name : text);
    }
    jsonw_arr_close(w);
}

/* ---- version 1 ---------------------------------------------------------------------------- */

static bool came_before(const struct ike_attribute *attributes, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (attributes[k].type == attributes[i].type)
            return true;
    return false;
}

static void write_transform(struct jsonw *w, const struct ike_transform *transform)
{
    const struct ike_attribute *attributes = transform->attributes.at;

    for (uint32_t i = 0; i < transform->attributes.n; i++) {
        const struct ike_attribute *a = &attributes[i];
        const char *key = ike_names_attribute(a->type), *name = NULL;
        char raw[48];
        if (came_before(attributes, i))
            continue;
        if (a->has_number)
            name = ike_names_value(a->type, a->number);
        jsonw_str(w, key, name ? name : "Unknown");
        snprintf(raw, sizeof raw, "%s_raw", key);
        if (a->has_number)
            jsonw_u64(w, raw, a->number);
        else
            jsonw_hex(w, raw, a->bytes, 0);
    }
}

static void write_transforms(struct jsonw *w, const char *key, const struct list *list)
{
    const struct ike_transform *transforms = list->at;

    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        write_transform(w, &transforms[i]);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_offer(struct jsonw *w, const char *key, const struct ike_offer *offer,
                        const struct list *proposals)
{
    jsonw_obj_open(w, key);
    if (offer->key.len) {
        jsonw_hex(w, "key_exchange_payload", offer->key, 0);
        jsonw_u64(w, "key_exchange_payload_length", offer->key.len);
    }
    if (offer->nonce.len) {
        jsonw_hex(w, "nonce_payload", offer->nonce, 0);
        jsonw_u64(w, "nonce_payload_length", offer->nonce.len);
    }
    if (proposals && proposals->n)
        write_transforms(w, "proposals", proposals);
    jsonw_obj_close(w);
}

static void write_v1(struct jsonw *w, const struct ike_tx *ike)
{
    const struct ike_text *vendors = ike->vendors.at;

    if (ike->has_chosen)
        write_transform(w, &ike->chosen);
    if (!ike->to_server && ike->transforms.n > 1)
        write_transforms(w, "server_proposals", &ike->transforms);
    write_payloads(w, ike);
    jsonw_obj_open(w, "ikev1");
    if (ike->has_doi)
        jsonw_u64(w, "doi", ike->doi);
    jsonw_bool(w, "encrypted_payloads", ike->encrypted);
    if (!ike->encrypted) {
        write_offer(w, "client", &ike->offer[TO_SERVER], ike->to_server ? &ike->transforms : NULL);
        write_offer(w, "server", &ike->offer[TO_CLIENT], NULL);
    }
    if (ike->vendors.n) {
        jsonw_arr_open(w, "vendor_ids");
        for (uint32_t i = 0; i < ike->vendors.n; i++)
            jsonw_text(w, NULL, vendors[i].text);
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

/* ---- version 2 ---------------------------------------------------------------------------- */

static void write_chosen(struct jsonw *w, const struct ike_tx *ike)
{
    static const struct {
        enum ike_kind kind;
        const char *key, *type;
    } kinds[] = {
        {IKE_ENC, "alg_enc", "Enc"}, {IKE_AUTH, "alg_auth", "Auth"}, {IKE_PRF, "alg_prf", "PRF"},
        {IKE_DH, "alg_dh", "DH"},    {IKE_ESN, "alg_esn", "ESN"},
    };

    for (uint32_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint16_t id = ike->alg[kinds[i].kind];
        if (kinds[i].kind == IKE_ENC && !id)
            id = CIPHER_NONE;
        const char *name = ike_names_transform(kinds[i].kind, id);
        char text[64];
        snprintf(text, sizeof text, "IkeTransform%sType(%u / 0x%x)", kinds[i].type, id, id);
        jsonw_str(w, kinds[i].key, name ? name : text);
    }
}

static void write_v2(struct jsonw *w, const struct ike_tx *ike)
{
    const uint16_t *notifies = ike->notifies.at;

    jsonw_str(w, "role", ike->flags & FLAG_INITIATOR ? "initiator" : "responder");
    if (!(ike->flags & FLAG_INITIATOR))
        write_chosen(w, ike);
    write_payloads(w, ike);
    jsonw_obj_open(w, "ikev2");
    jsonw_u64(w, "errors", ike->errors);
    if (ike->notifies.n)
        jsonw_arr_open(w, "notify");
    for (uint32_t i = 0; i < ike->notifies.n; i++) {
        const char *name = ike_names_notify(notifies[i]);
        char text[48];
        snprintf(text, sizeof text, "NotifyType(%u / 0x%x)", notifies[i], notifies[i]);
        jsonw_str(w, NULL, name ? name : text);
    }
    if (ike->notifies.n)
        jsonw_arr_close(w);
    jsonw_obj_close(w);
}

void ike_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct ike_tx *ike = tx_data_const(tx);

    (void)i;
    field_write_eve(tx, w);
    if (ike->version == 1)
        write_v1(w, ike);
    else
        write_v2(w, ike);
}
