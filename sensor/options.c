/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/options.h"

#include "common/cli.h"

#include <stdio.h>
#include <stdlib.h>

static bool add(const char **list, const char *value)
{
    uint32_t n = 0;

    while (list[n])
        n++;
    if (n == OPTIONS_MANY)
        return false;
    list[n] = value;
    return true;
}

static bool take_replay(struct options *o, const char *v)
{
    return add(o->replay, v);
}
static bool take_iface(struct options *o, const char *v)
{
    return add(o->ifaces, v);
}
static bool take_config(struct options *o, const char *v)
{
    return add(o->config, v);
}
static bool take_include(struct options *o, const char *v)
{
    return add(o->include, v);
}
static bool take_rules_only(struct options *o, const char *v)
{
    return add(o->rules_only, v);
}
static bool take_rules_more(struct options *o, const char *v)
{
    return add(o->rules_more, v);
}
static bool take_set(struct options *o, const char *v)
{
    return strchr(v, '=') && add(o->set, v);
}
static bool take_dir(struct options *o, const char *v)
{
    o->dir = v;
    return *v != '\0';
}
static bool take_data_dir(struct options *o, const char *v)
{
    o->data_dir = v;
    return *v != '\0';
}
static bool take_checksums(struct options *o, const char *v)
{
    o->checksums = v;
    return strcmp(v, "none") == 0 || strcmp(v, "auto") == 0 || strcmp(v, "all") == 0;
}
static bool take_workers(struct options *o, const char *v)
{
    o->workers = v;
    return *v >= '1' && *v <= '9';
}
static bool take_memory(struct options *o, const char *v)
{
    o->memory = v;
    return *v >= '1' && *v <= '9';
}
static bool take_analyzer(struct options *o, const char *v)
{
    o->analyzer = v;
    return strncmp(v, "unix:", 5) == 0 || strncmp(v, "mqtt:", 5) == 0;
}
static bool take_speed(struct options *o, const char *v)
{
    char *end;

    if (strcmp(v, "max") == 0)
        return true;
    o->speed = strtod(v, &end);
    return *end == '\0' && o->speed > 0;
}
static bool take_check(struct options *o, const char *v)
{
    (void)v;
    o->command = COMMAND_CHECK;
    return true;
}
static bool take_quiet(struct options *o, const char *v)
{
    (void)v;
    o->quiet = true;
    return true;
}
static bool take_no_detection(struct options *o, const char *v)
{
    (void)v;
    o->no_detection = true;
    return true;
}
/* As if it stood in the way: each packet is looked at as it comes, what drops ends its flow. */
static bool take_ips(struct options *o, const char *v)
{
    (void)v;
    return add(o->set, "stream.inline=yes") && add(o->set, "detect.drop-ends=true") &&
           add(o->set, "event.alert.blocked=true");
}
static bool take_verbose(struct options *o, const char *v)
{
    (void)v;
    o->verbose = true;
    return true;
}
static bool take_strict(struct options *o, const char *v)
{
    (void)v;
    o->strict_rules = true;
    return true;
}
static bool take_format(struct options *o, const char *v)
{
    return listing_format_parse(v, &o->format);
}
static bool take_junit(struct options *o, const char *v)
{
    o->junit = v;
    return *v != '\0';
}
static bool take_version(struct options *o, const char *v)
{
    (void)v;
    o->command = COMMAND_VERSION;
    return true;
}
static bool take_help(struct options *o, const char *v)
{
    (void)v;
    o->command = COMMAND_HELP;
    return true;
}
static bool take_socket(struct options *o, const char *v)
{
    o->socket = v;
    return *v != '\0';
}
static bool take_wait(struct options *o, const char *v)
{
    (void)v;
    o->wait = true;
    return true;
}
static bool take_number(const char *v, uint64_t *number)
{
    return slice_to_u64(slice_of_str(v), number) && *number;
}
static bool take_sid(struct options *o, const char *v)
{
    return take_number(v, &o->sid) && o->sid <= UINT32_MAX;
}
static bool take_packet(struct options *o, const char *v)
{
    return take_number(v, &o->packet);
}
static bool take_flow(struct options *o, const char *v)
{
    return take_number(v, &o->flow);
}
static bool take_json(struct options *o, const char *v)
{
    (void)v;
    o->format = LISTING_JSON;
    return true;
}
static bool take_follow(struct options *o, const char *v)
{
    (void)v;
    o->follow = true;
    return true;
}
static bool ignore(struct options *o, const char *v)
{
    (void)o;
    (void)v;
    return true;
}

