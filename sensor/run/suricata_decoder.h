/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The section `decoder` of a suricata.yaml: which tunnels are looked into, at which ports, and how
 * many headers.
 */
#ifndef TRAMGAC_SENSOR_RUN_SURICATA_DECODER_H
#define TRAMGAC_SENSOR_RUN_SURICATA_DECODER_H

#include "common/conf.h"
#include "common/json.h"
#include "common/strbuf.h"

/** `tree`: the whole file; variables of vars.port-groups are followed. What has no meaning here is
 * listed in the report. */
void suricata_decoder_take(struct conf *conf, const struct json *tree, const char *path,
                           struct strbuf *report);

#endif
