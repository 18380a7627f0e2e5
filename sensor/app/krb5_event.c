/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos events in the form of Suricata. Names: RFC 4120 7.5.9, RFC 3961, RFC 3962, RFC 8009.
 */
#include "sensor/app/krb5_tx.h"

#include "common/jsonw.h"

#include <stdio.h>

static const char *name_of(const struct label *labels, int32_t value)
{
    for (; labels->name; labels++)
        if ((int32_t)labels->value == value)
            return labels->name;
    return NULL;
}

static const struct label etypes[] = {
    {1, "des-cbc-crc"},
    {2, "des-cbc-md4"},
    {3, "des-cbc-md5"},
    {5, "des3-cbc-md5"},
    {7, "des3-cbc-sha1"},
    {9, "dsaWithSHA1-CmsOID"},
    {10, "md5WithRSAEncryption-CmsOID"},
    {11, "sha1WithRSAEncryption-CmsOID"},
    {12, "rc2CBC-EnvOID"},
    {13, "rsaEncryption-EnvOID"},
    {14, "rsaES-OAEP-ENV-OID"},
    {15, "des-ede3-cbc-Env-OID"},
    {16, "des3-cbc-sha1-kd"},
    {17, "aes128-cts-hmac-sha1-96"},
    {18, "aes256-cts-hmac-sha1-96"},
    {19, "aes128-cts-hmac-sha256-128"},
    {20, "aes256-cts-hmac-sha384-192"},
    {23, "rc4-hmac"},
    {24, "rc4-hmac-exp"},
    {25, "camellia128-cts-cmac"},
    {26, "camellia256-cts-cmac"},
    {65, "subkey-keymaterial"},
    {0, NULL},
};

const char *krb5_event_etype(int32_t etype)
{
    return name_of(etypes, etype);
}

bool krb5_event_etype_of(struct slice name, int32_t *etype)
{
    uint64_t number;

    for (const struct label *l = etypes; l->name; l++) {
        if (slice_ieq(name, slice_of_str(l->name))) {
            *etype = (int32_t)l->value;
            return true;
        }
    }
    bool negative = name.len && name.at[0] == '-';
    if (!slice_to_u64(slice_from(name, negative), &number) || number > INT32_MAX)
        return false;
    *etype = negative ? -(int32_t)number : (int32_t)number;
    return true;
}

static const char *type_name(uint8_t type)
{
    static const struct label names[] = {
        {KRB5_AS_REQ, "KRB_AS_REQ"},   {KRB5_AS_REP, "KRB_AS_REP"},
        {KRB5_TGS_REQ, "KRB_TGS_REQ"}, {KRB5_TGS_REP, "KRB_TGS_REP"},
        {KRB5_AP_REQ, "KRB_AP_REQ"},   {KRB5_AP_REP, "KRB_AP_REP"},
        {KRB5_ERROR, "KRB_ERROR"},     {0, NULL},
    };
    return name_of(names, type);
}

