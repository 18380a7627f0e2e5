/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breadth: names for flows of the many protocols nobody parses here, and risks of flows, from nDPI
 * (the only file that knows it; API of 4.2).
 *
 * Some protocols have parsers here and one name there: their flows are named without nDPI.
 *
 * One detection module per worker, created before the first packet. A flow gets state with its
 * first payload, is shown at most TCP_PACKETS or UDP_PACKETS packets with payload, or NAMELESS
 * while nDPI has no name for it (who is not known by then rarely ever is, and costs most; one that
 * our parser knows and nDPI knows at once or never gets no second look), and none behind the end
 * of what our parser could read (encrypted). After that it keeps only the verdict. At its end an
 * undecided flow is guessed from ports and addresses.
 *
 * Dissectors of games, television and file sharing that nobody uses any more are not asked: the
 * flows of all others paid for them.
 */
#include "sensor/app/app_flow.h"

#include "common/check.h"
#include "common/slab.h"

#include <stdlib.h>

/* netinet/tcp.h, which nDPI includes, has enumerators of the same names as flow.h. */
#define TCP_ESTABLISHED      system_tcp_established
#define TCP_SYN_SENT         system_tcp_syn_sent
#define TCP_SYN_RECV         system_tcp_syn_recv
#define TCP_TIME_WAIT        system_tcp_time_wait
#define TCP_CLOSING          system_tcp_closing
#define TCP_FIN_WAIT1        system_tcp_fin_wait1
#define TCP_FIN_WAIT2        system_tcp_fin_wait2
#define TCP_CLOSE_WAIT       system_tcp_close_wait
#define TCP_LAST_ACK         system_tcp_last_ack
#define NDPI_LIB_COMPILATION /* shows the module's caches: see forget() */
#include <ndpi/ndpi_api.h>
#undef TCP_ESTABLISHED
#undef TCP_SYN_SENT
#undef TCP_SYN_RECV
#undef TCP_TIME_WAIT
#undef TCP_CLOSING
#undef TCP_LAST_ACK
#undef TCP_CLOSE_WAIT
#undef TCP_FIN_WAIT2
#undef TCP_FIN_WAIT1

enum { PAUSE_SPARE = 64, PAUSE_WORTH = 1024 };
enum { TCP_PACKETS = 10, UDP_PACKETS = 8, NAMELESS = 4, L3_MAX = 65535 };

const struct option breadth_options[] = {
    {"app.ndpi", CONF_BOOL, "true", "Classify flows with nDPI (name in app_proto_ndpi, risks)"},
    {"app.ndpi_memory", CONF_SIZE, "64M",
     "Bytes a worker may use for undecided flows in nDPI; at most a twentieth of memory by the "
     "workers"},
    OPTION_END,
};

enum {
    BREADTH_FLOWS,
    BREADTH_KNOWN,
    BREADTH_GUESSED,
    BREADTH_UNKNOWN,
    BREADTH_PACKETS,
    BREADTH_FULL,
    BREADTH_SPARED
};

const struct counter breadth_counters[] = {
    [BREADTH_FLOWS] = {"ndpi.flows", "Flows shown to nDPI"},
    [BREADTH_KNOWN] = {"ndpi.known", "Flows nDPI recognised"},
    [BREADTH_GUESSED] = {"ndpi.guessed", "Flows named from port or address only"},
    [BREADTH_UNKNOWN] = {"ndpi.unknown", "Flows nDPI could not name"},
    [BREADTH_PACKETS] = {"ndpi.packets", "Packets shown to nDPI"},
    [BREADTH_FULL] = {"ndpi.memory_full", "Flows not shown because app.ndpi_memory was used up"},
    [BREADTH_SPARED] = {"ndpi.spared", "Flows named by a parser of ours: nDPI was not asked"},
    COUNTER_END,
};

enum { NAMED = 64, NAME_ROOM = 64 };

/* nDPI puts its names together anew each time. */
struct named {
    uint16_t master, app;
    char text[NAME_ROOM]; /* empty: none */
};

struct breadth {
    struct ndpi_detection_module_struct *module;
    struct named *named; /* the last ones, by their numbers */
    struct slab states, verdicts;
    struct app_rows *rows;
    uint16_t own_name[APP_ROWS_MAX]; /* nDPI's number, by row; 0 = it is asked */
    uint64_t *count;
};

