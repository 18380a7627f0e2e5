/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Ethernet interface through AF_PACKET, TPACKET_V3: rings of blocks shared with the kernel
 * (Documentation/networking/packet_mmap.rst). A block is ours from its hand-over until its last
 * frame was read.
 *
 * One ring holds the frames in the order of their arrival. Several rings (capture.rings) are filled
 * by flow (PACKET_FANOUT_HASH, both directions alike) and read oldest frame first; which worker
 * gets a packet is decided later and by us, so results depend neither on the card nor on the rings.
 * The kernel never reassembles fragments for us: what an attacker sent is what we see.
 *
 * The kernel takes VLAN tags off the frames: they are put back, into room asked for in front of
 * each frame. What it lost is counted exactly: frames offered = frames read + frames lost, once the
 * rings are worked off after stop.
 *
 * A block is handed over at its time-out however little is in it, so a ring bridges a pause of at
 * most as many time-outs as it has blocks: blocks are small, but hold a merged frame of 64 KB.
 *
 * Limits: Ethernet only (others are left to libpcap); frames up to a block less its heads.
 */
#include "common/clock.h"
#include "common/log.h"
#include "sensor/capture/cap_live.h"
#include "sensor/capture/capture.h"
#include "sensor/capture/iface.h"
#include "sensor/capture/nic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RINGS_MAX = 16,
    BLOCK_BYTES = 128 << 10,
    BLOCKS_MIN = 4,
    FRAME_BYTES = 2048, /* TPACKET_V3 packs frames; this only has to divide a block */
    TAG_BYTES = 4,
    MACS_BYTES = 12,
    DRAIN_MS = 200, /* and a time-out: without a frame so long, what the kernel still has is gone */
};
#define CLOCK_SKEW_NS (2 * CLOCK_S)

struct ring {
    int fd;
    uint8_t *map;
    uint32_t blocks, block; /* block in hand, or the next one */
    bool ours;              /* it was handed over */
    uint32_t left;          /* frames of it */
    struct tpacket3_hdr *next;
    uint64_t offered, lost, stalls, read;
};

struct capture {
    char name[IF_NAMESIZE];
    struct ring ring[RINGS_MAX];
    uint32_t rings;
    int poll_fd; /* the ring's, or an epoll of all rings */
    bool stopped, said_down, hardware_time;
    uint64_t drained_ns; /* stopped: when the last frame came */
    uint64_t drain_ns;   /* the longest that another is waited for */
};

static bool takes(const char *source, bool is_interface)
{
    (void)source;
    return is_interface;
}

