/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/ledger.h"

const struct ledger_row ledger_rows[] = {
    {"nic",
     "no_room",
     "packets",
     {"capture.nic_missed", "capture.nic_fifo"},
     "The network card had no room: its ring is small or its interrupts are served late",
     "Card mạng hết chỗ: vòng đệm của card nhỏ hoặc ngắt được phục vụ chậm",
     "Run tramgac-sensor doctor -i IFACE; enlarge the ring (ethtool -G IFACE rx MAX)",
     "Chạy tramgac-sensor doctor -i IFACE; tăng vòng đệm (ethtool -G IFACE rx MAX)"},
    {"nic",
     "damaged",
     "packets",
     {"capture.nic_damaged"},
     "Frames came damaged: cable, transceiver or mirror port",
     "Khung đến bị hỏng: cáp, module quang hoặc cổng mirror",
     "Change the cable or the transceiver; look at the error counters of the switch",
     "Thay cáp hoặc module; xem bộ đếm lỗi trên switch"},
    {"kernel",
     "ring_full",
     "packets",
     {"capture.kernel_drops"},
     "The sensor was slower than the traffic, and the capture buffer was full",
     "Cảm biến chậm hơn lưu lượng và bộ đệm bắt gói đã đầy",
     "Raise workers and capture.buffer, or leave traffic out with capture.filter",
     "Tăng workers và capture.buffer, hoặc loại bớt lưu lượng bằng capture.filter"},
    {"front",
     "cut",
     "packets",
     {"capture.cut_frames"},
     "Only the beginning of these frames was captured",
     "Chỉ phần đầu của các khung này được bắt",
     "Raise capture.snaplen, or the snap length of the program that wrote the capture",
     "Tăng capture.snaplen, hoặc snap length của chương trình ghi tệp"},
    {"front",
     "not_decoded",
     "packets",
     {"decoder.unknown_link"},
     "Frames of a link type that is not decoded",
     "Khung thuộc kiểu liên kết chưa được giải mã",
     "Capture on an Ethernet interface",
     "Bắt gói trên giao diện Ethernet"},
    {"front",
     "fragments",
     "packets",
     {"defrag.timeout", "defrag.evicted"},
     "Packets whose fragments never were complete",
     "Gói không bao giờ đủ mảnh",
     "Look for loss at the mirror port; raise defrag.trackers if evicted grows",
     "Kiểm tra mất gói ở cổng mirror; tăng defrag.trackers nếu evicted tăng"},
    {"worker",
     "flow_table",
     "flows",
     {"flow.end.evicted"},
     "Flows ended early because the flow table was full",
     "Luồng bị kết thúc sớm vì bảng luồng đầy",
     "Raise memory",
     "Tăng memory"},
    {"stream",
     "gaps",
     "bytes",
     {"tcp.gap_bytes"},
     "Bytes of connections that never reached the sensor: lost at the mirror port, the card or "
     "here",
     "Byte của kết nối không đến được cảm biến: mất ở cổng mirror, card hoặc tại đây",
     "If nothing above is lost, the mirror port is overloaded: mirror less, or with more speed",
     "Nếu các mục trên không mất, cổng mirror quá tải: mirror ít hơn hoặc tốc độ cao hơn"},
    {"stream",
     "memory",
     "segments",
     {"tcp.segment_memcap_drop"},
     "Segments dropped because too many wait for missing ones",
     "Đoạn TCP bị bỏ vì quá nhiều đoạn đang chờ",
     "Raise memory",
     "Tăng memory"},
    {"parser",
     "memory",
     "requests",
     {"app.memory_full"},
     "Parsers went without memory",
     "Bộ phân tích giao thức thiếu bộ nhớ",
     "Raise app.memory or memory",
     "Tăng app.memory hoặc memory"},
    {"parser",
     "stopped",
     "flows",
     {"app.full", "app.gaps"},
     "Parsing of a flow ended at a cap or at lost bytes",
     "Việc phân tích luồng dừng ở giới hạn hoặc ở chỗ mất byte",
     "See the gaps above; raise memory if app.full grows",
     "Xem chỗ mất byte ở trên; tăng memory nếu app.full tăng"},
    {"files",
     "memory",
     "files",
     {"files.memory_full", "files.too_many"},
     "Files were not looked into",
     "Tệp không được kiểm tra nội dung",
     "Raise files.memory or memory",
     "Tăng files.memory hoặc memory"},
    {"detect",
     "limits",
     "hits",
     {"detect.hits_cut", "detect.steps_exceeded", "detect.candidates_full", "detect.state_full"},
     "Rules were given up at a limit",
     "Luật bị bỏ qua khi chạm giới hạn",
     "Look which counter of detect.* grows; raise that limit or mend the rule",
     "Xem bộ đếm detect.* nào tăng; nâng giới hạn hoặc sửa luật"},
    {"output",
     "file",
     "events",
     {"output.file.lost"},
     "Events could not be written: the disk is full or read-only",
     "Không ghi được sự kiện: đĩa đầy hoặc chỉ đọc",
     "Make room; writing goes on by itself",
     "Giải phóng đĩa; việc ghi tự tiếp tục"},
    {"spool",
     "mqtt",
     "events",
     {"output.mqtt.shed.tx", "output.mqtt.shed.flow", "output.mqtt.shed.stats"},
     "The spool for the broker was full: lower classes were shed",
     "Hàng đợi gửi broker đầy: loại sự kiện thấp bị bỏ",
     "Bring the broker or the analyzer back; give spool.size more",
     "Khôi phục broker hoặc bộ phân tích; tăng spool.size"},
    {"spool",
     "mqtt_alerts",
     "events",
     {"output.mqtt.shed.alert", "output.mqtt.shed.device"},
     "The spool for the broker was full: even alerts or device events were shed",
     "Hàng đợi gửi broker đầy: cả cảnh báo hoặc sự kiện thiết bị bị bỏ",
     "Bring the broker or the analyzer back; give spool.size more",
     "Khôi phục broker hoặc bộ phân tích; tăng spool.size"},
    {"spool",
     "unix",
     "events",
     {"output.unix.shed.tx", "output.unix.shed.flow", "output.unix.shed.stats"},
     "The spool for the analyzer was full: lower classes were shed",
     "Hàng đợi gửi bộ phân tích đầy: loại sự kiện thấp bị bỏ",
     "Bring the analyzer back; give spool.size more",
     "Khôi phục bộ phân tích; tăng spool.size"},
    {"spool",
     "unix_alerts",
     "events",
     {"output.unix.shed.alert", "output.unix.shed.device"},
     "The spool for the analyzer was full: even alerts or device events were shed",
     "Hàng đợi gửi bộ phân tích đầy: cả cảnh báo hoặc sự kiện thiết bị bị bỏ",
     "Bring the analyzer back; give spool.size more",
     "Khôi phục bộ phân tích; tăng spool.size"},
    {.stage = NULL},
};

uint64_t ledger_lost(const struct ledger_row *row, const struct stats *stats)
{
    uint64_t lost = 0;

    for (uint32_t i = 0; row->counters[i]; i++)
        lost += stats_value(stats, row->counters[i]);
    return lost;
}

static void both(struct jsonw *w, const char *key, const char *en, const char *vi)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "en", en);
    jsonw_str(w, "vi", vi);
    jsonw_obj_close(w);
}

void ledger_json(const struct stats *stats, struct jsonw *w)
{
    jsonw_arr_open(w, "ledger");
    for (const struct ledger_row *row = ledger_rows; row->stage; row++) {
        uint64_t lost = ledger_lost(row, stats);
        if (!lost)
            continue;
        jsonw_obj_open(w, NULL);
        jsonw_str(w, "stage", row->stage);
        jsonw_str(w, "name", row->name);
        jsonw_u64(w, "lost", lost);
        jsonw_str(w, "unit", row->unit);
        both(w, "cause", row->cause_en, row->cause_vi);
        both(w, "remedy", row->remedy_en, row->remedy_vi);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}
