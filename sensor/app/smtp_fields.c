/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of SMTP and of the messages it carries. An envelope is complete when DATA or BDAT
 * comes (TX_HEADERS), a message's header when its body begins (TX_BODY).
 */
#include "sensor/app/smtp_tx.h"

#define ITEM(array_, name_, eve_, progress_, doc_)                                                 \
    static const struct field array_[] = {                                                         \
        {.name = name_,                                                                            \
         .eve = eve_,                                                                              \
         .uses = (eve_) != NULL ? IN_RULES | IN_EVE : IN_RULES,                                    \
         .type = FIELD_BYTES,                                                                      \
         .offset = offsetof(struct mail_text, text),                                               \
         .side = SIDE_CLIENT,                                                                      \
         .progress = progress_,                                                                    \
         .doc = doc_},                                                                             \
        FIELD_END,                                                                                 \
    }

ITEM(recipient_fields, "smtp.rcpt_to", "", TX_HEADERS, "A recipient of the envelope");
ITEM(url_fields, "email.url", NULL, TX_DONE, "A URL in the text of the message, in lower case");
ITEM(received_fields, "email.received", NULL, TX_BODY, "A Received field of the message");
ITEM(attachment_fields, "email.attachment", NULL, TX_DONE, "Name of an attached file");

#define TEXT(name_, eve_, member_, progress_, doc_)                                                \
    {                                                                                              \
        .name = name_, .eve = eve_, .uses = (eve_) != NULL ? IN_RULES | IN_EVE : IN_RULES,         \
        .type = FIELD_BYTES, .offset = offsetof(struct smtp_tx, member_), .side = SIDE_CLIENT,     \
        .progress = progress_, .doc = doc_                                                         \
    }
#define LIST(name_, eve_, member_, items_, doc_)                                                   \
    {                                                                                              \
        .name = name_, .eve = eve_, .uses = (eve_) != NULL ? IN_EVE : 0, .type = FIELD_LIST,       \
        .offset = offsetof(struct smtp_tx, member_), .items = items_,                              \
        .item_size = sizeof(struct mail_text), .doc = doc_                                         \
    }

const struct field smtp_fields_rows[] = {
    TEXT("smtp.helo", "helo", helo, TX_HEADERS, "What the client calls itself"),
    TEXT("smtp.mail_from", "mail_from", mail_from, TX_HEADERS, "The sender of the envelope"),
    LIST("smtp.recipients", "rcpt_to", recipients, recipient_fields,
         "The recipients of the envelope"),
    TEXT("email.from", NULL, mail.from, TX_BODY, "From of the message"),
    TEXT("email.to", NULL, mail.to_raw, TX_BODY, "To of the message, whole"),
    TEXT("email.cc", NULL, mail.cc_raw, TX_BODY, "Cc of the message, whole"),
    TEXT("email.subject", NULL, mail.subject, TX_BODY, "Subject of the message, as sent"),
    TEXT("email.date", NULL, mail.date, TX_BODY, "Date of the message"),
    TEXT("email.message_id", NULL, mail.message_id, TX_BODY, "Message-ID of the message"),
    TEXT("email.x_mailer", NULL, mail.x_mailer, TX_BODY, "X-Mailer of the message"),
    TEXT("email.body_md5", NULL, mail.body_md5, TX_DONE,
         "MD5 of the message behind its header (smtp.body_md5)"),
    LIST("email.urls", NULL, mail.urls, url_fields, "URLs in the text"),
    LIST("email.receiveds", NULL, mail.received, received_fields, "Received fields"),
    LIST("email.attachments", NULL, mail.attachments, attachment_fields, "Attached files"),
    FIELD_END,
};
