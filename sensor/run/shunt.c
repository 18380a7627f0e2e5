/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/shunt.h"
#include "common/clock.h"

/* Behind so many bytes the hello of an encrypted flow, with its certificates, has passed. */
enum { HELLO_BYTES = 64 << 10, LARGE_UNDER_PRESSURE = 1 << 20 };

const struct option shunt_options[] = {
    {"flow.shunt.bytes", CONF_SIZE, "0",
     "A flow with more bytes is only counted from there on; 0 = never"},
    {"flow.shunt.encrypted", CONF_BOOL, "false",
     "Encrypted flows (TLS, SSH, QUIC) are only counted behind their hello"},
    {"flow.trusted", CONF_LIST, "",
     "Networks whose new flows are only counted when memory is short"},
    {"flow.interim", CONF_SPAN, "0", "Time between records of a flow that lives on; 0 = none"},
    OPTION_END,
};

void shunt_policy_read(const struct conf *conf, struct shunt_policy *policy)
{
    const char *item;

    policy->bytes = conf_size(conf, "flow.shunt.bytes");
    policy->encrypted = conf_bool(conf, "flow.shunt.encrypted");
    policy->interim_ns = conf_span_ns(conf, "flow.interim");
    addrset_init(&policy->trusted);
    for (uint32_t i = 0; (item = conf_item(conf, "flow.trusted", i)); i++)
        addrset_add_text(&policy->trusted, slice_of_str(item), 0);
    addrset_freeze(&policy->trusted);
}

void shunt_policy_fini(struct shunt_policy *policy)
{
    addrset_fini(&policy->trusted);
}

static bool is_encrypted(const struct flow *f)
{
    static const char *const names[] = {"tls", "ssh", "quic"};

    for (uint32_t i = 0; f->app_name && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(f->app_name, names[i]) == 0)
            return true;
    }
    return false;
}

/* New flows, before anything is kept for them. */
static bool is_for_want_of_memory(const struct shunt_policy *policy, const struct flow *f,
                                  enum shed_step step)
{
    if (step < SHED_TRUSTED || f->pkts[TO_SERVER] + f->pkts[TO_CLIENT] > 1)
        return false;
    return step >= SHED_ALL || addrset_find(&policy->trusted, &f->client, NULL) ||
           addrset_find(&policy->trusted, &f->server, NULL);
}

enum flow_shunt shunt_wanted(const struct shunt_policy *policy, const struct flow *f,
                             enum shed_step step)
{
    uint64_t bytes = f->bytes[TO_SERVER] + f->bytes[TO_CLIENT];
    bool pressed = step >= SHED_SHUNT;

    if (is_for_want_of_memory(policy, f, step))
        return FLOW_SHUNT_MEMORY;
    if (pressed && bytes > LARGE_UNDER_PRESSURE)
        return FLOW_SHUNT_MEMORY;
    if (policy->bytes && bytes > policy->bytes)
        return FLOW_SHUNT_LARGE;
    if ((policy->encrypted || pressed) && bytes > HELLO_BYTES && is_encrypted(f))
        return FLOW_SHUNT_ENCRYPTED;
    return FLOW_SHUNT_NONE;
}

bool shunt_interim(const struct shunt_policy *policy, struct flow *f, uint64_t now_ns)
{
    if (!policy->interim_ns || now_ns < f->first_ns)
        return false;
    uint64_t age_s = (now_ns - f->first_ns) / CLOCK_S;
    if (age_s < f->told_s + policy->interim_ns / CLOCK_S || age_s > UINT32_MAX)
        return false;
    f->told_s = (uint32_t)age_s;
    return true;
}
