/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On disk: `lock`; `state`, a JSON object that is replaced as a whole; `<class>-<number>.seg`.
 *
 * `state` promises that no number below `reserved` will be given out again, even when the files
 * that held them are gone: after a crash the sequence goes on from there, and the numbers between
 * are shed records (of nothing). So a number is never used twice, which the receiver would take for
 * a repetition.
 */
#include "sensor/output/spool.h"
#include "common/check.h"
#include "common/hash.h"
#include "common/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RECORD_MARK = 0x50534754, /* "TGSP" */
    RECORDS_MAX = 262144,
    RESERVE = 256,
    SEGMENT_MAX = 4 << 20,
    SEGMENT_MIN = 64 << 10,
    PATH_ROOM = 4096,
};

struct record_head {
    uint32_t mark;
    uint32_t len;
    uint64_t epoch;
    uint64_t seq;
    uint32_t n;
    uint8_t cls;
    uint8_t partition;
    uint8_t zero[2];
    uint64_t sum; /* over the fields above and the message */
};

_Static_assert(sizeof(struct record_head) == 40, "the head has no padding");

enum place { SHED, ON_DISK, IN_MEMORY };

struct entry {
    union {
        uint32_t offset; /* of the head within its segment */
        uint8_t *bytes;
    };
    uint32_t segment; /* number */
    uint32_t len;
    uint32_t n;
    uint8_t cls;
    uint8_t partition;
    uint8_t place;
};

struct segment {
    uint32_t number;
    uint32_t size;
    uint32_t live; /* records not acknowledged and not shed */
    uint8_t cls;
};

struct spool {
    char *dir;
    int dir_fd;
    int lock_fd;
    uint64_t cap_bytes;
    uint64_t memory_cap;
    uint32_t segment_bytes;
    uint32_t cap_records;
    uint64_t epoch;
    uint64_t first;
    uint64_t next;
    uint64_t reserved;
    struct entry *entries; /* ring; entry of seq at seq & mask */
    uint32_t mask;
    struct segment *segments; /* sorted by number */
    uint32_t n_segments;
    uint32_t next_segment;
    int write_fd[WIRE_CLASSES]; /* -1: no open segment of that class */
    uint32_t write_number[WIRE_CLASSES];
    int read_fd;
    uint32_t read_number;
    bool state_old;
    struct spool_counts counts;
};

static struct entry *entry_of(const struct spool *s, uint64_t seq)
{
    return &s->entries[seq & s->mask];
}

static void segment_name(const struct segment *g, char out[64])
{
    snprintf(out, 64, "%s-%08u.seg", wire_class_name((enum event_class)g->cls), g->number);
}

static struct segment *segment_find(const struct spool *s, uint32_t number)
{
    for (uint32_t i = 0; i < s->n_segments; i++) {
        if (s->segments[i].number == number)
            return &s->segments[i];
    }
    return NULL;
}

static uint64_t sum_of(const struct record_head *head, const uint8_t *message)
{
    struct slice fields = {(const uint8_t *)head, sizeof(*head) - sizeof(head->sum)};
    return hash_bytes((struct slice){message, head->len}, hash_bytes(fields, RECORD_MARK));
}

/* ---- state ---- */

