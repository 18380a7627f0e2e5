/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of a configuration file: our own, or a suricata.yaml, whose parts that mean something
 * here are taken over.
 */
#ifndef TRAMGAC_SENSOR_RUN_SURICATA_YAML_H
#define TRAMGAC_SENSOR_RUN_SURICATA_YAML_H

#include "common/conf.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "sensor/run/suricata_tree.h"

/** As conf_load. What is not understood is listed in `report` once, not fatal. `taken` (may be
 * NULL): whether it was Suricata's, and --set was read with it. */
enum err suricata_yaml_load(struct conf *conf, const struct suricata_source *source, bool *taken,
                            struct strbuf *report);

/** One value of ours, as --set takes it; one that is not valid is passed over without a word. */
void suricata_yaml_set(struct conf *conf, const char *key, const char *value);

/** What a switch says; their files say on and off too, which are words to YAML 1.2. */
bool suricata_yaml_says(const struct json *value, bool or_else);

/** A value as --set takes it, a number in `room`; NULL for what is none. */
enum { SURICATA_YAML_NUMBER = 32 };
const char *suricata_yaml_text(const struct json *value, char room[SURICATA_YAML_NUMBER]);

#endif
