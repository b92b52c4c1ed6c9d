#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""WebSockets and event streams over TLS: the session moves with its socket. Clients that others
wrote, every way to cut frames and records, bytes behind the head, full buffers at the move."""

import asyncio
import os
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import Memory, Site
from peers import Frames
from wye import PATIENCE, PLUGINS, SANITIZED, TEST_PLUGINS, Wye, close_code, frame, is_closed, main, \
    read_exactly, read_frame, read_head, upgrade, wait_for

try:
    import websockets
except ImportError:
    websockets = None

SITE = Site()
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
BIG = bytes(range(256)) * 4000
CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {tls} }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 2; log_level = "debug"; {top}
plugins = ( {{ load = "echo"; }}, {{ load = "{feed}"; as = "feed"; }} );
rest = {{ routes = ( {{ path = "/hello"; handler = "respond"; body = "hello\\n"; }},
  {{ path = "/files/*rest"; handler = "files"; root = "{files}"; }},
  {{ path = "/feed"; handler = "feed/feed"; }},
  {{ path = "/publish"; handler = "feed/publish"; }} ); }};
websocket = {{ chain = [ "origin" ]; routes = (
  {{ path = "/ws"; handler = "echo"; max_message = 4000000; {route} }} ); }};
"""


def push(sock, data, sent):
    """Writes what the socket takes; returns how much it has taken in all."""
    try:
        while sent < len(data):
            sent += sock.send(data[sent:sent + 65536])
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        pass
    return sent


