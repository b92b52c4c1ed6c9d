#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lane decision and the hand-over: on fresh connections and on kept-alive ones."""

import asyncio
import itertools
import unittest

try:
    import websockets
except ImportError:  # Debian: python3-websockets
    websockets = None

from wye import KEY, PLUGINS, Wye, frame, main, read_answer, read_frame, upgrade

REST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Upgrade(unittest.TestCase):
    def echo(self, sock):
        for size in (0, 1, 125, 126, 65535, 65536, 300000):
            payload = bytes(i & 0x7f for i in range(size))
            sock.sendall(frame(2, payload))
            self.assertEqual(read_frame(sock), (2, payload))

    def test_fresh_and_kept_alive(self):
        with Wye() as wye:
            for rest_first in (0, 1, 5):
                sock = wye.socket()
                for _ in range(rest_first):
                    sock.sendall(REST)
                    self.assertEqual(read_answer(sock)[2], b"hello, world\n")
                self.echo(wye.websocket(sock=sock))
                sock.close()
            wye.wait_metric("ws_connections_open", 0)
            self.assertEqual(wye.metrics()["ws_closed_reset_total"], 3)

    @unittest.skipUnless(websockets, "python3-websockets is not installed")
    def test_client_library(self):
        async def talk(url):
            async with websockets.connect(url, compression=None, max_size=None) as one:
                for message in ("hi", b"\0\1", "ü" * 1000, b"x" * 1000000):
                    await one.send(message)
                    self.assertEqual(await one.recv(), message)
                await (await one.ping())

        with Wye() as wye:
            asyncio.run(talk(wye.url()))
            wye.wait_metric("ws_connections_open", 0)
            self.assertEqual(wye.metrics()["ws_closed_peer_total"], 1)
            line = wye.wait_lines(1)[0]
            self.assertIn('"GET /ws HTTP/1.1" 101 ', line)

    def test_handshake_answer(self):
        with Wye() as wye:
            sock = wye.socket()
            sock.sendall(upgrade(headers="X-Request-Id: mine\r\n"))
            status, head, _ = read_answer(sock)
            self.assertEqual(status, 101)
            self.assertIn("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", head)
            self.assertIn("X-Request-Id: mine\r\n", head)
            sock.close()

    def refused(self, wye, request, status, field=""):
        sock = wye.socket()
        sock.sendall(request)
        answer = read_answer(sock)
        self.assertEqual(answer[0], status, request)
        self.assertIn(field, answer[1])
        sock.sendall(REST)  # the connection lives on
        self.assertEqual(read_answer(sock)[0], 200, request)
        sock.close()

    def test_refusals_keep_the_connection(self):
        with Wye() as wye:
            self.refused(wye, upgrade("/none"), 404)
            self.refused(wye, upgrade("/hello"), 404)
            self.refused(wye, upgrade(key="short"), 400)
            self.refused(wye, upgrade(key=KEY[:-3] + "R=="), 400)
            self.refused(wye, upgrade(headers="Sec-WebSocket-Key: %s\r\n" % KEY), 400)
            self.refused(wye, upgrade(version="12"), 426, "Sec-WebSocket-Version: 13")
            self.refused(wye, upgrade(headers="Origin: http://evil.example\r\n"), 403)
            self.assertEqual(wye.metrics()["upgrades_refused_total"], 7)
            self.assertEqual(wye.metrics()["upgrades_handed_over_total"], 0)

    def test_origin(self):
        with Wye() as wye:
            wye.websocket(headers="Origin: http://localhost\r\n").close()
            wye.websocket(headers="Origin: https://LOCALHOST:443\r\n").close()

    def test_allowed_origins(self):
        text = ('listen = ( { address = "127.0.0.1"; port = 0; } ); plugin_path = "%s";\n'
                'plugins = ( { load = "echo"; } );\n'
                'middleware = ( { use = "origin"; as = "ours"; allow = [ "https://a.example",\n'
                '  "https://*.b.example" ]; } );\n'
                'websocket = { chain = [ "ours" ];\n'
                '              routes = ( { path = "/ws"; handler = "echo"; } ); };' % PLUGINS)
        with Wye(config=text) as wye:
            for origin, status in (("https://a.example", 101), ("HTTPS://A.EXAMPLE", 101),
                                   ("http://a.example", 403), ("https://x.a.example", 403),
                                   ("https://x.b.example", 101), ("https://y.x.b.example", 101),
                                   ("https://b.example", 403), ("https://xb.example", 403),
                                   ("https://a.example.evil", 403), ("null", 403),
                                   ("http://localhost", 403)):
                sock = wye.socket()
                sock.sendall(upgrade(headers="Origin: %s\r\n" % origin))
                self.assertEqual(read_answer(sock)[0], status, origin)
                sock.close()

    def test_body_on_an_upgrade(self):
        with Wye() as wye:
            for field in ("Content-Length: 3", "Transfer-Encoding: chunked"):
                sock = wye.socket()
                sock.sendall(upgrade(headers=field + "\r\n"))
                self.assertEqual(read_answer(sock)[0], 400)
                sock.close()

    def test_no_way_round_the_chain(self):
        """What is no Upgrade to WebSocket is an ordinary request (RFC 9110, 7.8)."""
        upgrades = ["websocket2", "h2c", "web socket", "TLS/1.0, h2c"]
        connections = ["Upgrade", "upgrade, keep-alive"]
        variants = [("GET", "HTTP/1.1", u, c) for u, c in itertools.product(upgrades, connections)]
        variants += [("GET", "HTTP/1.1", "websocket", c) for c in ("keep-alive", "upgraded", None)]
        variants += [("GET", "HTTP/1.0", "websocket", "Upgrade"),
                     ("HEAD", "HTTP/1.1", "websocket", "Upgrade"),
                     ("OPTIONS", "HTTP/1.1", "websocket", "Upgrade")]
        paths = ["/hello", "/api/users/7", "/late", "/results", "/ws", "/none"]
        with Wye() as wye:
            count = 0
            for path, (method, version, kind, connection) in itertools.product(paths, variants):
                sock = wye.socket()
                fields = "Upgrade: %s\r\n" % kind
                if connection:
                    fields += "Connection: %s\r\n" % connection
                sock.sendall(("%s %s %s\r\nHost: localhost\r\n%sSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: %s\r\n\r\n"
                              % (method, path, version, fields, KEY)).encode())
                head = sock.recv(65536).decode()
                self.assertNotIn(" 101 ", head)
                self.assertIn("X-Request-Id: ", head)
                sock.close()
                count += 1
            self.assertEqual(len(wye.wait_lines(count)), count)

    def test_upgrade_in_any_spelling(self):
        with Wye() as wye:
            for kind, connection in (("WebSocket", "UPGRADE"), ("h2c, websocket", "x, Upgrade"),
                                     ("foo,\tWEBSOCKET", "keep-alive, upgrade")):
                sock = wye.socket()
                sock.sendall(("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: %s\r\nConnection: %s\r\n"
                              "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n"
                              % (kind, connection, KEY)).encode())
                self.assertEqual(read_answer(sock)[0], 101)
                sock.close()


if __name__ == "__main__":
    main()
