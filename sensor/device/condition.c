/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/condition.h"

#include <stdio.h>
#include <stdlib.h>

bool condition_port(const char *text, uint8_t *proto, uint16_t *port)
{
    static const struct {
        const char *name;
        uint8_t proto;
    } protos[] = {{"tcp/", 6}, {"udp/", 17}};
    uint64_t n = 0;

    for (uint32_t i = 0; i < 2; i++) {
        if (strncmp(text, protos[i].name, 4) != 0)
            continue;
        if (!slice_to_u64(slice_of_str(text + 4), &n) || n == 0 || n > 65535)
            return false;
        *proto = protos[i].proto;
        *port = (uint16_t)n;
        return true;
    }
    return false;
}

static bool no_argument(const char *text, struct profile_condition *c)
{
    (void)c;
    return *text == '\0';
}

static bool take_port(const char *text, struct profile_condition *c)
{
    return condition_port(text, &c->proto, &c->port);
}

static bool take_role(const char *text, struct profile_condition *c)
{
    size_t len = strlen(text);

    if (len == 0 || len >= sizeof(c->role) || strchr(text, ' '))
        return false;
    memcpy(c->role, text, len + 1);
    return true;
}

static bool take_codes(const char *text, struct profile_condition *c)
{
    while (*text) {
        size_t len = strcspn(text, ",");
        uint64_t code = 0;
        if (c->n_codes == PROFILE_CODES_MAX ||
            !slice_to_u64(slice_trim((struct slice){(const uint8_t *)text, (uint32_t)len}),
                          &code) ||
            code > 255)
            return false;
        c->codes[c->n_codes++] = (uint8_t)code;
        text += len + (text[len] == ',');
    }
    return c->n_codes > 0;
}

static const struct word {
    const char *name;
    enum profile_word word;
    bool (*argument)(const char *text, struct profile_condition *c);
} words[] = {
    {"modbus.write", WORD_MODBUS_WRITE, no_argument},
    {"modbus.fc", WORD_MODBUS_FC, take_codes},
    {"peer_role", WORD_PEER_ROLE, take_role},
    {"internet_peer", WORD_INTERNET_PEER, no_argument},
    {"service", WORD_SERVICE, take_port},
    {"client", WORD_CLIENT, take_port},
    {"mqtt.wildcard_subscribe", WORD_MQTT_WILDCARD, no_argument},
    {"new_resolver", WORD_NEW_RESOLVER, no_argument},
    {"scan", WORD_SCAN, no_argument},
};

static bool parse_one(const char *text, struct profile_condition *c, char *why, size_t room)
{
    *c = (struct profile_condition){0};
    if (strncmp(text, "not ", 4) == 0) {
        c->negated = true;
        text += 4;
    }
    size_t len = strcspn(text, " ");
    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].name) != len || strncmp(words[i].name, text, len) != 0)
            continue;
        c->word = words[i].word;
        if (words[i].argument(text[len] ? text + len + 1 : text + len, c))
            return true;
        snprintf(why, room, "wrong argument in \"%.60s\"", text);
        return false;
    }
    snprintf(why, room, "unknown condition \"%.60s\"", text);
    return false;
}

/* A rule of negated words only would hold for nearly everything. */
static bool has_cause(const struct profile_hard *hard)
{
    for (uint8_t i = 0; i < hard->n; i++) {
        if (!hard->all[i].negated && hard->all[i].word != WORD_PEER_ROLE)
            return true;
    }
    return false;
}

bool condition_parse(const char *when, struct profile_hard *hard, char *why, size_t why_room)
{
    char part[PROFILE_TEXT_MAX * 2];

    hard->n = 0;
    while (*when) {
        const char *next = strstr(when, " and ");
        size_t len = next ? (size_t)(next - when) : strlen(when);
        if (hard->n == PROFILE_CONDITIONS_MAX || len >= sizeof(part)) {
            snprintf(why, why_room, "more than %d conditions", PROFILE_CONDITIONS_MAX);
            return false;
        }
        memcpy(part, when, len);
        part[len] = '\0';
        if (!parse_one(part, &hard->all[hard->n++], why, why_room))
            return false;
        when += len + (next ? 5 : 0);
    }
    if (has_cause(hard))
        return true;
    snprintf(why, why_room, "needs at least one word that says what happened");
    return false;
}
