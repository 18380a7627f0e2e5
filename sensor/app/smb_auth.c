/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: who logs on, from the security blob of a session setup request.
 * Spec: MS-NLMP 2.2.1.3 (NTLMSSP, authenticate), RFC 4178 (SPNEGO), RFC 4120 5.5.1 (AP-REQ).
 */
#include "sensor/app/krb5_msg.h"
#include "sensor/app/smb_tx.h"

enum { AUTHENTICATE = 3, FLAG_UNICODE = 1, FLAG_VERSION = 0x02000000, VERSION_END = 72 };

/* Length, room and offset of a field of the message. */
static bool take_field(struct slice message, struct cursor *c, struct slice *out, uint32_t *first)
{
    uint16_t len = cursor_le16(c);

    cursor_skip(c, 2);
    uint32_t at = cursor_le32(c);
    *out = SLICE_NONE;
    if (!cursor_ok(c) || at > message.len || len > message.len - at)
        return false;
    *out = slice_head(slice_from(message, at), len);
    if (len && at < *first)
        *first = at;
    return true;
}

static void read_ntlm(struct app *app, struct tx *tx, struct slice message)
{
    struct smb_session *s = &((struct smb_tx *)tx_data(tx))->auth;
    struct cursor c = cursor_of(message);
    struct slice lm, nt, domain, user, host, key;
    uint32_t first = message.len;

    cursor_skip(&c, 8);
    if (cursor_le32(&c) != AUTHENTICATE)
        return;
    bool ok = take_field(message, &c, &lm, &first);
    ok &= take_field(message, &c, &nt, &first);
    ok &= take_field(message, &c, &domain, &first);
    ok &= take_field(message, &c, &user, &first);
    ok &= take_field(message, &c, &host, &first);
    (void)take_field(message, &c, &key, &first);
    if (!ok) {
        smb_state_note(app, tx, SMB_NOTE_NTLMSSP);
        return;
    }
    s->ntlm_flags = cursor_le32(&c);
    bool unicode = !cursor_ok(&c) || (s->ntlm_flags & FLAG_UNICODE);
    s->has_ntlm = true;
    s->domain = smb_state_text(app, tx, domain, unicode);
    s->user = smb_state_text(app, tx, user, unicode);
    s->host = smb_state_text(app, tx, host, unicode);
    if (!(s->ntlm_flags & FLAG_VERSION) || first < VERSION_END) /* no room for it: Windows 2000 */
        return;
    s->os_major = cursor_u8(&c);
    s->os_minor = cursor_u8(&c);
    s->os_build = cursor_le16(&c);
    cursor_skip(&c, 3);
    s->ntlm_revision = cursor_u8(&c);
    s->has_version = cursor_ok(&c);
}

static void read_kerberos(struct app *app, struct tx *tx, struct slice request)
{
    struct smb_session *s = &((struct smb_tx *)tx_data(tx))->auth;
    struct krb5_ticket ticket;

    if (!krb5_msg_ap_request(request, &ticket))
        return;
    s->has_kerberos = true;
    s->realm = app_keep(app, tx, ticket.realm);
    for (uint32_t i = 0; i < ticket.sname.n; i++) {
        struct slice *name = app_append(app, tx, &s->snames, sizeof *name);
        if (name)
            *name = app_keep(app, tx, ticket.sname.part[i]);
    }
}

void smb_auth_read(struct app *app, struct tx *tx, struct slice blob)
{
    /* Kerberos' own identifier, then the token's kind: AP-REQ (RFC 4121 4.1) */
    static const uint8_t kerberos[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                       0x12, 0x01, 0x02, 0x02, 0x01, 0x00};
    int64_t at = slice_find(blob, SLICE_LIT("NTLMSSP\0"));

    if (at >= 0) {
        read_ntlm(app, tx, slice_from(blob, (uint32_t)at));
        return;
    }
    at = slice_find(blob, (struct slice){kerberos, sizeof kerberos});
    if (at >= 0)
        read_kerberos(app, tx, slice_from(blob, (uint32_t)at + sizeof kerberos));
}
