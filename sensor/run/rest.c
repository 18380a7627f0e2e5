/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/rest.h"
#include "common/check.h"
#include "common/slab.h"

#include <stdlib.h>

enum {
    SHARE = 10,
    GRAIN = 16,
    FINE_MOST = 1024, /* up to here blocks come in steps of GRAIN, then each is twice the last */
    FINE = FINE_MOST / GRAIN,
    CLASSES = FINE + 6,
    SCRATCH = APP_REST_MOST + DETECT_REST_MOST + 4096
};

struct block {
    uint32_t class_;
    uint8_t bytes[];
};

struct rest {
    struct slab slab[CLASSES];
    uint64_t used_bytes, most_bytes;
    uint8_t scratch[SCRATCH];
};

void rest_packet(const struct flow *f, uint64_t now_ns, struct packet *p)
{
    memset(p, 0, sizeof(*p));
    p->ts_ns = p->frame.ts_ns = now_ns;
    p->ip_version = f->client.family;
    p->proto = f->proto;
    p->src = f->client;
    p->dst = f->server;
    p->sport = f->client_port;
    p->dport = f->server_port;
    p->flow_hash = f->hash;
}

static uint32_t size_of_class(uint32_t class_)
{
    return class_ < FINE ? (class_ + 1) * GRAIN : (uint32_t)FINE_MOST << (class_ - FINE + 1);
}

static uint32_t class_of(size_t bytes)
{
    uint32_t class_ = FINE;

    if (bytes <= FINE_MOST)
        return (uint32_t)(bytes + GRAIN - 1) / GRAIN - 1;
    while (size_of_class(class_) < bytes)
        class_++;
    return class_;
}

struct rest *rest_new(const struct conf *conf, uint32_t workers)
{
    struct rest *rest = calloc(1, sizeof(*rest));

    if (!rest)
        return NULL;
    rest->most_bytes = conf_size(conf, "memory") / SHARE / workers;
    for (uint32_t i = 0; i < CLASSES; i++)
        slab_init(&rest->slab[i], size_of_class(i), 0);
    return rest;
}

void rest_free(struct rest **rest)
{
    for (uint32_t i = 0; *rest && i < CLASSES; i++)
        slab_fini(&(*rest)->slab[i]);
    free(*rest);
    *rest = NULL;
}

/* A block for so many bytes, NULL when there is no room. */
static struct block *obtain(struct rest *rest, size_t bytes)
{
    uint32_t class_ = class_of(sizeof(struct block) + bytes);

    CHECK(class_ < CLASSES);
    if (rest->used_bytes + size_of_class(class_) > rest->most_bytes)
        return NULL;
    struct block *block = slab_take(&rest->slab[class_]);
    if (!block)
        return NULL;
    block->class_ = class_;
    rest->used_bytes += size_of_class(class_);
    return block;
}

static void take_back(const struct rest_floors *floors, struct flow *flow, const uint8_t *from)
{
    from = streams_wake(floors->streams, flow, from);
    from = app_rest_wake(floors->app, flow, from);
    from = breadth_wake(floors->breadth, flow, from);
    from = files_wake(floors->files, flow, from);
    if (floors->detect)
        detect_rest_wake(floors->detect, flow, from);
}

static bool holds_anything(const struct flow *flow)
{
    return flow->ext[FLOW_EXT_STREAM] || flow->ext[FLOW_EXT_APP] || flow->ext[FLOW_EXT_NDPI] ||
           flow->ext[FLOW_EXT_FILES] || flow->ext[FLOW_EXT_DETECT];
}

void rest_put(struct rest *rest, const struct rest_floors *floors, struct flow *flow)
{
    struct sparse_out out = {rest->scratch, rest->scratch + SCRATCH};

    if (flow->ext[FLOW_EXT_REST] || !holds_anything(flow))
        return;
    streams_rest(floors->streams, flow, &out);
    app_rest(floors->app, flow, &out);
    breadth_rest(floors->breadth, flow, &out);
    files_rest(floors->files, flow, &out);
    if (floors->detect)
        detect_rest(floors->detect, flow, &out);
    size_t n = (size_t)(out.at - rest->scratch);
    struct block *block = obtain(rest, n);
    if (!block) {
        take_back(floors, flow, rest->scratch);
        return;
    }
    memcpy(block->bytes, rest->scratch, n);
    flow->ext[FLOW_EXT_REST] = block;
}

void rest_wake(struct rest *rest, const struct rest_floors *floors, struct flow *flow)
{
    struct block *block = flow ? flow->ext[FLOW_EXT_REST] : NULL;

    if (!block)
        return;
    flow->ext[FLOW_EXT_REST] = NULL;
    take_back(floors, flow, block->bytes);
    rest->used_bytes -= size_of_class(block->class_);
    slab_give(&rest->slab[block->class_], block);
}