/* Words that are no option are a packet filter, as other sensors take it; behind `ctl` a request.
 */
static bool take_word(struct options *o, const char *word)
{
    if (o->command == COMMAND_CTL)
        return add(o->words, word);
    if (o->command != COMMAND_RUN)
        return false;
    size_t len = strlen(o->filter);
    int n = snprintf(o->filter + len, sizeof(o->filter) - len, "%s%s", len ? " " : "", word);

    return n > 0 && (size_t)n < sizeof(o->filter) - len;
}

static bool take_filter_file(struct options *o, const char *v)
{
    FILE *f = fopen(v, "re");
    size_t len = f ? fread(o->filter, 1, sizeof(o->filter) - 1, f) : 0;

    if (f)
        fclose(f);
    o->filter[len] = '\0';
    while (len && (o->filter[len - 1] == '\n' || o->filter[len - 1] == ' '))
        o->filter[--len] = '\0';
    return len > 0;
}

static const struct cli_row rows[] = {
    {"-r", "FILE|DIR|-", take_replay, "replay captures (pcap, pcapng; .gz .zst .lz4)"},
    {"-i", "IFACE", take_iface, "capture from an interface (repeatable)"},
    {"-c", "FILE", take_config, "configuration; a suricata.yaml is understood too"},
    {"--include", "FILE", take_include,
     "read over a suricata.yaml; its place is told from there (repeatable)"},
    {"-S", "FILE|DIR", take_rules_only, "exactly these rules (repeatable)"},
    {"-s", "FILE|DIR", take_rules_more, "these rules beside the configured ones (repeatable)"},
    {"-l", "DIR", take_dir, "where eve.json and the state of the run go"},
    {"-F", "FILE", take_filter_file,
     "packet filter (BPF) in a file; or its words behind the options"},
    {"--data-dir", "DIR", take_data_dir, "where sets of values that rules fill are saved"},
    {"-k", "none|auto|all", take_checksums, "which checksums must be right (auto: per host)"},
    {"--workers", "N", take_workers, "threads that own flows"},
    {"--memory", "SIZE", take_memory, "memory the tables are carved from, e.g. 900M"},
    {"--speed", "1|10|max", take_speed, "replay in recorded time, a multiple, or at once"},
    {"--follow", NULL, take_follow, "captures grow: wait at their end for more, as tail -f"},
    {"--set", "KEY=VALUE", take_set, "override one configuration value (repeatable)"},
    {"-T", NULL, take_check, "check configuration, rules and profiles; list every fault"},
    {"--analyzer", "unix:PATH|mqtt:HOST:PORT", take_analyzer, "send events to an analyzer"},
    {"--quiet", NULL, take_quiet, "no progress and no summary on a terminal"},
    {"--junit", "FILE", take_junit, "test: write the results as JUnit XML too"},
    {"--socket", "PATH", take_socket, "ctl: control socket of the sensor to ask"},
    {"--wait", NULL, take_wait, "ctl replay: wait until it is over"},
    {"--sid", "N", take_sid, "explain: the rule"},
    {"--packet", "N", take_packet, "explain: this packet only, by its number in the capture"},
    {"--flow", "ID", take_flow, "explain: this flow only, by its flow_id"},
    {"--json", NULL, take_json, "explain: one JSON object"},
    {"--format", "text|md|json", take_format, "form of the lists"},
    {"--version", NULL, take_version, "print the version"},
    {"--help", NULL, take_help, "print this"},
    {"-V", NULL, take_version, NULL},
    {"-h", NULL, take_help, NULL},
    {"-v", NULL, take_verbose, NULL},
    {"-vv", NULL, take_verbose, NULL},
    {"-vvv", NULL, take_verbose, NULL},
    {"--disable-detection", NULL, take_no_detection, NULL},
    {"--init-errors-fatal", NULL, take_strict, NULL},
    {"--runmode", "MODE", ignore, NULL},
    {"--simulate-ips", NULL, take_ips, NULL},
    {"-D", NULL, ignore, NULL},
    {"--pidfile", "FILE", ignore, NULL},
    {"--user", "NAME", ignore, NULL},
    {"--group", "NAME", ignore, NULL},
    {"--engine-analysis", NULL, ignore, NULL},
    {"--reject-dev", "NAME", ignore, NULL},
    {"--pcap-file-delete", NULL, ignore, NULL},
    {"--pcap-file-buffer-size", "BYTES", ignore, NULL},
    {"--pcap-file-continuous", NULL, ignore, NULL},
    {"--pcap-file-recursive", NULL, ignore, NULL},
    {.name = NULL},
};

