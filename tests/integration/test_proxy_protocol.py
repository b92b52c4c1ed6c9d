#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The PROXY protocol, by hand and through HAProxy, on both lanes."""

import socket
import struct
import unittest

from proxies import Proxy
from test_clients import Site
from wye import (Wye, check_config, frame, is_closed, main, read_answer, read_frame, read_to_end,
                 upgrade, wait_for)

TRUST = 'trusted_proxies = [ "127.0.0.1", "10.0.0.0/8" ]; '
PROXY = TRUST + "proxy_protocol = true; "
REST = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
LINE = b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 80\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(kind, rest=b"", command=0x21):
    return SIGNATURE + struct.pack(">BBH", command, kind, len(rest)) + rest


INET = bytes([192, 0, 2, 1, 198, 51, 100, 1]) + struct.pack(">HH", 5000, 80)
INET6 = (socket.inet_pton(socket.AF_INET6, "2001:db8::7") * 2) + struct.pack(">HH", 5000, 80)
TLV = b"\x04" + struct.pack(">H", 400) + b"\0" * 400

# Headers, and who the client then is.
GOOD = [
    (LINE, "192.0.2.1"), (b"PROXY TCP6 2001:db8::7 2001:db8::8 5000 80\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", "127.0.0.1"), (b"PROXY UNKNOWN 1 2 3 4\r\n", "127.0.0.1"),
    (binary(0x11, INET), "192.0.2.1"), (binary(0x21, INET6), "2001:db8::7"),
    (binary(0x11, INET + TLV), "192.0.2.1"), (binary(0x21, INET6 + TLV), "2001:db8::7"),
    (binary(0, command=0x20), "127.0.0.1"), (binary(0x11, INET, command=0x20), "127.0.0.1"),
    (binary(0), "127.0.0.1"), (binary(0x31, b"\0" * 216), "127.0.0.1"),
]
BAD = [
    REST, b"PROXY TCP4 192.0.2.1\r\n" + REST, LINE.replace(b"\r", b"") + REST, b"\0" * 16,
    LINE.lower() + REST, binary(0x11, INET[:-1]) + REST, binary(0x11, INET, command=0x11) + REST,
    binary(0x41, INET) + REST, binary(0x11, INET + b"\0" * 3000)[:60],
    b"PROXY UNKNOWN " + b"x" * 200 + b"\r\n" + REST,
]

HAPROXY = """
global
  nbthread 1
defaults
  mode {mode}
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server wye 127.0.0.1:{wye} {send} check inter 100ms {check}
"""


