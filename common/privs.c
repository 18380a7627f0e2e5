/* SPDX-License-Identifier: Apache-2.0 */
#include "common/privs.h"

#include <cap-ng.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

static enum err become(const char *user, struct strbuf *said)
{
    struct passwd room;
    struct passwd *found = NULL;
    char text[4096];

    if (getpwnam_r(user, &room, text, sizeof(text), &found) != 0 || !found) {
        strbuf_fmt(said, "There is no user %s to run as; create it or set sandbox.user.\n", user);
        return ERR_NOTFOUND;
    }
    int code = capng_change_id((int)found->pw_uid, (int)found->pw_gid,
                               CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    if (code) {
        strbuf_fmt(said, "Could not become user %s (code %d).\n", user, code);
        return ERR_DENIED;
    }
    strbuf_fmt(said, "Runs as user %s.\n", user);
    return ERR_OK;
}

enum err privs_drop(const char *user, bool keep_net_raw, struct strbuf *said)
{
    bool root = geteuid() == 0;

    capng_clear(CAPNG_SELECT_BOTH);
    if (keep_net_raw)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
    if (root && user && *user) {
        enum err err = become(user, said);
        if (err)
            return err;
    } else if (root) {
        /* root in name only: its files stay reachable, whoever owns their folder */
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE);
        if (capng_apply(CAPNG_SELECT_BOTH) != 0) {
            strbuf_str(said, "The capabilities of root could not be given up.\n");
            return ERR_DENIED;
        }
    } else if (!root && capng_apply(CAPNG_SELECT_CAPS) != 0 && keep_net_raw) {
        /* without file capabilities there was nothing to keep */
        capng_clear(CAPNG_SELECT_CAPS);
        capng_apply(CAPNG_SELECT_CAPS);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return ERR_OK;
}
