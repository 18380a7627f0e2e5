/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/told.h"
#include "analyzer/push/exercise.h"
#include "common/addr.h"
#include "common/digest.h"

#include <ctype.h>
#include <stdio.h>

void told_mask(const struct connector *c, const char *text, char out[TOLD_HOST_MAX])
{
    uint8_t bytes[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];
    const char *key = *c->secret ? c->secret : c->name;

    digest_hmac_sha256(slice_of_str(key), slice_of_str(text), bytes);
    digest_text(bytes, 4, hex);
    snprintf(out, TOLD_HOST_MAX, "host-%.8s", hex);
}

static bool is_own(const char *ip)
{
    struct addr addr;

    return !addr_parse(slice_of_str(ip), &addr) || addr_is_private(&addr);
}

void told_host(const struct connector *c, const char *ip, char out[TOLD_HOST_MAX])
{
    if (*ip && c->mask_internal && is_own(ip))
        told_mask(c, ip, out);
    else
        snprintf(out, TOLD_HOST_MAX, "%s", ip);
}

/* ---- texts ---- */

static bool is_token_char(char ch)
{
    return ch && (isalnum((unsigned char)ch) || strchr(".:_-", ch) || (unsigned char)ch >= 0x80);
}

/* Length of the name of an own host (it may have blanks) that begins here; 0 = none. */
static size_t own_name_at(const struct told *told, const char *text)
{
    for (const struct json *e = json_first(json_get(told->why, "entities")); e; e = json_next(e)) {
        struct slice name = json_text(json_get(e, "name"));
        if (name.len && strncmp(text, (const char *)name.at, name.len) == 0 &&
            !is_token_char(text[name.len]))
            return name.len;
    }
    return 0;
}

static void put_mask(const struct told *told, const char *at, size_t len, struct strbuf *out)
{
    char name[RECORD_TEXT_MAX];
    char mask[TOLD_HOST_MAX];

    snprintf(name, sizeof(name), "%.*s", (int)len, at);
    told_mask(told->c, name, mask);
    strbuf_str(out, mask);
}

/* A token, without the full stops and colons of the sentence at its end. */
static void put_token(const struct told *told, const char *at, size_t len, struct strbuf *out)
{
    struct slice token = {(const uint8_t *)at, (uint32_t)len};
    struct addr addr;

    while (token.len && strchr(".:-", at[token.len - 1]))
        token.len--;
    if (addr_parse(token, &addr) && addr_is_private(&addr))
        put_mask(told, at, token.len, out);
    else
        strbuf_bytes(out, at, token.len);
    strbuf_bytes(out, at + token.len, len - token.len);
}

void told_text(const struct told *told, const char *text, char out[TOLD_TEXT_MAX])
{
    struct strbuf copy;

    if (!told->c->mask_internal) {
        snprintf(out, TOLD_TEXT_MAX, "%s", text);
        return;
    }
    strbuf_init(&copy, 0);
    strbuf_str(&copy, "");
    while (*text) {
        size_t n = own_name_at(told, text);
        if (n) {
            put_mask(told, text, n, &copy);
        } else {
            while (is_token_char(text[n]))
                n++;
            put_token(told, text, n, &copy);
            if (n == 0)
                strbuf_char(&copy, text[n++]);
        }
        text += n;
    }
    snprintf(out, TOLD_TEXT_MAX, "%s", copy.at ? copy.at : "");
    strbuf_fini(&copy);
}

void told_member(const struct told *told, const struct json *of, const char *path,
                 char out[TOLD_TEXT_MAX])
{
    told_text(told, json_str(json_path(of, path), ""), out);
}

/* ---- an incident ---- */

static enum severity severity_of(const struct json *stage)
{
    enum severity severity = SEVERITY_INFO;

    record_severity_parse(json_text(json_get(stage, "severity")), &severity);
    return severity;
}

static const struct json *worst_of(const struct json *stages)
{
    const struct json *worst = json_first(stages);

    for (const struct json *s = worst; s; s = json_next(s)) {
        if (severity_of(s) >= severity_of(worst))
            worst = s;
    }
    return worst;
}

void told_open(struct told *told, const struct telling *telling)
{
    const struct incident *i = telling->incident;

    *told = (struct told){.c = telling->c, .incident = i, .kind = telling->kind};
    told->exercise = strcmp(telling->kind, "exercise") == 0;
    if (told->exercise)
        exercise_name(i->opened_ns, told->name);
    else
        incident_name(i->id, i->opened_ns, told->name);
    if (json_parse(slice_of_str(i->why_json), &told->why, NULL) != ERR_OK)
        told->why = NULL;
    told->worst = worst_of(json_get(told->why, "stages"));
    told_text(told, i->title_en, told->title_en);
    told_text(told, i->title_vi, told->title_vi);
    told_text(told, i->entity, told->entity);
    told_host(told->c, json_str(json_get(told->worst, "src"), ""), told->src);
    told_host(told->c, json_str(json_get(told->worst, "dst"), ""), told->dst);
}

void told_close(struct told *told)
{
    json_free(&told->why);
}
