/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interface, through libpcap. Promiscuous, nanosecond stamps where the system has them. The
 * buffer is shared with the kernel; what it drops is reported by `lost`.
 */
#include "common/clock.h"
#include "sensor/capture/capture.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct capture {
    pcap_t *pcap;
    uint16_t linktype;
    bool nano;
};

static const struct option live_options[] = {
    {"capture.buffer", CONF_SIZE, "64M", "Kernel buffer of one interface, in bytes"},
    {"capture.snaplen", CONF_SIZE, "262144", "Most bytes taken of a frame"},
    {"capture.promiscuous", CONF_BOOL, "true", "Take frames that are not for this host"},
    {"capture.filter", CONF_TEXT, "", "BPF filter of the interface; empty takes everything"},
    OPTION_END,
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
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    c->pcap = pcap_create(source, text);
    enum err err = c->pcap ? ERR_OK : refused(source, text, fault);
    if (!err) {
        pcap_set_snaplen(c->pcap, (int)conf_size(conf, "capture.snaplen"));
        pcap_set_promisc(c->pcap, conf_bool(conf, "capture.promiscuous"));
        pcap_set_timeout(c->pcap, WAIT_MS);
        pcap_set_buffer_size(c->pcap, (int)conf_size(conf, "capture.buffer"));
        c->nano = pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
        if (pcap_activate(c->pcap) < 0 || pcap_setnonblock(c->pcap, 1, text) != 0 ||
            set_filter(c->pcap, conf_text(conf, "capture.filter")) != ERR_OK)
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

    if (rc == 0) {
        /* libpcap's own wait has no end on some kernels: signals and timeouts would wait too */
        struct pollfd wait = {.fd = pcap_get_selectable_fd(c->pcap), .events = POLLIN};
        poll(&wait, 1, WAIT_MS);
        return ERR_AGAIN;
    }
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

static uint64_t live_lost(const struct capture *c)
{
    struct pcap_stat stat = {0};

    return pcap_stats(c->pcap, &stat) == 0 ? (uint64_t)stat.ps_drop + stat.ps_ifdrop : 0;
}

const struct capture_def cap_live = {
    .name = "live",
    .doc = "network interface through libpcap",
    .options = live_options,
    .live = true,
    .takes = takes,
    .open = live_open,
    .next = live_next,
    .lost = live_lost,
    .close = live_close,
};
