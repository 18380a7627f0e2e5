/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error codes. 0 is good; results travel through trailing arguments.
 */
#ifndef TRAMGAC_COMMON_ERR_H
#define TRAMGAC_COMMON_ERR_H

enum err {
    ERR_OK = 0,
    ERR_END,      /* no more input; not a fault */
    ERR_AGAIN,    /* nothing now, ask again */
    ERR_INPUT,    /* malformed input */
    ERR_FULL,     /* a cap was reached */
    ERR_NOMEM,    /* the system refused memory at start-up */
    ERR_IO,       /* the operating system or a peer failed */
    ERR_NOTFOUND, /* no such thing */
    ERR_CONFLICT, /* somebody else changed it first */
    ERR_DENIED,   /* not allowed */
    ERR_UNSUPPORTED,
};

/** Short English name of a code, for messages. */
const char *err_text(enum err err);

#endif
