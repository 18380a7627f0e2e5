/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two capture file formats, read front to back: pcap (µs, ns and the "modified" form, both byte
 * orders) and pcapng (several sections and interfaces). Where the bytes come from is the caller's.
 * Specs: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_PCAP_FORMAT_H
#define TRAMGAC_SENSOR_CAPTURE_PCAP_FORMAT_H

#include "common/clock.h"
#include "sensor/capture/capture.h"

#include <stddef.h>

enum { PCAP_FORMAT_IFACES_MAX = 512, PCAP_FORMAT_RECORD_MAX = 262144 };

/** Bytes at hand, and how to get more. */
struct pcap_input {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t passed; /* bytes of the source before `at` */
    void *ctx;
    /** Tries to have `bytes` at `at` (which may move); NULL when all is there already. */
    void (*more)(struct pcap_input *in, size_t bytes);
};

struct pcap_iface {
    uint16_t linktype;
    uint32_t snaplen;
    uint64_t ticks_per_s;
    int64_t offset_s;
};

struct pcap_format {
    const char *source; /* for messages */
    bool ng, swapped;
    bool past_libpcap;      /* an interface of another type came, or a section of another version */
    bool cut;               /* the last answer: the source ended inside of a record */
    uint32_t record_header; /* pcap: 16, or 24 in the modified form */
    uint64_t records;
    uint32_t plain_ns; /* pcap of this machine's byte order, 16 bytes a header: ns a tick; else 0 */
    uint32_t ifaces;
    struct pcap_iface iface[PCAP_FORMAT_IFACES_MAX];
};

/** Reads the file header. ERR_INPUT when this is no capture. */
enum err pcap_format_open(struct pcap_format *format, struct pcap_input *in, const char *source,
                          struct capture_fault *fault);

/** The commonest case of pcap_format_next, done in place: a whole record of an ordinary pcap at
 * hand. False: nothing was done, ask pcap_format_next. */
static inline bool pcap_format_plain(struct pcap_format *f, struct pcap_input *in,
                                     struct frame *frame)
{
    enum { HEAD = 16 };
    uint32_t head[4]; /* seconds, fraction, captured, on the wire */
    size_t left = (size_t)(in->end - in->at);

    if (!f->plain_ns || left < HEAD)
        return false;
    memcpy(head, in->at, HEAD);
    if (head[2] > PCAP_FORMAT_RECORD_MAX || left - HEAD < head[2])
        return false;
    frame->ts_ns = head[0] * CLOCK_S + (uint64_t)head[1] * f->plain_ns;
    frame->data = in->at + HEAD;
    frame->caplen = head[2];
    frame->wirelen = head[3] < head[2] ? head[2] : head[3];
    frame->linktype = f->iface[0].linktype;
    frame->iface = 0;
    in->at += HEAD + head[2];
    in->passed += HEAD + head[2];
    f->records++;
    f->cut = false;
    return true;
}

/** Next frame; its bytes are valid until the input moves. As capture_def.next. */
enum err pcap_format_next(struct pcap_format *format, struct pcap_input *in, struct frame *frame,
                          struct capture_fault *fault);

#endif
