/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of reading a suricata.yaml: what it says of protocols and their parsers.
 */
#ifndef TRAMGAC_SENSOR_RUN_SURICATA_APP_H
#define TRAMGAC_SENSOR_RUN_SURICATA_APP_H

#include "common/conf.h"
#include "common/json.h"
#include "common/strbuf.h"

/** Takes over what means something here; the rest is listed in `report` once. */
void suricata_app_take(struct conf *conf, const struct json *tree, const char *path,
                       struct strbuf *report);

/** A setting by its Suricata name, as --set gives it ("key=value"); false when it is not of those
 * that are called otherwise here. */
bool suricata_app_set(struct conf *conf, const char *assignment);

#endif
