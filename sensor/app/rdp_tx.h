/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the RDP parser share: one message of the connection sequence.
 */
#ifndef TRAMGAC_SENSOR_APP_RDP_TX_H
#define TRAMGAC_SENSOR_APP_RDP_TX_H

#include "sensor/app/proto.h"

enum rdp_kind {
    RDP_INITIAL_REQUEST,
    RDP_INITIAL_RESPONSE,
    RDP_CONNECT_REQUEST,
    RDP_CONNECT_RESPONSE,
    RDP_TLS_HANDSHAKE,
};

/** Which of the optional members of the client's core data are there. */
enum rdp_has {
    RDP_HAS_PRODUCT = 1,
    RDP_HAS_SERIAL = 2,
    RDP_HAS_CAPABILITIES = 4,
    RDP_HAS_ORIENTATION = 8,
};

/** Core data of a client; members that did not come are 0. */
struct rdp_client {
    uint32_t version, layout, build, keyboard, function_keys, serial;
    uint16_t width, height, color, beta_color, high_color, product, capabilities;
    uint8_t has; /* enum rdp_has */
    uint8_t connection;
    uint32_t physical_width, physical_height, scale, device_scale;
    uint16_t orientation;
    struct slice name, ime, id; /* UTF-8 */
};

struct rdp_text {
    struct slice text;
};

struct rdp_tx {
    uint8_t kind; /* enum rdp_kind */
    bool negotiates;
    uint8_t flags;     /* of the negotiation */
    uint32_t protocol; /* asked for or chosen */
    uint32_t error;    /* 0 = none */
    struct slice cookie;
    struct rdp_client client;
    struct list channels; /* struct rdp_text */
    struct list serials;  /* struct rdp_text: of certificates, hex */
};

/* rdp_client.c */
/** Reads the user data of a Connect-Initial: blocks of type, length, content. */
void rdp_client_read(struct app *app, struct tx *tx, struct slice blocks);

/* rdp_event.c */
void rdp_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

/* rdp_names.c */
/** Name of a keyboard layout ("vi-VN"); NULL when unknown. */
const char *rdp_names_layout(uint32_t layout);
/** Name of the system that brought a build ("Windows 8.1"); NULL when unknown. */
const char *rdp_names_build(uint32_t build);

#endif
