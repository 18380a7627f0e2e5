/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DCE/RPC call over TCP or UDP: what proto_dcerpc.c fills in and dcerpc_event.c writes.
 */
#ifndef TRAMGAC_SENSOR_APP_DCERPC_TX_H
#define TRAMGAC_SENSOR_APP_DCERPC_TX_H

#include "sensor/app/dcerpc_pdu.h"

struct dcerpc_tx {
    struct dcerpc_call call;
    uint8_t version, minor;
    bool datagram; /* version 4 */
    uint32_t sequence;
    uint8_t activity[DCERPC_UUID];
};

void dcerpc_event_write(struct tx *tx, uint32_t i, struct jsonw *w);
/** The request and response members of a call, as "dcerpc" of TCP and of SMB have them. */
void dcerpc_event_ifaces(struct jsonw *w, const struct dcerpc_call *call, bool reasons);
void dcerpc_event_half(struct jsonw *w, const struct dcerpc_call *call, enum dir dir);

#endif
