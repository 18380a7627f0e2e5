#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A botnet's control channel in miniature: the bot says hello with its name, then both ping.

c2.py serve PORT                       control server
c2.py bot ADDRESS PORT NAME SECONDS    bot
The messages have the shape that is publicly known of the Mirai family; nothing is executed.
"""
import socket
import sys
import time


def serve(port):
    with socket.create_server(("", port)) as server:
        while True:
            bot, _ = server.accept()
            with bot:
                while data := bot.recv(512):
                    if data == b"\0\0":
                        bot.sendall(data)


def run_bot(address, port, name, seconds):
    with socket.create_connection((address, port), 5) as c2:
        c2.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c2.sendall(b"\0\0\0\1")
        time.sleep(0.1)
        c2.sendall(bytes([len(name)]) + name.encode())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(5)
            c2.sendall(b"\0\0")
            c2.recv(2)


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    run_bot(sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5]))