static bool write_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool state_write(struct spool *s, uint64_t reserved)
{
    char text[160];
    int len =
        snprintf(text, sizeof(text), "{\"v\":1,\"epoch\":%llu,\"acked\":%llu,\"reserved\":%llu}\n",
                 (unsigned long long)s->epoch, (unsigned long long)(s->first - 1),
                 (unsigned long long)reserved);
    int fd = openat(s->dir_fd, "state.part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool good = write_all(fd, text, (size_t)len) && fdatasync(fd) == 0;
    close(fd);
    good = good && renameat(s->dir_fd, "state.part", s->dir_fd, "state") == 0;
    if (good) {
        s->reserved = reserved;
        s->state_old = false;
    }
    return good;
}

static void state_read(struct spool *s)
{
    char path[PATH_ROOM];
    struct json *state = NULL;

    snprintf(path, sizeof(path), "%s/state", s->dir);
    if (json_load(path, 4096, &state, NULL))
        return;
    int64_t epoch = json_i64(json_get(state, "epoch"), 0);
    int64_t acked = json_i64(json_get(state, "acked"), 0);
    int64_t reserved = json_i64(json_get(state, "reserved"), 0);
    json_free(&state);
    if (epoch <= 0 || (uint64_t)epoch > WIRE_NUMBER_MAX || acked < 0 || reserved < acked)
        return;
    s->epoch = (uint64_t)epoch;
    s->first = (uint64_t)acked + 1;
    s->reserved = (uint64_t)reserved;
}

/* ---- segments ---- */

static struct segment *segment_add(struct spool *s, uint8_t cls, uint32_t number)
{
    struct segment *more = realloc(s->segments, (s->n_segments + 1) * sizeof(*more));
    CHECK(more);
    s->segments = more;
    uint32_t at = s->n_segments++;
    while (at && more[at - 1].number > number) {
        more[at] = more[at - 1];
        at--;
    }
    more[at] = (struct segment){.number = number, .cls = cls};
    if (number >= s->next_segment)
        s->next_segment = number + 1;
    return &more[at];
}

static void writer_close(struct spool *s, uint8_t cls)
{
    if (s->write_fd[cls] >= 0)
        close(s->write_fd[cls]);
    s->write_fd[cls] = -1;
}

static void segment_delete(struct spool *s, struct segment *g)
{
    char name[64];

    if (s->write_fd[g->cls] >= 0 && s->write_number[g->cls] == g->number)
        writer_close(s, g->cls);
    if (s->read_fd >= 0 && s->read_number == g->number) {
        close(s->read_fd);
        s->read_fd = -1;
    }
    segment_name(g, name);
    unlinkat(s->dir_fd, name, 0);
    s->counts.disk_bytes -= g->size;
    uint32_t at = (uint32_t)(g - s->segments);
    memmove(g, g + 1, (s->n_segments - at - 1) * sizeof(*g));
    s->n_segments--;
}

static bool writer_open(struct spool *s, uint8_t cls)
{
    char name[64];
    struct segment g = {.number = s->next_segment, .cls = cls};

    segment_name(&g, name);
    int fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    segment_add(s, cls, g.number);
    s->write_fd[cls] = fd;
    s->write_number[cls] = g.number;
    return true;
}

/* ---- reading what an earlier run left ---- */

struct found {
    uint64_t seq;
    struct entry entry;
};

struct scan {
    struct found *records;
    uint32_t n;
    uint32_t room;
};

static void scan_keep(struct scan *scan, struct found found)
{
    if (scan->n == scan->room) {
        scan->room = scan->room ? scan->room * 2 : 1024;
        scan->records = realloc(scan->records, scan->room * sizeof(*scan->records));
        CHECK(scan->records);
    }
    scan->records[scan->n++] = found;
}

static bool read_at(int fd, void *to, uint32_t len, uint64_t offset)
{
    return pread(fd, to, len, (off_t)offset) == (ssize_t)len;
}

/* The record at `at` of a segment, checked; its message is left in `room`. */
static bool scan_record(const struct spool *s, int fd, uint32_t at, struct record_head *head,
                        struct strbuf *room)
{
    if (!read_at(fd, head, sizeof(*head), at) || head->mark != RECORD_MARK ||
        head->len > WIRE_MESSAGE_MAX || !head->seq || head->seq > WIRE_NUMBER_MAX || !head->epoch ||
        (s->epoch && head->epoch != s->epoch))
        return false;
    strbuf_clear(room);
    return strbuf_grow(room, head->len) &&
           read_at(fd, room->at, head->len, at + (uint64_t)sizeof(*head)) &&
           sum_of(head, (const uint8_t *)room->at) == head->sum;
}

/* Reads whole records up to the first that is damaged, and cuts the file there. */
static void scan_segment(struct spool *s, struct segment *g, struct scan *scan)
{
    char name[64];
    struct stat st = {0};
    struct strbuf room;
    struct record_head head;
    uint32_t at = 0;

    segment_name(g, name);
    int fd = openat(s->dir_fd, name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    strbuf_init(&room, WIRE_MESSAGE_MAX);
    while (scan_record(s, fd, at, &head, &room)) {
        s->epoch = head.epoch; /* also when `state` was lost */
        scan_keep(scan, (struct found){head.seq,
                                       {.offset = at,
                                        .segment = g->number,
                                        .len = head.len,
                                        .n = head.n,
                                        .cls = g->cls,
                                        .partition = head.partition,
                                        .place = ON_DISK}});
        at += (uint32_t)sizeof(head) + head.len;
    }
    strbuf_fini(&room);
    if (fstat(fd, &st) == 0 && at < (uint64_t)st.st_size) {
        s->counts.torn++;
        s->counts.disk_failures += ftruncate(fd, at) != 0;
    }
    close(fd);
    g->size = at;
    s->counts.disk_bytes += at;
}

static bool name_parse(const char *name, uint8_t *cls, uint32_t *number)
{
    struct slice text = slice_of_str(name);
    int64_t dash = slice_find_byte(text, '-');
    enum event_class parsed;
    uint64_t n = 0;

    if (dash < 0 || !wire_class_parse(slice_head(text, (uint32_t)dash), &parsed))
        return false;
    text = slice_from(text, (uint32_t)dash + 1);
    if (text.len < 5 || !slice_eq(slice_tail(text, 4), SLICE_LIT(".seg")) ||
        !slice_to_u64(slice_head(text, text.len - 4), &n) || n > UINT32_MAX / 2)
        return false;
    *cls = (uint8_t)parsed;
    *number = (uint32_t)n;
    return true;
}

static void scan_dir(struct spool *s, struct scan *scan)
{
    DIR *dir = opendir(s->dir);
    struct dirent *file;
    uint8_t cls;
    uint32_t number;

    while (dir && (file = readdir(dir))) {
        if (name_parse(file->d_name, &cls, &number) && !segment_find(s, number))
            segment_add(s, cls, number);
    }
    if (dir)
        closedir(dir);
    for (uint32_t i = 0; i < s->n_segments; i++)
        scan_segment(s, &s->segments[i], scan);
}

static void adopt(struct spool *s, const struct scan *scan)
{
    uint64_t end = s->first;

    for (uint32_t i = 0; i < scan->n; i++)
        end = scan->records[i].seq + 1 > end ? scan->records[i].seq + 1 : end;
    end = s->reserved + 1 > end ? s->reserved + 1 : end;
    if (end - s->first > s->cap_records) /* cannot happen but with foreign files */
        s->first = end - s->cap_records;
    for (uint64_t seq = s->first; seq < end; seq++)
        *entry_of(s, seq) = (struct entry){.place = SHED, .cls = CLASS_STATS};
    for (uint32_t i = 0; i < scan->n; i++) {
        const struct found *f = &scan->records[i];
        if (f->seq < s->first)
            continue;
        *entry_of(s, f->seq) = f->entry;
        if (f->entry.place == ON_DISK)
            segment_find(s, f->entry.segment)->live++;
    }
    s->next = end;
    for (uint32_t i = s->n_segments; i-- > 0;) {
        if (s->segments[i].live == 0)
            segment_delete(s, &s->segments[i]);
    }
}

/* ---- shedding ---- */

static void count_shed(struct spool *s, const struct entry *e)
{
    s->counts.shed_events[e->cls] += e->n;
    s->counts.shed_records++;
}

static void memory_free(struct spool *s, struct entry *e)
{
    free(e->bytes);
    e->bytes = NULL;
    s->counts.memory_bytes -= e->len;
}

static void segment_shed(struct spool *s, struct segment *g)
{
    for (uint64_t seq = s->first; seq < s->next && g->live; seq++) {
        struct entry *e = entry_of(s, seq);
        if (e->place != ON_DISK || e->segment != g->number)
            continue;
        count_shed(s, e);
        e->place = SHED;
        g->live--;
    }
    segment_delete(s, g);
}

/* Frees disk space from classes that are not above `cls`; false when there is none left. */
static bool shed_disk(struct spool *s, uint8_t cls)
{
    for (uint32_t lowest = WIRE_CLASSES; lowest-- > cls;) {
        for (uint32_t i = 0; i < s->n_segments; i++) {
            if (s->segments[i].cls == lowest) {
                segment_shed(s, &s->segments[i]);
                return true;
            }
        }
    }
    return false;
}

/* The oldest record in memory of the lowest class that is not above `cls`. */
static bool shed_memory(struct spool *s, uint8_t cls)
{
    struct entry *victim = NULL;

    for (uint64_t seq = s->first; seq < s->next; seq++) {
        struct entry *e = entry_of(s, seq);
        if (e->place == IN_MEMORY && e->cls >= cls && (!victim || e->cls > victim->cls))
            victim = e;
    }
    if (!victim)
        return false;
    count_shed(s, victim);
    memory_free(s, victim);
    victim->place = SHED;
    return true;
}

/* ---- external ---- */

static bool dir_open(struct spool *s, const char *dir)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return false;
    s->dir = strdup(dir);
    CHECK(s->dir);
    s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0)
        return false;
    s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return s->lock_fd >= 0;
}

