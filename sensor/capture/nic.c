/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture/nic.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const nic_merging[] = {
    "rx-lro", "rx-gro-hw", "rx-gro", "rx-gro-list", "rx-udp-gro-forwarding", NULL,
};

/* ---- sysfs -------------------------------------------------------------------------------- */

bool nic_number(const char *iface, const char *name, uint64_t *value)
{
    char path[256];
    char text[32];

    if (!*iface || strchr(iface, '/') || strcmp(iface, "..") == 0)
        return false;
    snprintf(path, sizeof(path), "/sys/class/net/%s/%s", iface, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    char *end;
    *value = strtoull(text, &end, 0);
    return end != text && text[0] != '-';
}

static uint64_t count(const char *iface, const char *name)
{
    uint64_t value = 0;

    return nic_number(iface, name, &value) ? value : 0;
}

bool nic_counts(const char *iface, struct nic_counts *c)
{
    *c = (struct nic_counts){0};
    if (!nic_number(iface, "statistics/rx_packets", &c->packets))
        return false;
    c->missed = count(iface, "statistics/rx_missed_errors");
    c->fifo = count(iface, "statistics/rx_fifo_errors") + count(iface, "statistics/rx_over_errors");
    c->dropped = count(iface, "statistics/rx_dropped");
    c->damaged = count(iface, "statistics/rx_crc_errors") +
                 count(iface, "statistics/rx_length_errors") +
                 count(iface, "statistics/rx_frame_errors");
    return true;
}

uint32_t nic_speed(const char *iface)
{
    uint64_t speed = 0;

    return nic_number(iface, "speed", &speed) && speed < 1000000 ? (uint32_t)speed : 0;
}

/* ---- ethtool ------------------------------------------------------------------------------ */

static bool ask(const char *iface, void *question, unsigned long request)
{
    struct ifreq ifr = {.ifr_data = question};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", iface);
    int rc = fd >= 0 ? ioctl(fd, request, &ifr) : -1;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return rc >= 0;
}

static uint32_t feature_count(const char *iface)
{
    union { /* one set is asked for: its count follows the head */
        struct ethtool_sset_info head;
        uint8_t room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
    } info = {.room = {0}};

    info.head.cmd = ETHTOOL_GSSET_INFO;
    info.head.sset_mask = UINT64_C(1) << ETH_SS_FEATURES;
    return ask(iface, &info, SIOCETHTOOL) && info.head.sset_mask ? info.head.data[0] : 0;
}

/* Place of a feature in the card's list; -1 when it has none of that name. */
static int32_t feature_index(const char *iface, const char *name, uint32_t *n)
{
    int32_t found = -1;

    *n = feature_count(iface);
    if (!*n || *n > 4096)
        return -1;
    struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)*n * ETH_GSTRING_LEN);
    if (!names)
        return -1;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_FEATURES;
    names->len = *n;
    if (ask(iface, names, SIOCETHTOOL)) {
        for (uint32_t i = 0; i < *n && found < 0; i++) {
            const char *at = (const char *)names->data + (size_t)i * ETH_GSTRING_LEN;
            found = strncmp(at, name, ETH_GSTRING_LEN) == 0 ? (int32_t)i : -1;
        }
    }
    free(names);
    return found;
}

enum nic_switch nic_feature(const char *iface, const char *name)
{
    uint32_t n = 0;
    int32_t at = feature_index(iface, name, &n);
    if (at < 0)
        return NIC_UNKNOWN;
    uint32_t blocks = (n + 31) / 32;
    struct ethtool_gfeatures *f = calloc(1, sizeof(*f) + blocks * sizeof(f->features[0]));
    if (!f)
        return NIC_UNKNOWN;
    f->cmd = ETHTOOL_GFEATURES;
    f->size = blocks;
    enum nic_switch result = NIC_UNKNOWN;
    if (ask(iface, f, SIOCETHTOOL)) {
        const struct ethtool_get_features_block *b = &f->features[at / 32];
        uint32_t bit = UINT32_C(1) << (at % 32);
        bool fixed = (b->never_changed & bit) || !(b->available & bit);
        result = !(b->active & bit) ? NIC_OFF : fixed ? NIC_FIXED_ON : NIC_ON;
    }
    free(f);
    return result;
}

enum err nic_feature_off(const char *iface, const char *name)
{
    uint32_t n = 0;
    int32_t at = feature_index(iface, name, &n);
    if (at < 0)
        return ERR_NOTFOUND;
    uint32_t blocks = (n + 31) / 32;
    struct ethtool_sfeatures *f = calloc(1, sizeof(*f) + blocks * sizeof(f->features[0]));
    if (!f)
        return ERR_NOMEM;
    f->cmd = ETHTOOL_SFEATURES;
    f->size = blocks;
    f->features[at / 32].valid = UINT32_C(1) << (at % 32);
    bool done = ask(iface, f, SIOCETHTOOL);
    free(f);
    return done && nic_feature(iface, name) == NIC_OFF ? ERR_OK : ERR_DENIED;
}

bool nic_ring(const char *iface, uint32_t *now, uint32_t *most)
{
    struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};

    if (!ask(iface, &ring, SIOCETHTOOL) || !ring.rx_max_pending)
        return false;
    *now = ring.rx_pending;
    *most = ring.rx_max_pending;
    return true;
}

bool nic_queues(const char *iface, uint32_t *now, uint32_t *most)
{
    struct ethtool_channels c = {.cmd = ETHTOOL_GCHANNELS};

    if (!ask(iface, &c, SIOCETHTOOL))
        return false;
    *now = c.rx_count + c.combined_count;
    *most = c.max_rx + c.max_combined;
    return *most > 0;
}

bool nic_hardware_time(const char *iface, bool enable)
{
    struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
    struct hwtstamp_config how = {.rx_filter = HWTSTAMP_FILTER_ALL};

    if (!ask(iface, &info, SIOCETHTOOL) || info.phc_index < 0 ||
        !(info.so_timestamping & SOF_TIMESTAMPING_RAW_HARDWARE) ||
        !(info.rx_filters & (UINT32_C(1) << HWTSTAMP_FILTER_ALL)))
        return false;
    return !enable || ask(iface, &how, SIOCSHWTSTAMP);
}
