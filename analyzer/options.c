/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/options.h"

#include "common/cli.h"

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
static bool take_csv(struct options *o, const char *v)
{
    (void)v;
    return o->csv = true;
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
static bool take_openapi(struct options *o, const char *v)
{
    (void)v;
    o->command = COMMAND_OPENAPI;
    return true;
}
static bool take_help(struct options *o, const char *v)
{
    (void)v;
    o->command = COMMAND_HELP;
    return true;
}

static const struct cli_row rows[] = {
    {"-c", "FILE", take_config, "configuration (YAML); everything has a default"},
    {"--data", "DIR", take_data, "where the store is (default: tramgac-data)"},
    {"--listen", "ADDRESS:PORT", take_listen, "web server (default: 127.0.0.1:8080)"},
    {"--no-web", NULL, take_no_web, "no web server"},
    {"--ingest", "FILE|DIR|-", take_ingest, "read EVE JSON, own or Suricata's (repeatable)"},
    {"--follow", NULL, take_follow, "go on reading the last file as it grows or is replaced"},
    {"--once", NULL, take_once, "end when all files are read, stored and pushed"},
    {"--set", "KEY=VALUE", take_set, "override one configuration value (repeatable)"},
    {"-T", NULL, take_check, "check configuration, rules and store; list every fault"},
    {"--role", "ROLE", take_role, "user add: viewer, analyst, lead, engineer, auditor or admin"},
    {"--password-file", "FILE", take_password, "user add, passwd: first line is the password"},
    {"--full-name", "TEXT", take_full_name, "user add: name shown to others"},
    {"--language", "vi|en", take_language, "user add: language of the pages"},
    {"--format", "text|md|json", take_format, "form of the lists"},
    {"--csv", NULL, take_csv, "export: comma-separated values instead of lines of JSON"},
    {"--openapi", NULL, take_openapi, "print the web interface as an OpenAPI 3.1 document"},
    {"--quiet", NULL, take_quiet, "only warnings and faults"},
    {"--version", NULL, take_version, "print the version"},
    {"--help", NULL, take_help, "print this"},
    {"-h", NULL, take_help, NULL},
    {.name = NULL},
};

static const char *const lists[] = {"options",     "counters",   "sources", "enrichers",
                                    "stores",      "routes",     "outputs", "correlations",
                                    "normalisers", "connectors", NULL};

static void take_list(struct options *o, const char *list)
{
    o->command = COMMAND_LIST;
    o->list = list;
}

/* The file of backup and restore; what to export, and the search. */
static bool take_archive_word(struct options *o, const char *word)
{
    if (!o->word)
        o->word = word;
    else if (o->command == COMMAND_EXPORT && !o->search)
        o->search = word;
    else
        return false;
    return true;
}

/* A word that is no option: of `user` and the commands about the store. */
static bool take_word(struct options *o, const char *word)
{
    if (o->command >= COMMAND_BACKUP && o->command <= COMMAND_EXPORT)
        return take_archive_word(o, word);
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

static const struct cli cli = {.rows = rows, .lists = lists, .list = take_list, .word = take_word};

static const struct {
    const char *word;
    enum command command;
    const char *wants;
} commands[] = {{"user", COMMAND_USER, "user wants add, passwd or list"},
                {"backup", COMMAND_BACKUP, "backup wants the name of a new file"},
                {"restore", COMMAND_RESTORE, "restore wants the file of a backup"},
                {"export", COMMAND_EXPORT, "export wants incidents, groups or events"}};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* A command in front of the options; false: there is none. */
static bool take_command(struct options *o, const char *word)
{
    for (uint32_t i = 0; i < COMMANDS; i++) {
        if (strcmp(word, commands[i].word) == 0) {
            o->command = commands[i].command;
            return true;
        }
    }
    return false;
}

static void check_command(const struct options *o, struct strbuf *fault)
{
    for (uint32_t i = 0; i < COMMANDS; i++) {
        if (o->command == commands[i].command && !o->user.verb && !o->word)
            strbuf_str(fault, commands[i].wants);
    }
}

bool options_parse(int argc, char **argv, struct options *o, struct strbuf *fault)
{
    int at = 1;

    memset(o, 0, sizeof(*o));
    o->data = "tramgac-data";
    o->listen = "127.0.0.1:8080";
    if (argc > 1 && take_command(o, argv[1]))
        at = 2;
    for (; at < argc; at++) {
        at = cli_take(&cli, argc, argv, at, o, fault);
        if (at < 0)
            return false;
    }
    check_command(o, fault);
    if (o->once && !o->ingest[0])
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
        "  tramgac-analyzer backup|restore FILE.db         copy of the store, checked\n"
        "  tramgac-analyzer export incidents|groups|events [SEARCH] [--csv]\n"
        "  tramgac-analyzer incident|alert|search|report … the desk of a running analyzer "
        "(--help)\n"
        "  tramgac-analyzer -T [-c FILE]                   check everything, list all faults\n\n");
    cli_help(&cli);
    printf("Exit status: 0 done, 1 findings of -T, 2 wrong usage or unreadable input.\n");
}
