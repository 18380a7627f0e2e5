/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs in the text of a message: from a scheme (smtp.url_schemes) to the next blank, quote or
 * angle, in lower case, as Suricata gathers them. At most URLS_MAX of a message.
 */
#include "sensor/app/mime.h"

enum { URLS_MAX = 256, URL_BYTES = 2048 };

static uint8_t lower(uint8_t b)
{
    return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
}

static bool ends_url(uint8_t b)
{
    return b <= ' ' || b == '"' || b == '\'' || b == '<' || b == '>' || b == ']' || b == 0x7f;
}

static bool ends_with(struct slice s, struct slice end)
{
    return s.len >= end.len && slice_eq(slice_tail(s, end.len), end);
}

static bool is_program(struct slice url)
{
    static const struct slice ends[] = {
        SLICE_LIT(".exe"), SLICE_LIT(".vbs"), SLICE_LIT(".bin"), SLICE_LIT(".cmd"),
        SLICE_LIT(".bat"), SLICE_LIT(".jar"), SLICE_LIT(".js"),
    };
    for (uint32_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(url, ends[i]))
            return true;
    return false;
}

/* "host[:port][/…]" */
static struct slice host_of(struct slice rest)
{
    uint32_t n = 0;

    if (rest.len && rest.at[0] == '[') {
        int64_t end = slice_find_byte(rest, ']');
        return end < 0 ? SLICE_NONE : slice_head(slice_from(rest, 1), (uint32_t)end - 1);
    }
    while (n < rest.len && rest.at[n] != '/' && rest.at[n] != ':' && rest.at[n] != '?')
        n++;
    return slice_head(rest, n);
}

static bool is_known(const struct list *urls, struct slice url)
{
    const struct mail_text *all = urls->at;
    for (uint32_t i = 0; i < urls->n; i++)
        if (slice_eq(all[i].text, url))
            return true;
    return false;
}

static void keep_url(struct app *app, struct tx *tx, struct slice url, uint32_t scheme_len)
{
    struct smtp_tx *smtp = tx_data(tx);
    struct mail *mail = &smtp->mail;
    struct addr addr;
    uint8_t text[URL_BYTES];

    if (mail->urls.n >= URLS_MAX || url.len <= scheme_len)
        return;
    url = slice_head(url, URL_BYTES);
    for (uint32_t i = 0; i < url.len; i++)
        text[i] = lower(url.at[i]);
    struct slice low = {text, url.len};
    struct slice rest = slice_from(low, scheme_len);
    struct slice kept = smtp->config->log_scheme ? low : rest;
    if (is_known(&mail->urls, kept))
        return;
    struct mail_text *item = app_append(app, tx, &mail->urls, sizeof *item);
    if (!item)
        return;
    item->text = app_keep(app, tx, kept);
    if (addr_parse(host_of(rest), &addr)) {
        mail->url_ipv4 |= addr.family == 4;
        mail->url_ipv6 |= addr.family == 6;
    }
    mail->url_exe |= is_program(rest);
}

static bool starts_lower(struct slice s, struct slice with)
{
    return s.len >= with.len && slice_ieq(slice_head(s, with.len), with);
}

static void find_scheme(struct app *app, struct tx *tx, struct slice line, struct slice scheme)
{
    for (uint32_t i = 0; i + scheme.len <= line.len; i++) {
        if (lower(line.at[i]) != scheme.at[0] || !starts_lower(slice_from(line, i), scheme))
            continue;
        struct slice url = slice_from(line, i);
        uint32_t n = scheme.len;
        while (n < url.len && !ends_url(url.at[n]))
            n++;
        keep_url(app, tx, slice_head(url, n), scheme.len);
        i += n - 1;
    }
}

void mime_url_find(struct app *app, struct tx *tx, struct slice line)
{
    const struct smtp_config *config = ((struct smtp_tx *)tx_data(tx))->config;

    if (!config || slice_find_byte(line, ':') < 0)
        return;
    for (uint32_t i = 0; i < config->schemes; i++)
        find_scheme(app, tx, line, slice_of_str(config->scheme[i]));
}
