#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An FTP server (pyftpdlib) for measuring stations: ftpd.py FOLDER USER:PASSWORD..."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

logging.disable(logging.CRITICAL)
accounts = DummyAuthorizer()
for account in sys.argv[2:]:
    user, password = account.split(":")
    accounts.add_user(user, password, sys.argv[1], perm="elawdm")
FTPHandler.authorizer = accounts
FTPHandler.banner = "collector ready"
FTPHandler.passive_ports = range(50000, 50050)
FTPServer(("", 21), FTPHandler).serve_forever()