class Wss(unittest.TestCase):
    def wye(self, route="", top="", expect=0):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(os.path.join(folder, "big"), "wb") as out:
            out.write(BIG)
        return Wye(expect=expect, config=CONFIG.format(
            tls=SITE.listen, plugins=PLUGINS, files=folder, top=top, route=route,
            feed=os.path.join(TEST_PLUGINS, "feed.so")))

    def websocket(self, wye, receive=None):
        return wye.websocket(sock=SITE.connect(wye, receive))

    # ---- clients that others wrote ----

    @unittest.skipUnless(websockets, "needs websockets")
    def test_websockets(self):
        async def talk(url):
            async with websockets.connect(url, ssl=SITE.context(),
                                          max_size=None) as client:
                for size in (0, 1, 125, 126, 65535, 65536, 1000000):
                    await client.send(b"x" * size)
                    self.assertEqual(await client.recv(), b"x" * size)
                await client.send("grüße")
                self.assertEqual(await client.recv(), "grüße")
                await (await client.ping())

        with self.wye() as wye:
            asyncio.run(talk("wss://localhost:%d/ws" % wye.port))
            wye.wait_metric("ws_connections_open", 0)
            wye.wait_metric("tls_connections_open", 0)

    # ---- the move ----

    def test_one_descriptor(self):
        with self.wye("ping_interval = 0;") as wye:
            first = [self.websocket(wye) for _ in range(10)]  # each thread has had some
            wye.wait_metric("ws_connections_open", 10)
            before = wye.descriptors()
            socks = [self.websocket(wye) for _ in range(20)]
            wye.wait_metric("ws_connections_open", 30)
            wait_for("descriptors", lambda: wye.descriptors() == before + 20)
            self.assertEqual(wye.metrics()["http_connections_open"], 0)
            for sock in socks:
                sock.sendall(frame(8, b"\x03\xe8"))
                self.assertEqual(close_code(sock), 1000)
                self.assertEqual(sock.recv(1), b"")  # close_notify
                sock.close()
            wait_for("descriptors", lambda: wye.descriptors() == before)
            for sock in first:
                sock.close()

    def test_behind_the_head(self):
        """Frames in the same record as the head, in the next ones, and many of them."""
        with self.wye() as wye:
            for count, separate in ((1, False), (3, True), (2000, False), (2000, True)):
                sock = SITE.connect(wye)
                frames = [frame(2, b"%d" % i) for i in range(count)]
                if separate:
                    sock.sendall(HELLO + upgrade())
                    for one in frames[:50]:
                        sock.sendall(one)
                    sock.sendall(b"".join(frames[50:]))
                else:
                    sock.sendall(HELLO + upgrade() + b"".join(frames))
                self.assertTrue(read_head(sock).startswith("HTTP/1.1 200"))
                self.assertEqual(read_exactly(sock, 6), b"hello\n")
                self.assertTrue(read_head(sock).startswith("HTTP/1.1 101"))
                for i in range(count):
                    self.assertEqual(read_frame(sock), (2, b"%d" % i))
                sock.close()

    def test_unsent_at_the_move(self):
        """An answer that the client has not taken yet comes whole before the 101."""
        with self.wye() as wye:
            for _ in range(3):
                sock = SITE.connect(wye, receive=4096)
                sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n" + upgrade() +
                             frame(1, b"first"))
                self.assertIn("200 OK", read_head(sock))
                self.assertEqual(read_exactly(sock, len(BIG)), BIG)
                self.assertTrue(read_head(sock).startswith("HTTP/1.1 101"))
                self.assertEqual(read_frame(sock), (1, b"first"))
                sock.close()

    def test_refused(self):
        with self.wye() as wye:
            sock = SITE.connect(wye)
            for _ in range(2):
                sock.sendall(upgrade("/nowhere"))
                self.assertTrue(read_head(sock).startswith("HTTP/1.1 404"))
                read_exactly(sock, len("no WebSocket here\n"))
            self.websocket_on(sock)
            sock.close()

    def websocket_on(self, sock):
        sock.sendall(upgrade())
        self.assertTrue(read_head(sock).startswith("HTTP/1.1 101"))
        sock.sendall(frame(1, b"x"))
        self.assertEqual(read_frame(sock), (1, b"x"))

    # ---- frames and records ----

    def test_every_piece(self):
        payloads = [b"x" * size for size in (0, 1, 125, 126, 1000, 20000)]
        for piece in (1, 7, 100, 5000) if not SANITIZED else (1, 5000):
            with self.wye() as wye, socket.create_connection(("127.0.0.1", wye.port)) as sock:
                client = Memory(SITE.context())
                client.step(lambda: client.tls.do_handshake() or True, sock, piece)
                client.step(lambda: client.tls.write(upgrade()), sock, piece)
                got = client.step(lambda: client.tls.read(65536), sock, piece)
                self.assertTrue(got.startswith(b"HTTP/1.1 101"))
                for payload in payloads:
                    client.step(lambda: client.tls.write(frame(2, payload)), sock, piece)
                    echo = b""
                    while len(echo) < len(payload) + 2 + 2 * (len(payload) > 125):
                        echo += client.step(lambda: client.tls.read(65536), sock, piece)
                    self.assertTrue(echo.endswith(payload))

    def test_large_and_many(self):
        with self.wye() as wye:
            sock = self.websocket(wye)
            for size in (16383, 16384, 16385, 65536, 1000000):
                sock.sendall(frame(2, b"y" * size))
                self.assertEqual(read_frame(sock), (2, b"y" * size))
            sock.sendall(b"".join(frame(1, b"%d" % i) for i in range(3000)))
            for i in range(3000):
                self.assertEqual(read_frame(sock), (1, b"%d" % i))
            sock.close()

    def test_slow_reader_loses_nothing(self):
        """One thread writes and reads: a session is not for two at once."""
        count, payload = 60 if SANITIZED else 300, b"0123456789abcdef" * 4096
        data = b"".join(frame(2, b"%06d" % i + payload) for i in range(count))
        with self.wye() as wye:
            sock = self.websocket(wye, receive=65536)
            wye.wait_metric("ws_connections_open", 1)
            sock.setblocking(False)
            sent, stuck, parser, got = 0, -1, Frames(), []
            while sent != stuck:  # until it takes no more of what is not read
                stuck, sent = sent, push(sock, data, sent)
                time.sleep(0.2)
            while len(got) < count:
                sent = push(sock, data, sent)
                try:
                    piece = sock.recv(65536)
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    select.select([sock], [], [], 0.05)
                    continue
                self.assertTrue(piece, "the connection ended")
                got += parser.feed(piece)
            self.assertEqual([(opcode, one[:6], len(one)) for opcode, one in got],
                             [(2, b"%06d" % i, len(payload) + 6) for i in range(count)])
            sock.close()

    def test_key_updates(self):
        """By openssl s_client: K asks for new keys on both sides."""
        with self.wye() as wye:
            client = subprocess.Popen(
                ["openssl", "s_client", "-connect", "127.0.0.1:%d" % wye.port, "-CAfile",
                 SITE.certificate, "-tls1_3"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            client.stdin.write(upgrade())
            client.stdin.flush()
            wye.wait_metric("ws_connections_open", 1)
            for i in range(3):
                client.stdin.write(b"K\n")
                client.stdin.flush()
                seen = b""
                while b"KEYUPDATE" not in seen:
                    seen += os.read(client.stdout.fileno(), 1000)
                client.stdin.write(frame(1, b"echo"))
                client.stdin.flush()
                wye.wait_metric("ws_messages_out_total", i + 1)
            client.stdin.close()
            client.wait(20)
            client.stdout.close()

    # ---- ends ----

    def test_ends(self):
        with self.wye("close_timeout = 0.5;") as wye:
            for end in ("close_notify", "fin", "reset"):
                sock = self.websocket(wye)
                wye.wait_metric("ws_connections_open", 1)
                if end == "close_notify":
                    raw = sock.unwrap()
                    raw.close()
                elif end == "reset":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
                wye.wait_metric("ws_connections_open", 0)
                wye.wait_metric("tls_connections_open", 0)

    def test_garbage_after_the_move(self):
        with self.wye() as wye:
            sock = self.websocket(wye)
            raw = socket.socket(fileno=os.dup(sock.fileno()))
            raw.settimeout(PATIENCE)
            raw.sendall(b"no record at all, but bytes enough for one\n" * 10)
            self.assertTrue(is_closed(raw))
            wye.wait_metric("ws_connections_open", 0)
            raw.close()
            sock.close()

    def test_stuck_reader(self):
        with self.wye("write_timeout = 1;") as wye:
            sock = self.websocket(wye, receive=4096)
            sock.settimeout(0.5)
            with self.assertRaises((TimeoutError, ssl.SSLError)):
                while True:
                    sock.sendall(frame(2, b"z" * 60000))
            wye.wait_metric("ws_connections_open", 0)
            self.assertEqual(wye.metrics()["ws_closed_write_stall_total"], 1)
            sock.close()

    def test_stop(self):
        with self.wye() as wye:
            sock = self.websocket(wye)
            stopping = threading.Thread(target=wye.stop)
            stopping.start()
            self.assertEqual(close_code(sock), 1001)
            sock.sendall(frame(8, b"\x03\xe9"))
            self.assertEqual(sock.recv(1), b"")
            sock.close()
            stopping.join()

    # ---- event streams ----

    def test_events(self):
        with self.wye() as wye:
            sock = SITE.connect(wye)
            sock.sendall(b"GET /feed HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(read_head(sock).startswith("HTTP/1.1 200"))
            wye.wait_metric("streams_open", 1)
            self.assertEqual(wye.metrics()["http_connections_open"], 0)
            other = SITE.connect(wye)
            other.sendall(b"GET /publish?count=5&size=1000 HTTP/1.1\r\nHost: a\r\n\r\n")
            data = b""
            while data.count(b"." * 1000) < 20:
                piece = sock.recv(65536)
                self.assertTrue(piece, data)
                data += piece
            other.close()
            sock.close()
            wye.wait_metric("streams_open", 0)


if __name__ == "__main__":
    main()
