/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check a function, all in one table at the end. What a machine does not tell (a virtual card,
 * a container) is passed over in silence: no finding is better than a wrong one.
 */
#include "sensor/run/doctor.h"
#include "sensor/capture/nic.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 256, LISTEN_MS = 1000, MTU_USUAL = 1500, BACKLOG_MIN = 10000 };
#define DISK_MIN (UINT64_C(1) << 30)

enum level { GOOD, WEAK, BAD };

struct patient {
    const char *iface;
    const char *dir;
    struct listing *listing;
    bool sick;
};

__attribute__((format(printf, 4, 5))) static void find(struct patient *p, enum level level,
                                                       const char *check, const char *format, ...)
{
    static const char *const levels[] = {"ok", "warning", "fault"};
    char text[TEXT_MAX * 2];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char *mend = strstr(text, " => "); /* what mends it stands behind the arrow */
    if (mend) {
        *mend = '\0';
        mend += 4;
    }
    const char *cells[] = {p->iface, levels[level], check, text, mend ? mend : "", NULL};
    listing_row(p->listing, cells);
    p->sick = p->sick || level != GOOD;
}

static bool read_text(const char *path, char *text, size_t room)
{
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, room - 1, f) : 0;

    if (f)
        fclose(f);
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return n > 0;
}

/* ---- the interface ------------------------------------------------------------------------ */

static unsigned flags_of(const char *iface)
{
    struct ifreq ifr = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", iface);
    bool known = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &ifr) == 0;
    if (fd >= 0)
        close(fd);
    return known ? (unsigned short)ifr.ifr_flags : 0;
}

static void check_link(struct patient *p)
{
    unsigned flags = flags_of(p->iface);
    uint64_t carrier = 1;

    nic_number(p->iface, "carrier", &carrier);
    if (!(flags & IFF_UP))
        find(p, BAD, "link", "the interface is down => ip link set %s up", p->iface);
    else if (!carrier || !(flags & IFF_RUNNING))
        find(p, BAD, "link", "there is no signal: cable, transceiver, or the mirror port is off");
    else if (!nic_speed(p->iface))
        find(p, GOOD, "link", "up, it does not tell its speed%s",
             flags & IFF_PROMISC ? ", promiscuous" : "");
    else
        find(p, GOOD, "link", "up, %u Mbit/s%s", nic_speed(p->iface),
             flags & IFF_PROMISC ? ", promiscuous" : "");
}

static void check_stamps(struct patient *p)
{
    if (nic_hardware_time(p->iface, false))
        find(p, GOOD, "stamps",
             "the card can stamp each frame: capture.hardware-time takes its stamps");
    else
        find(p, GOOD, "stamps", "the kernel stamps frames; the card cannot");
}

static void check_mtu(struct patient *p)
{
    uint64_t mtu = 0;

    if (!nic_number(p->iface, "mtu", &mtu))
        return;
    if (mtu < MTU_USUAL)
        find(p, BAD, "mtu", "MTU %llu: longer frames are dropped => ip link set %s mtu 9000",
             (unsigned long long)mtu, p->iface);
    else if (mtu < MTU_USUAL + 8)
        find(p, WEAK, "mtu",
             "MTU %llu: mirrored frames with tags, tunnels or jumbo size may be dropped => "
             "ip link set %s mtu 9000",
             (unsigned long long)mtu, p->iface);
    else
        find(p, GOOD, "mtu", "MTU %llu", (unsigned long long)mtu);
}

