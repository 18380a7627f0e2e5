/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where frames come from: a capture file, standard input, an interface. One source a row (cap_*.c).
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_CAPTURE_H
#define TRAMGAC_SENSOR_CAPTURE_CAPTURE_H

#include "common/conf.h"
#include "common/err.h"
#include "common/slice.h"
#include "common/stat.h"

/** Bytes as they were captured. Borrowed from the source; see capture_def.stable. */
struct frame {
    const uint8_t *data;
    uint32_t caplen;   /* bytes at `data` */
    uint32_t wirelen;  /* bytes on the wire, >= caplen */
    uint64_t ts_ns;    /* capture time */
    uint64_t number;   /* 1 for the first of the run, over all files: EVE's pcap_cnt */
    uint16_t linktype; /* LINKTYPE_ value of the capture formats */
    uint16_t iface;    /* index of the source or of the pcapng interface */
    bool cut_by_ring;  /* AF_PACKET: longer than a slot of the buffer it came in */
    bool past_libpcap; /* of a pcapng: behind what libpcap, and who reads with it, ends at */
    bool sums_open;    /* sent by this host: its network card has yet to fill in the checksums */
};

struct capture; /* an open source */

struct capture_fault {
    char text[256]; /* a sentence for the operator */
};

/** What became of frames before we read them, since the source was opened. */
struct capture_loss {
    uint64_t offered; /* frames the system had for us, lost ones included; 0: it does not say */
    uint64_t ring;    /* of these, lost because the buffer was full: we were too slow */
    uint64_t iface;   /* lost earlier, as the driver tells the capture library */
    uint64_t stalls;  /* times the buffer was found full */
};

struct capture_def {
    const char *name; /* "pcap", "stdin", "live" */
    const char *doc;
    const struct option *options;   /* NULL or a table ended by OPTION_END */
    const struct counter *counters; /* NULL or a table ended by COUNTER_END */
    bool live;                      /* time runs by itself: next may answer ERR_AGAIN */
    const char *method; /* live: its word in capture.method; rows are tried in file-name order */
    bool stable; /* a frame's bytes stay valid until close; else until the next call of next */
    /** True when this row reads `source` (a path, "-", or an interface name). A live row may still
     * answer ERR_UNSUPPORTED to open: the next one is tried. */
    bool (*takes)(const char *source, bool is_interface);
    enum err (*open)(const struct conf *conf, const char *source, struct capture **capture,
                     struct capture_fault *fault);
    /** ERR_OK with a frame (number and iface index are the caller's to set), ERR_AGAIN (live, a
     * file that grows, a pipe), ERR_END, ERR_UNSUPPORTED when it turns out to be no capture at all,
     * or ERR_INPUT when the source is damaged from here on (`fault` says where; what came before
     * counts). */
    enum err (*next)(struct capture *capture, struct frame *frame, struct capture_fault *fault);
    /** Adds up what was lost. NULL: nothing can be lost. */
    void (*loss)(struct capture *capture, struct capture_loss *loss);
    /** Descriptor to poll for reading after ERR_AGAIN; NULL: next waits by itself, some 20 ms. */
    int (*fd)(const struct capture *capture);
    /** From now on no frame is accepted; next gives what is there already, then ERR_END. NULL:
     * there is nothing to work off. */
    void (*stop)(struct capture *capture);
    void (*close)(struct capture **capture);
};

extern const struct capture_def *const cap_rows[];

#endif
