#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One worked example for each keyword: options that must fire on a small capture, and options alike that must not.

  keyword_cases.py SENSOR [--keep DIR]
  keyword_cases.py --list                 the rows, for docs/EXAMPLES.md

The capture holds one conversation each of HTTP, DNS, FTP, mail, SSH and MQTT, one of no known protocol, a datagram and an echo.
A row is (keyword, protocol of the header, options that fire, options that do not). protocol_cases.py goes on with other protocols and
rarer packets. Every keyword, and every field that rules may ask, stands in some row, or in WITHOUT."""
import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import protocol_cases
from rule_cases import OFFICE, OUTSIDE, Capture, checksum

REQUEST = (b"POST /a/%62c/Index.php?id=7 HTTP/1.1\r\nHost: Shop.Example.com:8080\r\nUser-Agent: probe/1.0\r\n"
           b"Accept: text/html\r\nAccept-Language: vi\r\nAccept-Encoding: gzip\r\nReferer: http://from.example/\r\n"
           b"Cookie: sid=abc123\r\nAuthorization: Basic dTpw\r\nConnection: close\r\nContent-Type: text/plain\r\n"
           b"Content-Length: 17\r\n\r\nname=Charlie a  b")
RESPONSE = (b"HTTP/1.1 302 Moved Now\r\nServer: tiny/2\r\nLocation: http://to.example/x\r\nSet-Cookie: k=v9\r\n"
            b"Content-Type: text/css\r\nContent-Length: 9\r\n\r\nbody{x:1}")
PAYLOAD = b"USER Root\x00\x05hello\x2a\x01\x02\x03\x04 cmd=Y21kLmV4ZQ== 00042 a  b\tc END"
MAIL = [("s", b"220 mx.example ESMTP\r\n"), b"EHLO pc.example\r\n", ("s", b"250 hello\r\n"), b"MAIL FROM:<a@x.example>\r\n",
        ("s", b"250 ok\r\n"), b"RCPT TO:<b@y.example>\r\n", ("s", b"250 ok\r\n"), b"DATA\r\n", ("s", b"354 go\r\n"),
        b"From: a@x.example\r\nTo: b@y.example\r\nSubject: Hi there\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; "
        b"name=\"tool.exe\"\r\nContent-Disposition: attachment; filename=\"tool.exe\"\r\n\r\nMZ-attached-bytes\r\n.\r\n",
        ("s", b"250 ok\r\n"), b"QUIT\r\n", ("s", b"221 bye\r\n")]
FTP = [("s", b"220 (vsFTPd 3)\r\n"), b"USER anna\r\n", ("s", b"331 password\r\n"), b"PASS x\r\n", ("s", b"230 in\r\n"),
       b"PORT 198,51,100,9,4,1\r\n", ("s", b"200 ok\r\n"), b"RETR secret.bin\r\n", ("s", b"550 no such file\r\n")]


def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"


QUESTION = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + name("www.Evil.example") + struct.pack(">HH", 1, 1)
ANSWER = (struct.pack(">HHHHHH", 0x1234, 0x8183, 1, 1, 0, 0) + name("www.Evil.example") + struct.pack(">HH", 1, 1) +
          b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + b"\x0a\0\0\x09")
MQTT = [b"\x10\x16\0\x04MQTT\x04\xc2\0\x3c\0\x03dev\0\x02me\0\x01p", ("s", b"\x20\x02\0\0"), b"\x31\x0a\0\x03t/1hello"]


def capture():
    c = Capture()
    c.tcp(OUTSIDE, OFFICE, 8080, [REQUEST, ("s", RESPONSE)])
    c.tcp(OUTSIDE, OFFICE, 7777, [PAYLOAD, ("s", b"answer of the server")])
    c.tcp(OUTSIDE, OFFICE, 25, MAIL)
    c.tcp(OUTSIDE, OFFICE, 21, FTP)
    c.tcp(OUTSIDE, OFFICE, 22, [b"SSH-2.0-client_9\r\n", ("s", b"SSH-1.99-server_7 x\r\n")])
    c.tcp(OUTSIDE, OFFICE, 1883, MQTT)
    c.udp(OUTSIDE, OFFICE, 53, QUESTION, sport=5353 + 1)
    c.udp(OFFICE, OUTSIDE, 5353 + 1, ANSWER, sport=53)
    c.udp(OUTSIDE, OFFICE, 7778, b"datagram")
    echo = struct.pack(">BBHHH", 8, 0, 0, 666, 7) + b"ping"
    c.add(OUTSIDE, OFFICE, 1, echo[:2] + struct.pack(">H", checksum(echo)) + echo[4:])
    return c


def buffers(rows):
    """Sticky buffers: a content that stands there, and one that stands beside it only."""
    for keyword, proto, there, other in rows:
        yield keyword, proto, f'{keyword}; content:"{there}";', f'{keyword}; content:"{other}";'


CASES = [
    # payload
    ("content", "tcp", 'content:"USER Root|00 05|";', 'content:"USER root";'),
    ("content !", "tcp", 'content:"USER Root"; content:!"nowhere";', 'content:"USER Root"; content:!"hello";'),
    ("nocase", "tcp", 'content:"user root"; nocase;', 'content:"user toor"; nocase;'),
    ("depth", "tcp", 'content:"Root"; depth:9;', 'content:"Root"; depth:8;'),
    ("offset", "tcp", 'content:"Root"; offset:5;', 'content:"Root"; offset:6;'),
    ("distance", "tcp", 'content:"USER"; content:"hello"; distance:7;', 'content:"USER"; content:"hello"; distance:8;'),
    ("within", "tcp", 'content:"USER"; content:"Root"; within:5;', 'content:"USER"; content:"Root"; within:4;'),
    ("startswith", "tcp", 'content:"USER"; startswith;', 'content:"Root"; startswith;'),
    ("endswith", "tcp", 'content:"END"; endswith;', 'content:"EN"; endswith;'),
    ("fast_pattern", "tcp", 'content:"USER"; content:"hello"; fast_pattern;', 'content:"USER"; content:"hullo"; fast_pattern;'),
    ("rawbytes", "tcp", 'content:"hello"; rawbytes;', 'content:"hullo"; rawbytes;'),
    ("pcre", "tcp", r'pcre:"/USER\s[A-Z]oot/";', r'pcre:"/USER\s[a-z]oot/";'),
    ("isdataat", "tcp", 'content:"USER"; isdataat:40,relative;', 'content:"USER"; isdataat:400,relative;'),
    ("dsize", "tcp", f'dsize:{len(PAYLOAD)}; content:"Root";', 'dsize:<20; content:"Root";'),
    ("byte_test", "tcp", 'content:"Root|00|"; byte_test:1,=,5,0,relative;', 'content:"Root|00|"; byte_test:1,>,5,0,relative;'),
    ("byte_jump", "tcp", 'content:"Root|00|"; byte_jump:1,0,relative; content:"|2a|"; within:1;',
     'content:"Root|00|"; byte_jump:1,0,relative; content:"o"; within:1;'),
    ("byte_extract", "tcp", 'content:"Root|00|"; byte_extract:1,0,n,relative; content:"|2a|"; distance:n; within:1;',
     'content:"Root|00|"; byte_extract:1,0,n,relative; content:"END"; distance:0; within:n;'),
    ("byte_math", "tcp", 'content:"Root|00|"; byte_math:bytes 1, offset 0, oper +, rvalue 0, result r, relative; '
     'content:"|2a|"; distance:r; within:1;',
     'content:"Root|00|"; byte_math:bytes 1, offset 0, oper +, rvalue 2, result r, relative; content:"|2a|"; distance:r; within:1;'),
    ("base64_decode", "tcp", 'content:"cmd="; base64_decode:bytes 12, offset 0, relative; base64_data; content:"cmd.exe";',
     'content:"cmd="; base64_decode:bytes 8, offset 0, relative; base64_data; content:"cmd.exe";'),
    ("pkt_data", "tcp", 'pkt_data; content:"hello|2a|";', 'pkt_data; content:"hello|2b|";'),
    ("app-layer-protocol", "tcp", 'app-layer-protocol:ssh;', 'app-layer-protocol:smb;'),
    ("app-layer-protocol, content", "tcp", 'app-layer-protocol:!tls; content:"SSH-1.99-server";',
     'app-layer-protocol:tls; content:"SSH-1.99-server";'),
    ("byte_jump from_end", "tcp", 'byte_jump:1,0,from_end,post_offset -88; content:"END"; within:3; distance:0;',
     'byte_jump:1,0,from_end,post_offset -87; content:"END"; within:3; distance:0;'),
    ("dsize !", "tcp", 'content:"USER Root"; dsize:!5;', f'content:"USER Root"; dsize:!{len(PAYLOAD)};'),
    ("tcp.flags !0", "tcp", "flags:!0; seq:1000;", "flags:0; seq:1000;"),
    # packet
    ("ttl", "icmp", "itype:8; ttl:64;", "itype:8; ttl:<64;"),
    ("itype", "icmp", "itype:8;", "itype:0;"),
    ("icode", "icmp", "itype:8; icode:0;", "itype:8; icode:>0;"),
    ("icmp_id", "icmp", "icmp_id:666;", "icmp_id:667;"),
    ("icmp_seq", "icmp", "icmp_seq:7;", "icmp_seq:8;"),
    ("ip_proto", "ip", "ip_proto:1;", "ip_proto:47;"),
    ("l3_proto", "ip", "l3_proto:ipv4;", "l3_proto:ipv6;"),
    ("sameip", "ip", "ip_proto:1; icmp_id:666;", "sameip;"),
    ("tcp.flags", "tcp", "flags:S,12;", "flags:SF;"),
    ("tcp.seq", "tcp", "seq:1000; flags:S;", "seq:999; flags:S;"),
    ("tcp.ack", "tcp", "ack:1001; flags:SA;", "ack:1002; flags:SA;"),
    ("tcp.window", "tcp", "window:64000;", "window:63999;"),
    ("tos", "ip", "tos:0; ip_proto:1;", "tos:8; ip_proto:1;"),
    ("fragbits", "icmp", "fragbits:!M; itype:8;", "fragbits:M; itype:8;"),
    ("fragoffset", "icmp", "fragoffset:0; itype:8;", "fragoffset:>0; itype:8;"),
    ("ipv4.hdr", "icmp", 'ipv4.hdr; content:"|45|"; startswith;', 'ipv4.hdr; content:"|46|"; startswith;'),
    ("tcp.hdr", "tcp", 'tcp.hdr; content:"|1e 61|"; offset:2; depth:2;', 'tcp.hdr; content:"|1e 62|"; offset:2; depth:2;'),
    ("udp.hdr", "udp", 'udp.hdr; content:"|1e 62|"; offset:2; depth:2;', 'udp.hdr; content:"|1e 61|"; offset:2; depth:2;'),
    ("icmpv4.hdr", "icmp", 'icmpv4.hdr; content:"|08|"; startswith;', 'icmpv4.hdr; content:"|00 08|"; startswith;'),
    ("icmpv4-csum", "icmp", "icmpv4-csum:valid;", "icmpv4-csum:invalid;"),
    ("tcpv4-csum", "tcp", "tcpv4-csum:valid;", "tcpv4-csum:invalid;"),
    ("udpv4-csum", "udp", "udpv4-csum:valid;", "udpv4-csum:invalid;"),
    ("ipv4-csum", "ip", "ipv4-csum:valid;", "ipv4-csum:invalid;"),
    # flow
    ("flow", "tcp", 'flow:established,to_client; content:"answer of";', 'flow:established,to_server; content:"answer of";'),
    ("flowbits", "tcp", 'content:"answer of"; flowbits:isset,user.seen;', 'content:"answer of"; flowbits:isnotset,user.seen;'),
    ("flowint", "tcp", 'content:"answer of"; flowint:seen,==,3;', 'content:"answer of"; flowint:seen,>,3;'),
    ("xbits", "tcp", 'content:"answer of"; xbits:isset,caller,track ip_dst;', 'content:"answer of"; xbits:isset,caller,track ip_src;'),
    ("stream_size", "tcp", 'content:"hello|2a|"; stream_size:client,>,10;', 'content:"hello|2a|"; stream_size:client,<,10;'),
    ("flow.pkts_toserver", "tcp", 'content:"answer of"; flow.pkts_toserver:>1;', 'content:"answer of"; flow.pkts_toserver:>100;'),
    ("flow.pkts_toclient", "tcp", 'content:"answer of"; flow.pkts_toclient:>0;', 'content:"answer of"; flow.pkts_toclient:>100;'),
    ("flow.bytes_toserver", "tcp", 'content:"answer of"; flow.bytes_toserver:>100;', 'content:"answer of"; flow.bytes_toserver:>9000;'),
    ("flow.bytes_toclient", "tcp", 'content:"answer of"; flow.bytes_toclient:>50;', 'content:"answer of"; flow.bytes_toclient:>9000;'),
    ("flow.pkts", "tcp", 'content:"answer of"; flow.pkts:either,>1; flow.pkts:toserver,<=9;', 'content:"answer of"; flow.pkts:both,>100;'),
    ("flow.bytes", "tcp", 'content:"answer of"; flow.bytes:both,>150;', 'content:"answer of"; flow.bytes:either,>9000;'),
    ("stream_size", "tcp", 'content:"answer of"; stream_size:server,=,21;', 'content:"answer of"; stream_size:server,<,20;'),
    ("flow.age", "tcp", 'content:"answer of"; flow.age:<5;', 'content:"answer of"; flow.age:>5;'),
    ("noalert", "tcp", 'content:"hello|2a|"; alert;', 'content:"hello|2a|"; noalert;'),
    ("threshold", "tcp", 'flags:S; threshold:type threshold, track by_src, count 3, seconds 60;',
     'flags:S; threshold:type threshold, track by_src, count 30, seconds 60;'),
    ("detection_filter", "tcp", 'flags:S; detection_filter:track by_src, count 2, seconds 60;',
     'flags:S; detection_filter:track by_src, count 20, seconds 60;'),
    # HTTP
    *buffers((
        ("http.method", "http", "POST", "GET"), ("http.uri", "http", "/a/bc/Index.php?id=7", "%62c"),
        ("http.uri.raw", "http", "/a/%62c/", "/a/bc/"), ("http.host", "http", "shop.example.com", "8080"),
        ("http.host.raw", "http", "Shop.Example.com:8080", "shop"), ("http.user_agent", "http", "probe/1.0", "User-Agent"),
        ("http.accept", "http", "text/html", "gzip"), ("http.accept_lang", "http", "vi", "text"),
        ("http.accept_enc", "http", "gzip", "vi"), ("http.referer", "http", "from.example", "to.example"),
        ("http.cookie", "http", "sid=abc123", "Cookie:"), ("http.connection", "http", "close", "keep"),
        ("http.content_type", "http", "text/plain", "text/html"), ("http.content_len", "http", "17", "13"),
        ("http.header", "http", "Accept: text/html|0d 0a|", "sid=abc123"), ("http.header.raw", "http", "Cookie: sid=abc123", "Cookie: sid=abd"),
        ("http.header_names", "http", "|0d 0a|Host|0d 0a|User-Agent|0d 0a|", "text/html"),
        ("http.request_line", "http", "POST /a/%62c/Index.php?id=7 HTTP/1.1", "Host"),
        ("http.protocol", "http", "HTTP/1.1", "HTTP/1.0"), ("http.start", "http", "POST /a/", "name=Charlie"),
        ("http.request_body", "http", "name=Charlie", "body{"), ("http.stat_code", "http", "302", "200"),
        ("http.stat_msg", "http", "Moved Now", "302"), ("http.location", "http", "to.example/x", "from.example"),
        ("http.server", "http", "tiny/2", "tiny/3"), ("http.response_line", "http", "HTTP/1.1 302 Moved Now", "Server"),
        ("http.response_body", "http", "body{x:1}", "Charlie"), ("file.data", "http", "body{x:1}", "302"),
        ("http.request_header", "http", "Accept-Language: vi", "Accept-Language: en"),
        ("http.response_header", "http", "Server: tiny/2", "Accept"),
    )),
    ("urilen", "http", "urilen:20;", "urilen:>20;"),
    ("bsize", "http", "http.method; content:\"POST\"; bsize:4;", "http.method; content:\"POST\"; bsize:>4;"),
    ("uricontent", "http", 'uricontent:"/bc/";', 'uricontent:"%62c";'),
    *((old, "http", f'content:"{there}"; {old};', f'content:"{other}"; {old};') for old, there, other in (
        ("http_uri", "/a/bc/", "%62c"), ("http_raw_uri", "%62c", "/bc/"), ("http_method", "POST", "GET"),
        ("http_header", "Accept: text/html", "sid=abc123"), ("http_raw_header", "Host: Shop", "Host: shop"),
        ("http_cookie", "sid=abc123", "probe"), ("http_user_agent", "probe/1.0", "Agent"), ("http_host", "shop.example", "8080"),
        ("http_raw_host", "Example.com:8080", "shop"), ("http_client_body", "name=Charlie", "body{"),
        ("http_server_body", "body{x", "302"), ("http_stat_code", "302", "404"), ("http_stat_msg", "Moved", "302"))),
    # transforms
    ("dotprefix", "http", 'http.host; dotprefix; content:".shop.example.com";', 'http.host; dotprefix; content:".example.org";'),
    ("to_lowercase", "http", 'http.uri; to_lowercase; content:"/index.php";', 'http.uri; to_lowercase; content:"indexes";'),
    ("to_uppercase", "http", 'http.uri; to_uppercase; content:"/INDEX.PHP";', 'http.uri; to_uppercase; content:"INDEXES";'),
    ("strip_whitespace", "http", 'http.stat_msg; strip_whitespace; content:"MovedNow";', 'http.stat_msg; strip_whitespace; content:"MovedLater";'),
    ("compress_whitespace", "http", 'http.request_body; compress_whitespace; content:"lie a b";', 'http.request_body; compress_whitespace; content:"lie ab";'),
    ("url_decode", "http", 'http.uri.raw; url_decode; content:"/a/bc/";', 'http.uri.raw; url_decode; content:"%62";'),
    ("xor", "http", 'http.method; xor:"01"; content:"QNRU";', 'http.method; xor:"01"; content:"POST";'),
    ("to_md5", "http", 'http.method; to_md5; content:"|a0 24 39 ec|"; startswith;', 'http.method; to_md5; content:"POST";'),
    ("to_sha1", "http", 'http.method; to_sha1; bsize:20;', 'http.method; to_sha1; bsize:16;'),
    ("to_sha256", "http", 'http.method; to_sha256; bsize:32;', 'http.method; to_sha256; bsize:20;'),
    ("header_lowercase", "http", 'http.header; header_lowercase; content:"user-agent: probe";', 'http.header; header_lowercase; content:"User-Agent";'),
    ("pcrexform", "http", 'http.uri; pcrexform:"[a-z]+=(\\d)"; content:"7"; bsize:1;', 'http.uri; pcrexform:"[a-z]+=(\\d)"; content:"id";'),
    ("dataset", "http", 'http.method; dataset:isset,methods,type string,load METHODS;', 'http.method; dataset:isnotset,methods,type string,load METHODS;'),
    # others
    *buffers((
        ("dns.query", "dns", "www.Evil.example", "mail"), ("dns.queries.rrname", "dns", "Evil", "good"),
        ("dns.answers.rrname", "dns", "Evil", "good"),
        ("ftp.command", "ftp", "RETR", "STOR"), ("ftp.command_data", "ftp", "secret.bin", "public"),
        ("ftp.completion_code", "ftp", "331", "999"), ("ftp.reply", "ftp", "no such file", "welcome"),
        ("ssh.proto", "ssh", "1.99", "3.0"), ("ssh.software", "ssh", "server_7", "server_8"),
        ("smtp.helo", "smtp", "pc.example", "mx"), ("smtp.mail_from", "smtp", "a@x.example", "b@y"),
        ("smtp.rcpt_to", "smtp", "b@y.example", "a@x"), ("file.name", "smtp", "tool.exe", "tool.doc"),
        ("mqtt.connect.clientid", "mqtt", "dev", "other"), ("mqtt.connect.username", "mqtt", "me", "you"),
        ("mqtt.publish.topic", "mqtt", "t/1", "t/2"), ("mqtt.publish.message", "mqtt", "hello", "hullo"),
    )),
    ("dns.opcode", "dns", "dns.opcode:0;", "dns.opcode:4;"), ("dns.rcode", "dns", "dns.rcode:3;", "dns.rcode:2;"),
    ("dns.rrtype", "dns", "dns.rrtype:1;", "dns.rrtype:28;"),
    ("ftpbounce", "ftp", "ftpbounce;", 'ftpbounce; content:"EPRT";'),
    ("ssh.softwareversion", "ssh", 'ssh.softwareversion:"client";', 'ssh.softwareversion:"putty";'),
    ("filename", "smtp", 'filename:"tool";', 'filename:"toll";'), ("fileext", "smtp", 'fileext:"exe";', 'fileext:"dll";'),
    ("filesize", "smtp", "filesize:<100;", "filesize:>100;"),
    ("mqtt.type", "mqtt", "mqtt.type:PUBLISH;", "mqtt.type:SUBSCRIBE;"),
    ("mqtt.connack.session_present", "mqtt", "mqtt.connack.session_present:no;", "mqtt.connack.session_present:true;"),
    ("mqtt.connack.return_code", "mqtt", "mqtt.connack.return_code:0;", "mqtt.connack.return_code:4;"),
]
SETTERS = ('alert tcp any any -> any 7777 (msg:"set"; content:"USER Root"; flowbits:set,user.seen; flowint:seen,=,3; '
           'xbits:set,caller,track ip_src,expire 60; noalert; sid:1;)\n')


# No capture can show these. Each has a reason; all other keywords and fields have a row.
WITHOUT = {
    "lua": "is put aside, never run", "geoip": "needs a file of countries that nobody may pass on",
    "sid": "stands in each row", "msg": "stands in each row", "rev": "stands in each row",
}


def rules(cases, setters, values):
    text = setters
    for i, (keyword, proto, *both) in enumerate(cases):
        for k, options in enumerate(both):
            options = options.strip()
            for name, value in values.items():
                options = options.replace(name, value)
            text += f'alert {proto} any any -> any any (msg:"{keyword}"; {options} sid:{1000 + 2 * i + k}; rev:1;)\n'
    return text


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def run(sensor, work, c, cases, setters, values, settings):
    """Faults of these cases on the capture."""
    os.makedirs(work, exist_ok=True)
    c.write(os.path.join(work, "in.pcap"))
    paths = {name: write(os.path.join(work, name), text) for name, text in values.items()}
    call = [sensor, "-r", os.path.join(work, "in.pcap"), "-S", write(os.path.join(work, "keywords.rules"), rules(cases, setters, paths)), "-l", work,
            "--quiet", "--set", "detect.alerts-max=250"]
    for key, value in settings.items():
        call += ["--set", f"{key}={value}"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=1500, check=False)
    with open(os.path.join(work, "eve.json"), encoding="utf-8") as f:
        fired = {e["alert"]["signature_id"] for e in map(json.loads, f) if e["event_type"] == "alert"}
    faults = [done.stderr] if done.returncode or "put aside" in done.stderr else []
    for i, (keyword, _, yes, no) in enumerate(cases):
        if 1000 + 2 * i not in fired:
            faults.append(f"{keyword}: silent: {yes}")
        if 1001 + 2 * i in fired:
            faults.append(f"{keyword}: fires: {no}")
    return faults


def listed(sensor, what):
    """Rows of a printed table, as lists of their cells."""
    text = subprocess.run([sensor, "--list-" + what, "--format", "md"], capture_output=True, text=True, check=True).stdout
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[1:]]


def without_example(sensor):
    """Keywords, and fields that rules may ask, that stand in the options of no row."""
    shown = set(WITHOUT)
    for keyword, _, yes, _ in CASES + protocol_cases.CASES:
        shown.add(keyword.split()[0].rstrip(","))
        shown |= set(re.findall(r"(?:^|;)\s*([\w.-]+)", yes))
    shown |= {name.replace(".", "_", 1) for name in shown}
    names = [row[0].split() for row in listed(sensor, "keywords")]
    names += [[row[0], row[0].replace(".", "_", 1)] for row in listed(sensor, "fields") if "rules" in row[2].split()]
    known = {name for row in names for name in row}
    faults = [f"{row[0]}: no example here" for row in names if not shown & set(row)]
    return faults + [f"{name}: is no keyword, and needs no reason" for name in WITHOUT if name not in known]


def print_rows():
    def code(text):
        return "`` " + text.replace("|", "\\|") + " ``"

    print("| keyword | header | fires | does not |\n|---|---|---|---|")
    for keyword, proto, yes, no in sorted(CASES + protocol_cases.CASES, key=lambda row: row[0]):
        print(f"| {keyword} | {proto} | {code(yes.strip())} | {code(no.strip())} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sensor", nargs="?")
    parser.add_argument("--keep")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list or not args.sensor:
        print_rows()
        return 0
    sensor, more = os.path.abspath(args.sensor), protocol_cases
    with tempfile.TemporaryDirectory(prefix="tramgac-keywords.") as work:
        work = args.keep or work
        faults = run(sensor, os.path.join(work, "words"), capture(), CASES, SETTERS, {"METHODS": "UE9TVA==\n"}, {})
        faults += run(sensor, os.path.join(work, "protocols"), more.capture(), more.CASES, more.SETTERS, more.VALUES, more.settings(work))
    faults += without_example(sensor)
    print("\n".join(faults) or f"{len(CASES) + len(more.CASES)} examples, each with a rule that fires and one that does not")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
