/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers that are no field of one protocol, the old modifiers of HTTP, and transforms.
 */
#include "common/pcre.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"
#include "sensor/detect/transform.h"

static bool pkt_data_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    d->sticky = NULL;
    d->n_transforms = 0;
    d->transforming = buffer_payload(d->loader);
    return true;
}

static bool file_data_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    return draft_stick(d, buffer_special(d->loader, "file.data", BUFFER_FILE, SIDE_BOTH));
}

/* ---- old modifiers ------------------------------------------------------------------------ */

static bool modifier_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    const char *name = kw->extra;

    if (value.len)
        return draft_fail(d, "\"%s\" takes no value", kw->name);
    const struct buffer *b = buffer_field(d->loader, slice_of_str(name));
    if (!b)
        return draft_fail(d, "no parser gives %s", name);
    return draft_move(d, b);
}

/* ---- transforms --------------------------------------------------------------------------- */

static bool transform_add(struct draft *d, const struct keyword *kw, struct slice arg)
{
    const struct transform_def *def = transform_table;

    while (strcmp(def->name, kw->name) != 0)
        def++;
    if (!d->transforming)
        return draft_fail(d, "\"%s\" stands right behind the name of a buffer", kw->name);
    if (d->n_transforms == BUFFER_TRANSFORMS_MAX)
        return draft_fail(d, "more than %d transforms on a buffer", BUFFER_TRANSFORMS_MAX);
    d->transforms[d->n_transforms++] = (struct transform_use){.def = def, .arg = arg};
    return true;
}

static bool transform_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice arg = draft_unquote(value);

    if (!transform_add(d, kw, arg))
        return false;
    struct transform_use *use = &d->transforms[d->n_transforms - 1];
    return (use->def->read ? use->def->read(use) : arg.len == 0) ||
           draft_fail(d, "bad argument of \"%s\"", kw->name);
}

static bool pcrexform_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    char fault[160];
    struct pcre *pcre = pcre_new(draft_unquote(value), 0, d->loader->pcre_list, fault);

    if (!pcre)
        return draft_fail(d, "%s", fault);
    d->loader->pcre_list = pcre;
    if (pcre_groups(pcre) != 1)
        return draft_fail(d, "pcrexform wants one parenthesis that captures");
    if (!transform_add(d, kw, draft_unquote(value)))
        return false;
    d->transforms[d->n_transforms - 1].compiled = pcre;
    return true;
}

#define MODIFIER(name_, buffer_)                                                                   \
    {                                                                                              \
        .name = name_, .stage = AT_BUFFER, .value = VALUE_NONE, .parse = modifier_parse,           \
        .example = "content:\"a\"; " name_,                                                        \
        .doc = "The content before it is looked for in " buffer_, .extra = buffer_                 \
    }
#define TRANSFORM(name_, value_, example_, doc_)                                                   \
    {                                                                                              \
        .name = name_, .stage = AT_BUFFER, .value = value_, .parse = transform_parse,              \
        .example = "http.uri; " example_, .doc = doc_                                              \
    }

