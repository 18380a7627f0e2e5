#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Accept on a TCP port and give each connection to a program, as inetd does.

superserver.py PORT PROGRAM ARGUMENT...
"""
import socket
import subprocess
import sys

with socket.create_server(("", int(sys.argv[1]))) as server:
    while True:
        connection, _ = server.accept()
        subprocess.Popen(sys.argv[2:], stdin=connection, stdout=connection, stderr=subprocess.DEVNULL)
        connection.close()