/* What stays on the flow. */
struct verdict {
    struct ndpi_flow_struct *state; /* NULL once decided */
    uint64_t risks;
    uint16_t master, app;
    uint16_t packets;
    bool refused;
};

/* Names nDPI does not have are left out: then it is asked. */
static void own_names(struct breadth *breadth)
{
    uint32_t n = 0;

    for (; proto_rows[n] && n < APP_ROWS_MAX; n++) {
        const char *name = proto_rows[n]->breadth;
        int id = name ? ndpi_get_protocol_id(breadth->module, (char *)(uintptr_t)name) : 0;
        breadth->own_name[n] = id > 0 ? (uint16_t)id : 0;
    }
    breadth->rows = app_rows_new(n);
    CHECK(breadth->rows);
}

/* By nDPI's numbers; what it says from names of hosts and addresses stays. */
static void leave_out(NDPI_PROTOCOL_BITMASK *asked)
{
    static const uint16_t dead[] = {
        NDPI_PROTOCOL_STARCRAFT,
        NDPI_PROTOCOL_FASTTRACK,
        NDPI_PROTOCOL_APPLEJUICE,
        NDPI_PROTOCOL_SOPCAST,
        NDPI_PROTOCOL_TVUPLAYER,
        NDPI_PROTOCOL_PPSTREAM,
        NDPI_PROTOCOL_ZATTOO,
        NDPI_PROTOCOL_THUNDER,
        NDPI_PROTOCOL_STEAM,
        NDPI_PROTOCOL_WORLDOFWARCRAFT,
        NDPI_PROTOCOL_OPENFT,
        NDPI_PROTOCOL_DIRECT_DOWNLOAD_LINK,
        NDPI_PROTOCOL_WARCRAFT3,
        NDPI_PROTOCOL_STEALTHNET,
        NDPI_PROTOCOL_AIMINI,
        NDPI_PROTOCOL_FLORENSIA,
        NDPI_PROTOCOL_MAPLESTORY,
        NDPI_PROTOCOL_DOFUS,
        NDPI_PROTOCOL_WORLD_OF_KUNG_FU,
        NDPI_PROTOCOL_FIESTA,
        NDPI_PROTOCOL_CROSSFIRE,
        NDPI_PROTOCOL_GUILDWARS,
        NDPI_PROTOCOL_HALFLIFE2,
        NDPI_PROTOCOL_XBOX,
        NDPI_PROTOCOL_KONTIKI,
        NDPI_PROTOCOL_QQ,
        NDPI_PROTOCOL_AYIYA,
        NDPI_PROTOCOL_ARMAGETRON,
        NDPI_PROTOCOL_VHUA,
        NDPI_PROTOCOL_EAQ,
        NDPI_PROTOCOL_TARGUS_GETDATA,
    };

    for (uint32_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++)
        asked->fds_bits[dead[i] / 32] &= ~(UINT32_C(1) << dead[i] % 32);
}

struct breadth *breadth_new(const struct conf *conf, struct stats *stats)
{
    struct breadth *breadth = calloc(1, sizeof *breadth);
    CHECK(breadth);
    breadth->count = stats_add(stats, breadth_counters);
    slab_init(&breadth->states, sizeof(struct ndpi_flow_struct),
              conf_size(conf, "app.ndpi_memory"));
    slab_init(&breadth->verdicts, sizeof(struct verdict), conf_size(conf, "app.ndpi_memory"));
    if (conf_bool(conf, "app.ndpi")) {
        NDPI_PROTOCOL_BITMASK all;
        breadth->module = ndpi_init_detection_module(ndpi_no_prefs);
        CHECK(breadth->module);
        NDPI_BITMASK_SET_ALL(all);
        leave_out(&all);
        ndpi_set_protocol_detection_bitmask2(breadth->module, &all);
        ndpi_finalize_initialization(breadth->module);
        own_names(breadth);
        breadth->named = calloc(NAMED, sizeof(*breadth->named));
        CHECK(breadth->named);
    }
    return breadth;
}

void breadth_free(struct breadth **breadth)
{
    if (!*breadth)
        return;
    if ((*breadth)->module)
        ndpi_exit_detection_module((*breadth)->module);
    app_rows_free(&(*breadth)->rows);
    free((*breadth)->named);
    slab_fini(&(*breadth)->states);
    slab_fini(&(*breadth)->verdicts);
    free(*breadth);
    *breadth = NULL;
}

