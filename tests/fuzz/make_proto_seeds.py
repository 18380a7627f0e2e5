#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed conversations of corpus/proto/ (see lib/proto_feed.h for their form).

Every byte is made here, from the protocols' specifications; TLS handshakes come from Python's ssl
module with a throw-away certificate. Run it to add or change seeds, then commit the files.
"""
import gzip
import os
import ssl
import struct
import subprocess
import tempfile
import zlib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "proto")
UDP, MIDSTREAM = 1, 2


def seed(name, port, records, flags=0):
    """records: (sender, bytes) with sender 'c' or 's'; 'C' and 'S' lost bytes before; behind 'd' of a data channel."""
    out = struct.pack("!BBH", flags, 0, port)
    for sender, data in records:
        for i in range(0, max(len(data), 1), 60000):
            part = data[i:i + 60000]
            mark = (sender[-1] in "sS") | (2 if sender[-1] in "CS" and i == 0 else 0) \
                | (4 if sender[0] == "d" else 0)
            out += struct.pack("!BH", mark, len(part)) + part
    with open(os.path.join(HERE, name + ".bin"), "wb") as f:
        f.write(out)


# ---- HTTP
GET = (b"GET /a//b/%41/../c?q=%20x#f HTTP/1.1\r\nHost: www.Example.vn:8080\r\n"
       b"User-Agent: seed/1.0\r\nCookie: k=v\r\nAccept: */*\r\nX-Fold: a\r\n b\r\nX-R: 1\r\nX-R: 2\r\n\r\n")


def response(body, *headers, status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body


def chunked(body, size=7):
    out = b""
    for i in range(0, len(body), size):
        part = body[i:i + size]
        out += b"%x;x=1\r\n%s\r\n" % (len(part), part)
    return out + b"0\r\nTrailer: t\r\n\r\n"


TEXT = b"<html>" + bytes(range(32, 127)) * 4 + b"</html>"
seed("http-plain", 80, [("c", GET), ("s", response(TEXT, b"Content-Length: %d" % len(TEXT),
                                                   b"Content-Type: text/html; charset=utf-8",
                                                   b"Set-Cookie: a=b", b"Server: seed"))])
seed("http-chunked-gzip", 80, [("c", GET), ("s", response(
    chunked(gzip.compress(TEXT, mtime=0)), b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip"))])
seed("http-deflate-close", 8080, [("c", GET.replace(b"1.1\r", b"1.0\r")), ("s", response(
    zlib.compress(TEXT), b"Content-Encoding: deflate"))])
seed("http-pipelined", 80, [("c", GET + b"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n" + GET),
                            ("s", response(b"one", b"Content-Length: 3")
                             + response(b"", b"Content-Length: 9")
                             + response(b"", status=b"204 No Content"))])
seed("http-post-continue", 80, [
    ("c", b"POST /up.bin HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"),
    ("s", b"HTTP/1.1 100 Continue\r\n\r\n"), ("c", b"0123456789"),
    ("s", response(b"ok", b"Content-Length: 2",
                   b'Content-Disposition: attachment; filename="r.txt"', status=b"201 Created"))])
FORM = (b"--b0und\r\nContent-Disposition: form-data; name=\"place\"\r\n\r\nCan Tho\r\n"
        b"--b0und\r\nContent-Disposition: form-data; name=\"one\"; filename=\"one.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        b"3.1;2.9\r\n--\r\n--b0unt\n\r\r\n\r\n--b0und\r\nContent-Disposition: form-data; name=\"two\"; filename=\"two.bin\"\r\n\r\n"
        + bytes(range(256)) * 3 + b"\r\n--b0und\r\nContent-Disposition: form-data; name=\"none\"; filename=\"empty.bin\"\r\n\r\n\r\n"
        b"--b0und\r\nContent-Disposition: form-data; name=\"cut\"; filename=\"cut.bin\"\r\n\r\ntaken as it is\r\n--b0")
seed("http-form", 80, [("c", b"POST /up HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=\"b0und\"\r\nContent-Length: "
                        + b"%d\r\n\r\n" % len(FORM) + FORM), ("s", response(b"ok", b"Content-Length: 2"))])
seed("http-old", 80, [("c", b"GET /old\r\n"), ("s", b"<html>no head</html>")])
seed("http-no-version", 80, [("c", b"GET /no?v=1\r\nHost: h.vn\r\nX: y\r\n\r\n"),
                             ("s", response(b"ok", b"Content-Length: 2"))])
seed("http-gzip-in-name-only", 80, [("c", GET), ("s", response(
    b"plain text", b"Content-Encoding: gzip", b"Content-Length: 10"))])
seed("http-connect", 3128, [("c", b"CONNECT h.vn:443 HTTP/1.1\r\nHost: h.vn:443\r\n\r\n"),
                            ("s", b"HTTP/1.1 200 Connection established\r\n\r\n"),
                            ("c", b"SSH-2.0-tunnelled\r\n"), ("s", b"SSH-2.0-server\r\n")])
seed("http-upgrade", 80, [("c", b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n"),
                          ("s", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01a")])
seed("http-absolute-malformed", 80, [
    ("c", b"\r\nPOST http://User:pw@Abs.Example.vn:81/p%2Fq/%zz/%u0041\\x HTTP/1.0\r\nnocolon\r\n"
          b": empty\r\nContent-Length: x1\r\nContent-Length: 3\r\n\r\nabc"),
    ("s", b"HTTP/1.1 abc\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrest of it")])
seed("http-lost-bytes", 80, [("c", GET), ("s", response(b"12345", b"Content-Length: 4101")),
                             ("S", b"x" * 50), ("C", b"GET /again HTTP/1.1\r\nHost: h\r\n\r\n")])


# ---- DNS
def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"


def question(text, kind=1):
    return name(text) + struct.pack("!HH", kind, 1)


def record(owner, kind, data, ttl=300):
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def dns(ident, flags, questions, answers=(), authorities=(), additionals=()):
    return struct.pack("!HHHHHH", ident, flags, len(questions), len(answers), len(authorities),
                       len(additionals)) + b"".join(questions) + b"".join(answers) \
        + b"".join(authorities) + b"".join(additionals)


P = b"\xc0\x0c"
ANSWERS = [record(P, 5, name("alias.example.vn")), record(P, 1, bytes([192, 0, 2, 1])),
           record(P, 28, bytes(range(16))), record(P, 15, b"\0\x0a" + name("mx.example.vn")),
           record(P, 16, b"\x05hello\x05world"), record(P, 2, b"\x02ns" + P),
           record(P, 12, P), record(P, 33, struct.pack("!HHH", 1, 2, 1883) + name("b.vn")),
           record(P, 44, b"\1\2" + bytes(range(20))), record(P, 10, b"raw"),
           record(P, 257, b"\0\5issueca.vn")]
SOA = record(P, 6, name("ns.example.vn") + name("root.example.vn") + struct.pack("!IIIII", 1, 2, 3, 4, 5))
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0x01000000, 0)
Q = dns(7, 0x0100, [question("Www.Example.vn")], additionals=[OPT])
A = dns(7, 0x8580, [question("Www.Example.vn")], ANSWERS, [SOA], [OPT])
seed("dns-udp", 53, [("c", Q), ("s", A)], UDP)
seed("dns-tcp", 53, [("c", struct.pack("!H", len(Q)) + Q), ("s", (struct.pack("!H", len(A)) + A) * 2)])
seed("dns-loop", 53, [("c", dns(1, 0x0100, [b"\xc0\x0c\0\1\0\1"])),
                      ("s", dns(1, 0x8140, [question("a.b")], [record(b"\xc0\x17\xc0\x15", 5, P)]))], UDP)
seed("dns-off-port", 5300, [("c", dns(9, 0, [question("tunnel.example", 16), question("two.vn")])),
                            ("s", dns(9, 0x8003, [question("tunnel.example", 16)]))], UDP)


# ---- TLS
def tls(top):
    with tempfile.TemporaryDirectory() as d:
        key, cert = os.path.join(d, "k"), os.path.join(d, "c")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                        "-days", "30", "-subj", "/C=VN/ST=Can Tho/O=Seed, Inc/CN=broker.example.vn"],
                       check=True, capture_output=True)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(cert, key)
        server.maximum_version = top
        server.set_alpn_protocols(["mqtt", "http/1.1"])
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_alpn_protocols(["h2", "http/1.1"])
    ci, co, si, so = (ssl.MemoryBIO() for _ in range(4))
    c = client.wrap_bio(ci, co, server_hostname="broker.example.vn")
    s = server.wrap_bio(si, so, server_side=True)
    records, done = [], set()
    for _ in range(8):
        for who, end, out, other in (("c", c, co, si), ("s", s, so, ci)):
            try:
                end.do_handshake()
                done.add(who)
                if len(done) == 2 and who == "c":
                    end.write(b"secret data")
            except ssl.SSLWantReadError:
                pass
            data = out.read()
            if data:
                records.append((who, data))
                other.write(data)
    return records[:7]


seed("tls-1-2", 443, tls(ssl.TLSVersion.TLSv1_2))
seed("tls-1-3", 8883, tls(ssl.TLSVersion.TLSv1_3))
seed("tls-heartbeat", 443, [("c", b"\x16\x03\x01\x00\x04\x01\0\0\0\x18\x03\x02\x00\x03\x01\x40\x00"),
                            ("s", b"\x15\x03\x01\x00\x02\x02\x28")])


# ---- MQTT
def mqtt(first, body):
    n, length = len(body), b""
    while True:
        length += bytes([(n & 127) | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return bytes([first]) + length + body


def text(s):
    return struct.pack("!H", len(s)) + s


PROPS = b"\x11\0\0\0\x0a\x26" + text(b"user key") + text(b"value") + b"\x21\0\x14"
CONNECT5 = mqtt(0x10, text(b"MQTT") + b"\x05\xce\0\x3c" + bytes([len(PROPS)]) + PROPS
                + text(b"station-7") + b"\x05\x18\0\0\0\1" + text(b"will/t") + text(b"gone")
                + text(b"user") + text(b"pass"))
CONNECT4 = mqtt(0x10, text(b"MQTT") + b"\x04\x02\0\x3c" + text(b"station-7"))
seed("mqtt-5", 1883, [("c", CONNECT5), ("s", mqtt(0x20, b"\1\0\3\x22\0\x0a")),
                      ("c", mqtt(0x82, b"\0\1\0" + text(b"a/#") + b"\1" + text(b"+/b") + b"\2")),
                      ("s", mqtt(0x90, b"\0\1\0\1\x87")),
                      ("c", mqtt(0x34, text(b"a/b") + b"\0\2\0" + b"\xff\xd8\xff")),
                      ("s", mqtt(0x50, b"\0\2")), ("c", mqtt(0x62, b"\0\2\0")),
                      ("s", mqtt(0x70, b"\0\2\x92\0")), ("c", mqtt(0xa2, b"\0\3\0" + text(b"a/#"))),
                      ("s", mqtt(0xb0, b"\0\3\0\x11")), ("c", mqtt(0xe0, b"\4\0"))])
seed("mqtt-3-1-1", 1883, [("c", CONNECT4 + mqtt(0x30, text(b"sensors/t") + b"25.5") * 3),
                          ("s", mqtt(0x20, b"\0\5")), ("c", mqtt(0xc0, b"")), ("s", mqtt(0xd0, b"")),
                          ("c", mqtt(0x30, text(b"big") + b"z" * 70000) + mqtt(0xe0, b""))])
seed("mqtt-lost-bytes", 1883, [("c", CONNECT4), ("C", mqtt(0x32, text(b"t") + b"\0\x09x")),
                               ("S", mqtt(0x40, b"\0\x09"))])


# ---- Modbus
def modbus(ident, unit, pdu, protocol=0):
    return struct.pack("!HHHB", ident, protocol, len(pdu) + 1, unit) + pdu


seed("modbus-all", 502, [
    ("c", modbus(1, 1, b"\3\0\x64\0\2")), ("s", modbus(1, 1, b"\3\4\0\1\0\2")),
    ("c", modbus(2, 1, b"\5\0\x10\xff\0")), ("s", modbus(2, 1, b"\5\0\x10\xff\0")),
    ("c", modbus(3, 1, b"\x10\0\1\0\2\4\0\x0a\1\2") + modbus(4, 1, b"\x0f\0\0\0\x0a\2\xcd\1")),
    ("s", modbus(3, 1, b"\x10\0\1\0\2") + modbus(4, 1, b"\x8f\2")),
    ("c", modbus(5, 1, b"\x16\0\4\0\xf2\0\x25")), ("s", modbus(5, 1, b"\x16\0\4\0\xf2\0\x25")),
    ("c", modbus(6, 1, b"\x17\0\3\0\2\0\x0e\0\1\2\0\xff")), ("s", modbus(6, 1, b"\x17\4\0\1\0\2")),
    ("c", modbus(7, 1, b"\x08\0\4\0\0")), ("s", modbus(7, 1, b"\x88\x0b")),
    ("c", modbus(8, 1, b"\x2b\x0e\1\0")), ("s", modbus(8, 1, b"\x2b\x0e\1\1\0\0\0")),
    ("c", modbus(9, 1, b"\x18\0\1")), ("s", modbus(9, 1, b"\x18\0\4\0\1\0\7")),
    ("c", modbus(10, 1, b"\x11")), ("s", modbus(10, 1, b"\x11\2\1\xff")),
    ("c", modbus(11, 1, b"\x64custom")), ("s", modbus(99, 1, b"\1\1\0"))])
seed("modbus-faults", 502, [("c", modbus(1, 255, b"\3\0\0\0\0") + modbus(1, 255, b"\x10\0\0\0\5\2\0\0")),
                            ("s", modbus(1, 255, b"\3\2\0\0")), ("c", modbus(2, 1, b"\1", 7))])


# ---- HTTP/2
MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame2(kind, flags, stream, body=b""):
    return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body


def header2(name, value, kind=b"\0"):
    return kind + bytes([len(name)]) + name + bytes([len(value)]) + value


SETTINGS2 = frame2(4, 0, 0, struct.pack("!HIHI", 1, 4096, 3, 100))
GET2 = b"\x3f\xe1\x1f\x82\x86\x84" + header2(b":authority", b"www.Example.vn:8080", b"\x40") + header2(
    b"user-agent", b"seed/2.0", b"\x10") + header2(b"cookie", b"k=v") + header2(b"host", b"other.vn")
ANSWER2 = b"\x88" + header2(b"content-type", b"text/html; charset=utf-8") + header2(
    b"content-encoding", b"gzip") + header2(b"content-range", b"none")
BODY2 = gzip.compress(TEXT, mtime=0)
seed("http2", 8080, [
    ("c", MAGIC + SETTINGS2 + frame2(8, 0, 0, b"\0\1\0\0")),
    ("s", SETTINGS2 + frame2(4, 1, 0)),
    ("c", frame2(1, 0x25, 1, b"\0\0\0\0\x92" + GET2) + frame2(1, 4, 3, b"\x83\x86\x84") + frame2(0, 9, 3, b"\2bodyzz")),
    ("s", frame2(1, 0, 1, ANSWER2[:9]) + frame2(9, 4, 1, ANSWER2[9:]) + frame2(0, 0, 1, BODY2[:20]) + frame2(0, 1, 1, BODY2[20:])
     + frame2(5, 4, 1, b"\0\0\0\2" + GET2[3:]) + frame2(1, 5, 2, b"\x88") + frame2(3, 0, 3, b"\0\0\0\x08")),
    ("c", frame2(6, 0, 0, bytes(8)) + frame2(2, 0, 9, b"\0\0\0\1\x10") + frame2(7, 0, 0, bytes(4) + b"\0\0\0\x0b"))])
seed("http2-faults", 80, [
    ("c", MAGIC + frame2(4, 0, 0, bytes(7)) + frame2(1, 5, 1, b"\xff\xff\xff\xff\xff") + frame2(1, 5, 3, GET2)
     + frame2(9, 4, 7, b"\x82") + frame2(0, 8, 3, b"\x20x") + frame2(99, 0, 1, b"?") + frame2(1, 0xd, 5, b"\x40")
     + struct.pack("!I", 70000)[1:] + b"\6\0\0\0\0\0" + bytes(70000) + frame2(6, 0, 0, bytes(8)))])
seed("http2-upgraded", 80, [
    ("c", b"GET /up HTTP/1.1\r\nHost: h.vn\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"),
    ("s", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + SETTINGS2),
    ("c", MAGIC + SETTINGS2), ("s", frame2(1, 4, 1, b"\x88") + frame2(0, 1, 1, b"hello"))])


# ---- SIP
SDP = (b"v=0\r\no=cam 1 1 IN IP4 192.0.2.7\r\ns=door\r\ni=info\r\nu=http://x\r\ne=a@b\r\np=+84\r\nc=IN IP4 192.0.2.7\r\n"
       b"b=AS:64\r\nt=0 0\r\nr=1 2\r\nz=1 -1h\r\nk=prompt\r\na=sendrecv\r\nm=audio 30000 RTP/AVP 0\r\ni=m\r\nc=IN IP4 x\r\nk=p\r\n"
       b"b=AS:1\r\na=rtpmap:0 pcmu/8000\r\nm=video 1 RTP/AVP 1\r\nbad\r\n")
INVITE = (b"INVITE sip:door@vn SIP/2.0\r\nv: SIP/2.0/UDP a\r\nVia: SIP/2.0/UDP b\r\nFrom: <sip:a@b>\r\nt: <sip:c@d>\r\n"
          b"User-Agent: cam\r\nc: application/sdp\r\nl: %d\r\n\r\n" % len(SDP)) + SDP
TRYING = b"SIP/2.0 100 Trying to reach\r\nVia: x\r\nContent-Length: 0\r\n\r\n"
seed("sip-udp", 5060, [("c", INVITE), ("s", TRYING), ("c", b"\r\n\r\n"), ("c", b"BYE sip:x SIP/2.0\r\nFrom: a"),
                       ("s", b"NOTIFY sip:y SIP/2.0\r\n\r\n"), ("c", b"nonsense\r\n")], UDP)
seed("sip-tcp", 5060, [("c", INVITE + b"\r\n\r\n" + INVITE), ("s", TRYING + TRYING)])


# ---- QUIC
# RFC 9001, appendix A.2: the client's Initial, protected (its first packet as printed there).
QUIC1 = bytes.fromhex(
    "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd449f633000"
    "99f3991c260ec4c60d17b31f8429157bb35a1282a643a8d2262cad67500cadb8e7378c8eb7539ec4d4905fed1bee1fc8aafba17c750e2c7ace01e6005f80"
    "fcb7df621230c83711b39343fa028cea7f7fb5ff89eac2308249a02252155e2347b63d58c5457afd84d05dfffdb20392844ae812154682e9cf012f9021a6f"
    "0be17ddd0c2084dce25ff9b06cde535d0f920a2db1bf362c23e596d11a4f5a6cf3948838a3aec4e15daf8500a6ef69ec4e3feb6b1d98e610ac8b7ec3faf6a"
    "d760b7bad1db4ba3485e8a94dc250ae3fdb41ed15fb6a8e5eba0fc3dd60bc8e30c5c4287e53805db059ae0648db2f64264ed5e39be2e20d82df566da8dd59"
    "98ccabdae053060ae6c7b4378e846d29f37ed7b4ea9ec5d82e7961b7f25a9323851f681d582363aa5f89937f5a67258bf63ad6f1a0b1d96dbd4faddfcefc5"
    "266ba6611722395c906556be52afe3f565636ad1b17d508b73d8743eeb524be22b3dcbc2c7468d54119c7468449a13d8e3b95811a198f3491de3e7fe942b3"
    "30407abf82a4ed7c1b311663ac69890f4157015853d91e923037c227a33cdd5ec281ca3f79c44546b9d90ca00f064c99e3dd97911d39fe9c5d0b23a229a23"
    "4cb36186c4819e8b9c5927726632291d6a418211cc2962e20fe47feb3edf330f2c603a9d48c0fcb5699dbfe5896425c5bac4aee82e57a85aaf4e2513e4f05"
    "796b07ba2ee47d80506f8d2c25e50fd14de71e6c418559302f939b0e1abd576f279c4b2e0feb85c1f28ff18f58891ffef132eef2fa09346aee33c28eb130f"
    "f28f5b766953334113211996d20011a198e3fc433f9f2541010ae17c1bf202580f6047472fb36857fe843b19f5984009ddc324044e847a4f4a0ab34f71959"
    "5de37252d6235365e9b84392b061085349d73203a4a13e96f5432ec0fd4a1ee65accdd5e3904df54c1da510b0ff20dcc0c77fcb2c0e0eb605cb0504db8763"
    "2cf3d8b4dae6e705769d1de354270123cb11450efc60ac47683d7b8d0f811365565fd98c4c8eb936bcab8d069fc33bd801b03adea2e1fbc5aa463d08ca19896"
    "d2bf59a071b851e6c239052172f296bfb5e72404790a2181014f3b94a4e97d117b438130368cc39dbb2d198065ae3986547926cd2162f40a29f0c3c8745c0f5"
    "0fba3852e566d44575c29d39a03f0cda721984b6f440591f355e12d439ff150aab7613499dbd49adabc8676eef023b15b65bfc5ca06948109f23f350db82123"
    "535eb8a7433bdabcb909271a6ecbcb58b936a88cd4e8f2e6ff5800175f113253d8fa9ca8885c2f552e657dc603f252e1a8e308f76f0be79e2fb8f5d5fbbe2e"
    "30ecadd220723c8c0aea8078cdfcb3868263ff8f0940054da48781893a7e49ad5aff4af300cd804a6b6279ab3ff3afb64491c85194aab760d58a606654f9f44"
    "00e8b38591356fbf6425aca26dc85244259ff2b19c41b9f96f3ca9ec1dde434da7d2d392b905ddf3d1f9af93d1af5950bd493f5aa731b4056df31bd267b6b90"
    "a079831aaf579be0a39013137aac6d404f518cfd46840647e78bfe706ca4cf5e9c5453e9f7cfd2b8b4c8d169a44e55c88d4a9a7f9474241e221af44860018ab"
    "0856972e194cd934")
OLD = b"CHLO\3\0\0\0" + b"".join(t + struct.pack("<I", e) for t, e in ((b"SNI\0", 4), (b"UAID", 7), (b"VER\0", 11))) + b"h.vnuv1Q046"
seed("quic", 443, [("c", QUIC1), ("s", b"\xc0\0\0\0\1\0\4abcd\0\x20" + bytes(32)), ("s", b"\xf0\0\0\0\1\0\4abcd" + bytes(16)),
                   ("c", QUIC1), ("c", b"\x40" + bytes(30)), ("s", b"\x80\0\0\0\0\0\4abcd\0\0\0\1")], UDP)
seed("quic-google", 443, [("c", b"\xc3Q046\x50" + bytes(8) + b"\0\0\0\1" + bytes(12) + b"\xa0\1" + struct.pack("!H", len(OLD)) + OLD),
                          ("c", b"\x0d" + bytes(8) + b"Q039\1" + bytes(12) + b"\x80\1" + OLD)], UDP)


# ---- DNP3
def crc3(data):
    c = 0
    for b in data:
        c ^= b
        for _ in range(8):
            c = c >> 1 ^ 0xa6bc if c & 1 else c >> 1
    return struct.pack("<H", c ^ 0xffff)


def dnp3(control, app, transport=0xc0, length=None):
    user = bytes([transport]) + app
    head = struct.pack("<BBBBHH", 5, 0x64, len(user) + 5 if length is None else length, control, 10, 1)
    blocks = [user[i:i + 16] for i in range(0, len(user), 16)]
    return head + crc3(head) + b"".join(b + crc3(b) for b in blocks)


POINTS3 = (b"\x1e\1\0\0\1\1\5\0\0\0\1\6\0\0\0" + b"\1\1\0\0\7\xa5" + b"\x0c\1\x28\1\0\3\0\x41\1\x64\0\0\0\x64\0\0\0\0"
           + b"\x16\1\x17\1\2\1\7\0\0\0" + b"\x32\1\7\1\1\2\3\4\5\6" + b"\x34\2\7\1\x88\x13"
           + b"\x29\3\x17\1\2\0\0\x80\x3f\0" + b"\x46\5\x5b\1\4\0abcd")
seed("dnp3", 20000, [("c", dnp3(0xc4, b"\xc1\1\x3c\2\6\x3c\1\6")), ("s", dnp3(0x44, b"\xc1\x81\x90\0" + POINTS3)),
                     ("c", dnp3(0xc4, b"\xc2\0") + dnp3(0xc4, b"\xc3\3" + POINTS3, 0x41) + dnp3(0xc4, b"rest", 0x82)),
                     ("s", dnp3(0x44, b"\xc1\x82\0\0\x63\x63\7\1") + dnp3(0x4b, b"", 0xc0, 5)[:10])])
seed("dnp3-faults", 20000, [("c", dnp3(0xc4, b"\xc1\1\x3c\2\6")), ("c", dnp3(0xc4, b"\xc1\2\1\1\0\5\1")),
                            ("c", dnp3(0xc4, b"\xc1", 0xc0, 5)[:8] + b"xx"), ("c", dnp3(0xc4, b"\xc1\1")[:-1] + b"?"),
                            ("c", dnp3(0xc4, b"\xc1\2\1\2\2\0\0\0\0\xff\xff\xff\xff"))])


# ---- EtherNet/IP
def enip(command, body=b"", status=0):
    return struct.pack("<HHII8sI", command, len(body), 7, status, b"context!", 0) + body


def cpf(kind, cip):
    return struct.pack("<IHHHHHH", 0, 5, 2, 0, 0, kind, len(cip)) + cip


MULTI = b"\x0a\2\x20\2\x24\1" + struct.pack("<HHH", 2, 6, 16) + b"\x0e\3\x20\1\x24\1\x30\7\0\0" + b"\3\2\x20\x8b\x24\1\2\0\x0a\0\x0b\0"
IDENTITY = struct.pack("<H16sHHHBBHI", 1, b"", 1, 12, 58, 4, 3, 48, 0x524d9e) + b"\x0b1756-ENBT/A\3"
seed("enip", 44818, [("c", enip(0x65, b"\1\0\0\0") + enip(0x6f, cpf(0xb2, b"\x10\4\x20\4\x25\0\1\0\x30\3\1\0"))),
                     ("s", enip(0x65, b"\1\0\0\0") + enip(0x6f, cpf(0xb2, b"\x90\0\5\1\0\0"))),
                     ("c", enip(0x70, cpf(0xb1, b"\1\0" + MULTI)) + enip(0x66))])
seed("enip-udp", 44818, [("c", enip(0x63)), ("s", enip(0x63, struct.pack("<HHH", 1, 12, len(IDENTITY)) + IDENTITY)),
                         ("s", enip(0x63, struct.pack("<HHH", 1, 12, 9) + IDENTITY[:9])), ("c", enip(0x6f, cpf(0xb2, b"\1\x60\x20")))], UDP)


# ---- SNMP
def ber(tag, *parts):
    body = b"".join(parts)
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack("!H", len(body))) + body


def ber_int(value):
    return ber(2, bytes([value]))


VARS = ber(0x30, ber(0x30, ber(6, b"\x2b\6\1\2\1\1\5\0"), ber(5)), ber(0x30, ber(6, b"\x2b\6\1\4\1\x82\x37"), ber(4, b"x" * 200)))
USM = ber(0x30, ber(4, b"engine"), ber_int(1), ber_int(2), ber(4, b"admin"), ber(4), ber(4))
seed("snmp", 161, [("c", ber(0x30, ber_int(1), ber(4, b"public"), ber(0xa0, ber_int(1), ber_int(0), ber_int(0), VARS))),
                   ("s", ber(0x30, ber_int(0), ber(4, b""), ber(0xa2, ber_int(1), ber_int(2), ber_int(1), VARS))),
                   ("s", ber(0x30, ber_int(0), ber(4, b"p"), ber(0xa4, ber(6, b"\x2b\6"), ber(0x40, b"\xc0\0\2\1"), ber_int(3), ber_int(0), ber(0x43, b"\1"), VARS))),
                   ("c", ber(0x30, ber_int(3), ber(0x30, ber_int(1), ber_int(99), ber(4, b"\4"), ber_int(3)), ber(4, USM),
                             ber(0x30, ber(4), ber(4), ber(0xa1, ber_int(1), ber_int(0), ber_int(0), VARS)))),
                   ("c", ber(0x30, ber_int(3), ber(0x30, ber_int(1), ber_int(99), ber(4, b"\7"), ber_int(3)), ber(4, USM), ber(4, b"sealed"))),
                   ("c", ber(0x30, ber_int(1), ber(4, b"public"), ber(0xa0, ber_int(1))))], UDP)


# ---- RFB
INIT3 = struct.pack("!HH16sI", 640, 480, bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0]), 4) + b"desk"
seed("rfb", 5900, [("s", b"RFB 003.008\n"), ("c", b"RFB 003.008\n"), ("s", b"\2\1\2"), ("c", b"\2"), ("s", bytes(16)),
                   ("c", bytes(range(16))), ("s", bytes(4)), ("c", b"\1"), ("s", INIT3 + b"\0\0\0\1pixels"), ("c", b"\3\0\0\0\0\0\0\0\0\0")])
seed("rfb-refused", 5900, [("s", b"RFB 003.008\n"), ("c", b"RFB 003.008\n"), ("s", b"\1\2"), ("c", b"\2"), ("s", bytes(16)),
                           ("c", bytes(16)), ("s", b"\0\0\0\1\0\0\0\2no")])
seed("rfb-old", 5901, [("s", b"RFB 003.003\n"), ("c", b"RFB 003.003\n"), ("s", b"\0\0\0\1"), ("c", b"\0"), ("s", INIT3)])
seed("rfb-other", 5900, [("s", b"RFB 003.889\n"), ("c", b"RFB 003.007\n"), ("s", b"\1\x1e"), ("c", b"\x1e"), ("s", bytes(9))])


# ---- DHCP
def dhcp(op, ident, options, assigned=b"\0\0\0\0"):
    return (struct.pack("!BBBBIHH", op, 1, 6, 0, ident, 0, 0) + b"\0\0\0\0" + assigned
            + b"\xc0\0\2\1" + b"\0\0\0\0" + bytes.fromhex("02aabbccddee") + bytes(10) + bytes(192)
            + b"\x63\x82\x53\x63" + b"".join(bytes([c, len(d)]) + d for c, d in options) + b"\xff")


seed("dhcp", 67, [("c", dhcp(1, 0x1234, [(53, b"\1"), (61, b"\1" + bytes.fromhex("02aabbccddee")),
                                          (12, b"cam-07"), (60, b"vendor 1.0"), (55, b"\1\3\6\x0f\x2a"),
                                          (161, b"https://mud.example/cam"), (50, b"\xc0\0\2\x55")])),
                  ("s", dhcp(2, 0x1234, [(53, b"\5"), (1, b"\xff\xff\xff\0"), (3, b"\xc0\0\2\1"),
                                          (6, b"\xc0\0\2\1\xc0\0\2\2"), (51, b"\0\0\x0e\x10"),
                                          (58, b"\0\0\7\x08"), (59, b"\0\0\x0c\x4e"),
                                          (54, b"\xc0\0\2\1")], b"\xc0\0\2\x55"))], UDP)
seed("dhcp-cut", 67, [("c", dhcp(1, 1, [(53, b"\3"), (81, b"\0\0\0host.vn")])[:-3] + b"\x0c\x40ab")], UDP)


# ---- FTP
LOGIN = [("s", b"220-measuring station\r\n220 FTP ready\r\n"), ("c", b"USER logger\r\n"),
         ("s", b"331 Password, please\r\n"), ("c", b"pass s3cret\r\n"), ("s", b"230 Welcome\r\n"),
         ("c", b"FEAT\r\n"), ("s", b"211-Features:\r\n EPSV\r\n SIZE\r\n211 End\r\n")]
seed("ftp-data", 21, LOGIN + [
    ("c", b"PASV\r\n"), ("s", b"227 Entering Passive Mode (192,0,2,1,19,137).\r\n"),
    ("c", b"RETR levels.csv\r\n"), ("s", b"150 Here it comes\r\n"),
    ("ds", b"time;level\r\n1;2.5\r\n"), ("ds", b"2;2.6\r\n"),
    ("s", b"226 Transfer complete\r\n"), ("c", b"QUIT\r\n"), ("s", b"221 Bye\r\n")])
seed("ftp-active", 2121, LOGIN + [
    ("c", b"EPRT |1|192.0.2.9|5001|\r\n"), ("s", b"200 ok\r\n"), ("c", b"STOR up.bin\r\nNOOP\r\n"),
    ("s", b"150 go\r\n"), ("dc", bytes(range(256))), ("s", b"226 done\r\n200 ok\r\n"),
    ("c", b"PORT 192,0,2,9,19,137\r\nEPSV\r\nLIST\r\n"),
    ("s", b"200 ok\r\n229 ready (|||5001|)\r\n150 list\r\n226 done\r\n421 Too long idle\r\n")])
seed("ftp-long-lines", 21, [
    ("s", b"220 (x)\r\n"), ("c", b"RETR " + b"A" * 5000 + b"\r\nPWD\r\n"),
    ("s", b"550 " + b"B" * 9000 + b"\r\nno code\r\n")])
seed("ftp-starttls", 21, LOGIN[:1] + [("c", b"AUTH TLS\r\n"), ("s", b"234 Proceed\r\n")])


# ---- mail
HEAD = (b"Received: from a\r\n\tby b\r\nFrom: \"Water, level\" <a@can-tho.example>\r\nTo: b@x.example,\r\n"
        b" \"c, d\" <c@x.example>\r\nCc: e@x.example\r\nSubject: =?utf-8?B?TeG7sWM=?=\r\nDate: Mon, 2 Nov 2026\r\n"
        b"Message-ID: <1@x>\r\nMIME-Version: 1.0\r\n")
PARTS = (b"Content-Type: multipart/mixed;\r\n boundary=\"=_outer\"\r\n\r\npreamble\r\n--=_outer\r\n"
         b"Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n"
         b"Content-Type: text/plain\r\n\r\nsee http://192.0.2.7/a.exe and http://x.example/\r\n..dot\r\n"
         b"--inner\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
         b"<a href=3D\"http://long.exam=\r\nple/\">=ZZ</a>\r\n--inner--\r\n--=_outer\r\n"
         b"Content-Type: application/octet-stream; name=\"levels.bin\"\r\n"
         b"Content-Disposition: attachment; filename*0=\"lev\"; filename*1=\"els.bin\"\r\n"
         b"Content-Transfer-Encoding: base64\r\n\r\nAAECAwQF\r\nBgcICQ==\r\n--=_outer\r\n"
         b"Content-Type: message/rfc822\r\n\r\nSubject: inside\r\nContent-Disposition: attachment;\r\n"
         b" filename*=utf-8''%C4%91.txt\r\n\r\nplain file\r\n--=_outer--\r\nepilogue\r\n.\r\n")
HELLO = [("s", b"220 mx.example ESMTP\r\n"), ("c", b"EHLO station\r\n"),
         ("s", b"250-mx.example\r\n250 PIPELINING\r\n")]
ENVELOPE = b"MAIL FROM:<a@can-tho.example> SIZE=9\r\nRCPT TO:<b@x.example>\r\nRCPT TO:<c@x.example>\r\n"
seed("smtp-parts", 25, HELLO + [
    ("c", ENVELOPE + b"DATA\r\n"), ("s", b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
    ("c", HEAD + PARTS), ("s", b"250 queued\r\n"), ("c", b"RSET\r\nQUIT\r\n"),
    ("s", b"250 ok\r\n221 bye\r\n")])
seed("smtp-faults", 587, [
    ("s", b"220 x SMTP\r\n"), ("c", b"HELO a\r\nHELO b\r\n"), ("s", b"250 a\r\n299 b\r\nab\r\n"),
    ("c", b"STARTTLS\r\nMAIL FROM:<a>\r\nMAIL FROM:<b>\r\n" + b"X" * 5000 + b"\r\nDATA\r\n"),
    ("s", b"454 no\r\n250 ok\r\n250 ok\r\n500 what\r\n554 no\r\n"), ("c", b"DATA\r\n"),
    ("s", b"354 go\r\n"),
    ("c", b" folded\r\nX" + b"y" * 80 + b": z\r\nSubject: " + b"s" * 3000 + b"\r\n"
          b"Content-Type: multipart/x; boundary=" + b"b" * 300 + b"\r\nContent-Transfer-Encoding: base64\r\n"
          b"Content-Disposition: x; filename=" + b"f" * 300 + b"\r\n\r\n" + b"A" * 5000 + b"!\r\n.\r\n"),
    ("s", b"250 ok\r\n250 more\r\n")])
seed("smtp-chunks", 2525, HELLO + [
    ("c", ENVELOPE + b"BDAT 100\r\n" + (HEAD + PARTS)[:100]), ("s", b"250 ok\r\n" * 4),
    ("c", b"BDAT %d LAST\r\n" % (len(HEAD + PARTS) - 103) + (HEAD + PARTS)[100:-3]), ("s", b"250 ok\r\n"),
    ("c", b"BDAT 0 LAST\r\nBDAT 99999999999999\r\nQUIT\r\n"), ("s", b"250 ok\r\n501 no\r\n221 bye\r\n")])
seed("smtp-starttls", 25, HELLO + [("c", b"STARTTLS\r\n"), ("s", b"220 go\r\n"),
                                   ("c", b"\x16\x03\x01\x00\x04\x01\0\0\0")])
seed("smtp-one-sided", 25, [("c", b"EHLO x\r\n" + ENVELOPE + b"DATA\r\n" + HEAD + PARTS + b"QUIT\r\n")])
seed("pop3", 110, [
    ("s", b"+OK ready\r\n"), ("c", b"CAPA\r\n"), ("s", b"+OK list\r\nUSER\r\nSASL PLAIN\r\n.\r\n"),
    ("c", b"auth PLAIN\r\n"), ("s", b"+ \r\n"), ("c", b"AGEAYg==\r\n"), ("s", b"+OK Welcome.\r\n"),
    ("c", b"LIST\r\nLIST 1\r\nRETR 1\r\nQUIT\r\n"),
    ("s", b"+OK 1\r\n1 308\r\n.\r\n-ERR no\r\n+OK mail\r\n" + HEAD + PARTS + b"+OK bye\r\n")])
seed("pop3-starttls", 110, [("s", b"+OK ready\r\n"), ("c", b"STLS\r\n"), ("s", b"+OK go\r\n"),
                            ("c", b"\x16\x03\x01\x00\x04\x01\0\0\0")])
seed("imap", 143, [("s", b"* OK ready\r\n"), ("c", b"a1 CAPABILITY\r\na2 LOGIN a b\r\n"),
                   ("s", b"* CAPABILITY IMAP4\r\na1 OK\r\na2 OK\r\n"), ("c", b"a3 SELECT INBOX\r\n")])
seed("imap-starttls", 143, [("s", b"* OK ready\r\n"), ("c", b"a1 STARTTLS\r\n"), ("s", b"a1 OK go\r\n"),
                            ("c", b"\x16\x03\x01\x00\x04\x01\0\0\0")])

# ---- TFTP, telnet
seed("tftp", 69, [("c", b"\0\1config/cam.cfg\0octet\0blksize\x001428\0"), ("s", b"\0\5\0\1no\0")], UDP)
seed("tftp-write", 69, [("c", b"\0\2up\0NetASCII\0"), ("c", b"\0\3\0\1data"), ("c", b"\0\1x")], UDP)
seed("telnet", 23, [("s", b"\xff\xfd\x18\xff\xfd\x20login: "), ("c", b"\xff\xfb\x18root\r\n")])


# ---- SSH
def kexinit(lists):
    payload = b"\x14" + bytes(range(16)) + b"".join(
        struct.pack("!I", len(x)) + x for x in lists) + b"\0\0\0\0\0"
    pad = 8 - (len(payload) + 5) % 8 + 4
    return struct.pack("!IB", len(payload) + pad + 1, pad) + payload + bytes(pad)


LISTS = [b"curve25519-sha256,ext-info-c", b"ssh-ed25519", b"aes128-ctr", b"aes256-ctr",
         b"hmac-sha2-256", b"hmac-sha2-512", b"none", b"zlib", b"", b""]
seed("ssh", 22, [("s", b"welcome\r\nSSH-2.0-dropbear_2022.83\r\n"),
                 ("c", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" + kexinit(LISTS)), ("s", kexinit(LISTS)),
                 ("c", bytes(64))])
seed("ssh-1", 2222, [("s", b"SSH-1.5-old\n"), ("c", b"SSH-1.5-older\n\0\0\0\x0c")])

# ---- nothing anybody knows
seed("unknown", 7777, [("c", b"\x01\x02garbage"), ("s", bytes(range(256)))])
seed("unknown-midstream", 443, [("s", bytes(200)), ("c", GET)], MIDSTREAM)


# ---- DCE/RPC and SMB
def uuid(text):
    import uuid as u
    return u.UUID(text).bytes_le


NDR = uuid("8a885d04-1ceb-11c9-9fe8-08002b104860") + struct.pack("<I", 2)
SVCCTL = uuid("367abb81-9844-35f1-ad32-98f038001003") + struct.pack("<HH", 2, 0)


def rpc(kind, call, body, flags=3):
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0, call) + body


BIND = struct.pack("<HHIBBH", 4280, 4280, 0, 2, 0, 0) + b"".join(
    struct.pack("<HBB", i, 1, 0) + SVCCTL + NDR for i in range(2))
BIND_ACK = (struct.pack("<HHIH", 4280, 4280, 99, 13) + b"\\pipe\\ntsvcs\0" + b"\0"
            + struct.pack("<BBH", 2, 0, 0) + struct.pack("<HH", 0, 0) + NDR + struct.pack("<HH", 2, 1) + bytes(20))


def call(number, opnum, stub, flags=3):
    return rpc(0, number, struct.pack("<IHH", len(stub), 0, opnum) + stub, flags)


def answer(number, stub, flags=3):
    return rpc(2, number, struct.pack("<IHBB", len(stub), 0, 0, 0) + stub, flags)


STUB = bytes(range(64))
seed("dcerpc-tcp", 135, [("c", rpc(11, 1, BIND)), ("s", rpc(12, 1, BIND_ACK)), ("c", rpc(16, 1, b"auth3...")),
                         ("c", call(2, 15, STUB, 1) + call(2, 15, STUB, 2)), ("s", answer(2, STUB, 1) + answer(2, STUB, 2)),
                         ("c", rpc(14, 3, BIND)), ("s", rpc(15, 3, BIND_ACK)), ("c", call(4, 0, b"")),
                         ("s", rpc(3, 4, b"\5\0\0\x1c" * 4)), ("c", call(5, 1, b"x"))])
DGRAM = struct.pack("<BBBB", 4, 0, 0x28, 0) + b"\x10\0\0\0" + bytes(16) + SVCCTL[:16] + bytes(range(16))
seed("dcerpc-udp", 34964, [
    ("c", DGRAM + struct.pack("<IIIHHHHHBB", 0, 1, 7, 2, 0xffff, 0xffff, len(STUB), 0, 0, 0) + STUB),
    ("s", DGRAM.replace(b"\4\0", b"\4\2", 1) + struct.pack("<IIIHHHHHBB", 0, 1, 7, 2, 0xffff, 0xffff, 4, 0, 0, 0) + b"done")],
     flags=UDP)


def frame(*messages):
    data = b"".join(messages)
    return struct.pack(">I", len(data)) + data


def u16(text):
    return text.encode("utf-16-le")


def smb2(command, number, body, answered=False, status=0, tree=1, session=0x11, following=0):
    return (b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 1, status, command, 1, 1 if answered else 0, following, number,
                                     0xfeff, tree, session) + bytes(16) + body)


def ntlm3():
    parts, head, at = [u16("CITY"), u16("operator"), u16("PC-7")], b"", 72
    out = b"NTLMSSP\0" + struct.pack("<I", 3) + struct.pack("<HHI", 0, 0, 72) * 2
    for part in parts:
        out += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    return out + struct.pack("<HHI", 0, 0, at) + struct.pack("<I", 0x02000001) + b"\x0a\0\x39\x38\0\0\0\x0f" + b"".join(parts)


GUID, PIPE = bytes(range(1, 17)), bytes(range(17, 33))


def create(number, name, tree=1):
    text = u16(name)
    return smb2(5, number, struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x12019f, 0, 7, 1, 0x40, 120, len(text), 0, 0)
                + text, tree=tree)


def created(number, guid, tree=1):
    return smb2(5, number, struct.pack("<HBBIQQQQQQII", 89, 0, 0, 1, *[132000000000000000] * 4, 4096, 9, 0x20, 0) + guid
                + bytes(8), True, tree=tree)


def write2(number, guid, data, offset=0, tree=1):
    return smb2(9, number, struct.pack("<HHIQ", 49, 112, len(data), offset) + guid + bytes(16) + data, tree=tree)


def read2(number, guid, length, offset=0, tree=1):
    return smb2(8, number, struct.pack("<HBBIQ", 49, 80, 0, length, offset) + guid + bytes(17), tree=tree)


def got2(number, data, status=0, tree=1):
    return smb2(8, number, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data, True, status, tree)


def ioctl2(number, data, answered=False, tree=2):
    if answered:
        body = struct.pack("<HHI", 49, 0, 0x11c017) + PIPE + struct.pack("<IIIIII", 0, 0, 112, len(data), 0, 0)
    else:
        body = struct.pack("<HHI", 57, 0, 0x11c017) + PIPE + struct.pack("<IIIIIIII", 120, len(data), 0, 0, 0, 4096, 1, 0)
    return smb2(11, number, body + data, answered, tree=tree)


BLOB = ntlm3()
SHARE, IPC = u16("\\\\srv\\data"), u16("\\\\srv\\IPC$")
seed("smb-2", 445, [
    ("c", frame(smb2(0, 0, struct.pack("<HHHHI", 36, 2, 1, 0, 0) + GUID + bytes(8) + struct.pack("<HH", 0x202, 0x311), session=0))),
    ("s", frame(smb2(0, 0, struct.pack("<HHHH", 65, 1, 0x311, 0) + GUID + struct.pack("<IIIIQQHHI", 0, 1 << 20, 1 << 20, 1 << 24, 0, 0, 0, 0, 0), True, session=0))),
    ("c", frame(smb2(1, 1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(BLOB), 0) + BLOB))),
    ("s", frame(smb2(1, 1, struct.pack("<HHHH", 9, 0, 72, 0), True))),
    ("c", frame(smb2(3, 2, struct.pack("<HHHH", 9, 0, 72, len(SHARE)) + SHARE, tree=0))),
    ("s", frame(smb2(3, 2, struct.pack("<HBBIII", 16, 1, 0, 0, 0, 0), True))),
    ("c", frame(create(3, "plan.txt"))), ("s", frame(created(3, GUID))),
    ("c", frame(write2(4, GUID, b"water ")) + frame(write2(5, GUID, b"level", 6))),
    ("s", frame(smb2(9, 4, struct.pack("<HHIII", 17, 0, 6, 0, 0), True))),
    ("c", frame(read2(6, GUID, 11))), ("s", frame(got2(6, b"water level"))),
    ("c", frame(smb2(17, 7, struct.pack("<HBBIHHI", 33, 1, 13, 1, 96, 0, 0) + GUID + b"\1"),)),
    ("s", frame(smb2(17, 7, b"\2\0", True))),
    ("c", frame(smb2(6, 8, struct.pack("<HHI", 24, 0, 0) + GUID))), ("s", frame(smb2(6, 8, bytes(60), True))),
    ("c", frame(smb2(3, 9, struct.pack("<HHHH", 9, 0, 72, len(IPC)) + IPC, tree=0))),
    ("s", frame(smb2(3, 9, struct.pack("<HBBIII", 16, 2, 0, 0, 0, 0), True, tree=2))),
    ("c", frame(create(10, "svcctl", 2))), ("s", frame(created(10, PIPE, 2))),
    ("c", frame(write2(11, PIPE, rpc(11, 1, BIND), tree=2))), ("c", frame(read2(12, PIPE, 1024, tree=2))),
    ("s", frame(got2(12, rpc(12, 1, BIND_ACK), tree=2))),
    ("c", frame(ioctl2(13, call(2, 15, STUB)))), ("s", frame(ioctl2(13, answer(2, STUB)[:40], True))),
    ("c", frame(read2(14, PIPE, 1024, tree=2))), ("s", frame(got2(14, answer(2, STUB)[40:], tree=2))),
    ("c", frame(smb2(6, 15, struct.pack("<HHI", 24, 0, 0) + PIPE, following=88), smb2(4, 16, b"\4\0\0\0"))),
    ("s", frame(b"\xfdSMB" + bytes(60)))])


def smb1(command, number, words, data, answered=False, tree=1, flags2=0xc001, status=0):
    return (b"\xffSMB" + struct.pack("<BIBHH8sHHHHH", command, status, 0x80 if answered else 0, flags2, 0, b"", 0, tree, 7, 1, number)
            + struct.pack("<B", len(words) // 2) + words + struct.pack("<H", len(data)) + data)


ANDX = b"\xff\0\0\0"
seed("smb-1", 139, [
    ("c", b"\x81\0\0\x44" + b" " + b"A" * 32 + b"\0 " + b"B" * 32 + b"\0"), ("s", b"\x82\0\0\0"),
    ("c", frame(smb1(0x72, 1, b"", b"\2LANMAN1.0\0\2NT LM 0.12\0", tree=0))),
    ("s", frame(smb1(0x72, 1, struct.pack("<HBHHIIIIQHB", 1, 3, 1, 1, 4096, 65536, 0, 0x80000000, 0, 0, 0), GUID, True, tree=0))),
    ("c", frame(smb1(0x73, 2, ANDX + struct.pack("<HHHIHII", 4356, 10, 0, 0, len(BLOB), 0, 0x80000000), BLOB + b"\0" + u16("Unix\0Samba\0"), tree=0))),
    ("s", frame(smb1(0x73, 2, ANDX + struct.pack("<HH", 0, 0), b"\0" + u16("Windows\0LM\0"), True, tree=0))),
    ("c", frame(smb1(0x75, 3, ANDX + struct.pack("<HH", 0, 1), b"\0" + SHARE + b"\0\0?????\0", tree=0))),
    ("s", frame(smb1(0x75, 3, ANDX + struct.pack("<H", 1), b"A:\0" + b"N\0T\0\0\0", True))),
    ("c", frame(smb1(0xa2, 4, ANDX + struct.pack("<BHIIIQIIIIIB", 0, 16, 0, 0, 0x20089, 0, 0, 7, 1, 0, 2, 0), b"\0" + u16("\\a.txt\0")))),
    ("s", frame(smb1(0xa2, 4, ANDX + struct.pack("<BHIQQQQIQQHHB", 0, 0x4000, 1, *[132000000000000000] * 4, 0x20, 4096, 5, 0, 0, 0), b"", True))),
    ("c", frame(smb1(0x2f, 5, ANDX + struct.pack("<HIIHHHHHI", 0x4000, 0, 0, 0, 0, 0, 5, 64, 0), b"\0hello"))),
    ("s", frame(smb1(0x2f, 5, ANDX + struct.pack("<HHI", 5, 0, 0), b"", True))),
    ("c", frame(smb1(0x2e, 6, ANDX + struct.pack("<HIHHIHI", 0x4000, 0, 5, 5, 0, 0, 0), b""))),
    ("s", frame(smb1(0x2e, 6, ANDX + struct.pack("<HHHHHH", 0, 0, 0, 5, 60, 0) + bytes(8), b"\0hello", True))),
    ("c", frame(smb1(0x32, 7, struct.pack("<HHHHBBHIHHHHHBBH", 8, 1, 2, 0, 0, 0, 0, 0, 0, 8, 66, 1, 74, 1, 0, 8), b"\0" + struct.pack("<HHI", 0x4000, 0x102, 0) + b"\1"))),
    ("s", frame(smb1(0x32, 7, b"", b"", True))),
    ("c", frame(smb1(0x04, 8, struct.pack("<HI", 0x4000, 0), b""))), ("s", frame(smb1(0x04, 8, b"", b"", True))),
    ("c", frame(smb1(0x07, 9, b"\0\0", b"\4" + u16("\\a\0") + b"\4\0" + u16("\\b\0")))),
    ("c", frame(smb1(0x25, 10, struct.pack("<HHHHBBHIHHHHHBBHH", 0, len(call(1, 3, STUB)), 0, 4096, 0, 0, 0, 0, 0, 0, 0, len(call(1, 3, STUB)), 84, 2, 0, 0x26, 0x4001),
                     b"\0" + u16("\\PIPE\\\0") + b"\0\0" + call(1, 3, STUB)))),
    ("s", frame(smb1(0x25, 10, struct.pack("<HHHHHHHHHBB", 0, 88, 0, 0, 0, 0, len(answer(1, STUB)), 56, 0, 0, 0), b"\0" + answer(1, STUB), True))),
    ("c", frame(smb1(0x71, 11, b"", b""))), ("s", frame(smb1(0x71, 11, b"", b"", True)))])
seed("smb-lost-bytes", 445, [("c", frame(create(3, "plan.txt"))), ("s", frame(created(3, GUID))),
                             ("c", frame(write2(4, GUID, b"x" * 9000))[:2000]), ("C", b"x" * 3116 + frame(create(5, "b"))),
                             ("S", b"noise" + frame(created(5, PIPE)))], flags=MIDSTREAM)


# ---- Kerberos
def der(tag, *parts):
    body = b"".join(parts)
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))) + body


def num(value):
    return der(2, bytes([value]))


def principal(*parts):
    return der(0x30, der(0xa0, num(1)), der(0xa1, der(0x30, *[der(0x1b, p) for p in parts])))


def sealed(kind):
    return der(0x30, der(0xa0, num(kind)), der(0xa2, der(4, b"sealed" * 9)))


REALM = der(0x1b, b"CITY.VN")
AS_REQ = der(0x6a, der(0x30, der(0xa1, num(5)), der(0xa2, num(10)), der(0xa4, der(
    0x30, der(0xa1, principal(b"operator")), der(0xa2, REALM), der(0xa3, principal(b"krbtgt", b"CITY.VN")),
    der(0xa8, der(0x30, num(18), num(23)))))))
TICKET = der(0x61, der(0x30, der(0xa0, num(5)), der(0xa1, REALM), der(0xa2, principal(b"cifs", b"srv")), der(0xa3, sealed(23))))
AS_REP = der(0x6b, der(0x30, der(0xa0, num(5)), der(0xa1, num(11)), der(0xa3, REALM), der(0xa4, principal(b"operator")),
                       der(0xa5, TICKET), der(0xa6, sealed(18))))
KRB_ERROR = der(0x7e, der(0x30, der(0xa0, num(5)), der(0xa1, num(30)), der(0xa6, num(25)), der(0xa9, REALM),
                          der(0xaa, principal(b"krbtgt", b"CITY.VN"))))


def record(data):
    return struct.pack(">I", len(data)) + data


seed("krb5-udp", 88, [("c", AS_REQ), ("s", KRB_ERROR), ("c", AS_REQ), ("s", AS_REP)], flags=UDP)
seed("krb5-tcp", 88, [("c", record(AS_REQ)), ("s", record(KRB_ERROR) + record(AS_REP)), ("c", record(b"\x6a\3abc"))])


# ---- IKE
def ike(version, exchange, first, body, flags=0, spi=0, message=0):
    return struct.pack("!QQBBBBII", 0x1122334455667788, spi, first, version, exchange, flags, message, 28 + len(body)) + body


def payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


IKE_OFFER = struct.pack("!BBHHHHHHHI", 1, 1, 0, 0x8001, 7, 0x8004, 2, 12, 4, 86400)
IKE_SA = payload(13, struct.pack("!II", 1, 1) + payload(0, struct.pack("!BBBB", 1, 1, 0, 2) + payload(3, IKE_OFFER) + payload(0, IKE_OFFER)))
IKE_KEYS = payload(10, b"key" * 40) + payload(20, b"nonce" * 4) + payload(0, b"nat")
seed("ike-1", 500, [("c", ike(0x10, 2, 1, IKE_SA + payload(0, b"vendor"))), ("s", ike(0x10, 2, 1, IKE_SA + payload(0, b"v"), spi=5)),
                    ("c", ike(0x10, 2, 4, IKE_KEYS, spi=5)), ("s", ike(0x10, 2, 4, IKE_KEYS, spi=5)),
                    ("c", ike(0x10, 2, 5, b"sealed" * 8, 1, 5)), ("s", ike(0x10, 5, 99, b"\0\0\0\1", 0, 5))], flags=UDP)
IKE_2 = [(1, 20), (1, 3), (2, 2), (3, 0), (3, 2), (4, 2), (4, 0), (5, 1), (9, 9)]
IKE_PROPOSAL = struct.pack("!BBBB", 1, 2, 0, len(IKE_2)) + b"".join(
    struct.pack("!BBHBBH", 3, 0, 8, kind, 0, number) for kind, number in IKE_2)
IKE_SA2 = payload(34, payload(2, IKE_PROPOSAL) + payload(0, IKE_PROPOSAL))
IKE_INIT = IKE_SA2 + payload(40, b"\0\2\0\0" + b"key" * 40) + payload(41, b"nonce" * 5) \
    + payload(41, struct.pack("!BBH", 0, 0, 16388) + b"h" * 20) + payload(0, struct.pack("!BBH", 1, 4, 14) + b"spi!")
seed("ike-2", 500, [("c", ike(0x20, 34, 33, IKE_INIT, 8)), ("s", ike(0x20, 34, 33, IKE_INIT, 32, 5)),
                    ("c", ike(0x20, 35, 46, payload(35, b"sealed" * 9), 8, 5, 1)), ("s", ike(0x20, 34, 33, IKE_INIT[:-3], 32, 5))], flags=UDP)
seed("ike-4500", 4500, [("c", b"\0" * 4 + ike(0x20, 35, 46, payload(35, b"sealed" * 9), 8, 5, 1)), ("s", b"\xff"),
                        ("s", b"\0\0\1\2ESP in UDP that is long enough to hold a header")], flags=UDP)


# ---- NTP
NTP = b"\x23\x02\x06\xec" + bytes(range(44))
seed("ntp", 123, [("c", NTP), ("s", b"\x24" + NTP[1:] + b"\0\0\0\1" + b"m" * 16), ("c", NTP[:20]), ("c", b"\x17\0\3\x2a" + b"\0" * 4)], flags=UDP)

# ---- NFS
def opaque(data):
    return struct.pack("!I", len(data)) + data + b"\0" * (-len(data) % 4)


def rpc_call(xid, procedure, body, version=3, program=100003):
    creds = struct.pack("!I", 1) + opaque(b"\0\0\0\1" + opaque(b"camera") + struct.pack("!III", 7, 8, 0))
    return struct.pack("!IIIIII", xid, 0, 2, program, version, procedure) + creds + b"\0" * 8 + body


def rpc_reply(xid, body):
    return struct.pack("!IIIIII", xid, 1, 0, 0, 0, 0) + body


HANDLE = opaque(b"handle of a file")
NFS_CALLS = [
    rpc_call(1, 3, HANDLE + opaque(b"film.mp4")), rpc_call(2, 6, HANDLE + struct.pack("!QI", 0, 4096)),
    rpc_call(3, 7, HANDLE + struct.pack("!QII", 0, 9, 0) + opaque(b"some data")), rpc_call(4, 21, HANDLE + struct.pack("!QI", 0, 9)),
    rpc_call(5, 14, HANDLE + opaque(b"from") + HANDLE + opaque(b"to")), rpc_call(6, 1, b"", 4), rpc_call(7, 0, b"", 3, 100227),
    rpc_call(8, 7, HANDLE + struct.pack("!QII", 4, 9, 0) + opaque(b"more data")), rpc_call(9, 12, b"\0\0\1\0short")]
NFS_REPLIES = [
    rpc_reply(1, b"\0" * 4 + HANDLE), rpc_reply(2, struct.pack("!IIII", 0, 0, 9, 1) + opaque(b"read this")), rpc_reply(3, b"\0" * 4),
    rpc_reply(4, b"\0" * 4), rpc_reply(5, b"\0\0\0\2"), rpc_reply(6, b"\0" * 4), rpc_reply(9, b""), rpc_reply(99, b"\0" * 4)]


def records(parts):
    return b"".join(struct.pack("!I", 0x80000000 | len(part)) + part for part in parts)


seed("nfs-udp", 2049, [("c", NFS_CALLS[0]), ("s", NFS_REPLIES[0]), ("c", NFS_CALLS[1]), ("s", NFS_REPLIES[1])]
     + [("c", c) for c in NFS_CALLS[2:]] + [("s", r) for r in NFS_REPLIES[2:]], flags=UDP)
seed("nfs-tcp", 2049, [("c", records(NFS_CALLS[:2])), ("s", records(NFS_REPLIES[:2])), ("c", records(NFS_CALLS[2:])), ("s", records(NFS_REPLIES[2:]))])
NFS_BLOCK = rpc_call(3, 7, HANDLE + struct.pack("!QII", 0, 5000, 0) + opaque(b"block" * 1000))
seed("nfs-2", 2049, [("c", rpc_call(1, 6, b"h" * 32 + struct.pack("!III", 0, 100, 0), 2)), ("s", rpc_reply(1, b"\0" * 72 + opaque(b"version 2"))),
                     ("c", rpc_call(2, 8, b"h" * 32 + struct.pack("!III", 0, 0, 9) + opaque(b"version 2"), 2)), ("s", rpc_reply(2, b"\0" * 72))], flags=UDP)
seed("nfs-lost-bytes", 2049, [("c", records([NFS_BLOCK])[:3000]), ("C", records([NFS_CALLS[0], NFS_BLOCK])), ("s", records(NFS_REPLIES[:1]))])


# Version 4: a file is looked up and read, another opened and written, in compounds (RFC 7530, 15.2)
STATE, CHANGES = b"state of 16 byte", b"\0" * 20
ROOT, FILE_4, NEW_4 = opaque(b"root"), opaque(b"handle of the film"), opaque(b"handle of levels")
ATTRIBUTES = struct.pack("!II", 1, 16) + opaque(b"\0" * 8)


def compound(*ops):
    """A call: an empty word, the minor version, operations."""
    return opaque(b"") + struct.pack("!II", 0, len(ops)) + b"".join(struct.pack("!I", op) + body for op, body in ops)


def results(*ops, status=0):
    return struct.pack("!I", status) + opaque(b"") + struct.pack("!I", len(ops)) + b"".join(struct.pack("!II", op, 0) + body for op, body in ops)


OPENS = struct.pack("!III", 1, 2, 0) + b"\0" * 8 + opaque(b"owner") + struct.pack("!II", 1, 0) + ATTRIBUTES + struct.pack("!I", 0) + opaque(b"levels.csv")
OPENED = STATE + CHANGES + struct.pack("!III", 4, 1, 16) + struct.pack("!I", 2) + STATE + b"\0" * 16 + b"\0" * 12 + opaque(b"who")
NFS_4 = [
    ("c", records([rpc_call(1, 1, compound((24, b""), (15, opaque(b"video")), (15, opaque(b"film.mp4")), (10, b""), (9, b"\0\0\0\1\0\0\0\2")), 4)])),
    ("s", records([rpc_reply(1, results((24, b""), (15, b""), (15, b""), (10, FILE_4), (9, ATTRIBUTES)))])),
    ("c", records([rpc_call(2, 1, compound((22, FILE_4), (25, STATE + struct.pack("!QI", 0, 9))), 4),
                   rpc_call(3, 1, compound((53, STATE + b"\0" * 16), (22, FILE_4), (25, STATE + struct.pack("!QI", 9, 99))), 4)])),
    ("s", records([rpc_reply(2, results((22, b""), (25, struct.pack("!I", 0) + opaque(b"first bit")))),
                   rpc_reply(3, results((53, b"\0" * 36), (22, b""), (25, struct.pack("!I", 1) + opaque(b" and the last" * 200))))])),
    ("c", records([rpc_call(4, 1, compound((22, ROOT), (18, OPENS), (10, b"")), 4)])),
    ("s", records([rpc_reply(4, results((22, b""), (18, OPENED), (10, NEW_4)))])),
    ("c", records([rpc_call(5, 1, compound((22, NEW_4), (38, STATE + struct.pack("!QI", 0, 2) + opaque(b"3.1;2.9;" * 300)), (9, b"\0\0\0\1\0\0\0\2")), 4)])),
    ("s", records([rpc_reply(5, results((22, b""), (38, b"\0" * 16), (9, ATTRIBUTES)))])),
    ("c", records([rpc_call(6, 1, compound((22, NEW_4), (38, STATE + struct.pack("!QI", 2400, 2) + opaque(b"end"))), 4)])),
    ("s", records([rpc_reply(6, results((22, b""), (38, b"\0" * 16)))])),
    ("c", records([rpc_call(7, 1, compound((22, NEW_4), (4, b"\0\0\0\3" + STATE)), 4),
                   rpc_call(8, 1, compound((22, ROOT), (28, opaque(b"old.csv")), (29, opaque(b"a") + opaque(b"b")), (99, b"what is this")), 4)])),
    ("s", records([rpc_reply(7, results((22, b""), (4, STATE))), rpc_reply(8, results((22, b""), status=13))]))]
seed("nfs-4", 2049, NFS_4)


# ---- PostgreSQL
def pg(kind, body):
    return kind + struct.pack("!I", 4 + len(body)) + body


PG_START = struct.pack("!I", 35) + b"\0\3\0\0user\0city\0database\0places\0\0"
PG_READY = pg(b"Z", b"I")
seed("pgsql", 5432, [
    ("c", b"\0\0\0\x08\x04\xd2\x16\x2f"), ("s", b"N"), ("c", PG_START), ("s", pg(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0")),
    ("c", pg(b"p", b"SCRAM-SHA-256\0\0\0\0\6n,,n=,")), ("s", pg(b"R", b"\0\0\0\x0br=1,s=2")), ("c", pg(b"p", b"c=biws,p=3")),
    ("s", pg(b"R", b"\0\0\0\x0cv=4") + pg(b"R", b"\0\0\0\0") + pg(b"S", b"TimeZone\0Asia/Ho_Chi_Minh\0") + pg(b"K", b"\0\0\0\1\0\0\0\2") + PG_READY),
    ("c", pg(b"Q", b"select 1\0")), ("s", pg(b"T", b"\0\1") + pg(b"D", b"\0\1\0\0\0\3abc") + pg(b"C", b"SELECT 1\0") + PG_READY),
    ("c", pg(b"P", b"s\0select $1\0\0\0") + pg(b"B", b"\0\0") + pg(b"S", b"")), ("s", pg(b"1", b"") + pg(b"E", b"SERROR\0C42601\0Mno\0\0") + PG_READY),
    ("c", pg(b"X", b""))])
seed("pgsql-starttls", 5432, [("c", b"\0\0\0\x08\x04\xd2\x16\x2f"), ("s", b"S"), ("c", b"\x16\3\1\0\2\1\0")])
seed("pgsql-cancel", 5432, [("c", b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\2"), ("c", pg(b"?", b"bad"))])
