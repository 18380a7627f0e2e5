# SPDX-License-Identifier: Apache-2.0
"""Examples of the keywords that keyword_cases.py has no conversation for: those of fields of other protocols, and of rarer packets.

The capture is made of the recorded conversations of tests/fuzz/corpus/proto, which were written from the protocols' specifications,
and of some packets made here. Rows of CASES are as there."""
import base64
import gzip
import hashlib
import os
import socket
import struct
import zlib

import recordings
from rule_cases import OFFICE, OUTSIDE, checksum, h

RECORDINGS = ["bittorrent-dht", "dcerpc-tcp", "dhcp", "dnp3", "dns-tcp", "dns-loop", "enip", "enip-udp", "ftp-active", "http-chunked-gzip", "http-form",
              "http2", "ike-1", "krb5-tcp", "modbus-all", "mqtt-3-1-1", "mqtt-5", "nfs-2", "nfs-4", "nfs-tcp", "ntp", "pgsql", "pop3", "quic", "quic-google", "rdp",
              "rfb", "sip-tcp", "smb-1", "smb-2", "smtp-chunks", "snmp", "ssh", "tftp", "tls-1-2"]
# Buffers: bytes that stand there. The rule that must not fire looks for them with a tilde behind.
BUFFERS = {
    "bittorrent-dht": (
        ("bittorrent_dht.request_type", "find_node"), ("bittorrent_dht.info_hash", "defghijklmnopqrstuvw"),
    ),
    "dcerpc": (
        ("dcerpc.stub_data", "!|22|#$%&'()*+,-"),
    ),
    "dhcp": (
        ("dhcp.hostname", "cam-07"), ("dhcp.vendor_class", "vendor 1.0"), ("dhcp.mud_url", "https|3a|//mud.example/cam"),
        ("dhcp.domain", "can-tho.example"),
    ),
    "dnp3": (
        ("dnp3.data", "cc"),
    ),
    "dns": (
        ("dns.response.rrname", "Www.Example.vn"), ("dns.authorities.rrname", "Www.Example.vn"), ("dns.additionals.rrname", "extra.example"),
    ),
    "enip": (
        ("enip.product_name", "1756-ENBT/A"),
    ),
    "http": (
        ("http.authorization", "Basic dTpw"),
    ),
    "http2": (
        ("http2.header_name", "|3a|method"),
    ),
    "ike": (
        ("ike.init_spi", "1122334455667788"), ("ike.resp_spi", "0000000000000005"), ("ike.key_exchange_payload", "keykeykeykeykeykeykeykeykeyk"),
        ("ike.nonce_payload", "noncenoncenoncenonce"), ("ike.vendor", "76656e646f72"),
    ),
    "krb5": (
        ("krb5.cname", "operator"), ("krb5.sname", "krbtgt"),
    ),
    "modbus": (
        ("modbus.command", "fc=3 unit=1 addr=100-101"), ("modbus.data", "custom"),
    ),
    "mqtt": (
        ("mqtt.connect.protocol_string", "MQTT"), ("mqtt.connect.password", "pass"), ("mqtt.connect.willtopic", "will/t"),
        ("mqtt.connect.willmessage", "gone"), ("mqtt.subscribe.topic", "a/#"), ("mqtt.unsubscribe.topic", "a/#"),
    ),
    "nfs": (
        ("nfs.filename", "film.mp4"),
    ),
    "pgsql": (
        ("pgsql.user", "city"), ("pgsql.query", "n,,n=,"),
    ),
    "pop3": (
        ("pop3.command", "CAPA"), ("pop3.argument", "PLAIN"), ("pop3.status", "OK"), ("pop3.header", "list"), ("pop3.line", "USER"),
    ),
    "quic": (
        ("quic.version", "Q046"), ("quic.sni", "example.com"), ("quic.ua", "uv1"),
        ("quic.cyu.string", "46,SNI-UAID-VER"),
    ),
    "rdp": (
        ("rdp.cookie", "user"), ("rdp.client_name", "HOST"),
    ),
    "rfb": (
        ("rfb.name", "desk"),
    ),
    "sip": (
        ("sip.method", "INVITE"), ("sip.uri", "sip|3a|door@vn"), ("sip.protocol", "SIP/2.0"), ("sip.stat_code", "100"),
        ("sip.stat_msg", "Trying to reach"), ("sip.request_line", "INVITE sip|3a|door@vn SIP/2.0"), ("sip.response_line", "SIP/2.0 100 Trying"),
        ("sip.from", "<sip|3a|a@b>"), ("sip.to", "<sip|3a|c@d>"), ("sip.via", "SIP/2.0/UDP a"), ("sip.user_agent", "cam"),
        ("sip.content_type", "application/sdp"), ("sip.content_length", "252"), ("sdp.origin", "cam 1 1 IN IP4 192"),
        ("sdp.session_name", "door"), ("sdp.session_info", "info"), ("sdp.uri", "http|3a|//x"), ("sdp.email", "a@b"), ("sdp.phone_number", "+84"),
        ("sdp.connection_data", "IN IP4 192"), ("sdp.time", "0 0"), ("sdp.repeat_time", "1 2"), ("sdp.timezone", "1 -1h"),
        ("sdp.encryption_key", "prompt"), ("sdp.bandwidth", "AS|3a|64"), ("sdp.attribute", "sendrecv"),
        ("sdp.media.media", "audio 30000 RTP/AVP 0"), ("sdp.media.connection_data", "IN IP4 x"),
    ),
    "smb": (
        ("smb.named_pipe", "|5c||5c|srv|5c|IPC$"), ("smb.share", "|5c|srv|5c|data"), ("smb.ntlmssp_user", "operator"),
        ("smb.ntlmssp_domain", "CITY"),
    ),
    "smtp": (
        ("email.from", "|22|Water, level|22| <a@can-tho"), ("email.to", "example, |22|c, d|22| <c@x"), ("email.cc", "example"),
        ("email.subject", "=?utf-8?B?TeG7sWM=?="), ("email.date", "Mon, 2 Nov 2026"), ("email.message_id", "<1@x>"), ("email.url", "/a.exe"),
        ("email.received", "from a"), ("email.attachment", "levels.bin"), ("email.x_mailer", "Buoy 3"),
    ),
    "snmp": (
        ("snmp.community", "public"), ("snmp.usm", "admin"), ("snmp.var", "1.3.6.1.2.1.1.5.0"),
    ),
    "ssh": (
        ("ssh.hassh.string", "curve25519-sha256,ext-info-c"),
        ("ssh.hassh.server.string", "curve25519-sha256,ext-info-c"),
    ),
    "tftp": (
        ("tftp.file", "config/cam.cfg"), ("tftp.mode", "octet"),
    ),
    "tls": (
        ("ja3.string", "771,4866-4867-4865-49196"),
        ("ja3s.string", "771,49196,65281-11-35-16-23"),
        ("ja4.hash", "t13d1812h2_85036bcba153"), ("tls.cert_subject", "C=VN, ST=Can Tho, O=Seed, In"),
        ("tls.cert_issuer", "C=VN, ST=Can Tho, O=Seed, In"), ("tls.cert_serial", "55|3a|8C|3a|B5|3a|0C|3a|E6|3a|36|3a|D1|3a|3A|3a|1F|3a|1"),
        ("tls.sni", "broker.example.vn"),
        ("tls.random", "lg["), ("tls.random_time", "Wb"), ("tls.random_bytes", "lg["), ("tls.server_alpn", "http/1.1"), ("tls.alpn", "h2"),
    ),
}
PRINT = "7f:a0:94:4f:46:27:7a:76:bb:de:1a:dd:d4:c1:cc:aa:4c:08:6f:7c"
DIGESTS = (
    ("quic.cyu.hash", "quic", "40bb1d8f23d89ee1df9f45e8752178a4"), ("ssh.hassh", "ssh", "cafb69eb1dbb2a4a505b5b25342a4940"),
    ("ssh.hassh.server", "ssh", "c44c03c43a8f3994828aff7d71f2eb71"), ("ja3.hash", "tls", "304734bb1c086c3453b387400cf83f11"),
    ("ja3s.hash", "tls", "e195432758194ce2d482396b82e0d48e"), ("tls.cert_fingerprint", "tls", PRINT.replace(":", "|3a|")),
)
NUMBERS = {
    "dhcp": (
        ("dhcp.op", 1, 77), ("dhcp.type", 1, 77), ("dhcp.leasetime", 3600, 77), ("dhcp.renewal_time", 1800, 77),
        ("dhcp.rebinding_time", 3150, 77),
    ),
    "dnp3": (
        ("dnp3.func", 1, 77), ("dnp3.src", 1, 77), ("dnp3.dst", 10, 77),
    ),
    "enip": (
        ("enip.command", 101, 77), ("enip.status", 0, 77), ("enip.cip_service", 16, 77), ("enip.cip_class", 4, 77), ("enip.cip_instance", 1, 77),
        ("enip.cip_attribute", 3, 77), ("enip.cip_status", 5, 77), ("enip.protocol_version", 1, 77), ("enip.vendor_id", 1, 77),
        ("enip.device_type", 12, 77), ("enip.product_code", 58, 77), ("enip.serial", 5393822, 77), ("enip.identity_status", 48, 77),
        ("enip.state", 3, 77),
    ),
    "ftp": (
        ("ftp.dynamic_port", 5001, 77), ("ftp.mode", 1, 77), ("ftp.reply_received", 1, 77),
    ),
    "ftp-data": (
        ("ftpdata.transfer", 2, 77),
    ),
    "ike": (
        ("ike.exchtype", 2, 77), ("ike.key_exchange_payload_length", 120, 77), ("ike.nonce_payload_length", 20, 77),
    ),
    "krb5": (
        ("krb5.msg_type", 10, 77), ("krb5.err_code", 25, 77),
    ),
    "modbus": (
        ("modbus.function", 3, 77), ("modbus.unit_id", 1, 77), ("modbus.subfunction", 4, 77), ("modbus.access", 1, 77), ("modbus.table", 4, 77),
        ("modbus.address", 100, 77), ("modbus.quantity", 2, 77), ("modbus.write_address", 16, 77), ("modbus.write_quantity", 1, 77),
        ("modbus.exception", 2, 77), ("modbus.value", 1, 77), ("modbus.value_address", 16, 77),
    ),
    "mqtt": (
        ("mqtt.protocol_version", 4, 77), ("mqtt.connect.keep_alive", 60, 77), ("mqtt.flags", 4, 77), ("mqtt.qos", 1, 77),
        ("mqtt.reason_code", 5, 77),
    ),
    "nfs": (
        ("nfs.procedure", 6, 77), ("nfs.version", 2, 77),
    ),
    "ntp": (
        ("ntp.version", 4, 77), ("ntp.mode", 3, 77), ("ntp.stratum", 2, 77),
    ),
    "rfb": (
        ("rfb.sectype", 2, 77), ("rfb.secresult", 0, 77),
    ),
    "snmp": (
        ("snmp.version", 2, 77), ("snmp.pdu_type", 2, 77),
    ),
    "tftp": (
        ("tftp.packet", 1, 77),
    ),
    "tls": (
        ("tls.version", 771, 77), ("tls.cert_not_before", 1795296003, 77), ("tls.cert_not_after", 1797888003, 77), ("tls.cert_chain_len", 1, 77),
        ("tls.cipher", 49196, 77),
    ),
}