enum err spool_open(const struct spool_setup *setup, struct spool **spool)
{
    struct spool *s = calloc(1, sizeof(*s));
    CHECK(s);
    *s = (struct spool){.dir_fd = -1, .lock_fd = -1, .read_fd = -1, .first = 1, .next_segment = 1};
    for (uint32_t c = 0; c < WIRE_CLASSES; c++)
        s->write_fd[c] = -1;
    s->cap_bytes = setup->cap_bytes;
    s->memory_cap = setup->memory_bytes;
    s->cap_records = setup->cap_records ? setup->cap_records : RECORDS_MAX;
    uint64_t segment = setup->segment_bytes ? setup->segment_bytes : setup->cap_bytes / 64;
    if (!setup->segment_bytes && segment < SEGMENT_MIN)
        segment = SEGMENT_MIN;
    s->segment_bytes = (uint32_t)(segment < SEGMENT_MAX ? segment : SEGMENT_MAX);
    uint32_t slots = 64;
    while (slots < s->cap_records + RESERVE)
        slots *= 2;
    s->mask = slots - 1;
    s->entries = calloc(slots, sizeof(*s->entries));
    CHECK(s->entries);

    enum err err = dir_open(s, setup->dir) ? ERR_OK : ERR_IO;
    if (!err && flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        err = ERR_CONFLICT;
    if (err) {
        int kept = errno;
        spool_close(&s);
        errno = kept;
        return err;
    }
    struct scan scan = {0};
    state_read(s);
    scan_dir(s, &scan);
    if (!s->epoch)
        s->epoch = setup->new_epoch;
    adopt(s, &scan);
    free(scan.records);
    *spool = s;
    return state_write(s, s->next - 1) ? ERR_OK : (spool_close(spool), ERR_IO);
}

void spool_close(struct spool **spool)
{
    struct spool *s = *spool;

    if (!s)
        return;
    for (uint64_t seq = s->first; seq < s->next; seq++) {
        if (entry_of(s, seq)->place == IN_MEMORY)
            memory_free(s, entry_of(s, seq));
    }
    if (s->next > 0 && s->lock_fd >= 0)
        state_write(s, s->next - 1);
    for (uint8_t c = 0; c < WIRE_CLASSES; c++)
        writer_close(s, c);
    if (s->read_fd >= 0)
        close(s->read_fd);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    if (s->dir_fd >= 0)
        close(s->dir_fd);
    free(s->segments);
    free(s->entries);
    free(s->dir);
    free(s);
    *spool = NULL;
}

uint64_t spool_epoch(const struct spool *spool)
{
    return spool->epoch;
}

uint64_t spool_first(const struct spool *spool)
{
    return spool->first;
}

uint64_t spool_next(const struct spool *spool)
{
    return spool->next;
}

/* A head that failed in its middle is cut off again, else later records would be lost with it. */
static bool disk_append(struct spool *s, const struct record_head *head, struct slice message,
                        struct entry *e)
{
    uint8_t cls = head->cls;
    struct segment *g = s->write_fd[cls] >= 0 ? segment_find(s, s->write_number[cls]) : NULL;

