/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Country and autonomous system of outside addresses, from MMDB files. What the sensor wrote into
 * the event already is kept.
 */
#include "analyzer/enrich/enrich.h"
#include "common/geo.h"

static const struct option options[] = {
    {"geo.country", CONF_TEXT, "", "MMDB file with countries; empty: no countries."},
    {"geo.asn", CONF_TEXT, "", "MMDB file with autonomous systems; empty: none."},
    OPTION_END};

static enum err geo_enr_open(const struct conf *conf, void **self, struct strbuf *report)
{
    const char *country = conf_text(conf, "geo.country");
    const char *asn = conf_text(conf, "geo.asn");
    struct geo *geo = NULL;

    if (!*country && !*asn)
        return ERR_OK;
    enum err err = geo_open(country, asn, &geo);
    if (err)
        strbuf_fmt(report, "geo.country, geo.asn: not an MMDB file: %s %s\n", country, asn);
    *self = geo;
    return err;
}

static void place_end(const struct geo *geo, struct batch *batch, struct record_end *end)
{
    struct geo_place place;

    if (end->internal || end->country[0] || addr_is_private(&end->addr) ||
        !geo_find(geo, &end->addr, &place))
        return;
    memcpy(end->country, place.country, sizeof(end->country));
    end->asn = place.asn;
    end->as_name = batch_text(batch, place.org);
}

static void geo_enr_apply(void *self, struct batch *batch, struct record *r)
{
    place_end(self, batch, &r->src);
    place_end(self, batch, &r->dst);
}

static void geo_enr_close(void *self)
{
    struct geo *geo = self;
    geo_free(&geo);
}

const struct enricher_def enr_geo = {
    .name = "geo",
    .doc = "Countries and autonomous systems of outside addresses",
    .options = options,
    .open = geo_enr_open,
    .apply = geo_enr_apply,
    .close = geo_enr_close,
};