static const struct keyword rows[] = {
    {.name = "pkt_data",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = pkt_data_parse,
     .example = "pkt_data; content:\"a\"",
     .doc = "Back to the payload of packet or stream"},
    {.name = "file.data",
     .aliases = "file_data",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = file_data_parse,
     .example = "file.data; content:\"MZ\"; startswith",
     .doc = "Buffer: decoded content of a file or body"},
    MODIFIER("http_uri", "http.uri"),
    MODIFIER("http_raw_uri", "http.uri.raw"),
    MODIFIER("http_method", "http.method"),
    MODIFIER("http_header", "http.header"),
    MODIFIER("http_raw_header", "http.header.raw"),
    MODIFIER("http_cookie", "http.cookie"),
    MODIFIER("http_user_agent", "http.user_agent"),
    MODIFIER("http_host", "http.host"),
    MODIFIER("http_raw_host", "http.host.raw"),
    MODIFIER("http_client_body", "http.request_body"),
    MODIFIER("http_server_body", "http.response_body"),
    MODIFIER("http_stat_code", "http.stat_code"),
    MODIFIER("http_stat_msg", "http.stat_msg"),
    TRANSFORM("dotprefix", VALUE_NONE, "dotprefix; content:\".a.vn\"; endswith",
              "A dot in front of the buffer: \".a.vn\" then means the domain and all below"),
    TRANSFORM("to_lowercase", VALUE_NONE, "to_lowercase; content:\"a\"", "Letters A-Z as a-z"),
    TRANSFORM("to_uppercase", VALUE_NONE, "to_uppercase; content:\"A\"", "Letters a-z as A-Z"),
    TRANSFORM("strip_whitespace", VALUE_NONE, "strip_whitespace; content:\"ab\"",
              "Without blanks and line ends"),
    TRANSFORM("compress_whitespace", VALUE_NONE, "compress_whitespace; content:\"a b\"",
              "Runs of blanks as one"),
    TRANSFORM("url_decode", VALUE_NONE, "url_decode; content:\"a\"", "%xx and + resolved"),
    TRANSFORM("xor", VALUE_WANTED | VALUE_QUOTED, "xor:\"0d0ac8ff\"; content:\"a\"",
              "Exclusive or with a repeated key"),
    TRANSFORM("header_lowercase", VALUE_NONE, "header_lowercase; content:\"host\"",
              "Names of header lines in lower case"),
    TRANSFORM("strip_pseudo_headers", VALUE_NONE, "strip_pseudo_headers; content:\"a\"",
              "Without header lines that begin with a colon"),
    TRANSFORM("to_md5", VALUE_NONE, "to_md5; content:\"|2a|\"; startswith",
              "MD5 of the buffer, 16 bytes"),
    TRANSFORM("to_sha1", VALUE_NONE, "to_sha1; content:\"|2a|\"; startswith",
              "SHA-1 of the buffer, 20 bytes"),
    TRANSFORM("to_sha256", VALUE_NONE, "to_sha256; content:\"|2a|\"; startswith",
              "SHA-256 of the buffer, 32 bytes"),
    TRANSFORM(
        "domain", VALUE_NONE, "domain; content:\"a.vn\"; startswith; endswith",
        "Of a name the part that somebody registered, by the Public Suffix List; all of a name "
        "that has none"),
    TRANSFORM("tld", VALUE_NONE, "tld; content:\"com.vn\"; startswith; endswith",
              "Of a name the public suffix; all of a name that has none"),
    TRANSFORM(
        "from_base64", VALUE_PLAIN, "from_base64:bytes 64, offset 5, mode rfc2045; content:\"cmd\"",
        "Base64 decoded, up to a byte that is none (mode rfc4648), without such bytes (rfc2045), "
        "or only when there are none (strict); as it is when nothing can be decoded"),
    TRANSFORM("gunzip", VALUE_PLAIN, "from_base64; gunzip:max-size 4096; content:\"cmd\"",
              "gzip unpacked, 1,024 bytes of it or max-size; as it is when it cannot be"),
    TRANSFORM("zlib_deflate", VALUE_PLAIN, "from_base64; zlib_deflate; content:\"cmd\"",
              "zlib unpacked, 1,024 bytes of it or max-size; as it is when it cannot be"),
    {.name = "pcrexform",
     .stage = AT_BUFFER,
     .value = VALUE_QUOTED,
     .parse = pcrexform_parse,
     .example = "http.uri; pcrexform:\"([^/]+)$\"; content:\"a.vn\"",
     .doc = "What the one parenthesis of a regular expression matches; all when it does not"},
    KEYWORD_END,
};

const struct kw_family kw_buffer = {.doc = "Buffers and transforms", .rows = rows};
