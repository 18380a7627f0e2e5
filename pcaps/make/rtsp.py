#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""RTSP over TCP (RFC 2326, interleaved RTP), both ends, for cameras and their recorder.

rtsp.py serve                        a camera on port 554
rtsp.py play ADDRESS AGENT FRAMES    a recorder: OPTIONS, DESCRIBE, SETUP, PLAY, FRAMES frames, TEARDOWN
rtsp.py describe ADDRESS AGENT       a stranger: OPTIONS and DESCRIBE only
"""
import pathlib
import random
import socket
import socketserver
import struct
import sys
import time

SDP = ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Media Presentation\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
       "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n")
FRAME_BYTES = 700
FRAME_SECONDS = 0.4


def pace():
    try:
        return float(pathlib.Path("pace").read_text())
    except (OSError, ValueError):
        return 1.0


def read_head(f):
    lines = []
    while True:
        line = f.readline().decode("latin-1").strip()
        if not line:
            return lines
        lines.append(line)


class Camera(socketserver.StreamRequestHandler):
    def answer(self, cseq, extra="", body=""):
        if body:
            extra += f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        self.wfile.write(f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nServer: CamStreamer/2.4\r\n{extra}\r\n{body}".encode())

    def handle(self):
        rng = random.Random(self.server.server_address[0])
        playing, sequence = False, 0
        self.connection.settimeout(FRAME_SECONDS)
        while True:
            try:
                head = read_head(self.rfile) if not playing else self.poll()
            except OSError:
                return
            if head is None:
                payload = bytes([0x41]) + rng.randbytes(FRAME_BYTES)
                rtp = struct.pack(">BBHII", 0x80, 0xE0, sequence & 0xFFFF, sequence * 36000, 0x1CA11) + payload
                self.wfile.write(struct.pack(">cBH", b"$", 0, len(rtp)) + rtp)
                sequence += 1
                continue
            if not head:
                return
            method = head[0].split()[0]
            cseq = next((h.split(":")[1].strip() for h in head if h.lower().startswith("cseq")), "0")
            if method == "OPTIONS":
                self.answer(cseq, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n")
            elif method == "DESCRIBE":
                self.answer(cseq, body=SDP)
            elif method == "SETUP":
                self.answer(cseq, "Session: 66334873\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
            elif method == "PLAY":
                self.answer(cseq, "Session: 66334873\r\n")
                playing = True
            else:
                self.answer(cseq)
                return

    def poll(self):
        """The next request, or None after the time of one frame."""
        end = time.monotonic() + FRAME_SECONDS * pace()
        self.connection.setblocking(True)
        self.connection.settimeout(max(0.01, end - time.monotonic()))
        try:
            first = self.connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return None
        if not first:
            raise OSError("closed")
        self.connection.settimeout(5)
        return read_head(self.rfile)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def request(sock, f, method, url, cseq, agent, extra=""):
    sock.sendall(f"{method} {url} RTSP/1.0\r\nCSeq: {cseq}\r\nUser-Agent: {agent}\r\n{extra}\r\n".encode())
    while True:
        first = f.read(1)
        if first != b"$":
            break
        _, size = struct.unpack(">BH", f.read(3))
        f.read(size)
    head = [first.decode("latin-1")] + read_head(f)
    size = next((int(h.split(":")[1]) for h in head if h.lower().startswith("content-length")), 0)
    f.read(size)


def client(address, agent, frames):
    url = f"rtsp://{address}:554/Streaming/Channels/101"
    with socket.create_connection((address, 554), 5) as sock:
        sock.settimeout(120)
        f = sock.makefile("rb")
        request(sock, f, "OPTIONS", url, 1, agent)
        request(sock, f, "DESCRIBE", url, 2, agent, "Accept: application/sdp\r\n")
        if frames == 0:
            return
        request(sock, f, "SETUP", url + "/trackID=1", 3, agent,
                "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
        request(sock, f, "PLAY", url, 4, agent, "Session: 66334873\r\nRange: npt=0.000-\r\n")
        for _ in range(frames):
            _, _, size = struct.unpack(">cBH", f.read(4))
            f.read(size)
        request(sock, f, "TEARDOWN", url, 5, agent, "Session: 66334873\r\n")


if sys.argv[1] == "serve":
    Server(("", 554), Camera).serve_forever()
else:
    client(sys.argv[2], sys.argv[3], int(sys.argv[4]) if sys.argv[1] == "play" else 0)
