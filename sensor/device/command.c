/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/command.h"

static bool is_field(const struct fact *fact, const char *name)
{
    return fact->kind == FACT_FIELD && strcmp(fact->text, name) == 0;
}

/* "key=12" or "key=12-34" somewhere in the text. */
static bool number_behind(const char *text, const char *key, uint32_t out[2])
{
    size_t len = strlen(key);

    for (const char *at = strstr(text, key); at; at = strstr(at + 1, key)) {
        if ((at != text && at[-1] != ' ') || at[len] < '0' || at[len] > '9')
            continue;
        const char *c = at + len;
        for (uint32_t i = 0; i < 2; i++) {
            uint64_t n = 0;
            for (; *c >= '0' && *c <= '9' && n < 1000000; c++)
                n = n * 10 + (uint64_t)(*c - '0');
            out[i] = (uint32_t)n;
            if (i == 0 && *c++ != '-') {
                out[1] = out[0];
                break;
            }
        }
        return true;
    }
    return false;
}

bool command_modbus_of(const struct fact *fact, struct command_modbus *cmd)
{
    uint32_t n[2] = {0, 0};

    if (!is_field(fact, "modbus.command") || !number_behind(fact->text2, "fc=", n) || n[0] > 255)
        return false;
    *cmd = (struct command_modbus){.fc = (uint8_t)n[0], .unit = -1};
    if (number_behind(fact->text2, "unit=", n))
        cmd->unit = (int32_t)n[0];
    if (number_behind(fact->text2, "addr=", n)) {
        cmd->has_addr = true;
        cmd->low = n[0];
        cmd->high = n[1];
    }
    return true;
}

bool command_modbus_writes(uint8_t fc)
{
    return fc == 5 || fc == 6 || fc == 15 || fc == 16 || (fc >= 21 && fc <= 23);
}

bool command_modbus_declared(const struct profile *profile, const struct command_modbus *cmd)
{
    if (!command_modbus_writes(cmd->fc))
        return profile->modbus_read[cmd->fc];
    for (uint32_t i = 0; i < profile->n_writes; i++) {
        const struct profile_write *w = &profile->writes[i];
        bool unit = w->unit < 0 || w->unit == cmd->unit;
        bool addr = !cmd->has_addr || (cmd->low >= w->low && cmd->high <= w->high);
        if (w->fc == cmd->fc && unit && addr)
            return true;
    }
    return false;
}

enum command_mqtt command_mqtt_of(const struct fact *fact)
{
    if (is_field(fact, "mqtt.publish.topic"))
        return COMMAND_MQTT_PUBLISH;
    return is_field(fact, "mqtt.subscribe.topic") ? COMMAND_MQTT_SUBSCRIBE : COMMAND_MQTT_NONE;
}

static bool level_is(const char *level, size_t len, char c)
{
    return len == 1 && *level == c;
}

bool command_topic_within(const char *filter, const char *topic)
{
    for (;;) {
        size_t f = strcspn(filter, "/");
        size_t t = strcspn(topic, "/");
        if (level_is(filter, f, '#'))
            return true;
        if (level_is(topic, t, '#'))
            return false;
        bool any = level_is(filter, f, '+');
        if (!any && (f != t || strncmp(filter, topic, f) != 0))
            return false;
        if (!filter[f] && !topic[t])
            return true;
        if (strcmp(filter + f, "/#") == 0 && !topic[t])
            return true; /* "a/#" includes "a" */
        if (!filter[f] || !topic[t])
            return false;
        filter += f + 1;
        topic += t + 1;
    }
}

bool command_topic_wildcard(const char *filter)
{
    static const char *const heads[] = {"#", "+/#", "$SYS/"};

    for (uint32_t i = 0; i < 3; i++) {
        if (strncmp(filter, heads[i], strlen(heads[i])) == 0)
            return true;
    }
    return *filter == '+' && strspn(filter, "+/") == strlen(filter);
}

bool command_mqtt_declared(const struct profile *profile, enum command_mqtt kind, const char *topic)
{
    bool pub = kind == COMMAND_MQTT_PUBLISH;
    uint32_t n = pub ? profile->n_pub : profile->n_sub;

    for (uint32_t i = 0; i < n; i++) {
        if (command_topic_within(pub ? profile->pub[i] : profile->sub[i], topic))
            return true;
    }
    return false;
}
