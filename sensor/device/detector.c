/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/detector.h"

#include "sensor/device/core.h"

static const struct detector fixed[] = {
    {DETECTOR_RULE, "rule", "Device breaks a hard rule of its profile",
     "Conditions of `hard` in the profile; from minute 0",
     "Thiết bị vi phạm quy tắc cứng của hồ sơ"},
    {DETECTOR_POLICY, "policy", "Device traffic outside its MUD policy",
     "Contacts that no entry of the MUD file accepts; from minute 0",
     "Lưu lượng ngoài chính sách MUD của thiết bị"},
    {DETECTOR_COMMAND, "command", "Command that the profile does not declare",
     "Modbus requests other than writes; from minute 0", "Lệnh không có trong hồ sơ"},
    {DETECTOR_WRITE, "command", "Write command outside the declared ones",
     "Modbus writes; from minute 0", "Lệnh ghi ngoài danh mục đã khai báo"},
    {DETECTOR_TOPIC, "command", "MQTT topic outside the declared ones",
     "Topics a device publishes or subscribes to; from minute 0",
     "Chủ đề MQTT ngoài danh mục đã khai báo"},
    {DETECTOR_SCAN, "scan", "Device scans the network",
     "Sequential test over first contacts; from minute 0", "Thiết bị quét mạng"},
    {DETECTOR_SWEEP, "sweep", "Device asks for many addresses",
     "Distinct addresses by ARP or echo within 60 s; from minute 0", "Thiết bị dò nhiều địa chỉ"},
    {DETECTOR_VOLUME, "volume", "Device does far more than usual",
     "Contacts opened, failed and received, and DNS queries in 300 s; after learning",
     "Thiết bị hoạt động vượt xa mức thường"},
    {DETECTOR_FLEET, "fleet", "Several devices of a segment deviate alike",
     "The same class of first-seen values or volumes on three devices of a /24 within 10 minutes",
     "Nhiều thiết bị cùng phân đoạn sai lệch giống nhau"},
    {DETECTOR_NEW_DEVICE, "new-device", "New device on the network",
     "A device first seen after the sensor has watched for device.learn", "Thiết bị mới trên mạng"},
    {DETECTOR_ARP, "arp", "Two devices claim one address (ARP)",
     "Another MAC claims an address that was in use within 60 s",
     "Hai thiết bị nhận cùng một địa chỉ (ARP)"},
};
enum { FIXED = sizeof(fixed) / sizeof(fixed[0]) };

struct detector detector_at(uint32_t i)
{
    if (i < FIXED)
        return fixed[i];
    for (uint32_t k = 0; feat_rows[k]; k++) {
        const struct feat_def *f = feat_rows[k];
        if (k == i - FIXED)
            return (struct detector){f->sid, f->name, f->title, f->doc, f->title_vi};
    }
    return (struct detector){.class_ = NULL};
}

struct detector detector_of(uint32_t sid)
{
    for (uint32_t i = 0;; i++) {
        struct detector d = detector_at(i);
        if (!d.class_)
            return (struct detector){sid, "", "Inventory changed", "",
                                     "Danh mục thiết bị thay đổi"};
        if (d.sid == sid)
            return d;
    }
}
