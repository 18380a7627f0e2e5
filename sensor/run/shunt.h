/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which flows are only counted from now on: by size, by encryption, for want of memory; and which
 * records long flows give before they end.
 */
#ifndef TRAMGAC_SENSOR_RUN_SHUNT_H
#define TRAMGAC_SENSOR_RUN_SHUNT_H

#include "common/addrset.h"
#include "common/conf.h"
#include "sensor/run/shed.h"

extern const struct option shunt_options[];

struct shunt_policy {
    uint64_t bytes;         /* a flow with more is large; 0 = none is */
    bool encrypted;         /* encrypted flows too, behind their hello */
    uint64_t interim_ns;    /* between records of a flow that lives on; 0 = none */
    struct addrset trusted; /* hosts whose new flows go first when memory is short */
};

/** Faults of the configuration are reported where it is checked; here wrong items are left out. */
void shunt_policy_read(const struct conf *conf, struct shunt_policy *policy);
void shunt_policy_fini(struct shunt_policy *policy);

/** What is to become of a flow at its packet, with the step its shard is at. */
enum flow_shunt shunt_wanted(const struct shunt_policy *policy, const struct flow *flow,
                             enum shed_step step);

/** A record is due; it is noted as given. */
bool shunt_interim(const struct shunt_policy *policy, struct flow *flow, uint64_t now_ns);

#endif