static const char *const lists[] = {"protocols", "keywords", "fields", "options",   "counters",
                                    "outputs",   "features", "events", "detectors", "evidence",
                                    "commands",  "ledger",   NULL};

static void take_list(struct options *o, const char *list)
{
    o->command = COMMAND_LIST;
    o->list = list;
}

static const struct cli cli = {.rows = rows, .lists = lists, .list = take_list, .word = take_word};

static void explain_sensible(const struct options *o, struct strbuf *fault)
{
    if (!o->sid || !o->replay[0] || o->ifaces[0])
        strbuf_str(fault, "explain wants a capture and a rule: explain -r FILE -S RULES --sid N");
}

static bool sensible(const struct options *o, struct strbuf *fault)
{
    if (o->command == COMMAND_DOCTOR && !o->ifaces[0])
        strbuf_str(fault, "doctor wants an interface: doctor -i IFACE");
    if (o->command == COMMAND_SERVE && (o->ifaces[0] || o->replay[0]))
        strbuf_str(fault, "serve takes captures over its control socket, not by -r or -i");
    if (o->command == COMMAND_EXPLAIN)
        explain_sensible(o, fault);
    if (o->command != COMMAND_RUN)
        return fault->len == 0;
    if (o->replay[0] && o->ifaces[0])
        strbuf_str(fault, "-r and -i exclude each other");
    else if (!o->replay[0] && !o->ifaces[0] && !o->config[0])
        strbuf_str(fault, "nothing to do: give -r FILE or -i IFACE; see --help");
    return fault->len == 0;
}

/* The first argument may be a word that says what to do; returns where the rest begins. */
static int take_command(int argc, char **argv, struct options *o)
{
    static const struct {
        const char *word;
        enum command command;
    } commands[] = {{"serve", COMMAND_SERVE},
                    {"ctl", COMMAND_CTL},
                    {"doctor", COMMAND_DOCTOR},
                    {"explain", COMMAND_EXPLAIN}};

    for (uint32_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].word) != 0)
            continue;
        o->command = commands[i].command;
        return 2;
    }
    if (argc > 1 && strcmp(argv[1], "test") == 0) {
        o->command = COMMAND_TEST;
        o->test_dir = argc > 2 ? argv[2] : NULL;
        return 3;
    }
    return 1;
}

bool options_parse(int argc, char **argv, struct options *o, struct strbuf *fault)
{
    memset(o, 0, sizeof(*o));
    int at = take_command(argc, argv, o);

    if (o->command == COMMAND_TEST && (!o->test_dir || *o->test_dir == '-')) {
        strbuf_str(fault, "test wants a directory of replay cases");
        return false;
    }
    for (; at < argc; at++) {
        at = cli_take(&cli, argc, argv, at, o, fault);
        if (at < 0)
            return false;
    }
    return sensible(o, fault);
}

void options_help(void)
{
    printf(
        "tramgac-sensor " TRAMGAC_VERSION ": watches network traffic, writes EVE JSON\n\n"
        "  tramgac-sensor -r FILE [-l DIR] [-S RULES]    replay a capture\n"
        "  tramgac-sensor -i IFACE [-c FILE]             watch an interface\n"
        "  tramgac-sensor serve [-S RULES] [-l DIR]      stay resident, replay what ctl queues\n"
        "  tramgac-sensor ctl COMMAND [ARGUMENT...]      ask a running sensor\n"
        "  tramgac-sensor doctor -i IFACE                what is wrong with a capture interface\n"
        "  tramgac-sensor explain -r FILE -S RULES --sid N   why a rule did or did not fire\n"
        "  tramgac-sensor test DIR                       run replay cases\n"
        "  tramgac-sensor -T [-c FILE]                   check everything, list all faults\n\n");
    cli_help(&cli);
    printf("Exit status: 0 done, 1 findings of -T or test, 2 wrong usage or unreadable input.\n");
}
