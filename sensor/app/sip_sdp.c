/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session descriptions in SIP messages (RFC 8866): lines "x=value", first of the session, behind
 * each "m=" of that media. Values stay text. Limits: LINES_MAX lines are read.
 */
#include "sensor/app/sip_tx.h"

enum { LINES_MAX = 512 };

static void add_attribute(struct app *app, struct tx *tx, struct list *list, struct slice value)
{
    struct sip_attribute *a = app_append(app, tx, list, sizeof *a);
    if (a)
        a->value = value;
}

static void session_line(struct app *app, struct tx *tx, uint8_t type, struct slice value)
{
    struct sip_sdp *sdp = &((struct sip_tx *)tx_data(tx))->sdp;
    const struct {
        uint8_t type;
        struct slice *place;
    } places[] = {
        {'v', &sdp->version},      {'o', &sdp->origin}, {'s', &sdp->session_name},
        {'i', &sdp->session_info}, {'u', &sdp->uri},    {'e', &sdp->email},
        {'p', &sdp->phone},        {'t', &sdp->time},   {'c', &sdp->connection},
        {'r', &sdp->repeat},       {'z', &sdp->zone},   {'k', &sdp->key},
    };

    if (type == 'b')
        add_attribute(app, tx, &sdp->bandwidths, value);
    else if (type == 'a')
        add_attribute(app, tx, &sdp->attributes, value);
    for (uint32_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].type == type && !places[i].place->at)
            *places[i].place = value;
}

static void media_line(struct app *app, struct tx *tx, struct sip_media *media, uint8_t type,
                       struct slice value)
{
    struct sip_sdp *sdp = &((struct sip_tx *)tx_data(tx))->sdp;

    if (type == 'i')
        media->info = value;
    else if (type == 'c')
        media->connection = value;
    else if (type == 'k')
        media->key = value;
    else if (type == 'a')
        add_attribute(app, tx, &media->attributes, value);
    else if (type == 'b')
        add_attribute(app, tx, &sdp->bandwidths, value);
}

void sip_sdp_read(struct app *app, struct tx *tx, struct slice body)
{
    struct sip_tx *sip = tx_data(tx);
    struct sip_media *media = NULL;

    sip->sdp.seen = slice_starts(body, SLICE_LIT("v="));
    for (uint32_t n = 0; sip->sdp.seen && body.len && n < LINES_MAX; n++) {
        int64_t eol = slice_find_byte(body, '\n');
        struct slice line = eol < 0 ? body : slice_head(body, (uint32_t)eol);
        body = eol < 0 ? SLICE_NONE : slice_from(body, (uint32_t)eol + 1);
        line = slice_trim(line);
        if (line.len < 2 || line.at[1] != '=')
            continue;
        uint8_t type = line.at[0];
        struct slice value = slice_from(line, 2);
        if (type == 'm') {
            media = app_append(app, tx, &sip->sdp.media, sizeof *media);
            if (!media)
                return;
            media->media = value;
        } else if (media) {
            media_line(app, tx, media, type, value);
        } else {
            session_line(app, tx, type, value);
        }
    }
}
