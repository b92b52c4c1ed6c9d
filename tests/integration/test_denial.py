#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Attacks by doing little for long, or much of what costs the server more than the client. Each ends
by its own limit, memory stays flat, and other clients are served meanwhile. docs/security.md."""

import contextlib
import re
import socket
import tempfile
import threading
import time
import unittest

from wye import SANITIZED, Wye, frame, is_closed, main, read_answer, read_frame, wait_for

CROWD = 20 if SANITIZED else 100
GROWTH = 400000 if SANITIZED else 16384  # KB that the daemon may have more behind an attack
PATIENT = 10 if SANITIZED else 2         # seconds for an answer to somebody else
TIMES = ("head_timeout = 1; body_timeout = 1; keepalive_timeout = 1; write_timeout = 1;")
GIVEN = b"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"GET /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
KEYED = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
http_threads = 1; stream_loops = 1;
middleware = ( {{ use = "rate-limit"; key = "query:name"; rate = 1000000; keys = 4096; }} );
rest = {{ chain = [ "rate-limit" ]; routes = (
  {{ path = "/hello"; handler = "respond"; body = "hello, world\\n"; }},
  {{ path = "/large"; handler = "respond"; file = "{file}"; }} ); }};
{top}
"""


class Others(threading.Thread):
    """A client that asks on and on; what it sees is looked at when it was stopped."""

    def __init__(self, wye):
        super().__init__()
        self.wye, self.over, self.served, self.worst, self.wrong = wye, False, 0, 0, []

    def run(self):
        while not self.over:
            begin = time.monotonic()
            try:
                status = self.wye.get("/hello").status
            except OSError as error:
                status = error
            self.worst = max(self.worst, time.monotonic() - begin)
            if status != 200:
                self.wrong.append(status)
            self.served += 1
            time.sleep(0.01)  # a client, not a load