static const char *error_name(int32_t error)
{
    static const char *const names[] = {
        "KDC_ERR_NONE",
        "KDC_ERR_NAME_EXP",
        "KDC_ERR_SERVICE_EXP",
        "KDC_ERR_BAD_PVNO",
        "KDC_ERR_C_OLD_MAST_KVNO",
        "KDC_ERR_S_OLD_MAST_KVNO",
        "KDC_ERR_C_PRINCIPAL_UNKNOWN",
        "KDC_ERR_S_PRINCIPAL_UNKNOWN",
        "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
        "KDC_ERR_NULL_KEY",
        "KDC_ERR_CANNOT_POSTDATE",
        "KDC_ERR_NEVER_VALID",
        "KDC_ERR_POLICY",
        "KDC_ERR_BADOPTION",
        "KDC_ERR_ETYPE_NOSUPP",
        "KDC_ERR_SUMTYPE_NOSUPP",
        "KDC_ERR_PADATA_TYPE_NOSUPP",
        "KDC_ERR_TRTYPE_NOSUPP",
        "KDC_ERR_CLIENT_REVOKED",
        "KDC_ERR_SERVICE_REVOKED",
        "KDC_ERR_TGT_REVOKED",
        "KDC_ERR_CLIENT_NOTYET",
        "KDC_ERR_SERVICE_NOTYET",
        "KDC_ERR_KEY_EXPIRED",
        "KDC_ERR_PREAUTH_FAILED",
        "KDC_ERR_PREAUTH_REQUIRED",
        "KDC_ERR_SERVER_NOMATCH",
        "KDC_ERR_MUST_USE_USER2USER",
        "KDC_ERR_PATH_NOT_ACCEPTED",
        "KDC_ERR_SVC_UNAVAILABLE",
    };
    static const struct label more[] = {
        {31, "KRB_AP_ERR_BAD_INTEGRITY"},
        {32, "KRB_AP_ERR_TKT_EXPIRED"},
        {33, "KRB_AP_ERR_TKT_NYV"},
        {34, "KRB_AP_ERR_REPEAT"},
        {35, "KRB_AP_ERR_NOT_US"},
        {36, "KRB_AP_ERR_BADMATCH"},
        {37, "KRB_AP_ERR_SKEW"},
        {38, "KRB_AP_ERR_BADADDR"},
        {39, "KRB_AP_ERR_BADVERSION"},
        {40, "KRB_AP_ERR_MSG_TYPE"},
        {41, "KRB_AP_ERR_MODIFIED"},
        {42, "KRB_AP_ERR_BADORDER"},
        {44, "KRB_AP_ERR_BADKEYVER"},
        {45, "KRB_AP_ERR_NOKEY"},
        {46, "KRB_AP_ERR_MUT_FAIL"},
        {47, "KRB_AP_ERR_BADDIRECTION"},
        {48, "KRB_AP_ERR_METHOD"},
        {49, "KRB_AP_ERR_BADSEQ"},
        {50, "KRB_AP_ERR_INAPP_CKSUM"},
        {51, "KRB_AP_PATH_NOT_ACCEPTED"},
        {52, "KRB_ERR_RESPONSE_TOO_BIG"},
        {60, "KRB_ERR_GENERIC"},
        {61, "KRB_ERR_FIELD_TOOLONG"},
        {68, "KDC_ERR_WRONG_REALM"},
        {0, NULL},
    };
    if (error >= 0 && error < (int32_t)(sizeof names / sizeof *names))
        return names[error];
    return name_of(more, error);
}

static void write_number(struct jsonw *w, const char *key, const char *name, int32_t value)
{
    char text[16];

    snprintf(text, sizeof text, "%d", value);
    jsonw_str(w, key, name ? name : text);
}

static void write_name(struct jsonw *w, const char *key, const struct krb5_name *name)
{
    enum { TEXT_MAX = 512 };
    uint8_t text[TEXT_MAX];
    uint32_t len = 0;

    if (!name->present) {
        jsonw_str(w, key, "<empty>");
        return;
    }
    for (uint32_t i = 0; i < name->n; i++) {
        struct slice part = slice_head(name->part[i], TEXT_MAX - 1 - len);
        if (i && len < TEXT_MAX - 1)
            text[len++] = '/';
        part = slice_head(part, TEXT_MAX - len);
        if (part.len)
            memcpy(text + len, part.at, part.len);
        len += part.len;
    }
    jsonw_text(w, key, (struct slice){text, len});
}

void krb5_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct krb5_tx *krb = tx_data_const(tx);

    (void)i;
    jsonw_str(w, "msg_type", type_name(krb->type));
    if (krb->type == KRB5_ERROR) {
        if (krb->failed)
            jsonw_str(w, "failed_request", type_name(krb->failed));
        else
            jsonw_str(w, "failed_request", "UNKNOWN");
        write_number(w, "error_code", error_name(krb->error), krb->error);
    }
    write_name(w, "cname", &krb->cname);
    if (krb->has_realm)
        jsonw_text(w, "realm", krb->realm);
    else
        jsonw_str(w, "realm", "<empty>");
    write_name(w, "sname", &krb->sname);
    if (krb->has_etype)
        write_number(w, "encryption", krb5_event_etype(krb->etype), krb->etype);
    else
        jsonw_str(w, "encryption", "<none>");
    jsonw_bool(w, "weak_encryption", krb->weak);
    if (!krb->has_ticket)
        return;
    write_number(w, "ticket_encryption", krb5_event_etype(krb->ticket_etype), krb->ticket_etype);
    jsonw_bool(w, "ticket_weak_encryption", krb->weak_ticket);
}
