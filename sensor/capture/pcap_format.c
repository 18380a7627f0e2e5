/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap and pcapng. A file that ends inside a record is damaged from there on: the frames before it
 * count, and the fault says where. Blocks other than interfaces and packets are passed over.
 */
#include "sensor/capture/pcap_format.h"
#include "common/clock.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    PCAP_HEADER = 24,
    NG_BLOCK_MAX = 64 << 20,
    NG_SHB = 0x0a0d0d0a,
    NG_IDB = 1,
    NG_OPB = 2,
    NG_SPB = 3,
    NG_EPB = 6,
    NG_OPT_TSRESOL = 9,
    NG_OPT_TSOFFSET = 14,
    ORDINARY = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, /* u32() reads so unless swapped */
};

static const struct {
    uint32_t magic;
    uint32_t record_header;
    uint64_t ticks_per_s;
} magics[] = {
    {0xa1b2c3d4, 16, 1000000},
    {0xa1b23c4d, 16, CLOCK_S},
    {0xa1b2cd34, 24, 1000000},
};

__attribute__((format(printf, 2, 3))) static enum err damaged(struct capture_fault *fault,
                                                              const char *text, ...)
{
    va_list args;

    va_start(args, text);
    vsnprintf(fault->text, sizeof(fault->text), text, args);
    va_end(args);
    return ERR_INPUT;
}

static uint32_t u32(const struct pcap_format *f, const uint8_t *at)
{
    uint32_t v = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];

    return f->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t u16(const struct pcap_format *f, const uint8_t *at)
{
    return (uint16_t)(f->swapped ? at[0] << 8 | at[1] : at[1] << 8 | at[0]);
}

static bool have(struct pcap_input *in, size_t bytes)
{
    if ((size_t)(in->end - in->at) >= bytes)
        return true;
    if (in->more)
        in->more(in, bytes);
    return (size_t)(in->end - in->at) >= bytes;
}

static void pass(struct pcap_input *in, size_t bytes)
{
    in->at += bytes;
    in->passed += bytes;
}

static enum err cut_off(struct pcap_format *f, const struct pcap_input *in,
                        struct capture_fault *fault)
{
    f->cut = true;
    return damaged(fault, "%s is cut off inside record %llu at byte %llu", f->source,
                   (unsigned long long)f->records + 1, (unsigned long long)in->passed);
}

enum err pcap_format_open(struct pcap_format *f, struct pcap_input *in, const char *source,
                          struct capture_fault *fault)
{
    f->source = source;
    f->records = 0;
    f->ifaces = 0;
    f->swapped = false;
    f->ng = f->past_libpcap = false;
    f->plain_ns = 0;
    if (!have(in, 4))
        return damaged(fault,
                       in->at == in->end ? "%s is empty, not a capture"
                                         : "%s is too short for a capture",
                       source);
    uint32_t magic = u32(f, in->at);
    if (magic == NG_SHB) {
        f->ng = true;
        return have(in, 28) ? ERR_OK : damaged(fault, "%s is too short for a capture", source);
    }
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        f->swapped = __builtin_bswap32(magic) == magics[i].magic;
        if (magic != magics[i].magic && !f->swapped)
            continue;
        if (!have(in, PCAP_HEADER))
            return damaged(fault, "%s is too short for a capture", source);
        f->record_header = magics[i].record_header;
        if (ORDINARY && !f->swapped && f->record_header == 16)
            f->plain_ns = (uint32_t)(CLOCK_S / magics[i].ticks_per_s);
        f->iface[f->ifaces++] = (struct pcap_iface){
            .linktype = (uint16_t)u32(f, in->at + 20),
            .ticks_per_s = magics[i].ticks_per_s,
        };
        pass(in, PCAP_HEADER);
        return ERR_OK;
    }
    return damaged(fault, "%s is not a capture: neither pcap nor pcapng", source);
}

static enum err next_pcap(struct pcap_format *f, struct pcap_input *in, struct frame *frame,
                          struct capture_fault *fault)
{
    if (!have(in, f->record_header))
        return in->at == in->end ? ERR_END : cut_off(f, in, fault);
    uint32_t caplen = u32(f, in->at + 8);
    if (caplen > PCAP_FORMAT_RECORD_MAX)
        return damaged(fault, "%s is damaged: record %llu at byte %llu says %u bytes", f->source,
                       (unsigned long long)f->records + 1, (unsigned long long)in->passed, caplen);
    if (!have(in, (size_t)f->record_header + caplen))
        return cut_off(f, in, fault);
    const uint8_t *at = in->at;
    uint32_t wirelen = u32(f, at + 12);
    uint64_t fraction = u32(f, at + 4);
    frame->ts_ns = u32(f, at) * CLOCK_S +
                   (f->iface[0].ticks_per_s == CLOCK_S ? fraction : fraction * CLOCK_US);
    frame->data = at + f->record_header;
    frame->caplen = caplen;
    frame->wirelen = wirelen < caplen ? caplen : wirelen;
    frame->linktype = f->iface[0].linktype;
    frame->iface = 0;
    pass(in, (size_t)f->record_header + caplen);
    f->records++;
    return ERR_OK;
}

static uint64_t ticks_of(uint8_t resolution)
{
    uint64_t ticks = 1;

    if (resolution & 0x80)
        return UINT64_C(1) << ((resolution & 0x7f) < 63 ? resolution & 0x7f : 63);
    for (uint8_t i = 0; i < resolution && i < 19; i++)
        ticks *= 10;
    return ticks;
}

