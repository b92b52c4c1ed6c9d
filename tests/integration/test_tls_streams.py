#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Streams over TLS: clients that end their sending and read on, that vanish, that read slowly or not
at all; what they send behind the head; and how much memory one that takes nothing can hold."""

import json
import os
import socket
import ssl
import tempfile
import time
import unittest

from certificates import Memory, Site
from wye import PLUGINS, SANITIZED, TEST_PLUGINS, Wye, frame, main, read_exactly, \
    read_frame, read_head, upgrade, wait_for

SITE = Site()
CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {tls} }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 1; log_level = "debug"; {top}
plugins = ( {{ load = "echo"; }}, {{ load = "{feed}"; as = "feed"; }},
            {{ load = "{probe}"; as = "probe"; }} );
rest = {{ routes = ( {{ path = "/hello"; handler = "respond"; body = "hello\\n"; }},
  {{ path = "/late"; handler = "probe/late"; delay = 300; }},
  {{ path = "/files/*rest"; handler = "files"; root = "{files}"; }},
  {{ path = "/feed"; handler = "feed/feed"; }}, {{ path = "/counts"; handler = "feed/counts"; }},
  {{ path = "/publish"; handler = "feed/publish"; }} ); }};
websocket = {{ chain = [ "origin" ]; routes = (
  {{ path = "/ws"; handler = "echo"; max_message = 4000000; }} ); }};
"""
BIG = os.urandom(1000000)
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER, of no time


def get(path):
    return b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path


