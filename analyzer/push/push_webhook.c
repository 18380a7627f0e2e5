/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message in the receiver's own words: a template of the configuration, in which {{path}} stands
 * for a value of the CloudEvents form of the incident ({{subject}}, {{data.severity}},
 * {{data.title.vi}}, {{data.stages.0.src}}). Values are escaped as the content type needs: in
 * JSON as text without quotation marks, in XML and HTML as character data, in a form as
 * percent-encoding. What is not there is empty.
 */
#include "analyzer/push/cloudevent.h"
#include "analyzer/push/post.h"
#include "common/json.h"
#include "common/jsonw.h"

#include <ctype.h>
#include <stdio.h>

enum { PATH_MAX_LEN = 120, VALUE_MAX = 40 };

static void put_xml(struct strbuf *out, struct slice text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t b = text.at[i];
        if (b == '<' || b == '>' || b == '&' || b == '"' || b == '\'')
            strbuf_fmt(out, "&#%u;", b);
        else if (b >= 0x20 || b == '\t' || b == '\n')
            strbuf_char(out, (char)b);
    }
}

static void put_percent(struct strbuf *out, struct slice text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t b = text.at[i];
        if (b < 0x80 && (isalnum(b) || strchr("-._~", b)))
            strbuf_char(out, (char)b);
        else
            strbuf_fmt(out, "%%%02X", b);
    }
}

static void put_json(struct strbuf *out, struct slice text)
{
    struct strbuf quoted;
    struct jsonw w;

    strbuf_init(&quoted, 0);
    jsonw_init(&w, &quoted);
    jsonw_text(&w, NULL, text);
    if (quoted.len > 2)
        strbuf_bytes(out, quoted.at + 1, quoted.len - 2);
    strbuf_fini(&quoted);
}

static void put_value(const struct connector *c, struct strbuf *out, struct slice text)
{
    if (strstr(c->content_type, "xml") || strstr(c->content_type, "html"))
        put_xml(out, text);
    else if (strstr(c->content_type, "form-urlencoded"))
        put_percent(out, text);
    else if (strstr(c->content_type, "json"))
        put_json(out, text);
    else
        strbuf_slice(out, text);
}

static void put_path(const struct connector *c, const struct json *event, struct slice path,
                     struct strbuf *out)
{
    char name[PATH_MAX_LEN];
    char number[VALUE_MAX];

    snprintf(name, sizeof(name), "%.*s", (int)path.len, (const char *)path.at);
    const struct json *v = json_path(event, name);
    if (json_kind(v) == JSON_NUM) {
        snprintf(number, sizeof(number), "%.15g", json_num(v, 0));
        strbuf_str(out, number);
    } else {
        put_value(c, out, json_text(v));
    }
}

static void webhook_render(const struct telling *telling, struct strbuf *out)
{
    const struct connector *c = telling->c;
    const char *at = c->template;
    struct strbuf text;
    struct json *event = NULL;

    strbuf_init(&text, 0);
    cloudevent_incident(telling, &text);
    if (json_parse(strbuf_view(&text), &event, NULL) == ERR_OK) {
        const char *end = NULL;
        for (const char *open = strstr(at, "{{"); open && (end = strstr(open, "}}"));
             open = strstr(at, "{{")) {
            strbuf_bytes(out, at, (size_t)(open - at));
            put_path(c, event,
                     (struct slice){(const uint8_t *)open + 2, (uint32_t)(end - open - 2)}, out);
            at = end + 2;
        }
        strbuf_str(out, at);
    }
    json_free(&event);
    strbuf_fini(&text);
}

static void webhook_send(void *self, const struct connector *c, const char *key, const char *kind,
                         struct slice payload, uint64_t now_ns, struct push_answer *answer)
{
    struct post post = {c->content_type, NULL, key, payload, now_ns};

    (void)kind;
    post_one(self, c, &post, answer);
}

const struct push_def push_webhook = {
    .name = "webhook",
    .doc = "A message in the receiver's own words, by a template",
    .needs = "url template",
    .render = webhook_render,
    .open = post_open,
    .send = webhook_send,
    .close = post_close,
};