def dns(*records):
    """An answer with one question and these records in the section of additional ones."""
    head = struct.pack(">HHHHHH", 9, 0x8180, 1, 0, 0, len(records)) + b"\7station\2vn\0" + h("00010001")
    return head + b"".join(name + struct.pack(">HHIH", 1, 1, 60, 4) + b"\x0a\0\0\1" for name in records)


DHCP = (h("01010600 00000007 0000 0000") + bytes(16) + h("020000000007") + bytes(10 + 192) + h("63825363 350101 3d0701020000000007 3703010306 0f10")
        + b"can-tho.example\0" + h("ff")).ljust(300, b"\0")
MAIL = [("s", b"220 mx.example ESMTP\r\n"), b"EHLO pc.example\r\n", ("s", b"250 hello\r\n"), b"MAIL FROM:<a@x.example>\r\n", ("s", b"250 ok\r\n"),
        b"RCPT TO:<b@y.example>\r\n", ("s", b"250 ok\r\n"), b"DATA\r\n", ("s", b"354 go\r\n"),
        b"From: a@x.example\r\nTo: b@y.example\r\nX-Mailer: Buoy 3\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nlevel 3\r\n.\r\n",
        ("s", b"250 ok\r\n"), b"QUIT\r\n", ("s", b"221 bye\r\n")]
