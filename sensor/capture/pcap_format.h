/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two capture file formats, read front to back: pcap (µs, ns and the "modified" form, both byte
 * orders) and pcapng (several sections and interfaces). Where the bytes come from is the caller's.
 * Specs: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_PCAP_FORMAT_H
#define TRAMGAC_SENSOR_CAPTURE_PCAP_FORMAT_H

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
    bool cut;               /* the last answer: the source ended inside of a record */
    uint32_t record_header; /* pcap: 16, or 24 in the modified form */
    uint64_t records;
    uint32_t ifaces;
    struct pcap_iface iface[PCAP_FORMAT_IFACES_MAX];
};

/** Reads the file header. ERR_INPUT when this is no capture. */
enum err pcap_format_open(struct pcap_format *format, struct pcap_input *in, const char *source,
                          struct capture_fault *fault);

/** Next frame; its bytes are valid until the input moves. As capture_def.next. */
enum err pcap_format_next(struct pcap_format *format, struct pcap_input *in, struct frame *frame,
                          struct capture_fault *fault);

#endif
