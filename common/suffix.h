/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which part of a name anybody can register under, by the Public Suffix List (libpsl stays inside
 * suffix.c): "co.uk" of "www.bbc.co.uk", whose registered domain is "bbc.co.uk".
 */
#ifndef TRAMGAC_COMMON_SUFFIX_H
#define TRAMGAC_COMMON_SUFFIX_H

#include "common/slice.h"

enum { SUFFIX_NAME_MAX = 253 }; /* RFC 1035, section 2.3.4, as text */

/** The end of `name` that is a public suffix; none of a name that is longer than SUFFIX_NAME_MAX or
 * holds a NUL. Letters may be of either case. */
struct slice suffix_public(struct slice name);
/** The suffix and one label more; none when the name is a suffix itself. */
struct slice suffix_registered(struct slice name);

#endif