GET = (b"GET /x HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic dTpw\r\nContent-Length: 20\r\n\r\n"
       b":dropped: line\nkept\n")
FILE = b"%PDF-1.4\n1 0 obj << /Title (levels of the river) >> endobj\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: %d\r\n\r\n" % len(FILE) + FILE
OPTIONS = struct.pack(">HHIIBBHHH", 1500, 7790, 7, 0, 0x60, 2, 64000, 0, 0) + h("02040218")  # a segment size of 536
PORTMAP = struct.pack(">IIIIII", 7, 0, 2, 100000, 2, 3) + bytes(32)
PLAIN = b"water gate opened\n" * 90  # more than 1,024 bytes
PACKED = b"GET /packed?" + b"&".join(base64.b64encode(f(PLAIN)) for f in (lambda b: gzip.compress(b, mtime=0), zlib.compress)) + \
    b" HTTP/1.1\r\nHost: www.gate.com.vn\r\n\r\n"
ZLIB_AT = PACKED.index(b"&") + 1 - len("GET ")
END_OF_UDP = struct.pack(">HHHH", 1501, 7791, 20, 0)


def with_sum6(c, src, dst, proto, segment, at):
    """A datagram or segment over IPv6; its checksum stands at `at`."""
    ends = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    total = checksum(ends + struct.pack(">II", len(segment), proto) + segment)
    c.add6(src, dst, proto, segment[:at] + struct.pack(">H", total) + segment[at + 2:])