    if (g && g->size + sizeof(*head) + head->len > s->segment_bytes && g->size) {
        fdatasync(s->write_fd[cls]);
        writer_close(s, cls);
        g = NULL;
    }
    if (!g && !writer_open(s, cls))
        return false;
    g = segment_find(s, s->write_number[cls]);
    int fd = s->write_fd[cls];
    if (!write_all(fd, head, sizeof(*head)) || !write_all(fd, message.at, message.len)) {
        if (ftruncate(fd, g->size) != 0)
            writer_close(s, cls);
        return false;
    }
    e->place = ON_DISK;
    e->segment = g->number;
    e->offset = g->size;
    uint32_t size = (uint32_t)sizeof(*head) + head->len;
    g->size += size;
    g->live++;
    s->counts.disk_bytes += size;
    return true;
}

static bool memory_append(struct spool *s, struct slice message, struct entry *e)
{
    while (s->counts.memory_bytes + message.len > s->memory_cap) {
        if (!shed_memory(s, e->cls))
            return false;
    }
    e->bytes = malloc(message.len + 1);
    if (!e->bytes)
        return false;
    memcpy(e->bytes, message.at, message.len);
    e->place = IN_MEMORY;
    s->counts.memory_bytes += message.len;
    return true;
}

static bool store(struct spool *s, const struct record_head *head, struct slice message,
                  struct entry *e)
{
    uint64_t size = sizeof(*head) + (uint64_t)message.len;

