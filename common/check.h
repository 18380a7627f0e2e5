/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions about our own code, in every build. Input must never be able to trip one.
 */
#ifndef TRAMGAC_COMMON_CHECK_H
#define TRAMGAC_COMMON_CHECK_H

/** Says where and what broke on standard error, then aborts. */
_Noreturn void check_failed(const char *file, int line, const char *text);

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            check_failed(__FILE__, __LINE__, #cond);                                               \
    } while (0)

#endif
