#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The login program of a camera: asks, waits as login(1) does, then a busybox shell in a small root.

telnet_login.py ROOT USER:PASSWORD
"""
import getpass
import os
import sys
import time

root, account = sys.argv[1:3]
host = os.uname().nodename
for _ in range(3):
    try:
        user = input(f"{host} login: ")
        password = getpass.getpass("Password: ")
    except EOFError:
        sys.exit(1)
    if f"{user}:{password}" == account:
        os.chroot(root)
        os.chdir("/")
        os.environ.clear()
        os.environ.update(PATH="/bin", PS1="# ", HOME="/", TERM="vt100")
        print("\nBusyBox built-in shell (ash)\n", flush=True)
        os.execv("/bin/busybox", ["sh"])
    time.sleep(0.15)
    print("\nLogin incorrect", flush=True)