static struct verdict *verdict_of(const struct flow *flow)
{
    return flow->ext[FLOW_EXT_NDPI];
}

static void state_release(struct breadth *breadth, struct verdict *verdict)
{
    if (!verdict->state)
        return;
    ndpi_free_flow_data(verdict->state);
    slab_give(&breadth->states, verdict->state);
    verdict->state = NULL;
}

/* Where a parser of ours says all that nDPI would. */
static uint16_t own_name(const struct breadth *breadth, const struct flow *flow,
                         const struct packet *p)
{
    int32_t row = app_rows_usual(breadth->rows, flow, flow_dir(flow, p), p->payload);

    return row < 0 ? 0 : breadth->own_name[row];
}

static struct verdict *verdict_new(struct breadth *breadth, struct flow *flow,
                                   const struct packet *p)
{
    struct verdict *verdict = slab_take(&breadth->verdicts);

    if (!verdict) {
        breadth->count[BREADTH_FULL]++;
        return NULL;
    }
    *verdict = (struct verdict){.app = own_name(breadth, flow, p)};
    flow->ext[FLOW_EXT_NDPI] = verdict;
    if (verdict->app) {
        flow->ndpi_proto = verdict->app;
        breadth->count[BREADTH_SPARED]++;
        return verdict;
    }
    verdict->state = slab_take(&breadth->states);
    if (!verdict->state) {
        breadth->count[BREADTH_FULL]++;
        return verdict;
    }
    memset(verdict->state, 0, sizeof(struct ndpi_flow_struct));
    breadth->count[BREADTH_FLOWS]++;
    return verdict;
}

static void take(struct breadth *breadth, struct flow *flow, struct verdict *verdict,
                 ndpi_protocol found)
{
    verdict->master = found.master_protocol;
    verdict->app = found.app_protocol;
    verdict->risks = verdict->state->risk;
    flow->ndpi_proto = found.app_protocol ? found.app_protocol : found.master_protocol;
    state_release(breadth, verdict);
}

/* nDPI remembers addresses over flows (Ookla, BitTorrent, STUN …). What it says of a flow would
 * then depend on which other flows this worker has seen; so the memory is kept one entry small and
 * empty. 4.2 has no setting for it. */
static void forget(struct ndpi_detection_module_struct *module)
{
    struct ndpi_lru_cache *caches[] = {
        module->ookla_cache,    module->bittorrent_cache, module->zoom_cache,   module->stun_cache,
        module->tls_cert_cache, module->mining_cache,     module->msteams_cache};

    for (uint32_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
        if (!caches[i] || !caches[i]->num_entries)
            continue;
        caches[i]->num_entries = 1;
        caches[i]->entries[0].is_full = 0;
    }
}

static void decide(struct breadth *breadth, struct flow *flow, struct verdict *verdict)
{
    uint8_t guessed = 0;
    forget(breadth->module);
    ndpi_protocol found = ndpi_detection_giveup(breadth->module, verdict->state, 1, &guessed);
    take(breadth, flow, verdict, found);
    breadth->count[flow->ndpi_proto == 0 ? BREADTH_UNKNOWN
                   : guessed             ? BREADTH_GUESSED
                                         : BREADTH_KNOWN]++;
}

/* The flow's undecided verdict; NULL when there is nothing to decide. */
static struct verdict *undecided(struct breadth *breadth, struct flow *flow, const struct packet *p)
{
    struct verdict *verdict = verdict_of(flow);

    if (!breadth->module || !p->payload.len || !p->l3.len || p->l3.len > L3_MAX)
        return NULL;
    if (!verdict)
        verdict = verdict_new(breadth, flow, p);
    return verdict && verdict->state ? verdict : NULL;
}

/* How many packets nDPI is shown of a flow. */
static uint32_t packets_max(const struct flow *flow, bool known)
{
    const struct app *app = flow->ext[FLOW_EXT_APP];
    const struct proto_def *ours = app ? app->proto : NULL;

    if (!known)
        return ours && ours->breadth_at_once ? 1 : NAMELESS;
    if (ours && app->off && !app->engine->name_only)
        return 1;
    return flow->proto == IPPROTO_TCP4 ? TCP_PACKETS : UDP_PACKETS;
}