static uint64_t ns_of(const struct pcap_iface *iface, uint32_t high, uint32_t low)
{
    uint64_t ticks = (uint64_t)high << 32 | low;
    uint64_t whole = ticks / iface->ticks_per_s;
    uint64_t rest = ticks % iface->ticks_per_s;
    uint64_t ns = (uint64_t)((unsigned __int128)rest * CLOCK_S / iface->ticks_per_s);

    return (whole + (uint64_t)iface->offset_s) * CLOCK_S + ns;
}

/* Interface description: link type, snap length, and the options that say what time means. */
static void add_iface(struct pcap_format *f, const uint8_t *body, uint32_t len)
{
    struct pcap_iface iface = {.ticks_per_s = 1000000};

    if (len < 8 || f->ifaces == PCAP_FORMAT_IFACES_MAX)
        return;
    iface.linktype = u16(f, body);
    f->past_libpcap |= f->ifaces && iface.linktype != f->iface[0].linktype;
    iface.snaplen = u32(f, body + 4);
    uint32_t at = 8;
    while (len - at >= 4) {
        uint32_t code = u16(f, body + at);
        uint32_t size = u16(f, body + at + 2);
        at += 4;
        if (code == 0 || size > len - at)
            break;
        if (code == NG_OPT_TSRESOL && size >= 1)
            iface.ticks_per_s = ticks_of(body[at]);
        if (code == NG_OPT_TSOFFSET && size >= 8) {
            uint64_t low = u32(f, body + at + (f->swapped ? 4 : 0));
            uint64_t high = u32(f, body + at + (f->swapped ? 0 : 4));
            iface.offset_s = (int64_t)(high << 32 | low);
        }
        size = (size + 3) & ~3u;
        at += size < len - at ? size : len - at;
    }
    f->iface[f->ifaces++] = iface;
}

/* One packet block; false when it does not hold together. */
static bool packet_block(const struct pcap_format *f, uint32_t type, const uint8_t *body,
                         uint32_t len, struct frame *frame)
{
    uint32_t head = type == NG_SPB ? 4 : 20;
    if (len < head)
        return false;
    uint32_t iface = type == NG_SPB ? 0 : type == NG_OPB ? u16(f, body) : u32(f, body);
    if (iface >= f->ifaces)
        return false;
    const struct pcap_iface *from = &f->iface[iface];
    if (type == NG_SPB) {
        frame->wirelen = u32(f, body);
        frame->caplen = frame->wirelen < len - head ? frame->wirelen : len - head;
        if (from->snaplen && frame->caplen > from->snaplen)
            frame->caplen = from->snaplen;
        frame->ts_ns = 0;
    } else {
        frame->ts_ns = ns_of(from, u32(f, body + 4), u32(f, body + 8));
        frame->caplen = u32(f, body + 12);
        frame->wirelen = u32(f, body + 16);
    }
    if (frame->caplen > len - head || frame->caplen > PCAP_FORMAT_RECORD_MAX)
        return false;
    if (frame->wirelen < frame->caplen)
        frame->wirelen = frame->caplen;
    frame->data = body + head;
    frame->linktype = from->linktype;
    frame->iface = (uint16_t)iface;
    frame->past_libpcap = f->past_libpcap;
    return true;
}

/* Type and length of the next block; a section header sets the byte order first. */
static enum err block_head(struct pcap_format *f, struct pcap_input *in, uint32_t *type,
                           uint32_t *total, struct capture_fault *fault)
{
    if (!have(in, 12))
        return in->at == in->end ? ERR_END : cut_off(f, in, fault);
    *type = u32(f, in->at);
    if (*type == NG_SHB) {
        static const uint8_t little[4] = {0x4d, 0x3c, 0x2b, 0x1a};
        static const uint8_t big[4] = {0x1a, 0x2b, 0x3c, 0x4d};
        f->swapped = memcmp(in->at + 8, big, 4) == 0;
        if (!f->swapped && memcmp(in->at + 8, little, 4) != 0)
            return damaged(fault, "%s is damaged: section header without byte order at byte %llu",
                           f->source, (unsigned long long)in->passed);
        f->ifaces = 0;
        f->past_libpcap |= u16(f, in->at + 12) != 1;
    }
    *total = u32(f, in->at + 4);
    if (*total < 12 || *total > NG_BLOCK_MAX)
        return damaged(fault, "%s is damaged: block of %u bytes at byte %llu", f->source, *total,
                       (unsigned long long)in->passed);
    *total = (*total + 3) & ~3u;
    return have(in, *total) ? ERR_OK : cut_off(f, in, fault);
}

static enum err next_ng(struct pcap_format *f, struct pcap_input *in, struct frame *frame,
                        struct capture_fault *fault)
{
    for (;;) {
        uint32_t type = 0;
        uint32_t total = 0;
        enum err err = block_head(f, in, &type, &total, fault);
        if (err)
            return err;
        const uint8_t *body = in->at + 8;
        if (type == NG_IDB)
            add_iface(f, body, total - 12);
        if (type == NG_EPB || type == NG_SPB || type == NG_OPB) {
            if (!packet_block(f, type, body, total - 12, frame))
                return damaged(fault, "%s is damaged: packet block at byte %llu", f->source,
                               (unsigned long long)in->passed);
            pass(in, total);
            f->records++;
            return ERR_OK;
        }
        pass(in, total);
    }
}

enum err pcap_format_next(struct pcap_format *f, struct pcap_input *in, struct frame *frame,
                          struct capture_fault *fault)
{
    f->cut = false;
    return f->ng ? next_ng(f, in, frame, fault) : next_pcap(f, in, frame, fault);
}
