/* SPDX-License-Identifier: Apache-2.0 */
#include "common/err.h"

static const char *const texts[] = {
    [ERR_OK] = "ok",
    [ERR_END] = "end of input",
    [ERR_AGAIN] = "not ready",
    [ERR_INPUT] = "malformed input",
    [ERR_FULL] = "limit reached",
    [ERR_NOMEM] = "out of memory",
    [ERR_IO] = "input/output error",
    [ERR_NOTFOUND] = "not found",
    [ERR_CONFLICT] = "changed by somebody else",
    [ERR_DENIED] = "not allowed",
    [ERR_UNSUPPORTED] = "not supported",
};

const char *err_text(enum err err)
{
    return texts[err];
}
