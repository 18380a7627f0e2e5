/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/client.h"
#include "common/log.h"
#include "sensor/run/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    log_say(LOG_FAULT,
            "no sensor answers on %s: %s; name its socket with --socket, or its directory with -l",
            path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The number of a job goes as a number; whatever else may look like one is text. */
static void put(struct jsonw *w, const char *key, const char *value)
{
    uint64_t number;

    if (strcmp(key, "job") == 0 && slice_to_u64(slice_of_str(value), &number))
        jsonw_u64(w, key, number);
    else
        jsonw_str(w, key, value);
}

static void put_argument(struct jsonw *w, const struct ctl_def *row, uint32_t i, const char *word)
{
    for (uint32_t k = 0; k < CTL_ARGUMENTS_MAX && row->arguments[k]; k++) {
        size_t len = strlen(row->arguments[k]);
        if (strncmp(word, row->arguments[k], len) == 0 && word[len] == '=') {
            put(w, row->arguments[k], word + len + 1);
            return;
        }
    }
    if (i >= CTL_ARGUMENTS_MAX || !row->arguments[i])
        return;
    /* the sensor works in another directory */
    char *whole = strcmp(row->arguments[i], "filename") == 0 ? realpath(word, NULL) : NULL;
    put(w, row->arguments[i], whole ? whole : word);
    free(whole);
}

static void build(const struct ctl_def *row, const char *const *words, struct strbuf *question)
{
    struct jsonw w;

    jsonw_init(&w, question);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "command", row->name);
    jsonw_obj_open(&w, "arguments");
    for (uint32_t i = 0; words[i + 1]; i++)
        put_argument(&w, row, i, words[i + 1]);
    jsonw_obj_close(&w);
    jsonw_obj_close(&w);
    strbuf_char(question, '\n');
}

static struct json *ask(int fd, const struct strbuf *question)
{
    struct strbuf reply;
    struct json *tree = NULL;
    char bytes[65536];
    ssize_t n = send(fd, question->at, question->len, MSG_NOSIGNAL);

    strbuf_init(&reply, DOOR_REPLY_MAX + sizeof(bytes));
    while (n > 0 && !reply.full && (!reply.len || reply.at[reply.len - 1] != '\n')) {
        n = recv(fd, bytes, sizeof(bytes), 0);
        if (n > 0)
            strbuf_bytes(&reply, bytes, (size_t)n);
    }
    if (json_parse(strbuf_view(&reply), &tree, NULL) != ERR_OK)
        log_say(LOG_FAULT, "the sensor gave no answer");
    strbuf_fini(&reply);
    return tree;
}

static int print(const struct json *answer)
{
    const struct json *message = json_get(answer, "message");
    struct strbuf text;

    strbuf_init(&text, 0);
    if (json_kind(message) == JSON_STR)
        strbuf_slice(&text, json_text(message));
    else
        json_write(message, &text);
    puts(text.at ? text.at : "");
    strbuf_fini(&text);
    return strcmp(json_str(json_get(answer, "return"), ""), "OK") == 0 ? 0 : 1;
}

/* Asks again until the job is over. */
static struct json *wait_for(int fd, int64_t id)
{
    struct strbuf question;
    struct json *answer = NULL;
    bool over = false;

    strbuf_init(&question, 256);
    strbuf_fmt(&question, "{\"command\":\"job\",\"arguments\":{\"job\":%lld}}\n", (long long)id);
    while (!over) {
        struct timespec pause = {0, 20000000};
        nanosleep(&pause, NULL);
        json_free(&answer);
        answer = ask(fd, &question);
        const char *state = json_str(json_path(answer, "message.state"), "");
        over = strcmp(state, "waits") != 0 && strcmp(state, "runs") != 0;
    }
    strbuf_fini(&question);
    return answer;
}

int client_run(const char *socket, const char *const *words, bool wait)
{
    const struct ctl_def *row = words[0] ? control_find(words[0]) : NULL;
    struct strbuf question;
    int status = 2;

    if (!row) {
        log_say(LOG_FAULT, "ctl wants a command:");
        client_help();
        return 2;
    }
    int fd = connect_to(socket);
    if (fd < 0)
        return 2;
    strbuf_init(&question, DOOR_LINE_MAX);
    build(row, words, &question);
    struct json *answer = ask(fd, &question);
    int64_t job = json_i64(json_path(answer, "message.job"), 0);
    if (wait && job && strcmp(row->name, "replay") == 0) {
        json_free(&answer);
        answer = wait_for(fd, job);
    }
    if (answer)
        status = print(answer);
    if (wait && strcmp(json_str(json_path(answer, "message.state"), ""), "failed") == 0)
        status = 1;
    json_free(&answer);
    strbuf_fini(&question);
    close(fd);
    return status;
}

void client_help(void)
{
    for (uint32_t i = 0; ctl_rows[i]; i++) {
        char call[128];
        int at = snprintf(call, sizeof(call), "%s", ctl_rows[i]->name);
        for (uint32_t k = 0; k < CTL_ARGUMENTS_MAX && ctl_rows[i]->arguments[k]; k++) {
            if (at > 0 && (size_t)at < sizeof(call))
                at += snprintf(call + at, sizeof(call) - (size_t)at, " [%s]",
                               ctl_rows[i]->arguments[k]);
        }
        fprintf(stderr, "  ctl %-34s %s\n", call, ctl_rows[i]->doc);
    }
}
