/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing of the tables the sensor is made of: --list-*.
 */
#ifndef TRAMGAC_SENSOR_RUN_INVENTORY_H
#define TRAMGAC_SENSOR_RUN_INVENTORY_H

#include "common/conf.h"
#include "common/listing.h"

/** `what`: "protocols", "keywords", …; prints to standard output. Exit status. */
int inventory_print(const struct conf *conf, const char *what, enum listing_format format);

#endif