def ipv4(c, head, options, proto, segment, ident=4242):
    """A packet with options of IPv4."""
    whole = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(segment), ident, 0, 64, proto, 0) + head + options
    whole = whole[:10] + struct.pack(">H", checksum(whole)) + whole[12:]
    c.ts += 0.001
    c.frames.append((c.ts, b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + whole + segment))


def packets(c):
    c.udp(OUTSIDE, OFFICE, 67, DHCP, sport=68)
    c.udp(OUTSIDE, OFFICE, 53, struct.pack(">HHHHHH", 9, 0x100, 1, 0, 0, 0) + b"\7station\2vn\0" + h("00010001"), sport=5400)
    c.udp(OFFICE, OUTSIDE, 5400, dns(b"\5extra\7example\0"), sport=53)
    c.tcp(OUTSIDE, OFFICE, 25, MAIL)
    c.tcp(OUTSIDE, OFFICE, 80, [GET, ("s", ANSWER)])
    c.tcp(OUTSIDE, OFFICE, 80, [PACKED, ("s", b"HTTP/1.1 204 No Content\r\n\r\n")])
    c.udp(OUTSIDE, OFFICE, 7778, b"tagged")
    c.udp(OUTSIDE, OFFICE, 7778, b"behind it")
    c.udp(OUTSIDE, OFFICE, 111, PORTMAP)
    c.udp(OUTSIDE, OFFICE, 7779, h("038400000001") + b"x" * 40)
    c.add(OUTSIDE, OFFICE, 6, OPTIONS)
    echo = struct.pack(">BBHHH", 8, 0, 0, 3, 3) + b"ping"
    ipv4(c, bytes([203, 0, 113, 50, 10, 10, 0, 200]), h("83070400000000 00"), 1, echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:])
    ipv4(c, bytes([203, 0, 113, 50, 10, 10, 0, 200]), b"", 17, END_OF_UDP + b"short")
    c.udp(OUTSIDE, OFFICE, 7796, b"behind two tags")
    ts, frame = c.frames[-1]
    c.frames[-1] = ts, frame[:12] + h("88a8 0064 8100 012c") + frame[12:]
    with_sum6(c, "fe80::1", "fe80::2", 17, struct.pack(">HHHH", 1502, 7792, 12, 0) + b"six!", 6)
    with_sum6(c, "fe80::1", "fe80::2", 6, struct.pack(">HHIIBBHHH", 1503, 7793, 7, 0, 0x50, 2, 64000, 0, 0), 16)
    c.add6("fe80::1", "fe80::2", 58, struct.pack(">BBHI", 2, 0, 0, 1280) + bytes(48))
    c.tcp_segment(OUTSIDE, OFFICE, 1504, 7795, 1000, 0, 2)
    c.tcp_segment(OFFICE, OUTSIDE, 7795, 1504, 5000, 1777, 0x12)
    c.tcp(OUTSIDE, OFFICE, 7794, [b"first word", ("s", b"an answer"), b"USER admin path /etc/passwd", b"again"])
    c.tcp(OUTSIDE, OFFICE, 7795, [b"leave me", ("s", b"well")])


