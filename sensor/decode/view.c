/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/view.h"

const struct view_def view_defs[VIEW_COUNT] = {
    [VIEW_DUPLICATE] =
        {"duplicate_packets", "nothing", 4, 10,
         "The mirror sends packets twice; the second copy is left out and counted.",
         "Cổng mirror gửi mỗi gói hai lần; bản thứ hai bị bỏ qua và được đếm.",
         "Mirror only one direction (rx) of each port, or remove one of the overlapping sources.",
         "Chỉ mirror một chiều (rx) của mỗi cổng, hoặc bỏ bớt nguồn mirror trùng nhau."},
    [VIEW_DUPLICATE_ROUTED] =
        {"duplicate_routed", "nothing", 4, 10,
         "Packets are seen before and after a router (TTL differs); only the first copy counts.",
         "Gói tin được thấy cả trước và sau bộ định tuyến (TTL khác); chỉ tính bản đầu tiên.",
         "Mirror one side of the router only.", "Chỉ mirror một phía của bộ định tuyến."},
    [VIEW_DUPLICATE_VLAN] =
        {"duplicate_vlan", "nothing", 4, 10,
         "Packets are seen again in another VLAN or tunnel; only the first copy counts.",
         "Gói tin xuất hiện lại trong VLAN hoặc đường hầm khác; chỉ tính bản đầu tiên.",
         "Mirror the traffic in one of the two VLANs only.",
         "Chỉ mirror lưu lượng ở một trong hai VLAN."},
    [VIEW_OFFLOAD] =
        {"checksum_offload", "nothing", 8, 10,
         "Checksums of some hosts are wrong as their network cards fill them in later; they are "
         "forgiven for these hosts.",
         "Checksum của một số máy sai vì card mạng của chúng tính sau; cảm biến bỏ qua lỗi này cho "
         "các máy đó.",
         "Capture behind the host, or switch its transmit checksum offload off (ethtool -K IFACE "
         "tx "
         "off).",
         "Bắt gói phía sau máy đó, hoặc tắt tx checksum offload (ethtool -K IFACE tx off)."},
    [VIEW_CUT] =
        {"truncated_packets", "payload", 4, 5,
         "Packets are cut by a snap length: what lies behind the cut cannot be inspected.",
         "Gói tin bị cắt bởi snap length: phần sau chỗ cắt không thể kiểm tra.",
         "Capture whole packets (snaplen 262144); on the switch, switch packet slicing off.",
         "Bắt toàn bộ gói (snaplen 262144); tắt cắt gói trên thiết bị mirror."},
    [VIEW_SUPERFRAME] =
        {"superframes", "packet sizes", 4, 1,
         "Frames are larger than the wire allows: segments were merged (GRO, LRO, TSO), or jumbo "
         "frames are in use. They are read whole.",
         "Khung lớn hơn mức cho phép trên dây: các đoạn đã bị gộp (GRO, LRO, TSO) hoặc dùng khung "
         "jumbo. Cảm biến vẫn đọc đầy đủ.",
         "Switch merging off on the capture interface: ethtool -K IFACE gro off lro off tso off.",
         "Tắt gộp trên giao diện bắt gói: ethtool -K IFACE gro off lro off tso off."},
    [VIEW_TIME_BACK] =
        {"time_backwards", "order of events", 4, 1,
         "Time stamps run backwards: several sources with different clocks or buffers. Time counts "
         "by the newest stamp seen.",
         "Dấu thời gian chạy lùi: nhiều nguồn có đồng hồ hoặc bộ đệm khác nhau. Cảm biến tính theo "
         "dấu mới nhất.",
         "Synchronise the clocks (PTP, NTP), or merge the captures by time.",
         "Đồng bộ đồng hồ (PTP, NTP), hoặc ghép các tệp theo thời gian."},
    [VIEW_UNKNOWN] = {"unknown_encapsulation", "inner packets", 4, 1,
                      "Packets are wrapped in a header that is not known; where an IP packet was "
                      "found inside, it "
                      "was inspected.",
                      "Gói tin được bọc trong phần đầu không rõ; nếu tìm thấy gói IP bên trong thì "
                      "gói đó đã được "
                      "kiểm tra.",
                      "Send the sample to the developers, or mirror before the encapsulation.",
                      "Gửi mẫu cho nhà phát triển, hoặc mirror trước khi đóng gói."},
    [VIEW_OPAQUE] = {"encrypted_link", "inner packets", 4, 10,
                     "Packets are in an encrypted tunnel or link (MACsec, IPsec, WireGuard, "
                     "OpenVPN, WPA, DTLS): "
                     "their content cannot be inspected.",
                     "Gói tin nằm trong đường hầm hoặc liên kết mã hóa (MACsec, IPsec, WireGuard, "
                     "OpenVPN, WPA, "
                     "DTLS): không thể kiểm tra nội dung.",
                     "Mirror behind the device that decrypts.",
                     "Mirror phía sau thiết bị giải mã."},
    [VIEW_FRAGMENTS] =
        {"fragments_incomplete", "fragmented packets", 8, 5,
         "IP fragments without the rest of their packet: the mirror drops fragments.",
         "Mảnh IP thiếu phần còn lại của gói: cổng mirror làm mất mảnh.",
         "Look for loss on the mirror port; mirror all members of an aggregated link.",
         "Kiểm tra mất gói trên cổng mirror; mirror mọi thành viên của liên kết gộp."},
    [VIEW_LAYERS] =
        {"nested_too_deep", "inner packets", 4, 1,
         "Packets are nested deeper than the sensor follows: a loop, or an attempt to hide.",
         "Gói tin lồng sâu hơn mức cảm biến theo dõi: vòng lặp hoặc cố ý che giấu.",
         "Look for a tunnel that leads into itself.", "Tìm đường hầm dẫn vào chính nó."},
    [VIEW_MALFORMED] =
        {"malformed_packets", "these packets", 16, 50,
         "Many packets have faulty headers: the mirror damages them, or the link type is wrong.",
         "Nhiều gói có phần đầu lỗi: cổng mirror làm hỏng hoặc sai kiểu liên kết.",
         "Look at the notes of `anomaly` events (event.anomaly.decode) and at cables and optics.",
         "Xem sự kiện `anomaly` (event.anomaly.decode) và kiểm tra cáp, module quang."},
    [VIEW_ONE_DIRECTION] =
        {"one_direction", "the other direction", 4, 50,
         "Only one direction of sessions is seen although the other must exist; rules and parsers "
         "work on what is there.",
         "Chỉ thấy một chiều của phiên dù chiều kia phải tồn tại; luật và bộ phân tích làm việc "
         "trên "
         "phần thấy được.",
         "Mirror both directions (rx and tx), all members of an aggregated link, both paths of an "
         "asymmetric route.",
         "Mirror cả hai chiều (rx và tx), mọi thành viên của liên kết gộp, cả hai đường của tuyến "
         "bất đối xứng."},
    [VIEW_NO_HANDSHAKE] =
        {"no_handshake", "beginning of sessions", 4, 50,
         "Sessions are seen from their middle on: the sensor began later, or the mirror loses "
         "their "
         "beginning. They are inspected all the same, where stream.midstream allows.",
         "Phiên chỉ được thấy từ giữa: cảm biến bắt đầu sau, hoặc mirror làm mất phần đầu. Vẫn "
         "được kiểm tra, nếu stream.midstream cho phép.",
         "Nothing right after a start; later look for filters and loss on the mirror port.",
         "Không cần làm gì ngay sau khi khởi động; về sau kiểm tra bộ lọc và mất gói trên mirror."},
    [VIEW_NO_SYN] =
        {"syn_missing", "beginning of sessions", 4, 50,
         "The first packet of handshakes (SYN) is missing; sessions are inspected all the same.",
         "Thiếu gói đầu của bắt tay TCP (SYN); phiên vẫn được kiểm tra.",
         "Look for a SYN filter or SYN proxy in front of the mirror, and for loss.",
         "Kiểm tra bộ lọc SYN hoặc SYN proxy trước cổng mirror, và mất gói."},
    [VIEW_NO_SYN_ACK] =
        {"syn_ack_missing", "beginning of sessions", 4, 50,
         "The answer of handshakes (SYN-ACK) is missing; sessions are inspected all the same.",
         "Thiếu gói trả lời bắt tay TCP (SYN-ACK); phiên vẫn được kiểm tra.",
         "Look for loss, and for a second path of the answers.",
         "Kiểm tra mất gói và đường đi khác của gói trả lời."},
    [VIEW_NO_LAST_ACK] =
        {"handshake_ack_missing", "nothing", 8, 500,
         "The last packet of handshakes (ACK) is missing; sessions are inspected all the same.",
         "Thiếu gói cuối của bắt tay TCP (ACK); phiên vẫn được kiểm tra.",
         "Look for a filter of small packets in front of the mirror.",
         "Kiểm tra bộ lọc gói nhỏ trước cổng mirror."},
    [VIEW_TAG_ONE_SIDE] =
        {"tag_on_one_direction", "nothing", 4, 10,
         "One direction carries a VLAN tag or tunnel header and the other does not; both are "
         "joined.",
         "Một chiều có thẻ VLAN hoặc phần đầu đường hầm, chiều kia không; cảm biến vẫn ghép hai "
         "chiều.",
         "Set the mirror to keep or strip tags for both directions alike.",
         "Cấu hình mirror giữ hoặc bỏ thẻ giống nhau cho cả hai chiều."},
    [VIEW_TAGS_DIFFER] =
        {"tags_differ_by_direction", "nothing", 4, 10,
         "The two directions carry different VLANs, labels or tunnel ids; both are joined.",
         "Hai chiều mang VLAN, nhãn hoặc mã đường hầm khác nhau; cảm biến vẫn ghép hai chiều.",
         "Usual for MPLS and GTP; for VLANs look at asymmetric routing.",
         "Bình thường với MPLS và GTP; với VLAN hãy xem định tuyến bất đối xứng."},
    [VIEW_TENANTS] =
        {"overlapping_addresses", "nothing", 2, 1,
         "The same addresses and ports are in use in several VLANs or tunnels: their flows are "
         "kept "
         "apart.",
         "Cùng địa chỉ và cổng được dùng trong nhiều VLAN hoặc đường hầm: luồng được tách riêng.",
         "Nothing, where tenants are meant to overlap.", "Không cần làm gì nếu đó là chủ ý."},
    [VIEW_DISORDER] =
        {"directions_out_of_order", "order of events", 4, 20,
         "Answers are captured before what they answer: the mirror buffers both directions apart. "
         "The sensor waits and puts them in order.",
         "Gói trả lời được bắt trước gói hỏi: mirror đệm hai chiều riêng. Cảm biến chờ và sắp lại "
         "thứ tự.",
         "Mirror both directions through one port, or use a device that stamps time.",
         "Mirror hai chiều qua một cổng, hoặc dùng thiết bị đóng dấu thời gian."},
    [VIEW_LOSS] = {"packets_lost", "lost payload", 2, 20,
                   "Segments that the receiver got never reached the sensor: loss on the mirror.",
                   "Các đoạn mà bên nhận đã nhận không đến được cảm biến: mất gói trên mirror.",
                   "Compare the mirror's load with its speed; use a faster port or fewer sources.",
                   "So tải của mirror với tốc độ cổng; dùng cổng nhanh hơn hoặc bớt nguồn."},
    [VIEW_SAMPLED] = {"sampled_mirror", "most payload", 8, 300,
                      "Most sessions have holes: the mirror samples packets, or loses very many.",
                      "Phần lớn phiên có lỗ hổng: mirror lấy mẫu gói hoặc mất rất nhiều.",
                      "Switch sampling off; a mirror for inspection needs every packet.",
                      "Tắt lấy mẫu; mirror để kiểm tra cần mọi gói tin."},
};