static void check_rights(struct patient *p)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        find(p, GOOD, "rights", "packets may be captured");
    else
        find(p, BAD, "rights",
             "packets cannot be captured: %s => setcap cap_net_raw+ep "
             "$(command -v tramgac-sensor)",
             strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void check_offloads(struct patient *p)
{
    bool any = false;

    for (uint32_t i = 0; nic_merging[i]; i++) {
        enum nic_switch now = nic_feature(p->iface, nic_merging[i]);
        any = any || now == NIC_ON || now == NIC_FIXED_ON;
        if (now == NIC_ON)
            find(p, WEAK, "offload",
                 "%s merges frames; a sensor started as root switches it off => "
                 "ethtool -K %s %s off",
                 nic_merging[i], p->iface, nic_merging[i]);
        if (now == NIC_FIXED_ON)
            find(p, WEAK, "offload", "%s merges frames and cannot be switched off", nic_merging[i]);
    }
    if (!any)
        find(p, GOOD, "offload", "no function that merges frames is on");
}

static void check_ring(struct patient *p)
{
    uint32_t now;
    uint32_t most;

    if (!nic_ring(p->iface, &now, &most))
        return;
    if (now < most)
        find(p, WEAK, "ring", "the card's receive ring has %u of %u places => ethtool -G %s rx %u",
             now, most, p->iface, most);
    else
        find(p, GOOD, "ring", "the card's receive ring has %u places", now);
}

static void check_queues(struct patient *p)
{
    uint32_t cpus = (uint32_t)get_nprocs();
    uint32_t now;
    uint32_t most;

    if (!nic_queues(p->iface, &now, &most))
        return;
    if (now > cpus)
        find(p, WEAK, "queues", "%u receive queues for %u processors => ethtool -L %s combined %u",
             now, cpus, p->iface, cpus);
    else
        find(p, GOOD, "queues", "%u of %u receive queues; flows are spread by the sensor itself",
             now, most);
}

/* Processors that serve the interrupts of the card; 0 when it has none of its own. */
static uint32_t interrupts(const char *iface, char *where, size_t room)
{
    FILE *f = fopen("/proc/interrupts", "re");
    char line[4096];
    uint32_t n = 0;

    *where = '\0';
    while (f && fgets(line, sizeof(line), f)) {
        char path[64];
        char list[64];
        if (!strstr(line, iface))
            continue;
        snprintf(path, sizeof(path), "/proc/irq/%ld/effective_affinity_list",
                 strtol(line, NULL, 10));
        if (!read_text(path, list, sizeof(list)))
            continue;
        n++;
        if (!strstr(where, list) && strlen(where) + strlen(list) + 2 < room) {
            strcat(where, *where ? " " : "");
            strcat(where, list);
        }
    }
    if (f)
        fclose(f);
    return n;
}

static void check_interrupts(struct patient *p)
{
    char where[TEXT_MAX];
    char path[128];
    char rps[64] = "";
    uint32_t n = interrupts(p->iface, where, sizeof(where));

    if (n > 1 && !strpbrk(where, " ,-"))
        find(p, WEAK, "interrupts",
             "all %u interrupts are served by processor %s => apt-get install irqbalance", n,
             where);
    else if (n)
        find(p, GOOD, "interrupts", "%u, served by processors %s", n, where);
    snprintf(path, sizeof(path), "/sys/class/net/%s/queues/rx-0/rps_cpus", p->iface);
    if (read_text(path, rps, sizeof(rps)) && strspn(rps, "0,") != strlen(rps))
        find(p, WEAK, "interrupts",
             "packets are steered to other processors once more (RPS) => echo 0 > %s", path);
}

/* The way out of this machine: what serves a mirror port would cut the operator off. */
static bool has_default_route(const char *iface)
{
    FILE *f = fopen("/proc/net/route", "re");
    char line[256], name[64], to[16];
    bool found = false;

    while (f && !found && fgets(line, sizeof(line), f))
        found = sscanf(line, "%63s %15s", name, to) == 2 && strcmp(name, iface) == 0 &&
                strcmp(to, "00000000") == 0;
    if (f)
        fclose(f);
    return found;
}

static void check_addresses(struct patient *p)
{
    struct ifaddrs *all = NULL;
    uint32_t n = 0;

    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
        int family = a->ifa_addr ? a->ifa_addr->sa_family : 0;
        n += strcmp(a->ifa_name, p->iface) == 0 && (family == AF_INET || family == AF_INET6);
    }
    freeifaddrs(all);
    if (has_default_route(p->iface))
        find(p, WEAK, "addresses",
             "this machine's own traffic goes through it: take another one for the mirror port");
    else if (n && !(flags_of(p->iface) & IFF_LOOPBACK))
        find(p, WEAK, "addresses",
             "a mirror port wants no address of its own, it has %u => sysctl -w "
             "net.ipv6.conf.%s.disable_ipv6=1; ip addr flush dev %s",
             n, p->iface, p->iface);
    else
        find(p, GOOD, "addresses", "none of its own");
}

static void check_traffic(struct patient *p)
{
    struct nic_counts before;
    struct nic_counts now;
    struct timespec wait = {LISTEN_MS / 1000, LISTEN_MS % 1000 * 1000000L};

    if (!nic_counts(p->iface, &before))
        return;
    nanosleep(&wait, NULL);
    nic_counts(p->iface, &now);
    if (now.packets == before.packets)
        find(p, WEAK, "traffic", "no frame came within a second: is the mirror port on?");
    else
        find(p, GOOD, "traffic", "%llu frames in a second",
             (unsigned long long)(now.packets - before.packets));
    if (now.missed + now.fifo)
        find(p, now.missed + now.fifo > before.missed + before.fifo ? BAD : WEAK, "losses",
             "the card had no room for %llu frames so far => ethtool -G %s rx MAX",
             (unsigned long long)(now.missed + now.fifo), p->iface);
    if (now.damaged)
        find(p, now.damaged > before.damaged ? BAD : WEAK, "losses",
             "%llu frames came damaged so far: cable, transceiver or mirror port",
             (unsigned long long)now.damaged);
}

