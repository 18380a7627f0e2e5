/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interface, through libpcap: for links that are no Ethernet and systems without packet rings.
 * Nanosecond stamps where the system has them.
 */
#include "sensor/capture/cap_live.h"
#include "common/clock.h"

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct capture {
    pcap_t *pcap;
    uint16_t linktype;
    bool nano, stopped;
};

enum { WAIT_MS = 20 };

static bool takes(const char *source, bool is_interface)
{
    (void)source;
    return is_interface;
}

static void live_close(struct capture **capture)
{
    if (*capture && (*capture)->pcap)
        pcap_close((*capture)->pcap);
    free(*capture);
    *capture = NULL;
}

static enum err refused(const char *source, const char *why, struct capture_fault *fault)
{
    snprintf(fault->text, sizeof(fault->text), "interface %s cannot be captured: %s", source, why);
    return ERR_IO;
}

static enum err set_filter(pcap_t *pcap, const char *text)
{
    struct bpf_program program;

    if (!*text)
        return ERR_OK;
    if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return ERR_INPUT;
    int rc = pcap_setfilter(pcap, &program);
    pcap_freecode(&program);
    return rc == 0 ? ERR_OK : ERR_INPUT;
}

static enum err live_open(const struct conf *conf, const char *source, struct capture **capture,
                          struct capture_fault *fault)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct iface_settings s;
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    iface_settings_read(conf, source, &s);
    c->pcap = pcap_create(source, text);
    enum err err = c->pcap ? ERR_OK : refused(source, text, fault);
    if (!err) {
        pcap_set_snaplen(c->pcap, (int)s.snaplen);
        pcap_set_promisc(c->pcap, s.promiscuous);
        pcap_set_timeout(c->pcap, WAIT_MS);
        pcap_set_buffer_size(c->pcap, (int)s.buffer_bytes);
        c->nano = pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
        if (pcap_activate(c->pcap) < 0 || pcap_setnonblock(c->pcap, 1, text) != 0 ||
            set_filter(c->pcap, s.filter) != ERR_OK)
            err = refused(source, pcap_geterr(c->pcap), fault);
    }
    if (!err)
        c->linktype = (uint16_t)pcap_datalink(c->pcap);
    else
        live_close(&c);
    *capture = c;
    return err;
}

static enum err live_next(struct capture *c, struct frame *frame, struct capture_fault *fault)
{
    struct pcap_pkthdr *head;
    const uint8_t *data;
    int rc = pcap_next_ex(c->pcap, &head, &data);

    if (rc == 0)
        return c->stopped ? ERR_END : ERR_AGAIN;
    if (rc < 0) {
        snprintf(fault->text, sizeof(fault->text), "capture stopped: %s", pcap_geterr(c->pcap));
        return ERR_INPUT;
    }
    frame->data = data;
    frame->caplen = head->caplen;
    frame->wirelen = head->len < head->caplen ? head->caplen : head->len;
    frame->ts_ns =
        (uint64_t)head->ts.tv_sec * CLOCK_S + (uint64_t)head->ts.tv_usec * (c->nano ? 1 : CLOCK_US);
    frame->linktype = c->linktype;
    frame->iface = 0;
    return ERR_OK;
}

static void live_loss(struct capture *c, struct capture_loss *loss)
{
    struct pcap_stat stat = {0};

    *loss = (struct capture_loss){0};
    if (pcap_stats(c->pcap, &stat) != 0)
        return;
    loss->offered = stat.ps_recv;
    loss->ring = stat.ps_drop;
    loss->iface = stat.ps_ifdrop;
}

static int live_fd(const struct capture *c)
{
    return pcap_get_selectable_fd(c->pcap);
}

static void live_stop(struct capture *c)
{
    struct bpf_insn none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct bpf_program program = {.bf_len = 1, .bf_insns = none};

    pcap_setfilter(c->pcap, &program);
    c->stopped = true;
}

/* Only a live handle knows where the kernel keeps VLAN tags: one is opened for the moment. An
 * interface that is down has none; a filter that does not ask for tags needs none. */
