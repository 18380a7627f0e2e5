/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections `stream` and `defrag` of a suricata.yaml (Suricata 7). Settings that have a meaning
 * here are taken; those of memory bound ours from above, as --memory bounds all. The rest is named
 * in the report, a line.
 */
#ifndef TRAMGAC_SENSOR_RUN_SURICATA_STREAM_H
#define TRAMGAC_SENSOR_RUN_SURICATA_STREAM_H

#include "common/conf.h"

/** `tree` is the whole file. */
void suricata_stream_take(struct conf *conf, const struct json *tree, const char *path,
                          struct strbuf *report);

/** One "key=value" of --set under a name of Suricata's that is another here; false: it is none. */
bool suricata_stream_set(struct conf *conf, const char *assignment);

#endif
