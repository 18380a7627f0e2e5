/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown of an X.509 certificate (RFC 5280).
 */
#ifndef TRAMGAC_SENSOR_APP_X509_H
#define TRAMGAC_SENSOR_APP_X509_H

#include "sensor/app/proto.h"

/** Which part of a certificate cannot be read. */
enum x509_part {
    X509_DER,
    X509_LENGTH,
    X509_VERSION,
    X509_SERIAL,
    X509_ALGORITHM,
    X509_ISSUER,
    X509_VALIDITY,
    X509_DATE,
    X509_SUBJECT,
    X509_NAME,
    X509_CERTIFICATE, /* what stands there is no certificate at all */
    X509_EXTENSIONS,
};

struct x509 {
    uint8_t fault;                 /* enum x509_part, when x509_read has said false */
    uint8_t extensions_fault;      /* the same of the end that is not read, 0 = it is sound */
    struct slice subject, issuer;  /* "C=VN, O=…, CN=…" in the certificate's order */
    struct slice serial;           /* "2A:BF:…" */
    int64_t not_before, not_after; /* seconds since 1970; may lie before */
};

/** Reads a DER certificate; texts are kept in the transaction. False when it is malformed: what was
 * read until then is there. */
bool x509_read(struct tx *tx, struct slice der, struct x509 *x509);

#endif