class Attacks(unittest.TestCase):
    def socket(self, wye, room=None):
        """A connection; another transport only needs another one of these."""
        if not room:
            return wye.socket()
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        one.settimeout(20)
        one.connect(("127.0.0.1", wye.port))
        return one

    def memory(self, wye):
        with open("/proc/%d/status" % wye.process.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    @contextlib.contextmanager
    def attack(self, wye):
        """Others are served all the time, and memory is flat behind it."""
        self.assertEqual(wye.get("/hello").status, 200)
        before = self.memory(wye)
        others = Others(wye)
        others.start()
        try:
            yield
        finally:
            others.over = True
            others.join()
        self.assertEqual(others.wrong, [])
        self.assertGreater(others.served, 0)
        self.assertLess(others.worst, PATIENT)
        self.assertLess(self.memory(wye) - before, GROWTH)


class Requests(Attacks):
    def dribble(self, wye, begin, piece):
        """A crowd that sends a piece now and then; what each got at its end."""
        crowd = [self.socket(wye) for _ in range(CROWD)]
        for one in crowd:
            one.sendall(begin)
        left, got, end = set(crowd), [], time.monotonic() + 20
        while left and time.monotonic() < end:
            for one in list(left):
                try:
                    one.sendall(piece)
                    one.setblocking(False)
                    data = one.recv(4096)
                except BlockingIOError:
                    one.settimeout(20)
                    continue
                except ConnectionError:
                    data = b""
                got.append(data[:12])
                left.remove(one)
            time.sleep(0.05)
        for one in crowd:
            one.close()
        self.assertFalse(left, "%d go on" % len(left))
        return got

    def slow(self, begin, piece, status=b"HTTP/1.1 408", top=TIMES):
        with Wye(top=top) as wye:
            with self.attack(wye):
                got = self.dribble(wye, begin, piece)
                self.assertGreaterEqual(got.count(status), CROWD * 9 // 10, set(got))
            self.assertGreaterEqual(wye.metrics()["http_timeouts_total"], CROWD * 9 // 10)
            wye.wait_metric("http_connections_open", 0)

    def test_slow_request_line(self):
        self.slow(b"GET /", b"a")

    def test_slow_fields(self):
        self.slow(b"GET /hello HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n")

    def test_slow_body(self):
        self.slow(GIVEN, b"x")

    def test_slow_chunks(self):
        self.slow(CHUNKED, b"1\r\nx\r\n")

    def test_slow_extension(self):
        self.slow(CHUNKED + b"5;", b"x")

    def test_slow_trailer(self):
        self.slow(CHUNKED + b"0\r\nX: ", b"y")

    def test_idle_after_accept(self):
        with Wye(top=TIMES) as wye, self.attack(wye):
            crowd = [self.socket(wye) for _ in range(CROWD)]
            for one in crowd:
                self.assertTrue(is_closed(one))
                one.close()

    @contextlib.contextmanager
    def keyed(self, large, top=""):
        with tempfile.NamedTemporaryFile() as file:
            file.write(large)
            file.flush()
            with Wye(config=KEYED.format(file=file.name, top=top)) as wye:
                yield wye

    def test_slow_read(self):
        with self.keyed(b"x" * 12000000, TIMES) as wye:
            with self.attack(wye):
                crowd = [self.socket(wye, 4096) for _ in range(CROWD // 5)]
                for i, one in enumerate(crowd):
                    one.sendall(b"GET /large?name=%d HTTP/1.1\r\nHost: a\r\n\r\n" % i)
                wait_for("the end of all", lambda: wye.metrics()[
                    "rest_requests_aborted_total"] >= CROWD // 5)
                for one in crowd:
                    one.close()

    def endless(self, begin, piece, status, metric):
        """Sent as fast as it goes, without an end."""
        with Wye() as wye:
            with self.attack(wye):
                for _ in range(5):
                    one = self.socket(wye)
                    one.sendall(begin)
                    with contextlib.suppress(ConnectionError):
                        for _ in range(200000 // len(piece)):
                            one.sendall(piece)
                    self.assertEqual(read_answer(one)[0], status)
                    self.assertTrue(is_closed(one))
                    one.close()
            self.assertEqual(wye.metrics()[metric], 5)
            wye.wait_metric("http_connections_open", 0)

    def test_endless_fields(self):
        self.endless(b"GET /hello HTTP/1.1\r\nHost: a\r\n", b"X-Field: yyyyyy\r\n" * 50, 431,
                     "http_header_too_large_total")

    def test_endless_trailers(self):
        self.endless(CHUNKED + b"0\r\n", b"X: y\r\n" * 100, 431, "http_header_too_large_total")

    def test_endless_extension(self):
        self.endless(CHUNKED + b"5;", b"x" * 500, 431, "http_header_too_large_total")

    def test_endless_extensions(self):
        self.endless(CHUNKED, b"1;abcdef\r\nx\r\n" * 50, 431, "http_header_too_large_total")

    def test_endless_chunks(self):
        """Of a byte each: max_body counts what is in them."""
        with Wye(top="max_body = 10000;") as wye:
            with self.attack(wye):
                one = self.socket(wye)
                with contextlib.suppress(ConnectionError):
                    one.sendall(CHUNKED + b"1\r\nx\r\n" * 20000)
                self.assertEqual(read_answer(one)[0], 413)
                one.close()
            self.assertEqual(wye.metrics()["http_body_too_large_total"], 1)

    def test_keys_from_clients(self):
        """Each request has another key: the table keeps its size."""
        with self.keyed(b"x") as wye:
            with self.attack(wye):
                one = self.socket(wye)
                for i in range(0, 20000, 100):
                    one.sendall(b"".join(b"GET /hello?name=%d HTTP/1.1\r\nHost: a\r\n\r\n" % j
                                         for j in range(i, i + 100)))
                    for _ in range(100):
                        self.assertEqual(read_answer(one)[0], 200)
                one.close()

    def test_many_parameters(self):
        """Short ones, of which the engine's memory holds fewer than a head: never silence."""
        with Wye() as wye:
            with self.attack(wye):
                for count in range(0, 600, 7):
                    for head in (b"GET /hello?%s HTTP/1.1\r\nHost: a\r\n\r\n" % b"&".join([b"a"] * count),
                                 b"GET /hello HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n"
                                 % b";".join([b"a=b"] * count)):
                        one = self.socket(wye)
                        one.sendall(head)
                        self.assertIn(read_answer(one)[0], (200,) if count < 50 else (200, 431))
                        one.close()
            last = wye.metrics()
            self.assertGreater(last["http_header_too_large_total"], 50)
            self.assertEqual(last["rest_requests_aborted_total"], 0)

    def test_flood_from_one_address(self):
        with Wye(top="max_connections_per_address = 5;") as wye:
            before = self.memory(wye)
            held = [self.socket(wye) for _ in range(CROWD)]
            wait_for("refusals", lambda: wye.metrics()["connections_refused_address_total"]
                     >= CROWD - 5)
            other = wye.socket("127.0.0.2")
            other.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(read_answer(other)[0], 200)
            self.assertLess(self.memory(wye) - before, GROWTH)
            for one in held + [other]:
                one.close()


class Messages(Attacks):
    def push(self, sock, data):
        """Sends on and on until the peer ends it."""
        def write():
            with contextlib.suppress(OSError):
                while True:
                    sock.sendall(data)

        writer = threading.Thread(target=write)
        writer.start()
        return writer

    def ended(self, route, begin, piece, code, metric):
        with Wye(route=route + "close_timeout = 1;") as wye:
            with self.attack(wye):
                sock = wye.websocket()
                sock.sendall(begin)
                writer = self.push(sock, piece)
                while True:
                    opcode, payload = read_frame(sock)
                    if opcode == 8:
                        break
                self.assertEqual(int.from_bytes(payload[:2], "big"), code)
                wye.wait_metric("ws_connections_open", 0)
                sock.close()
                writer.join()
            self.assertEqual(wye.metrics()[metric], 1)

    def test_fragments_without_end(self):
        self.ended("max_message = 100000;", frame(1, b"x", fin=False),
                   frame(0, b"x" * 1000, fin=False), 1009, "ws_closed_limit_total")

    def test_empty_fragments_without_end(self):
        # one read may hold 10,000 of them, which are waited for before the next
        self.ended("max_frames_per_second = 5000; rate_patience = 0.5;",
                   frame(1, b"", fin=False), frame(0, b"", fin=False) * 100, 1008,
                   "ws_closed_rate_total")

    def test_pings(self):
        self.ended("max_frames_per_second = 200; rate_patience = 0.5;", b"",
                   frame(9, b"x" * 125) * 100, 1008, "ws_closed_rate_total")

    def test_pings_of_who_does_not_read(self):
        with Wye(route="write_timeout = 1; close_timeout = 1;") as wye:
            with self.attack(wye):
                sock = wye.websocket(sock=self.socket(wye, 4096))
                writer = self.push(sock, frame(9, b"x" * 125) * 100)
                wye.wait_metric("ws_connections_open", 0)
                sock.close()
                writer.join()
            self.assertEqual(wye.metrics()["ws_closed_write_stall_total"], 1)


if __name__ == "__main__":
    main()