/* ---- the machine -------------------------------------------------------------------------- */

static void check_backlog(struct patient *p)
{
    char text[64];
    char line[512];
    uint64_t dropped = 0;
    FILE *f = fopen("/proc/net/softnet_stat", "re");

    while (f && fgets(line, sizeof(line), f)) {
        char *next = NULL;
        strtoul(line, &next, 16);
        dropped += strtoul(next, NULL, 16);
    }
    if (f)
        fclose(f);
    if (dropped)
        find(p, WEAK, "backlog",
             "the kernel dropped %llu frames of all interfaces before any capture => sysctl -w "
             "net.core.netdev_max_backlog=%d",
             (unsigned long long)dropped, BACKLOG_MIN);
    else if (read_text("/proc/sys/net/core/netdev_max_backlog", text, sizeof(text)))
        find(p, GOOD, "backlog", "%s frames, none dropped", text);
}

static void check_clock(struct patient *p)
{
    struct timex now = {0};

    if (adjtimex(&now) < 0)
        return;
    if (now.status & STA_UNSYNC)
        find(p, WEAK, "clock",
             "the system's time is not in step with anything => timedatectl "
             "set-ntp true");
    else
        find(p, GOOD, "clock", "in step, error at most %ld ms", now.maxerror / 1000);
}

static void check_governor(struct patient *p)
{
    char text[64];

    if (!read_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", text, sizeof(text)))
        return;
    if (strcmp(text, "performance") == 0)
        find(p, GOOD, "processor", "runs at full speed");
    else
        find(p, WEAK, "processor",
             "speed is governed by \"%s\": bursts meet a slow processor => cpupower "
             "frequency-set -g performance",
             text);
}

static void check_memory(struct patient *p)
{
    char line[128];
    unsigned long long kb = 0;
    FILE *f = fopen("/proc/meminfo", "re");

    while (f && !kb && fgets(line, sizeof(line), f)) {
        if (strncmp(line, "MemAvailable:", 13) == 0)
            kb = strtoull(line + 13, NULL, 10);
    }
    if (f)
        fclose(f);
    if (kb && kb < 1024 * 1024)
        find(p, WEAK, "memory", "%llu MB are free: give memory (--memory) less than that",
             kb >> 10);
    else if (kb)
        find(p, GOOD, "memory", "%llu MB are free", kb >> 10);
}

static void check_disk(struct patient *p)
{
    struct statvfs st;

    if (statvfs(p->dir, &st) != 0) {
        find(p, BAD, "disk", "%s cannot be used: %s => mkdir -p %s", p->dir, strerror(errno),
             p->dir);
        return;
    }
    uint64_t left = (uint64_t)st.f_bavail * st.f_frsize;
    enum level level = left < DISK_MIN ? WEAK : GOOD;
    find(p, level, "disk", "%llu MB are free in %s", (unsigned long long)left >> 20, p->dir);
    if (access(p->dir, W_OK) != 0)
        find(p, BAD, "disk", "%s cannot be written: %s", p->dir, strerror(errno));
}

static void (*const checks[])(struct patient *) = {
    check_rights,  check_link,   check_stamps,     check_mtu,       check_offloads,
    check_ring,    check_queues, check_interrupts, check_addresses, check_traffic,
    check_backlog, check_clock,  check_governor,   check_memory,    check_disk,
};

int doctor_run(const char *const *ifaces, const char *dir, enum listing_format format)
{
    static const char *const heads[] = {"interface", "state", "check", "finding", "mend", NULL};
    struct patient p = {.dir = dir ? dir : ".", .listing = listing_new(heads)};
    struct strbuf text;

    if (!p.listing)
        return 2;
    for (uint32_t i = 0; ifaces[i]; i++) {
        p.iface = ifaces[i];
        if (!if_nametoindex(p.iface)) {
            find(&p, BAD, "link", "there is no such interface => ip link");
            continue;
        }
        for (uint32_t k = 0; k < sizeof(checks) / sizeof(checks[0]); k++)
            checks[k](&p);
    }
    strbuf_init(&text, 0);
    listing_print(p.listing, format, &text);
    fwrite(text.at, 1, text.len, stdout);
    strbuf_fini(&text);
    listing_free(&p.listing);
    return p.sick ? 1 : 0;
}
