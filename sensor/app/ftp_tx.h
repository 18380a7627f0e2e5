/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about FTP share: a command with its replies.
 */
#ifndef TRAMGAC_SENSOR_APP_FTP_TX_H
#define TRAMGAC_SENSOR_APP_FTP_TX_H

#include "sensor/app/proto.h"

enum { FTP_ACTIVE = 1, FTP_PASSIVE = 2 };
enum { FTP_RETR = 1, FTP_STOR = 2 }; /* what a data channel is for: from or to the server */

struct ftp_text {
    struct slice text;
};

struct ftp_tx {
    struct slice command, data; /* data: behind the command */
    bool request_truncated, reply_truncated;
    uint8_t received; /* the final reply was seen */
    uint8_t mode;     /* FTP_ACTIVE, FTP_PASSIVE; 0 = no data channel is agreed here */
    uint16_t dynamic_port;
    uint16_t asked_port;   /* of a mode that counts when it is answered; 0 = none */
    struct addr port_host; /* of PORT and EPRT; family 0 = none */
    struct list codes;     /* struct ftp_text */
    struct list replies;
};

/** The address and port of "h1,h2,h3,h4,p1,p2" anywhere in `text`; false when there is none. */
bool ftp_port_read(struct slice text, struct addr *host, uint16_t *port);
/** The same of "|1|address|port|" (RFC 2428), any delimiter; host may be empty. */
bool ftp_port_read_extended(struct slice text, struct addr *host, uint16_t *port);

#endif
