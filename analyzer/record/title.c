/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/title.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Kinds of rules as their messages name them; "" says nothing that the message does not. */
static const char *const kinds[][2] = {
    {"DC ", ""},
    {"IOT ", ""},
    {"OT ", ""},
    {"MQTT ", "MQTT: "},
    {"SSH ", "SSH: "},
    {"DNS ", "DNS: "},
    {"TELNET ", "Telnet: "},
    {"CAMERA ", "Camera: "},
    {"BOTNET ", "Botnet: "},
    {"SCAN ", "Scan: "},
    {"EXPLOIT ", "Exploit: "},
};

const char *title_plain(const char *signature, char room[TITLE_MAX])
{
    static const char set[] = "TRAMGAC ";
    const char *rest = signature + sizeof(set) - 1;

    if (strncmp(signature, set, sizeof(set) - 1) != 0)
        return signature;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i][0]);
        if (strncmp(rest, kinds[i][0], n) == 0 && rest[n]) {
            snprintf(room, TITLE_MAX, "%s%s", kinds[i][1], rest + n);
            room[0] = (char)toupper((unsigned char)room[0]);
            return room;
        }
    }
    return signature;
}

void title_pair(const char *en, const char *vi, char room[TITLE_MAX], const char *pair[2])
{
    bool own = *vi && strcmp(vi, en) != 0;

    pair[0] = title_plain(en, room);
    pair[1] = own ? vi : pair[0];
}
