/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/options.h"

#include <stdio.h>

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

static bool take_config(struct options *o, const char *v)
{
    o->config = v;
    return *v != '\0';
}
static bool take_data(struct options *o, const char *v)
{
    o->data = v;
    return *v != '\0';
}
static bool take_listen(struct options *o, const char *v)
{
    o->listen = v;
    return strchr(v, ':') != NULL;
}
static bool take_ingest(struct options *o, const char *v)
{
    return *v && add(o->ingest, v);
}
static bool take_set(struct options *o, const char *v)
{
    return strchr(v, '=') && add(o->set, v);
}
static bool take_once(struct options *o, const char *v)
{
    (void)v;
    return o->once = true;
}
static bool take_follow(struct options *o, const char *v)
{
    (void)v;
    return o->follow = true;
}
static bool take_no_web(struct options *o, const char *v)
{
    (void)v;
    return o->no_web = true;
}
static bool take_quiet(struct options *o, const char *v)
{
    (void)v;
    return o->quiet = true;
}
static bool take_check(struct options *o, const char *v)
{
    (void)v;
    o->command = COMMAND_CHECK;
    return true;
}
static bool take_format(struct options *o, const char *v)
{
    return listing_format_parse(v, &o->format);
}
static bool take_role(struct options *o, const char *v)
{
    o->user.role = v;
    return *v != '\0';
}
static bool take_password(struct options *o, const char *v)
{
    o->user.password_file = v;
    return *v != '\0';
}
static bool take_full_name(struct options *o, const char *v)
{
    o->user.full_name = v;
    return true;
}
static bool take_language(struct options *o, const char *v)
{
    o->user.language = v;
    return strcmp(v, "vi") == 0 || strcmp(v, "en") == 0;
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

static const struct row {
    const char *name;
    const char *value; /* what stands behind it; NULL = nothing */
    bool (*take)(struct options *o, const char *value);
    const char *doc;
} rows[] = {
    {"-c", "FILE", take_config, "configuration (YAML); everything has a default"},
    {"--data", "DIR", take_data, "where the store is (default: tramgac-data)"},
    {"--listen", "ADDRESS:PORT", take_listen, "web server (default: 127.0.0.1:8080)"},
    {"--no-web", NULL, take_no_web, "no web server"},
    {"--ingest", "FILE|DIR|-", take_ingest, "read EVE JSON, own or Suricata's (repeatable)"},
    {"--follow", NULL, take_follow, "go on reading the last file as it grows or is replaced"},
    {"--once", NULL, take_once, "end when all files are read, stored and pushed"},
    {"--set", "KEY=VALUE", take_set, "override one configuration value (repeatable)"},
    {"-T", NULL, take_check, "check configuration, rules and store; list every fault"},
    {"--role", "viewer|analyst|admin", take_role, "user add: what the user may do"},
    {"--password-file", "FILE", take_password, "user add, passwd: first line is the password"},
    {"--full-name", "TEXT", take_full_name, "user add: name shown to others"},
    {"--language", "vi|en", take_language, "user add: language of the pages"},
    {"--format", "text|md|json", take_format, "form of the lists"},
    {"--quiet", NULL, take_quiet, "only warnings and faults"},
    {"--version", NULL, take_version, "print the version"},
    {"--help", NULL, take_help, "print this"},
    {"-h", NULL, take_help, NULL},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char *const lists[] = {"options", "counters", "sources",      "enrichers",  "stores",
                                    "routes",  "outputs",  "correlations", "normalisers"};

static bool take_list(const char *arg, struct options *o)
{
    for (uint32_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(arg, lists[i]) != 0)
            continue;
        o->command = COMMAND_LIST;
        o->list = lists[i];
        return true;
    }
    return false;
}

/* A word that is no option: of `user`. */
static bool take_word(struct options *o, const char *word)
{
    if (o->command != COMMAND_USER)
        return false;
    if (!o->user.verb)
        o->user.verb = word;
    else if (!o->user.name)
        o->user.name = word;
    else
        return false;
    return true;
}

static bool take_row(const struct row *row, const char *value, struct options *o,
                     struct strbuf *fault)
{
    if ((!row->value || value) && row->take(o, value))
        return true;
    strbuf_fmt(fault, "%s wants %s%s%s", row->name, row->value ? row->value : "",
               value ? ", not " : "", value ? value : "");
    return false;
}

/* Index of the last argument used, -1 on a fault. */
static int take_one(int argc, char **argv, int at, struct options *o, struct strbuf *fault)
{
    const char *arg = argv[at];
    const char *equals = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;
    struct slice name = {(const uint8_t *)arg,
                         equals ? (uint32_t)(equals - arg) : (uint32_t)strlen(arg)};

    if (strncmp(arg, "--list-", 7) == 0 && take_list(arg + 7, o))
        return at;
    if (*arg != '-' && take_word(o, arg))
        return at;
    uint32_t i = 0;
    while (i < ROWS && !slice_eq(name, slice_of_str(rows[i].name)))
        i++;
    if (i == ROWS) {
        strbuf_fmt(fault, "unknown option %s; see --help", arg);
        return -1;
    }
    const char *value = equals ? equals + 1 : NULL;
    if (rows[i].value && !value)
        value = ++at < argc ? argv[at] : NULL;
    return take_row(&rows[i], value, o, fault) ? at : -1;
}

bool options_parse(int argc, char **argv, struct options *o, struct strbuf *fault)
{
    int at = 1;

    memset(o, 0, sizeof(*o));
    o->data = "tramgac-data";
    o->listen = "127.0.0.1:8080";
    if (argc > 1 && strcmp(argv[1], "user") == 0) {
        o->command = COMMAND_USER;
        at = 2;
    }
    for (; at < argc; at++) {
        at = take_one(argc, argv, at, o, fault);
        if (at < 0)
            return false;
    }
    if (o->command == COMMAND_USER && !o->user.verb)
        strbuf_str(fault, "user wants add, passwd or list");
    else if (o->once && !o->ingest[0])
        strbuf_str(fault, "--once wants --ingest");
    else if (o->once && o->follow)
        strbuf_str(fault, "--once and --follow exclude each other");
    return fault->len == 0;
}

void options_help(void)
{
    printf(
        "tramgac-analyzer " TRAMGAC_VERSION ": turns the events of sensors into incidents\n\n"
        "  tramgac-analyzer [-c FILE] [--data DIR] [--listen ADDRESS:PORT]\n"
        "  tramgac-analyzer --ingest FILE|DIR|- [--once]   read EVE JSON\n"
        "  tramgac-analyzer user add|passwd|list [NAME]    accounts\n"
        "  tramgac-analyzer -T [-c FILE]                   check everything, list all faults\n\n");
    for (uint32_t i = 0; i < ROWS; i++) {
        if (rows[i].doc)
            printf("  %s %s%*s%s\n", rows[i].name, rows[i].value ? rows[i].value : "",
                   (int)(36 - strlen(rows[i].name) - (rows[i].value ? strlen(rows[i].value) : 0)),
                   "", rows[i].doc);
    }
    printf("  "
           "--list-options|counters|sources|normalisers|enrichers|correlations|connectors|stores|"
           "outputs|"
           "routes\n%39sprint the tables this program is made of\n\n"
           "Exit status: 0 done, 1 findings of -T, 2 wrong usage or unreadable input.\n",
           "");
}
