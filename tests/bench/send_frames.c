/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends the frames of a capture on an interface, as fast as asked, in a loop:
 *
 *   send_frames IFACE CAPTURE [--rate PACKETS_PER_S] [--packets N] [--seconds S] [--same]
 *
 * A repeated capture flatters a sensor, which then knows all flows: with each loop the second byte
 * of every IPv4 address changes (checksums follow, RFC 1624), unless --same. Frames longer than the
 * interface takes are left out. Prints one line: packets, seconds, packets/s, bytes.
 * The capture: classic pcap, little endian, Ethernet. No other program of the project needs this.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FRAMES_MAX = 4 << 20 };

struct one {
    uint8_t *at;
    uint32_t len;
    uint16_t ip;  /* offset of the IPv4 header; 0: none */
    uint16_t sum; /* offset of the TCP or UDP checksum; 0: none */
};

static struct one *frames;
static uint32_t n_frames;

static void die(const char *what)
{
    fprintf(stderr, "send_frames: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void find_headers(struct one *f)
{
    uint32_t at = 12;

    while (at + 6 <= f->len && f->at[at] == 0x81 && f->at[at + 1] == 0)
        at += 4;
    at += 2;
    if (at + 20 > f->len || f->at[at - 2] != 8 || f->at[at - 1] != 0 || f->at[at] >> 4 != 4)
        return;
    uint32_t l4 = at + (f->at[at] & 15u) * 4;
    bool first = !(f->at[at + 6] & 0x1f) && !f->at[at + 7];
    uint32_t sum = l4 + (f->at[at + 9] == 6 ? 16 : 6);
    f->ip = (uint16_t)at;
    if (first && (f->at[at + 9] == 6 || f->at[at + 9] == 17) && sum + 2 <= f->len &&
        (f->at[sum] || f->at[sum + 1]))
        f->sum = (uint16_t)sum;
}

static void load(const char *path, uint32_t most)
{
    int fd = open(path, O_RDONLY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        die(path);
    uint8_t *map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    frames = calloc(FRAMES_MAX, sizeof(*frames));
    if (map == MAP_FAILED || !frames)
        die(path);
    for (size_t at = 24; at + 16 <= (size_t)st.st_size && n_frames < FRAMES_MAX;) {
        uint32_t len;
        memcpy(&len, map + at + 8, 4);
        if (at + 16 + len > (size_t)st.st_size)
            break;
        struct one f = {.at = map + at + 16, .len = len};
        if (len >= 14 && len <= most) {
            find_headers(&f);
            frames[n_frames++] = f;
        }
        at += 16 + (size_t)len;
    }
}

static void patch(uint8_t *sum, uint32_t from, uint32_t to)
{
    uint32_t s = (uint16_t) ~((uint32_t)sum[0] << 8 | sum[1]);

    s += (uint16_t)~from + to;
    s = (s & 0xffff) + (s >> 16);
    s = ~((s & 0xffff) + (s >> 16));
    sum[0] = (uint8_t)(s >> 8);
    sum[1] = (uint8_t)s;
}

/* Another network for this loop: the second byte of both addresses goes one further. */
static void shift(const struct one *f)
{
    for (uint32_t which = 12; which <= 16 && f->ip; which += 4) {
        uint8_t *at = f->at + f->ip + which;
        uint32_t from = (uint32_t)at[0] << 8 | at[1];
        if (at[0] >= 224)
            continue;
        at[1]++;
        uint32_t to = (uint32_t)at[0] << 8 | at[1];
        patch(f->at + f->ip + 10, from, to);
        if (f->sum)
            patch(f->at + f->sum, from, to);
    }
}

static int open_socket(const char *iface, uint32_t *mtu)
{
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    int yes = 1;
    int room = 8 << 20;
    struct ifreq ifr = {0};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface)};

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", iface);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        ioctl(fd, SIOCGIFMTU, &ifr) != 0)
        die(iface);
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
    *mtu = (uint32_t)ifr.ifr_mtu + 14;
    return fd;
}

static uint64_t bytes;

static uint64_t send_batch(int fd, uint32_t from, uint32_t n)
{
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    uint32_t done = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct one *f = &frames[from + i];
        parts[i] = (struct iovec){f->at, f->len};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        bytes += f->len;
    }
    while (done < n) {
        int rc = sendmmsg(fd, messages + done, n - done, 0);
        if (rc < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
            die("sendmmsg");
        done += rc > 0 ? (uint32_t)rc : 0;
    }
    return n;
}

static void wait_until(uint64_t due)
{
    uint64_t now = now_ns();

    if (due > now + 100000) {
        struct timespec t = {0,
                             (long)(due - now - 60000 < 999999999 ? due - now - 60000 : 999999999)};
        nanosleep(&t, NULL);
    }
    while (now_ns() < due)
        continue;
}

int main(int argc, char **argv)
{
    double rate = 0;
    uint64_t most = 0;
    double seconds = 0;
    bool same = false;
    uint32_t mtu;

    if (argc < 3) {
        fprintf(stderr,
                "send_frames IFACE CAPTURE [--rate N] [--packets N] [--seconds S] [--same]\n");
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--same") == 0)
            same = true;
        else if (more && strcmp(argv[i], "--rate") == 0)
            rate = atof(argv[++i]);
        else if (more && strcmp(argv[i], "--packets") == 0)
            most = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--seconds") == 0)
            seconds = atof(argv[++i]);
    }
    int fd = open_socket(argv[1], &mtu);
    load(argv[2], mtu);
    if (!n_frames)
        die("no frame to send");
    if (!most && seconds <= 0)
        most = n_frames;
    uint64_t start = now_ns();
    uint64_t sent = 0;
    uint32_t at = 0;
    while ((!most || sent < most) && (seconds <= 0 || (double)(now_ns() - start) < seconds * 1e9)) {
        uint32_t n = n_frames - at < BATCH ? n_frames - at : BATCH;
        if (most && n > most - sent)
            n = (uint32_t)(most - sent);
        sent += send_batch(fd, at, n);
        for (uint32_t i = 0; i < n && !same; i++)
            shift(&frames[at + i]);
        at = at + n < n_frames ? at + n : 0;
        if (rate > 0)
            wait_until(start + (uint64_t)((double)sent / rate * 1e9));
    }
    double spent = (double)(now_ns() - start) / 1e9;
    printf("%llu packets in %.3f s: %.0f packets/s, %llu bytes\n", (unsigned long long)sent, spent,
           (double)sent / spent, (unsigned long long)bytes);
    return 0;
}