static void show(struct breadth *breadth, struct flow *flow, const struct packet *p)
{
    struct verdict *verdict = undecided(breadth, flow, p);

    if (!verdict)
        return;
    breadth->count[BREADTH_PACKETS]++;
    forget(breadth->module);
    ndpi_protocol found = ndpi_detection_process_packet(
        breadth->module, verdict->state, p->l3.at, (unsigned short)p->l3.len, p->ts_ns / 1000000);
    bool known = found.app_protocol || found.master_protocol;
    if (known && !verdict->state->extra_packets_func) {
        take(breadth, flow, verdict, found);
        breadth->count[BREADTH_KNOWN]++;
        return;
    }
    if (known)
        flow->ndpi_proto = found.app_protocol ? found.app_protocol : found.master_protocol;
    if (++verdict->packets >= packets_max(flow, known))
        decide(breadth, flow, verdict);
}

void breadth_packet(struct breadth *breadth, struct flow *flow, const struct packet *p)
{
    const struct verdict *verdict = verdict_of(flow);

    if (p->payload.len && (!verdict || verdict->state)) /* false for most */
        show(breadth, flow, p);
}

void breadth_end(struct breadth *breadth, struct flow *flow)
{
    struct verdict *verdict = verdict_of(flow);
    if (verdict && verdict->state)
        decide(breadth, flow, verdict);
}

void breadth_drop(struct breadth *breadth, struct flow *flow)
{
    struct verdict *verdict = verdict_of(flow);
    if (!verdict)
        return;
    state_release(breadth, verdict);
    slab_give(&breadth->verdicts, verdict);
    flow->ext[FLOW_EXT_NDPI] = NULL;
}

/* nDPI gathers the bytes of each TCP flow it has no name for as if they were TLS: 2 KB at once. It
 * asks for more when more comes. */
void breadth_pause(struct flow *flow)
{
    struct verdict *verdict = verdict_of(flow);

    if (!verdict || !verdict->state || flow->proto != IPPROTO_TCP4)
        return;
    struct message *message = &verdict->state->l4.tcp.tls.message;
    uint32_t room = message->buffer_used + PAUSE_SPARE;
    if (!message->buffer || message->buffer_len < room + PAUSE_WORTH)
        return;
    uint8_t *small = ndpi_calloc(1, room);
    if (!small)
        return;
    memcpy(small, message->buffer, message->buffer_used);
    ndpi_free(message->buffer);
    message->buffer = small;
    message->buffer_len = room;
}

void breadth_rest(struct breadth *breadth, struct flow *flow, struct sparse_out *out)
{
    struct verdict *verdict = verdict_of(flow);

    breadth_end(breadth, flow);
    *out->at++ = verdict != NULL;
    if (!verdict)
        return;
    sparse_put(out, verdict, sizeof(*verdict));
    slab_give(&breadth->verdicts, verdict);
    flow->ext[FLOW_EXT_NDPI] = NULL;
}

const uint8_t *breadth_wake(struct breadth *breadth, struct flow *flow, const uint8_t *from)
{
    struct verdict *verdict;

    if (!*from++)
        return from;
    verdict = slab_take(&breadth->verdicts);
    flow->ext[FLOW_EXT_NDPI] = verdict;
    return sparse_take(from, verdict, sizeof(*verdict));
}

const char *breadth_name(const struct breadth *breadth, const struct flow *flow, char out[64])
{
    const struct verdict *verdict = verdict_of(flow);
    if (!breadth->module || !verdict || !(verdict->master || verdict->app))
        return NULL;
    struct named *named = &breadth->named[(verdict->master * 31u + verdict->app) % NAMED];
    if (!*named->text || named->master != verdict->master || named->app != verdict->app) {
        ndpi_protocol found = {.master_protocol = verdict->master, .app_protocol = verdict->app};
        named->master = verdict->master;
        named->app = verdict->app;
        ndpi_protocol2name(breadth->module, found, named->text, sizeof(named->text));
    }
    memcpy(out, named->text, NAME_ROOM);
    return out;
}

uint64_t breadth_risks(const struct flow *flow)
{
    const struct verdict *verdict = verdict_of(flow);
    return verdict ? verdict->risks : 0;
}

const char *breadth_risk(uint32_t bit)
{
    return bit && bit < NDPI_MAX_RISK ? ndpi_risk2str((ndpi_risk_enum)bit) : NULL;
}
