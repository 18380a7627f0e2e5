/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of EtherNet/IP and CIP.
 */
#include "sensor/app/enip_tx.h"

static const struct label commands[] = {
    {0x00, "nop"},
    {0x04, "list_services"},
    {0x63, "list_identity"},
    {0x64, "list_interfaces"},
    {0x65, "register_session"},
    {0x66, "unregister_session"},
    {0x6f, "send_rr_data"},
    {0x70, "send_unit_data"},
    {0x72, "indicate_status"},
    {0x73, "cancel"},
    {0, NULL},
};

static bool has_class(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct enip_cip *)item)->has_class;
}

static bool has_instance(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct enip_cip *)item)->has_instance;
}

static bool has_attribute(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct enip_cip *)item)->has_attribute;
}

static bool has_status(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct enip_cip *)item)->is_response;
}

static bool has_identity(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct enip_tx *)data)->identity.seen;
}

static const struct field cip_fields[] = {
    {.name = "enip.cip_service",
     .eve = "service",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_U8,
     .offset = offsetof(struct enip_cip, service),
     .progress = TX_DONE,
     .zero = true,
     .doc = "CIP service"},
    {.name = "enip.cip_response",
     .eve = "response",
     .uses = IN_EVE,
     .type = FIELD_BOOL,
     .offset = offsetof(struct enip_cip, is_response),
     .progress = TX_DONE,
     .doc = "It is a response"},
    {.name = "enip.cip_class",
     .eve = "class",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct enip_cip, class),
     .progress = TX_DONE,
     .zero = true,
     .has = has_class,
     .doc = "Class in the path"},
    {.name = "enip.cip_instance",
     .eve = "instance",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct enip_cip, instance),
     .progress = TX_DONE,
     .zero = true,
     .has = has_instance,
     .doc = "Instance in the path"},
    {.name = "enip.cip_attribute",
     .eve = "attribute",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct enip_cip, attribute),
     .progress = TX_DONE,
     .zero = true,
     .has = has_attribute,
     .doc = "Attribute in the path or list"},
    {.name = "enip.cip_status",
     .eve = "status",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct enip_cip, status),
     .progress = TX_DONE,
     .has = has_status,
     .doc = "General status of a response"},
    FIELD_END,
};

const struct field enip_fields[] = {
    {.name = "enip.command",
     .eve = "command",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_U16,
     .offset = offsetof(struct enip_tx, command),
     .progress = TX_DONE,
     .zero = true,
     .labels = commands,
     .alias = "enip_command",
     .doc = "Command of the encapsulation"},
    {.name = "enip.status",
     .eve = "status",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct enip_tx, status),
     .progress = TX_DONE,
     .doc = "Status of the encapsulation"},
    {.name = "enip.session",
     .eve = "session",
     .uses = IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct enip_tx, session),
     .progress = TX_DONE,
     .doc = "Session handle"},
    {.name = "enip.cip",
     .eve = "cip",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct enip_tx, cips),
     .progress = TX_DONE,
     .items = cip_fields,
     .item_size = sizeof(struct enip_cip),
     .doc = "CIP services of the message"},
    {.name = "enip.protocol_version",
     .eve = "identity.protocol_version",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct enip_tx, identity.protocol),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "Version of the encapsulation a device tells"},
    {.name = "enip.vendor_id",
     .eve = "identity.vendor_id",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct enip_tx, identity.vendor),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "Vendor a device tells"},
    {.name = "enip.device_type",
     .eve = "identity.device_type",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct enip_tx, identity.type),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "Type of device it tells"},
    {.name = "enip.product_code",
     .eve = "identity.product_code",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct enip_tx, identity.product),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "Product code it tells"},
    {.name = "enip.serial",
     .eve = "identity.serial",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct enip_tx, identity.serial),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "Serial number it tells"},
    {.name = "enip.identity_status",
     .eve = "identity.status",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct enip_tx, identity.status),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "Status word it tells"},
    {.name = "enip.state",
     .eve = "identity.state",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct enip_tx, identity.state),
     .progress = TX_DONE,
     .zero = true,
     .has = has_identity,
     .doc = "State it tells"},
    {.name = "enip.product_name",
     .eve = "identity.product_name",
     .uses = IN_RULES | IN_EVE | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct enip_tx, identity.name),
     .progress = TX_DONE,
     .doc = "Product name a device tells"},
    FIELD_END,
};