class ProxyProtocol(unittest.TestCase):
    def test_clients(self):
        """On both lanes; for all requests of the connection."""
        with Site(PROXY) as site:
            for header, client in GOOD:
                with site.connect() as sock:
                    sock.sendall(header)
                    site.rest("", sock)
                    site.refused("", sock)
                    site.rest("", sock)
                with site.connect() as sock:
                    site.websocket("/", "", self.after(sock, header))
                lanes = ["rest", "rest", "websocket", "websocket"]
                self.assertEqual(sorted(site.clients(4)), [(lane, client) for lane in lanes], header)

    def after(self, sock, header):
        sock.sendall(header)
        return sock

    def test_one_packet(self):
        """What comes with the header isn't lost."""
        with Wye(listen=PROXY) as wye:
            for header, _ in GOOD:
                with wye.socket() as sock:
                    sock.sendall(header + REST + REST)
                    self.assertEqual(read_answer(sock)[2], b"hello, world\n")
                    self.assertEqual(read_answer(sock)[2], b"hello, world\n")
                with wye.socket() as sock:
                    sock.sendall(header + upgrade())
                    self.assertEqual(read_answer(sock)[0], 101)
                    sock.sendall(frame(1, b"x"))
                    self.assertEqual(read_frame(sock), (1, b"x"))

    def test_byte_by_byte(self):
        with Wye(listen=PROXY) as wye:
            for header in (LINE, binary(0x11, INET + TLV[:7]), binary(0x21, INET6)):
                with wye.socket() as sock:
                    for byte in header + REST:
                        sock.sendall(bytes([byte]))
                    self.assertEqual(read_answer(sock)[2], b"hello, world\n")

    def test_broken(self):
        with Wye(listen=PROXY) as wye:
            for header in BAD:
                with wye.socket() as sock:
                    sock.sendall(header)
                    self.assertEqual(read_to_end(sock)[0], b"", header)
            with wye.socket() as sock:
                sock.sendall(LINE[:20])
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(read_to_end(sock)[0], b"")
            with wye.socket() as sock:  # a second header is no request
                sock.sendall(LINE + LINE + REST)
                self.assertNotIn(b"200", read_to_end(sock)[0])
            wye.wait_metric("proxy_headers_bad_total", len(BAD) + 1)
            self.assertIn("a broken PROXY header from 127.0.0.1", wye.stderr())
            wye.wait_metric("http_connections_open", 0)

    def test_limit_of_a_header(self):
        with Wye(listen=PROXY + "max_proxy_header = 536; ") as wye:
            for size, served in ((536, True), (537, False)):
                with wye.socket() as sock:
                    sock.sendall(binary(0x11, INET + b"\0" * (size - 28)) + REST)
                    self.assertEqual(self.first(sock), b"H" if served else b"", size)
            wye.wait_metric("proxy_headers_bad_total", 1)

    def first(self, sock):
        try:
            return sock.recv(1)
        except ConnectionResetError:
            return b""

    def test_untrusted(self):
        with Wye(listen=PROXY) as wye:
            with wye.socket("127.0.0.2") as sock:
                self.assertTrue(is_closed(sock))
            wye.wait_metric("proxy_peers_refused_total", 1)
            self.assertEqual(wye.metrics()["connections_accepted_total"], 0)

    def test_deadline(self):
        """Neither nothing nor a part may last; and a request behind the header has a time of its own."""
        with Wye(listen=PROXY + "proxy_timeout = 0.2; ", top="head_timeout = 0.5;") as wye:
            for part in (b"", LINE[:10], SIGNATURE, binary(0x11, INET + TLV)[:40]):
                with wye.socket() as sock:
                    sock.sendall(part)
                    self.assertTrue(is_closed(sock))
            wye.wait_metric("proxy_headers_late_total", 4)
            with wye.socket() as sock:  # nothing of a request: a close without a word
                sock.sendall(LINE)
                self.assertEqual(read_to_end(sock)[0], b"")
            with wye.socket() as sock:
                sock.sendall(LINE + REST[:8])
                self.assertEqual(read_answer(sock)[0], 408)

    def test_forwarded_for(self):
        """Believed where the client that the header tells is a trusted proxy."""
        field = "X-Forwarded-For: 203.0.113.9\r\n"
        with Site(PROXY) as site:
            for header, client in ((LINE, "192.0.2.1"), (binary(0, command=0x20), "203.0.113.9"),
                                   (LINE.replace(b"192.0.2.1", b"10.1.2.3"), "203.0.113.9")):
                with site.connect() as sock:
                    sock.sendall(header)
                    site.rest(field, sock)
                    site.refused(field, sock)
                self.assertEqual(site.clients(2), [("rest", client), ("websocket", client)])

    def test_limit_per_address(self):
        with Wye(listen=PROXY, top="max_connections_per_address = 2;") as wye:
            held = [wye.websocket(sock=self.after(wye.socket(), LINE)), self.after(wye.socket(), LINE)]
            wye.wait_metric("http_connections_open", 1)
            sock = self.after(wye.socket(), LINE)
            self.assertEqual(read_answer(sock)[0], 503)
            sock.close()
            others = [self.after(wye.socket(), b"PROXY UNKNOWN\r\n" + REST) for _ in range(4)]
            others.append(self.after(wye.socket(), LINE.replace(b"2.1", b"2.2") + REST))
            for sock in others:
                self.assertEqual(read_answer(sock)[0], 200)
            self.assertEqual(wye.metrics()["connections_refused_address_total"], 1)
            for sock in held + others:
                sock.close()
            wye.wait_metric("http_connections_open", 0)
            wye.wait_metric("ws_connections_open", 0)
            with self.after(wye.socket(), LINE + REST) as sock:
                self.assertEqual(read_answer(sock)[0], 200)

    def test_stop(self):
        """Connections that have said nothing don't hold it up."""
        with Wye(listen=PROXY + "proxy_timeout = 100; ", top="drain_timeout = 60;") as wye:
            held = [wye.socket() for _ in range(5)]
            wye.wait_metric("connections_accepted_total", 5)
            before = wye.descriptors()
            held[0].close()
            wait_for("its end", lambda: wye.descriptors() == before - 1)
            self.assertEqual(wye.stop(), 0)
            for sock in held[1:]:
                self.assertTrue(is_closed(sock))
                sock.close()

    def test_config(self):
        text = 'listen = ( { port = 0;\n%s } );\nrest = { routes = ( { path = "/"; handler = "respond"; } ); };\n'
        for setting, wanted in (
                ("proxy_protocol = true;", "proxy_protocol needs trusted_proxies: nobody else may "
                 "say who the client is"),
                ('proxy_protocol = true; trusted_proxies = [ "unix:" ];',
                 "nobody in trusted_proxies can connect here"),
                ("proxy_timeout = 3;", '"proxy_timeout" goes with "proxy_protocol" only'),
                ("max_proxy_header = 600;", '"max_proxy_header" goes with "proxy_protocol" only'),
                ("max_proxy_header = 535;", '"max_proxy_header" is 535; it must be 536 to 65551 bytes'),
                ("proxy_timeout = 0;", '"proxy_timeout" is 0; it must be 0.1 to 3600 seconds')):
            status, errors = check_config(text % setting)
            self.assertEqual(status, 1)
            self.assertRegex(errors, r"\A\S+:2: ")
            self.assertIn(wanted, errors)

    def through_haproxy(self, mode, send, check):
        with Site(PROXY) as site, \
                Proxy("haproxy", HAPROXY, mode=mode, wye=site.port, send=send, check=check) as proxy:
            self.talk(site, proxy)
            self.assertEqual(site.metrics()["proxy_headers_late_total"], 0)

    def talk(self, site, proxy):
        def ours():
            return [line for line in site.access_lines() if '"client":"127.0.0.3"' in line]

        with proxy.connect("127.0.0.3") as sock:
            site.rest("", sock)
            site.rest("", sock)
        with proxy.connect("127.0.0.3") as sock:
            site.websocket("/", "", sock)
            sock.sendall(frame(1, b"through"))
            self.assertEqual(read_frame(sock), (1, b"through"))
        lines = wait_for("three lines", lambda: ours() if len(ours()) == 3 else None)
        self.assertEqual(sum('"lane":"websocket"' in line for line in lines), 1)

    def test_haproxy_text(self):
        self.through_haproxy("tcp", "send-proxy", "")

    def test_haproxy_binary(self):
        self.through_haproxy("tcp", "send-proxy-v2", "check-send-proxy")  # checks say LOCAL

    def test_haproxy_http(self):
        self.through_haproxy("http", "send-proxy-v2-ssl", "")


if __name__ == "__main__":
    main()