static void afpacket_close(struct capture **capture)
{
    struct capture *c = *capture;

    if (!c)
        return;
    if (c->rings > 1 && c->poll_fd >= 0)
        close(c->poll_fd);
    for (uint32_t i = 0; i < c->rings; i++) {
        struct ring *r = &c->ring[i];
        if (r->map)
            munmap(r->map, (size_t)r->blocks * BLOCK_BYTES);
        if (r->fd >= 0)
            close(r->fd);
    }
    free(c);
    *capture = NULL;
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum err refused(const char *source, const char *what, struct capture_fault *fault)
{
    int error = errno;

    snprintf(fault->text, sizeof(fault->text), "interface %s cannot be captured: %s: %s", source,
             what, strerror(error));
    return error == EPERM || error == EACCES || error == ENODEV ? ERR_IO : ERR_UNSUPPORTED;
}

static bool option(int fd, int level, int name, const void *value, size_t len)
{
    return setsockopt(fd, level, name, value, (socklen_t)len) == 0;
}

static bool number_option(int fd, int name, int value)
{
    return option(fd, SOL_PACKET, name, &value, sizeof(value));
}

/* What the kernel accepts for us: a filter's last word is how much of a frame to keep. */
static enum err filter(struct ring *r, const char *source, const struct iface_settings *s,
                       struct capture_fault *fault)
{
    struct sock_filter code[CAP_LIVE_FILTER_MAX] = {
        BPF_STMT(BPF_RET | BPF_K, s->snaplen),
    };
    struct sock_fprog program = {.len = 1, .filter = code};

    if (*s->filter) {
        enum err err = cap_live_filter(source, s, code, &program.len, fault);
        if (err)
            return err;
    }
    if (!option(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
        return refused(source, "its filter", fault);
    return ERR_OK;
}

static enum err map_ring(struct ring *r, const char *source, const struct iface_settings *s,
                         struct capture_fault *fault)
{
    uint64_t blocks = s->buffer_bytes / s->rings / BLOCK_BYTES;

    r->blocks = blocks < BLOCKS_MIN ? BLOCKS_MIN : (uint32_t)blocks;
    struct tpacket_req3 ask = {
        .tp_block_size = BLOCK_BYTES,
        .tp_block_nr = r->blocks,
        .tp_frame_size = FRAME_BYTES,
        .tp_frame_nr = BLOCK_BYTES / FRAME_BYTES * r->blocks,
        .tp_retire_blk_tov = s->block_ns < CLOCK_MS ? 1 : (uint32_t)(s->block_ns / CLOCK_MS),
    };
    if (!number_option(r->fd, PACKET_VERSION, TPACKET_V3) ||
        !number_option(r->fd, PACKET_RESERVE, TAG_BYTES) ||
        !option(r->fd, SOL_PACKET, PACKET_RX_RING, &ask, sizeof(ask)))
        return refused(source, "a ring of blocks", fault);
    void *map = mmap(NULL, (size_t)r->blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_POPULATE, r->fd, 0);
    if (map == MAP_FAILED)
        return refused(source, "its ring in memory", fault);
    r->map = map;
    return ERR_OK;
}

static enum err join(struct ring *r, const struct capture *c, const struct iface_settings *s,
                     struct capture_fault *fault)
{
    unsigned index = if_nametoindex(c->name);
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)index,
    };
    struct packet_mreq all = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
    int group = (int)((unsigned)getpid() ^ index << 8) & 0xffff;

    if (!index || bind(r->fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        return refused(c->name, "it", fault);
    if (s->promiscuous && !option(r->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
        return refused(c->name, "promiscuous mode", fault);
    if (c->rings > 1 && !number_option(r->fd, PACKET_FANOUT, group | PACKET_FANOUT_HASH << 16))
        return refused(c->name, "several rings", fault);
    return ERR_OK;
}

static enum err open_ring(struct capture *c, struct ring *r, bool loopback,
                          const struct iface_settings *s, struct capture_fault *fault)
{
    r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (r->fd < 0)
        return refused(c->name, "a packet socket", fault);
    if (loopback) /* each frame would come twice */
        number_option(r->fd, PACKET_IGNORE_OUTGOING, 1);
    if (c->hardware_time)
        number_option(r->fd, PACKET_TIMESTAMP, 1 << 6); /* SOF_TIMESTAMPING_RAW_HARDWARE */
    enum err err = filter(r, c->name, s, fault);
    if (!err)
        err = map_ring(r, c->name, s, fault);
    if (!err)
        err = join(r, c, s, fault);
    return err;
}

/* The kind of link; 0 when there is no such interface. */
static uint16_t link_of(const char *name)
{
    struct ifreq ifr = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    bool known = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &ifr) == 0;
    if (fd >= 0)
        close(fd);
    return known ? ifr.ifr_hwaddr.sa_family : 0;
}

static enum err poll_together(struct capture *c, struct capture_fault *fault)
{
    c->poll_fd = c->ring[0].fd;
    if (c->rings == 1)
        return ERR_OK;
    c->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < c->rings; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (c->poll_fd < 0 || epoll_ctl(c->poll_fd, EPOLL_CTL_ADD, c->ring[i].fd, &event) != 0)
            return refused(c->name, "polling", fault);
    }
    return ERR_OK;
}

/* Merged frames would not be those of the wire. */
static void part_frames(const char *name)
{
    for (uint32_t i = 0; nic_merging[i]; i++) {
        enum nic_switch now = nic_feature(name, nic_merging[i]);
        if (now != NIC_ON && now != NIC_FIXED_ON)
            continue;
        if (now == NIC_ON && nic_feature_off(name, nic_merging[i]) == ERR_OK)
            log_say(LOG_NOTE, "%s: %s is switched off", name, nic_merging[i]);
        else
            log_say(LOG_WARN, "%s: %s stays on, frames may be merged; try: ethtool -K %s %s off",
                    name, nic_merging[i], name, nic_merging[i]);
    }
}

static enum err afpacket_open(const struct conf *conf, const char *source, struct capture **capture,
                              struct capture_fault *fault)
{
    struct iface_settings s;
    uint16_t link = link_of(source);

    *capture = NULL;
    if (link != ARPHRD_ETHER && link != ARPHRD_LOOPBACK) {
        snprintf(fault->text, sizeof(fault->text), "interface %s is %s", source,
                 link ? "no Ethernet" : "not there");
        return ERR_UNSUPPORTED;
    }
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    iface_settings_read(conf, source, &s);
    snprintf(c->name, sizeof(c->name), "%s", source);
    c->poll_fd = -1;
    c->drain_ns = DRAIN_MS * CLOCK_MS + s.block_ns;
    s.rings = s.rings < RINGS_MAX ? s.rings : RINGS_MAX;
    c->rings = s.rings;
    for (uint32_t i = 0; i < c->rings; i++)
        c->ring[i].fd = -1;
    c->hardware_time = s.hardware_time && nic_hardware_time(source, true);
    if (s.hardware_time && !c->hardware_time)
        log_say(LOG_WARN, "%s has no time stamps of its own; the system's are taken", source);
    if (!s.keep_offloads)
        part_frames(source);
    enum err err = ERR_OK;
    for (uint32_t i = 0; i < c->rings && !err; i++)
        err = open_ring(c, &c->ring[i], link == ARPHRD_LOOPBACK, &s, fault);
    if (!err)
        err = poll_together(c, fault);
    if (err)
        afpacket_close(&c);
    *capture = c;
    return err;
}

/* ---- reading ------------------------------------------------------------------------------ */

static struct tpacket_hdr_v1 *block_head(const struct ring *r)
{
    uint8_t *at = r->map + (size_t)r->block * BLOCK_BYTES;

    return &((struct tpacket_block_desc *)(void *)at)->hdr.bh1;
}

static void give_back(struct ring *r)
{
    __atomic_store_n(&block_head(r)->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    r->ours = false;
    r->block = r->block + 1 < r->blocks ? r->block + 1 : 0;
}

/* The ring's oldest frame; NULL when the kernel has handed over none. */
static struct tpacket3_hdr *peek(struct ring *r)
{
    while (!r->left) {
        if (r->ours)
            give_back(r);
        struct tpacket_hdr_v1 *head = block_head(r);
        if (!(__atomic_load_n(&head->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return NULL;
        r->ours = true;
        r->left = head->num_pkts;
        r->next = (struct tpacket3_hdr *)(void *)(r->map + (size_t)r->block * BLOCK_BYTES +
                                                  head->offset_to_first_pkt);
    }
    return r->next;
}

static uint64_t stamp_of(const struct tpacket3_hdr *h)
{
    return h->tp_sec * CLOCK_S + h->tp_nsec;
}

static struct ring *oldest(struct capture *c)
{
    struct ring *found = NULL;

    for (uint32_t i = 0; i < c->rings; i++) {
        const struct tpacket3_hdr *h = peek(&c->ring[i]);
        if (h && (!found || stamp_of(h) < stamp_of(found->next)))
            found = &c->ring[i];
    }
    return found;
}

/* The tag goes behind the addresses, which move into the room in front of the frame. */
static uint8_t *put_tag(uint8_t *at, const struct tpacket3_hdr *h)
{
    uint16_t kind = h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : ETH_P_8021Q;
    uint16_t tag[2] = {htons(kind), htons((uint16_t)h->hv1.tp_vlan_tci)};

    memmove(at - TAG_BYTES, at, MACS_BYTES);
    memcpy(at - TAG_BYTES + MACS_BYTES, tag, TAG_BYTES);
    return at - TAG_BYTES;
}

/* A card's clock that does not follow the system's would mix the order of interfaces. */
static uint64_t trusted_stamp(struct capture *c, const struct tpacket3_hdr *h)
{
    uint64_t stamp = stamp_of(h);

    if (!c->hardware_time || !(h->tp_status & TP_STATUS_TS_RAW_HARDWARE))
        return stamp;
    uint64_t now = clock_now_ns();
    if (stamp + CLOCK_SKEW_NS > now && stamp < now + CLOCK_SKEW_NS)
        return stamp;
    log_say(LOG_WARN,
            "%s: the card's clock is not that of the system; the system's stamps are taken. Start "
            "phc2sys",
            c->name);
    for (uint32_t i = 0; i < c->rings; i++)
        number_option(c->ring[i].fd, PACKET_TIMESTAMP, 0);
    c->hardware_time = false;
    return now;
}

/* The device went down (the ring works again when it comes back), or there is nothing more. */
static enum err nothing_now(struct capture *c)
{
    for (uint32_t i = 0; i < c->rings; i++) {
        int error = 0;
        socklen_t len = sizeof(error);
        struct pollfd at = {.fd = c->ring[i].fd, .events = POLLIN};
        if (c->stopped || poll(&at, 1, 0) <= 0 || !(at.revents & POLLERR))
            continue;
        getsockopt(c->ring[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error && !c->said_down)
            log_say(LOG_WARN, "%s: %s; the sensor waits for it", c->name, strerror(error));
        c->said_down = true;
    }
    return ERR_AGAIN;
}

static void update(struct ring *r)
{
    struct tpacket_stats_v3 s = {0};
    socklen_t len = sizeof(s);

    if (r->fd < 0 || getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) != 0)
        return;
    r->offered += s.tp_packets; /* the kernel starts again from 0 with each question */
    r->lost += s.tp_drops;
    r->stalls += s.tp_freeze_q_cnt;
}

/* After stop, when there was no frame at `asked_ns`: the last block comes by its time-out; then all
 * that was offered was read or lost. */
static enum err drained(struct capture *c, uint64_t asked_ns)
{
    bool all = true;

    for (uint32_t i = 0; i < c->rings; i++) {
        update(&c->ring[i]);
        all = all && c->ring[i].read + c->ring[i].lost >= c->ring[i].offered;
    }
    return all || asked_ns > c->drained_ns + c->drain_ns ? ERR_END : ERR_AGAIN;
}

static enum err afpacket_next(struct capture *c, struct frame *frame, struct capture_fault *fault)
{
    (void)fault;
    uint64_t asked_ns = c->stopped ? clock_mono_ns() : 0;
    struct ring *r = c->rings == 1 ? &c->ring[0] : oldest(c);
    struct tpacket3_hdr *h = r ? peek(r) : NULL;

    if (!h)
        return c->stopped ? drained(c, asked_ns) : nothing_now(c);
    uint8_t *at = (uint8_t *)h + h->tp_mac;
    bool tagged = (h->tp_status & TP_STATUS_VLAN_VALID) && h->tp_snaplen >= MACS_BYTES;

    frame->data = tagged ? put_tag(at, h) : at;
    frame->caplen = h->tp_snaplen + (tagged ? TAG_BYTES : 0);
    frame->wirelen = h->tp_len + (tagged ? TAG_BYTES : 0);
    if (frame->wirelen < frame->caplen)
        frame->wirelen = frame->caplen;
    frame->ts_ns = trusted_stamp(c, h);
    frame->linktype = 1; /* LINKTYPE_ETHERNET */
    frame->iface = 0;
    frame->cut_by_ring = h->tp_snaplen < h->tp_len;
    frame->sums_open = h->tp_status & TP_STATUS_CSUMNOTREADY;
    r->read++;
    r->left--;
    r->next = (struct tpacket3_hdr *)(void *)((uint8_t *)h + h->tp_next_offset);
    if (r->left)
        __builtin_prefetch((uint8_t *)r->next + r->next->tp_next_offset);
    if (c->stopped)
        c->drained_ns = clock_mono_ns();
    c->said_down = false;
    return ERR_OK;
}

static void afpacket_loss(struct capture *c, struct capture_loss *loss)
{
    *loss = (struct capture_loss){0};
    for (uint32_t i = 0; i < c->rings; i++) {
        update(&c->ring[i]);
        loss->offered += c->ring[i].offered;
        loss->ring += c->ring[i].lost;
        loss->stalls += c->ring[i].stalls;
    }
}

static int afpacket_fd(const struct capture *c)
{
    return c->poll_fd;
}

static void afpacket_stop(struct capture *c)
{
    struct sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {.len = 1, .filter = none};

    for (uint32_t i = 0; i < c->rings; i++)
        option(c->ring[i].fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
    c->stopped = true;
    c->drained_ns = clock_mono_ns();
}

const struct capture_def cap_afpacket = {
    .name = "af-packet",
    .doc = "Ethernet interface through rings shared with the kernel",
    .options = iface_options,
    .live = true,
    .method = "af-packet",
    .takes = takes,
    .open = afpacket_open,
    .next = afpacket_next,
    .loss = afpacket_loss,
    .fd = afpacket_fd,
    .stop = afpacket_stop,
    .close = afpacket_close,
};