    if (!s->counts.disk_down) {
        while (s->counts.disk_bytes + size > s->cap_bytes) {
            if (!shed_disk(s, head->cls))
                return false;
        }
        if (disk_append(s, head, message, e))
            return true;
        s->counts.disk_failures++;
        s->counts.disk_down = true;
    }
    return memory_append(s, message, e);
}

enum err spool_append(struct spool *spool, const struct spool_record *record)
{
    struct slice message = record->message;
    CHECK(message.len && message.len <= WIRE_MESSAGE_MAX && (uint32_t)record->cls < WIRE_CLASSES);
    if (spool->next - spool->first >= spool->cap_records)
        return ERR_FULL;
    if (spool->next > spool->reserved && !state_write(spool, spool->next + RESERVE - 1))
        spool->counts.disk_down = true; /* the numbers go on; state is tried again with the disk */
    struct record_head head = {.mark = RECORD_MARK,
                               .len = message.len,
                               .epoch = spool->epoch,
                               .seq = spool->next,
                               .n = record->n,
                               .cls = (uint8_t)record->cls,
                               .partition = record->partition};
    head.sum = sum_of(&head, message.at);
    struct entry e = {.len = message.len,
                      .n = record->n,
                      .cls = (uint8_t)record->cls,
                      .partition = record->partition,
                      .place = SHED};
    if (!store(spool, &head, message, &e))
        count_shed(spool, &e);
    *entry_of(spool, spool->next++) = e;
    return ERR_OK;
}

static bool disk_read(struct spool *s, const struct entry *e, struct strbuf *message)
{
    const struct segment *g = segment_find(s, e->segment);
    char name[64];

    if (!g || !strbuf_grow(message, e->len))
        return false;
    if (s->read_fd < 0 || s->read_number != g->number) {
        if (s->read_fd >= 0)
            close(s->read_fd);
        segment_name(g, name);
        s->read_fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC);
        s->read_number = g->number;
    }
    if (s->read_fd < 0 || !read_at(s->read_fd, message->at + message->len, e->len,
                                   e->offset + (uint64_t)sizeof(struct record_head)))
        return false;
    message->len += e->len;
    message->at[message->len] = '\0';
    return true;
}

enum err spool_read(struct spool *spool, uint64_t seq, struct spool_record *record,
                    struct strbuf *message)
{
    if (seq < spool->first || seq >= spool->next)
        return ERR_NOTFOUND;
    struct entry *e = entry_of(spool, seq);
    if (e->place == ON_DISK && !disk_read(spool, e, message)) {
        struct segment *g = segment_find(spool, e->segment);
        spool->counts.disk_failures++;
        count_shed(spool, e);
        if (g)
            g->live--;
        e->place = SHED; /* the file is gone or damaged under us */
    } else if (e->place == IN_MEMORY) {
        strbuf_bytes(message, e->bytes, e->len);
    }
    *record = (struct spool_record){.cls = (enum event_class)e->cls,
                                    .partition = e->partition,
                                    .n = e->n,
                                    .shed = e->place == SHED};
    return ERR_OK;
}

static void drop_acknowledged_segments(struct spool *s)
{
    bool reserved = s->reserved + 1 >= s->next;

    for (uint32_t i = s->n_segments; i-- > 0;) {
        struct segment *g = &s->segments[i];
        bool current = s->write_fd[g->cls] >= 0 && s->write_number[g->cls] == g->number;
        if (g->live || (current && g->size < s->segment_bytes / 4 && s->first < s->next))
            continue;
        if (!reserved)
            reserved = state_write(s, s->next + RESERVE - 1);
        if (reserved)
            segment_delete(s, g);
    }
}

void spool_ack(struct spool *spool, uint64_t seq)
{
    if (seq < spool->first)
        return;
    if (seq >= spool->next)
        seq = spool->next - 1;
    for (; spool->first <= seq; spool->first++) {
        struct entry *e = entry_of(spool, spool->first);
        if (e->place == IN_MEMORY)
            memory_free(spool, e);
        if (e->place != ON_DISK)
            continue;
        struct segment *g = segment_find(spool, e->segment);
        CHECK(g && g->live);
        g->live--;
    }
    spool->state_old = true;
    drop_acknowledged_segments(spool);
}

void spool_sync(struct spool *spool)
{
    spool->counts.disk_down = false;
    for (uint32_t c = 0; c < WIRE_CLASSES; c++) {
        if (spool->write_fd[c] >= 0)
            fdatasync(spool->write_fd[c]);
    }
    if (spool->state_old)
        state_write(spool, spool->next + RESERVE - 1);
}

bool spool_has_room(const struct spool *spool, uint32_t bytes)
{
    return spool->next - spool->first < spool->cap_records && !spool->counts.disk_down &&
           spool->counts.disk_bytes + sizeof(struct record_head) + bytes <= spool->cap_bytes;
}

const struct spool_counts *spool_counts(const struct spool *spool)
{
    return &spool->counts;
}
