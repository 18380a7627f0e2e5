/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: User-Agent of its HTTP requests. */
#include "sensor/device/identity.h"
#include "sensor/device/parts.h"

static bool match(const struct device *device, const char *pattern)
{
    return identity_glob(pattern, parts_evidence(device, EVIDENCE_HTTP_UA)) &&
           *parts_evidence(device, EVIDENCE_HTTP_UA);
}

const struct ident_def ident_http_ua = {
    .kind = "http_ua", .doc = "User-Agent of its HTTP requests.", .match = match};
