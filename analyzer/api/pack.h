/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which answers go over the wire packed (gzip) or not at all (304), and when. What holds a secret
 * beside words that others choose is never packed: its length would tell of the secret.
 */
#ifndef TRAMGAC_ANALYZER_API_PACK_H
#define TRAMGAC_ANALYZER_API_PACK_H

#include "analyzer/api/api.h"

enum { PACK_LEAST = 1400, PACK_TAG_MAX = 24 };

/** Whether answers of the route may be packed and named by a tag; `route` may be NULL. */
bool pack_may(const struct api_route *route);
/** Whether "Accept-Encoding" takes gzip. */
bool pack_accepted(const char *accept);
/** Appends the bytes as gzip; false: they are better sent as they are. */
bool pack_bytes(struct slice bytes, struct strbuf *out);

/** A weak entity tag of the bytes. */
void pack_tag(struct slice bytes, char tag[PACK_TAG_MAX]);
/** Whether "If-None-Match" names the tag. */
bool pack_is_known(const char *if_none_match, const char *tag);

#endif
