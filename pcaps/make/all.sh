#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make every capture of pcaps/ anew (root; see README.md), then the table of sources.
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "all.sh: network namespaces need root"; exit 1; }
for program in mosquitto nmap hydra gcc coap-server-notls curl nginx dnsmasq chronyd busybox telnetd sshd openssl tcpdump ethtool ip bc; do
    command -v "$program" >/dev/null || { echo "all.sh: $program is missing; run scripts/bootstrap captures"; exit 1; }
done
/usr/bin/python3 days.py
/usr/bin/python3 attacks.py
/usr/bin/python3 story.py
/usr/bin/python3 sources.py
