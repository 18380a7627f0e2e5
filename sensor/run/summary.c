/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/summary.h"
#include "sensor/run/sensor.h"

#include <stdio.h>

void summary_print(const struct sensor_result *r)
{
    double seconds = (double)r->run_ns / 1e9;

    fprintf(stderr, "%llu packets, %.1f MB in %.2f s\n", (unsigned long long)r->front.packets,
            (double)r->front.bytes / 1e6, seconds);
    fprintf(stderr,
            "%llu events; %llu alerts, %llu deviations (high %llu, medium %llu, low %llu)\n",
            (unsigned long long)r->tail.events, (unsigned long long)r->tail.alerts,
            (unsigned long long)r->tail.deviations, (unsigned long long)r->tail.by_severity[1],
            (unsigned long long)r->tail.by_severity[2],
            (unsigned long long)(r->tail.by_severity[3] + r->tail.by_severity[4]));
    for (uint32_t i = 0; i < r->n_top; i++)
        fprintf(stderr, "  %8llu  %u %s\n", (unsigned long long)r->top[i].alerts, r->top[i].sid,
                r->top[i].msg);
    if (r->rules || r->quarantined)
        fprintf(stderr, "%u rules in force, %u set aside\n", r->rules, r->quarantined);
    if (r->tail.device_changes)
        fprintf(stderr, "%llu changes of the device inventory\n",
                (unsigned long long)r->tail.device_changes);
    if (r->front.lost || r->front.damaged || r->front.failed)
        fprintf(stderr,
                "lost before the sensor: %llu packets; captures broken off: %u, unreadable: %u\n",
                (unsigned long long)r->front.lost, r->front.damaged, r->front.failed);
}
