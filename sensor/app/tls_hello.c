/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClientHello and ServerHello (RFC 8446, section 4.1), over TCP or in QUIC.
 */
#include "sensor/app/tls_tx.h"

enum { RANDOM_BYTES = 32, DRAFT_MAJOR = 0x7f };

enum extension {
    EXT_SERVER_NAME = 0,
    EXT_GROUPS = 10,
    EXT_POINT_FORMATS = 11,
    EXT_SIGNATURES = 13,
    EXT_ALPN = 16,
    EXT_VERSIONS = 43,
};

static void read_server_name(struct slice body, struct tls_hello *hello)
{
    struct cursor c = cursor_of(body);
    if (hello->has_server_name)
        hello->sni_fault = TLS_SNI_MANY;
    hello->has_server_name = true;
    cursor_skip(&c, 2); /* length of the list */
    uint8_t type = cursor_u8(&c);
    struct slice name = cursor_take(&c, cursor_be16(&c));
    if (!cursor_ok(&c))
        hello->sni_fault = TLS_SNI_LENGTH;
    else if (type != 0)
        hello->sni_fault = TLS_SNI_TYPE;
    else
        hello->server_name = name;
}

static bool is_grease(uint16_t value)
{
    return (value & 0x0f0f) == 0x0a0a;
}

static void read_versions(struct slice body, bool client, struct tls_hello *hello)
{
    struct cursor c = cursor_of(body);
    if (client)
        cursor_skip(&c, 1); /* length of the list */
    while (cursor_left(&c) >= 2) {
        uint16_t version = cursor_be16(&c);
        bool draft = !client && version >> 8 == DRAFT_MAJOR; /* of TLS 1.3 */
        if (!is_grease(version) && (version >> 8 == 3 || draft) && version > hello->top_version)
            hello->top_version = version;
    }
}

/* The list behind a length of `bytes` bytes. */
static struct slice list_of(struct slice body, uint32_t bytes)
{
    struct cursor c = cursor_of(body);
    uint32_t len = bytes == 1 ? cursor_u8(&c) : cursor_be16(&c);
    return slice_head(cursor_rest(&c), len);
}

static void read_extension(uint16_t type, struct slice body, bool client, struct tls_hello *hello)
{
    switch (type) {
    case EXT_SERVER_NAME:
        if (client)
            read_server_name(body, hello);
        break;
    case EXT_GROUPS:
        hello->groups = list_of(body, 2);
        break;
    case EXT_POINT_FORMATS:
        hello->point_formats = list_of(body, 1);
        break;
    case EXT_SIGNATURES:
        hello->signatures = list_of(body, 2);
        break;
    case EXT_ALPN:
        hello->has_alpn = true;
        hello->alpn = list_of(body, 2);
        break;
    case EXT_VERSIONS:
        read_versions(body, client, hello);
        break;
    default:
        break;
    }
}

bool tls_hello_read(struct slice body, bool client, struct tls_hello *hello)
{
    struct cursor c = cursor_of(body);

    hello->version = cursor_be16(&c);
    hello->top_version = hello->version;
    hello->random = cursor_take(&c, RANDOM_BYTES);
    cursor_skip(&c, cursor_u8(&c)); /* session id */
    if (client) {
        hello->ciphers = cursor_take(&c, cursor_be16(&c));
        cursor_skip(&c, cursor_u8(&c)); /* compression methods */
    } else {
        hello->ciphers = cursor_take(&c, 2);
        cursor_skip(&c, 1);
    }
    if (!cursor_ok(&c))
        return false;
    if (!cursor_left(&c))
        return true;
    hello->extensions = cursor_take(&c, cursor_be16(&c));
    if (!cursor_ok(&c))
        return false;
    struct cursor e = cursor_of(hello->extensions);
    while (cursor_left(&e)) {
        uint16_t ext = cursor_be16(&e);
        struct slice ext_body = cursor_take(&e, cursor_be16(&e));
        if (!cursor_ok(&e))
            return false;
        read_extension(ext, ext_body, client, hello);
    }
    return true;
}