def capture():
    c = recordings.capture(RECORDINGS)  # the certificate is valid
    packets(c)
    c.ts += 60 * 86400
    recordings.add(c, "tls-1-2", "10.50.99.1", "10.60.99.1")  # and expired
    return c


def beside(keyword, proto, there, other, effect):
    """A keyword that has an effect and no condition: the rule with it fires where its content stands."""
    return keyword, proto, f"{there} {effect};", f"{other} {effect};"


CASES = [
    *((name, proto, f'{name}; content:"{there}";', f'{name}; content:"{there}~";') for proto, rows in BUFFERS.items() for name, there in rows),
    *((name, proto, f'{name}; content:"{there}";', f'{name}; content:"00{there[2:]}";') for name, proto, there in DIGESTS),
    *((name, proto, f"{name}:{there};", f"{name}:{other};") for proto, rows in NUMBERS.items() for name, there, other in rows),
    *((name, proto, f"{name}; bsize:{size};", f"{name}; bsize:{size + 90};") for name, proto, size in (
        ("dhcp.client_mac", "dhcp", 6), ("dhcp.client_id", "dhcp", 6), ("dhcp.params", "dhcp", 5), ("sdp.media.media_info", "sip", 1),
        ("sdp.media.encryption_key", "sip", 1))),
    ("tls.certs", "tls", 'tls.certs; content:"|30 82|"; startswith;', 'tls.certs; content:"|30 83|"; startswith;'),
    ("email.body_md5", "smtp", "email.body_md5; bsize:32;", "email.body_md5; bsize:33;"),
    ("mqtt.connect.flags", "mqtt", "mqtt.connect.flags:username;", "mqtt.connect.flags:!username,will;"),
    # protocols
    ("dcerpc.iface", "dcerpc", "dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003;", "dcerpc.iface:12345678-9844-35f1-ad32-98f038001003;"),
    ("dcerpc.opnum", "dcerpc", "dcerpc.opnum:0-99;", "dcerpc.opnum:777;"),
    ("dnp3.ind", "dnp3", "dnp3_ind:device_restart;", "dnp3_ind:config_corrupt;"),
    ("dnp3.obj", "dnp3", "dnp3_obj:60,1;", "dnp3_obj:99,1;"),
    ("cip_service", "enip", "cip_service:16,4,3;", "cip_service:16,4,77;"),
    ("modbus", "modbus", "modbus:function 3;", "modbus:function 77;"),
    ("http2.frametype", "http2", "http2.frametype:GOAWAY;", "http2.frametype:GOAWAY; http2.errorcode:REFUSED_STREAM;"),
    ("http2.errorcode", "http2", "http2.errorcode:CANCEL;", "http2.errorcode:INADEQUATE_SECURITY;"),
    ("http2.priority", "http2", "http2.priority:>0;", "http2.priority:>254;"),
    ("http2.window", "http2", "http2.window:>1;", "http2.window:<1;"),
    ("http2.size_update", "http2", "http2.size_update:>0;", "http2.size_update:>999999;"),
    ("http2.settings", "http2", "http2.settings:SETTINGS_HEADER_TABLE_SIZE>0;", "http2.settings:SETTINGS_MAX_FRAME_SIZE>0;"),
    ("ike.chosen_sa_attribute", "ike", "ike.chosen_sa_attribute:alg_enc=7;", "ike.chosen_sa_attribute:alg_enc=77;"),
    ("krb5.ticket_encryption", "krb5", "krb5.ticket_encryption:rc4-hmac;", "krb5.ticket_encryption:des-cbc-crc;"),
    ("ssh.protoversion", "ssh", "ssh.protoversion:2_compat;", "ssh.protoversion:9;"),
    ("ssl_state", "tls", "ssl_state:client_hello;", "ssl_state:client_hello; tls.version:769;"),
    ("ssl_version", "tls", "ssl_version:tls1.2;", "ssl_version:sslv2;"),
    ("tls.subject", "tls", 'tls.subject:"broker.example";', 'tls.subject:"other.example";'),
    ("tls.issuerdn", "tls", 'tls.issuerdn:"C=VN";', 'tls.issuerdn:"C=LA";'),
    ("tls.fingerprint", "tls", f'tls.fingerprint:"{PRINT}";', f'tls.fingerprint:"00{PRINT[2:]}";'),
    ("tls_cert_valid", "tls", "tls_cert_valid;", "tls_cert_valid; tls_cert_expired;"),
    ("tls_cert_expired", "tls", "tls_cert_expired;", "tls_cert_expired; tls_cert_notafter:>2040-01-01;"),
    ("tls_cert_notbefore", "tls", "tls_cert_notbefore:>2020-01-01;", "tls_cert_notbefore:>2040-01-01;"),
    ("tls_cert_notafter", "tls", "tls_cert_notafter:<2040-01-01T00:00:00;", "tls_cert_notafter:<2000-01-01;"),
    ("absent", "http", 'http.cookie; absent; http.uri; content:"/packed?";', 'http.host; absent; http.uri; content:"/packed?";'),
    ("absent, alone", "http1", 'flow:to_server; http.user_agent; absent;', 'flow:to_server; http.method; absent;'),
    ("absent, or else", "http", 'http.cookie; absent:or_else; content:"sid="; http.uri; content:"/packed?";',
     'http.host; absent:or_else; content:"elsewhere"; http.uri; content:"/packed?";'),
    ("domain", "http", 'http.host; domain; content:"gate.com.vn"; startswith; endswith;', 'http.host; domain; content:"www";'),
    ("tld", "http", 'http.host; tld; content:"com.vn"; startswith; endswith;', 'http.host; tld; content:"gate";'),
    ("from_base64", "http", 'http.uri; from_base64:offset 8; content:"|1f 8b|"; startswith;', 'http.uri; from_base64:offset 8, mode strict; content:"|1f 8b|"; startswith;'),
    ("gunzip", "http", 'http.uri; from_base64:offset 8; gunzip:max-size 5; content:"water"; startswith; endswith;',
     'http.uri; from_base64:offset 8; gunzip:max-size 5; content:"water gate";'),
    ("zlib_deflate", "http", f'http.uri; from_base64:offset {ZLIB_AT}, mode rfc2045; zlib_deflate; bsize:1024; content:"gate opened|0a|water";',
     f'http.uri; from_base64:offset {ZLIB_AT}; zlib_deflate; bsize:>1024;'),
    ("entropy", "http", 'http.host; entropy:bytes 4, offset 0, value >0.8;', 'http.host; entropy:bytes 4, offset 0, value >0.82; content:"www.gate";'),
    ("strip_pseudo_headers", "http", 'http.request_body; strip_pseudo_headers; content:"kept"; startswith;',
     'http.request_body; strip_pseudo_headers; content:"|3a|dropped";'),
    ("rpc", "udp", "rpc:100000,2,3;", "rpc:100000,2,4;"),
    ("frame", "tls", 'frame:tls.pdu; content:"|16 03|"; startswith;', 'frame:tls.pdu; content:"|99 03|"; startswith;'),
    ("app-layer-event", "dns", "app-layer-event:dns.infinite_loop;", "app-layer-event:dns.not_request;"),
    # files
    ("file.magic", "http", 'file.magic; content:"PDF document";', 'file.magic; content:"PE32";'),
    ("file.name, of a form's second file", "http", 'file.name; content:"two.bin"; file.data; content:"|00 01 02|"; startswith;',
     'file.name; content:"two.bin"; file.data; content:"3.1|3b|2.9";'),
    ("file.name, in a compound", "nfs", 'file.name; content:"levels.csv"; file.data; content:"2.9|3b|3.1"; filesize:2403;',
     'file.name; content:"levels.csv"; file.data; content:"first bit";'),
    ("filemagic", "http", 'filemagic:"PDF document";', 'filemagic:"PE32";'),
    *((f"file{sum_}", "http", f"file{sum_}:SUM_{sum_};", f"file{sum_}:!SUM_{sum_}; file.data; content:\"levels of\";") for sum_ in ("md5", "sha1", "sha256")),
    beside("filestore", "http", 'file.data; content:"levels of";', 'file.data; content:"labels of";', "filestore"),
    # packets
    ("vlan.id", "ip", "vlan.id:300,-1; vlan.id:100,0; vlan.id:>=100,all;", "vlan.id:300,0;"),
    ("vlan.layers", "ip", "vlan.layers:2;", "vlan.layers:>2;"),
    ("id", "ip", "id:4242;", "id:4243;"), ("ipopts", "ip", "ipopts:lsrr;", "ipopts:rr;"), ("tcp.mss", "tcp", "tcp.mss:536;", "tcp.mss:535;"),
    ("ip.src", "ip", "ip.src:203.0.113.50; ip_proto:1;", "ip.src:203.0.113.51; ip_proto:1;"),
    ("ip.dst", "ip", "ip.dst:10.10.0.0/16; ip_proto:1;", "ip.dst:10.11.0.0/16; ip_proto:1;"),
    ("ipv6.hdr", "ipv6", 'ipv6.hdr; content:"|60|"; startswith;', 'ipv6.hdr; content:"|61|"; startswith;'),
    ("icmpv6.hdr", "icmpv6", 'icmpv6.hdr; content:"|02|"; startswith;', 'icmpv6.hdr; content:"|80|"; startswith;'),
    ("icmpv6.mtu", "icmpv6", "icmpv6.mtu:1280;", "icmpv6.mtu:<1280;"),
    ("tcpv6-csum", "tcp", "tcpv6-csum:valid;", "tcpv6-csum:invalid;"), ("udpv6-csum", "udp", "udpv6-csum:valid;", "udpv6-csum:invalid;"),
    ("icmpv6-csum", "icmpv6", "icmpv6-csum:valid;", "icmpv6-csum:invalid;"),
    ("asn1", "udp", "dsize:46; asn1:oversize_length 30, absolute_offset 0;", "dsize:46; asn1:oversize_length 3000, absolute_offset 0;"),
    ("decode-event", "pkthdr", "decode-event:udp.pkt_too_small;", "decode-event:ipv4.opt_invalid_len;"),
    ("engine-event", "pkthdr", "engine-event:decoder.udp.pkt_too_small;", "engine-event:stream.est_invalid_ack;"),
    ("stream-event", "tcp", "stream-event:3whs_synack_with_wrong_ack;", "stream-event:est_invalid_ack;"),
    # between packets
    ("hostbits", "tcp", 'content:"an answer"; hostbits:isset,caller,dst;', 'content:"an answer"; hostbits:isset,caller,src;'),
    ("flowvar", "tcp", 'content:"again"; flowvar:user,"admin";', 'content:"again"; flowvar:user,"guest";'),
    ("pktvar", "tcp", 'content:"USER"; pktvar:path,"/etc";', 'content:"USER"; pktvar:path,"/home";'),
    ("datarep", "http", "http.method; datarep:methods,>,100,type string,load METHODS;", "http.method; datarep:methods,<,100,type string,load METHODS;"),
    ("iprep", "ip", "ip_proto:1; iprep:src,Bad,>,30;", "ip_proto:1; iprep:src,Bad,<,30;"),
    # effects
    beside("tag", "udp", 'content:"tagged";', 'content:"togged";', "tag:host,5,packets,src"),
    beside("bypass", "tcp", 'content:"leave";', 'content:"liave";', "bypass"),
    beside("replace", "tcp", 'content:"again";', 'content:"ogain";', 'replace:"AGAIN"'),
    beside("nfq_set_mark", "tcp", 'content:"again";', 'content:"ogain";', "nfq_set_mark:0x8/0x8"),
    beside("config", "dns", 'dns.query; content:"station";', 'dns.query; content:"statoon";', "config:logging disable, type tx, scope tx"),
    beside("tls_store", "tls", 'tls.cert_subject; content:"CN=";', 'tls.cert_subject; content:"CM=";', "tls_store"),
    beside("prefilter", "udp", 'content:"tagged"; fast_pattern;', 'content:"togged"; fast_pattern;', "dsize:6; prefilter"),
    # what a rule says of itself
    ("requires", "udp", 'requires:version >= 6; content:"tagged";', 'requires:version >= 99; content:"tagged";'),
    ("metadata", "udp", 'content:"tagged"; gid:1; classtype:misc-activity; priority:2; reference:cve,2016-10401; target:dest_ip; metadata:a b;',
     'content:"togged"; gid:1; classtype:misc-activity; priority:2; reference:cve,2016-10401; target:dest_ip; metadata:a b;'),
]
SETTERS = ('alert tcp any any -> any 7794 (msg:"set"; content:"first word"; hostbits:set,caller,src; noalert; sid:1;)\n'
           'alert tcp any any -> any 7794 (msg:"keep"; pcre:"/USER (?P<flow_user>[a-z]+)/"; noalert; sid:2;)\n'
           'alert tcp any any -> any 7794 (msg:"keep"; pcre:"/path (?P<pkt_path>[a-z\\/]+)/"; noalert; sid:3;)\n')
VALUES = {"METHODS": "R0VU,200\n", **{"SUM_" + name: hashlib.new(name, FILE).hexdigest() + "\n" for name in ("md5", "sha1", "sha256")}}


def settings(work):
    """Files of reputation, and what the configuration says of them."""
    for name, text in (("categories.txt", "1,Bad,Known for attacks\n"), ("reputation.list", f"{OUTSIDE},1,90\n")):
        with open(os.path.join(work, name), "w", encoding="ascii") as f:
            f.write(text)
    return {"smtp.body_md5": "true", "reputation-categories-file": os.path.join(work, "categories.txt"), "reputation-files": os.path.join(work, "reputation.list")}
