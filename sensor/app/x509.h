/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown of an X.509 certificate (RFC 5280).
 */
#ifndef TRAMGAC_SENSOR_APP_X509_H
#define TRAMGAC_SENSOR_APP_X509_H

#include "sensor/app/proto.h"

struct x509 {
    struct slice subject, issuer;   /* "C=VN, O=…, CN=…" in the certificate's order */
    struct slice serial;            /* "2A:BF:…" */
    uint64_t not_before, not_after; /* seconds since 1970 */
};

/** Reads a DER certificate; texts are kept in the transaction. False when it is malformed: what was
 * read until then is there. */
bool x509_read(struct tx *tx, struct slice der, struct x509 *x509);

#endif
