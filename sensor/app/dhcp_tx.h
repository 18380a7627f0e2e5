/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the DHCP parser share: a message.
 */
#ifndef TRAMGAC_SENSOR_APP_DHCP_TX_H
#define TRAMGAC_SENSOR_APP_DHCP_TX_H

#include "sensor/app/proto.h"

struct dhcp_address {
    struct addr addr;
};

struct dhcp_tx {
    uint8_t op;   /* 1 request, 2 reply */
    uint8_t type; /* option 53; 0 = absent */
    bool has_mac, has_lease, has_renewal, has_rebinding;
    bool brief; /* dhcp.extended is off */
    uint32_t id;
    uint32_t lease_s, renewal_s, rebinding_s;
    struct addr client_ip, assigned_ip, next_server_ip, relay_ip;
    struct addr requested_ip, subnet_mask, server_id;
    struct slice client_mac, client_id, hostname, domain, vendor_class, params, mud_url;
    struct list routers, dns_servers; /* struct dhcp_address */
};

extern const struct field dhcp_fields[];

uint32_t dhcp_fields_events(const struct tx *tx);
void dhcp_fields_event(struct tx *tx, uint32_t i, struct jsonw *w);

#endif