static pcap_t *open_compiler(const char *iface, const struct iface_settings *s, char *text)
{
    pcap_t *pcap = pcap_create(iface, text);

    if (!pcap)
        return NULL;
    pcap_set_snaplen(pcap, (int)s->snaplen);
    pcap_set_buffer_size(pcap, 1 << 20);
    int rc = pcap_activate(pcap);
    if (rc >= 0)
        return pcap;
    snprintf(text, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(pcap));
    pcap_close(pcap);
    if (rc != PCAP_ERROR_IFACE_NOT_UP || strstr(s->filter, "vlan"))
        return NULL;
    return pcap_open_dead(DLT_EN10MB, (int)s->snaplen);
}

enum err cap_live_filter(const char *iface, const struct iface_settings *s,
                         struct sock_filter *code, unsigned short *n, struct capture_fault *fault)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    struct bpf_program program;
    enum err err = ERR_INPUT;
    pcap_t *pcap = open_compiler(iface, s, text);

    if (!pcap)
        return refused(iface, text, fault);
    if (pcap_compile(pcap, &program, s->filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        if (program.bf_len <= CAP_LIVE_FILTER_MAX) {
            for (uint32_t i = 0; i < program.bf_len; i++)
                code[i] = (struct sock_filter){program.bf_insns[i].code, program.bf_insns[i].jt,
                                               program.bf_insns[i].jf, program.bf_insns[i].k};
            *n = (unsigned short)program.bf_len;
            err = ERR_OK;
        }
        pcap_freecode(&program);
    }
    if (err)
        snprintf(fault->text, sizeof(fault->text), "interface %s: filter \"%.64s\": %.128s", iface,
                 s->filter, pcap_geterr(pcap));
    pcap_close(pcap);
    return err;
}

/* ---- frames of files ---------------------------------------------------------------------- */

enum { SIEVE_LINKS = 8, SIEVE_SNAPLEN = 262144 };

struct cap_live_sieve {
    char *text;
    uint32_t n;
    struct {
        uint16_t linktype;
        bool good; /* the filter makes sense for such links */
        struct bpf_program program;
    } link[SIEVE_LINKS];
};

/* The program for a link type, compiled when the first such frame comes; -1 = no room. */
static int sieve_link(struct cap_live_sieve *s, uint16_t linktype)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->link[i].linktype == linktype)
            return (int)i;
    }
    if (s->n == SIEVE_LINKS)
        return -1;
    pcap_t *pcap = pcap_open_dead(linktype, SIEVE_SNAPLEN);
    s->link[s->n].linktype = linktype;
    s->link[s->n].good =
        pcap && pcap_compile(pcap, &s->link[s->n].program, s->text, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (pcap)
        pcap_close(pcap);
    return (int)s->n++;
}

struct cap_live_sieve *cap_live_sieve_new(const char *text, struct capture_fault *fault)
{
    struct cap_live_sieve *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->text = strdup(text);
    int i = s->text ? sieve_link(s, 1) : -1;
    if (i < 0 || !s->link[i].good) {
        snprintf(fault->text, sizeof(fault->text), "\"%s\" is no packet filter", text);
        cap_live_sieve_free(&s);
    }
    return s;
}

void cap_live_sieve_free(struct cap_live_sieve **sieve)
{
    struct cap_live_sieve *s = *sieve;

    if (!s)
        return;
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->link[i].good)
            pcap_freecode(&s->link[i].program);
    }
    free(s->text);
    free(s);
    *sieve = NULL;
}

bool cap_live_sieve_passes(struct cap_live_sieve *s, const struct frame *frame)
{
    int i = sieve_link(s, frame->linktype);
    struct pcap_pkthdr head = {.caplen = frame->caplen, .len = frame->wirelen};

    return i >= 0 && s->link[i].good &&
           pcap_offline_filter(&s->link[i].program, &head, frame->data) != 0;
}

const struct capture_def cap_live = {
    .name = "live",
    .doc = "network interface through libpcap",
    .live = true,
    .method = "pcap",
    .takes = takes,
    .open = live_open,
    .next = live_next,
    .loss = live_loss,
    .fd = live_fd,
    .stop = live_stop,
    .close = live_close,
};