def resident(wye):
    """Bytes of memory."""
    with open("/proc/%d/statm" % wye.process.pid) as text:
        return int(text.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Client(Memory):
    """Says close_notify when it likes to, and reads on."""

    def __init__(self, wye):
        super().__init__(SITE.context())
        self.sock = wye.socket()
        self.step(lambda: self.tls.do_handshake() or True, self.sock, 100000)

    def say(self, data, end=False):
        self.tls.write(data)
        if end:
            self.end()
        self.sock.sendall(self.to_server.read())

    def end(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            self.sock.sendall(self.to_server.read())

    def rest(self):
        """All that comes, up to a close_notify: an end without one is an error."""
        with self.sock:
            while piece := self.sock.recv(65536):
                self.to_client.write(piece)
            got = b""
            try:
                while piece := self.tls.read(1 << 20):
                    got += piece
            except ssl.SSLZeroReturnError:
                pass
            return got


class TlsStreams(unittest.TestCase):
    def wye(self, top=""):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(os.path.join(folder, "big"), "wb") as out:
            out.write(BIG)
        return Wye(config=CONFIG.format(
            tls=SITE.listen, plugins=PLUGINS, files=folder, top=top,
            feed=os.path.join(TEST_PLUGINS, "feed.so"),
            probe=os.path.join(TEST_PLUGINS, "probe.so")))

    def counts(self, wye):
        sock = SITE.connect(wye)
        sock.sendall(get(b"/counts"))
        length = int(read_head(sock).lower().split("content-length: ")[1].split()[0])
        answer = json.loads(read_exactly(sock, length))
        sock.close()
        return answer

    def publish(self, wye, count, size):
        sock = SITE.connect(wye)
        sock.sendall(get(b"/publish?count=%d&size=%d" % (count, size)))
        self.assertIn("200 OK", read_head(sock))
        sock.close()

    # ---- half closed ----

    def test_answers_to_the_half_closed(self):
        """Who has asked and ends its sending gets the answer, at once, late or long."""
        with self.wye() as wye:
            for path, end in ((b"/hello", b"hello\n"), (b"/late", b"\n"),
                              (b"/files/big", BIG)):
                for at_once in (True, False):
                    client = Client(wye)
                    before = wye.metrics()["rest_requests_total"]
                    client.say(get(path), at_once)
                    if not at_once:
                        wye.wait_metric("rest_requests_total", before + 1)
                        client.end()
                    got = client.rest()
                    self.assertTrue(got.startswith(b"HTTP/1.1 200 OK"), got[:100])
                    self.assertTrue(got.endswith(end))
            wye.wait_metric("tls_connections_open", 0)

    def test_events_to_the_half_closed(self):
        """It might be a page that was left: the stream ends, with what was written for it."""
        with self.wye() as wye:
            for at_once in (True, False):
                client = Client(wye)
                client.say(get(b"/feed"), at_once)
                if not at_once:
                    wye.wait_metric("streams_open", 1)
                    client.end()
                got = client.rest()
                self.assertTrue(got.startswith(b"HTTP/1.1 200 OK"), got)
                self.assertIn(b"event: hello\ndata: a\ndata: b\n\n", got)
                wye.wait_metric("streams_open", 0)
            self.assertEqual(wye.metrics()["streams_closed_peer_total"], 2)

    def test_frames_of_the_half_closed(self):
        """Echoes, and the answer to a Close, are written before the session ends."""
        frames = [frame(2, b"%d" % i * 1000) for i in range(3)]
        close = frame(8, b"\x03\xe8")
        with self.wye() as wye:
            for last in (b"", close):
                for together in (True, False):
                    client = Client(wye)
                    data = b"".join(frames) + last
                    client.say(upgrade() + (data if together else b""), together)
                    if not together:
                        wye.wait_metric("ws_connections_open", 1)
                        client.say(data, True)
                    head, _, got = client.rest().partition(b"\r\n\r\n")
                    self.assertTrue(head.startswith(b"HTTP/1.1 101"), head)
                    expected = b"".join(b"\x82\x7e\x03\xe8" + b"%d" % i * 1000 for i in range(3))
                    self.assertEqual(got[:len(expected)], expected)
                    self.assertEqual(got[len(expected):], b"\x88\x02\x03\xe8" if last else b"")
                    wye.wait_metric("ws_connections_open", 0)

    def test_goodbye(self):
        """Also who just ends the connection, which is not how TLS does it, is told the end of what he gets."""
        with self.wye() as wye:
            for request, gauge in ((get(b"/feed"), "streams_open"), (upgrade(), "ws_connections_open")):
                client = Client(wye)
                client.say(request)
                wye.wait_metric(gauge, 1)
                client.sock.shutdown(socket.SHUT_WR)
                self.assertTrue(client.rest().startswith(b"HTTP/1.1 "))
                wye.wait_metric(gauge, 0)

    # ---- gone ----

    def test_broken_behind_a_request(self):
        """Who breaks the session right behind a request has left: no error of ours, no refusal."""
        with self.wye() as wye:
            for request in (get(b"/hello"), get(b"/feed"), upgrade()):
                client = Client(wye)
                client.tls.write(request)
                client.tls.write(b"x")
                data = bytearray(client.to_server.read())
                data[-1] ^= 1
                client.sock.sendall(data)
                with client.sock:
                    while client.sock.recv(65536):
                        pass
                wye.wait_metric("tls_connections_open", 0)
            metrics = wye.metrics()
            self.assertEqual((metrics["upgrades_refused_total"], metrics["streams_open"]), (0, 0))
            self.assertNotIn(" error ", wye.stderr())

    def test_stalled(self):
        """Who takes nothing is cut a quarter of write_timeout late at most, and not told that it was all."""
        with self.wye("write_timeout = 4;") as wye:
            client = Client(wye)
            began = time.monotonic()
            client.say(get(b"/files/big") * 20)
            wye.wait_metric("http_connections_open", 0)
            self.assertGreater(time.monotonic() - began, 3.9)
            self.assertLess(time.monotonic() - began, 7.5)
            with self.assertRaises(ssl.SSLError):
                client.rest()

    def test_gone(self):
        with self.wye() as wye:
            SITE.connect(wye).close()
            wye.wait_metric("http_connections_open", 0)
            for how in ("reset", "fin"):
                before = wye.descriptors()
                for request, gauge in ((get(b"/feed"), "streams_open"),
                                       (upgrade(), "ws_connections_open")):
                    sock = SITE.connect(wye)
                    sock.sendall(request)
                    wye.wait_metric(gauge, 1)
                    if how == "reset":
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    sock.close()
                    wye.wait_metric(gauge, 0)
                wye.wait_metric("tls_connections_open", 0)
                wait_for("descriptors", lambda: wye.descriptors() <= before)

    # ---- slow ----

    def test_slow_reader_of_events(self):
        """What the outbox can hold comes whole, however slowly it is read."""
        with self.wye() as wye:
            sock = SITE.connect(wye, receive=4096)
            sock.sendall(get(b"/feed"))
            wye.wait_metric("streams_open", 1)
            self.publish(wye, 10, 1000)  # 40 events
            got = b""
            while got.count(b"." * 1000) < 40:
                got += sock.recv(500)
            sock.close()
            wye.wait_metric("streams_open", 0)
            self.assertEqual(self.counts(wye)["slow"], 0)

    def test_reader_of_no_events(self):
        """It is dropped, and has held its outbox and no more."""
        with self.wye() as wye:
            self.publish(wye, 1, 1)
            before = resident(wye)
            sock = SITE.connect(wye, receive=4096)
            sock.sendall(get(b"/feed"))
            wye.wait_metric("streams_open", 1)
            self.publish(wye, 2000, 8000)  # 64 MB
            wye.wait_metric("streams_open", 0)
            self.assertEqual(self.counts(wye)["slow"], 1)
            grown = resident(wye) - before
            print("%d KB more" % (grown >> 10))
            if not SANITIZED:
                self.assertLess(grown, 4 << 20)
            sock.close()

    # ---- behind the head ----

    def test_much_behind_the_head(self):
        """More than all buffers on the way hold, and cut at places of all kinds."""
        payload = os.urandom(900000)
        one = frame(2, payload)
        with self.wye() as wye:
            for cuts in ([], [10], [-1], [len(upgrade())], [len(upgrade()) + 1],
                         [len(upgrade()) - 2, len(upgrade()) + 100000]):
                sock = SITE.connect(wye)
                data, at = upgrade() + one, 0
                for cut in [cut % len(data) for cut in cuts] + [len(data)]:
                    sock.sendall(data[at:cut])
                    at = cut
                self.assertTrue(read_head(sock).startswith("HTTP/1.1 101"))
                opcode, echo = read_frame(sock)
                self.assertTrue(opcode == 2 and echo == payload, cuts)
                sock.close()
            wye.wait_metric("ws_connections_open", 0)

    # ---- memory ----

    @unittest.skipIf(SANITIZED, "memory is another one's")
    def test_memory_of_readers_of_nothing(self):
        """Clients that ask for much, read nothing and go on asking: a bound for each of them."""
        count = 40
        with self.wye() as wye:
            wake = SITE.connect(wye)
            wake.sendall(get(b"/files/big"))
            read_head(wake)
            read_exactly(wake, len(BIG))
            before = resident(wye)
            socks = []
            for _ in range(count):
                sock = SITE.connect(wye, receive=4096)
                sock.sendall(get(b"/files/big") * 20)
                sock.setblocking(False)
                socks.append(sock)
            sent, stuck = 0, -1
            while sent != stuck:
                stuck = sent
                for sock in socks:
                    try:
                        while True:
                            sent += sock.send(get(b"/files/big") * 200)
                    except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                        pass
                wake.sendall(get(b"/hello"))  # others are served
                self.assertIn("200 OK", read_head(wake))
                read_exactly(wake, 6)
            each = (resident(wye) - before) // count
            print("%d KB for each, %d KB sent" % (each >> 10, sent // count >> 10))
            self.assertLess(each, 128 << 10)
            for sock in socks + [wake]:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                sock.close()
            wye.wait_metric("tls_connections_open", 0)


if __name__ == "__main__":
    main()
