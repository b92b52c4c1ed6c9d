#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Bodies both ways: whole, in pieces, waiting, blocking; from sources, files and wrappers; what is
answered before the end; contexts."""

import http.client
import os
import re
import socket
import threading
import time
import unittest

from wye import PLUGINS, SANITIZED, TEST_PLUGINS, Wye, is_closed, main, read_answer, read_exactly, \
    read_head, wait_for

MEGABYTES = int(os.environ.get("WYE_STREAM_MB", "48"))

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 1; log_level = "debug";
body_timeout = {body_timeout}; max_body = 1000000; max_waiting = 2000; {top}
plugins = ( {{ load = "{bodies}"; as = "bodies"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }} );
rest = {{ chain = [ "access-log" ]; routes = (
  {{ path = "/whole"; handler = "bodies/whole"; }},
  {{ path = "/small"; handler = "bodies/whole"; max_body = 10; }},
  {{ path = "/pieces"; handler = "bodies/pieces"; max_body = 5000000000L; }},
  {{ path = "/waiting"; handler = "bodies/waiting"; max_body = 5000000000L; }},
  {{ path = "/blocking"; handler = "bodies/blocking"; max_body = 5000000000L; }},
  {{ path = "/early"; handler = "bodies/early"; max_body = 5000000000L; }},
  {{ path = "/source"; handler = "bodies/source"; ticket_timeout = 1; }},
  {{ path = "/file"; handler = "bodies/file"; file = "{file}"; }},
  {{ path = "/inputs"; handler = "bodies/inputs"; }},
  {{ path = "/context"; handler = "bodies/context"; }},
  {{ prefix = "/upper"; chain = [ "bodies/upper" ]; routes = (
    {{ path = "/source"; handler = "bodies/source"; }},
    {{ path = "/file"; handler = "bodies/file"; file = "{file}"; }},
    {{ path = "/whole"; handler = "bodies/whole"; }},
    {{ path = "/twice"; handler = "bodies/whole"; chain = [ "bodies/fields" ]; }} ); }},
  {{ prefix = "/late"; chain = [ "bodies/late" ]; routes = (
    {{ path = "/whole"; handler = "bodies/whole"; }},
    {{ path = "/pieces"; handler = "bodies/pieces"; max_body = 5000000000L; }} ); }} ); }};
"""


def pattern(size, start=0):
    letters = b"abcdefghijklmnopqrstuvwxyz"
    shift = start % 26
    return ((letters[shift:] + letters[:shift]) * (size // 26 + 1))[:size]


def checksum(data):
    value = 0
    for byte in data:
        value = (value * 31 + byte) & 0xFFFFFFFFFFFFFFFF
    return "%d %d" % (len(data), value)


class Bodies(unittest.TestCase):
    def wye(self, top="", body_timeout=30, expect=0):
        self.folder = self.enterContext(__import__("tempfile").TemporaryDirectory())
        self.file = os.path.join(self.folder, "file")
        with open(self.file, "wb") as out:
            out.write(pattern(300000))
        self.log = os.path.join(self.folder, "access.log")
        return Wye(expect=expect, config=CONFIG.format(
            plugins=PLUGINS, bodies=os.path.join(TEST_PLUGINS, "bodies.so"), log=self.log,
            file=self.file, body_timeout=body_timeout, top=top))

    def ask(self, one, path, body=None, method="POST", headers={}):
        one.request(method, path, body=body, headers=headers)
        answer = one.getresponse()
        return answer.status, answer.read()

    def test_whole(self):
        with self.wye() as wye:
            one = wye.http()
            for size in (0, 1, 100, 4096, 70000, 1000000):
                self.assertEqual(self.ask(one, "/whole", pattern(size)), (200, pattern(size)))
            chunks = [pattern(size) for size in (1, 10, 5000, 100000)]
            self.assertEqual(self.ask(one, "/whole", iter(chunks)), (200, b"".join(chunks)))
            one.close()

    def test_limits(self):
        with self.wye() as wye:
            for body in (pattern(11), pattern(3000000)):
                status, _ = self.ask(wye.http(), "/small", body[:11])
                self.assertEqual(status, 413)
            status, _ = self.ask(wye.http(), "/small", pattern(10))
            self.assertEqual(status, 200)
            sock = wye.socket()  # in chunks: the length is not known before
            sock.sendall(b"POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\nGET /whole HTTP/1.1\r\n\r\n")
            self.assertEqual(read_answer(sock)[0], 413)
            self.assertTrue(is_closed(sock))
            sock.close()

    def test_pieces(self):
        data = os.urandom(700000)
        with self.wye() as wye:
            for path in ("/pieces", "/waiting", "/blocking", "/late/pieces"):
                one = wye.http()
                for size in (0, 1, 5000, len(data)):
                    self.assertEqual(self.ask(one, path, data[:size]),
                                     (200, checksum(data[:size]).encode()), path)
                self.assertEqual(self.ask(one, path, iter([data[:9], data[9:]])),
                                 (200, checksum(data).encode()), path)
                one.close()
            self.assertEqual(wye.metrics()["rest_requests_waiting"], 0)

    def test_client_leaves_in_the_middle(self):
        with self.wye() as wye:
            for path in ("/pieces", "/waiting", "/blocking", "/whole"):
                for size in (0, 1, 3000, 40000):
                    sock = wye.socket()
                    sock.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n"
                                 % path.encode() + bytes(size))
                    sock.close()
            wye.wait_metric("http_connections_open", 0)
            self.assertEqual(wye.metrics()["rest_requests_aborted_total"], 16)

    def test_early_answers(self):
        with self.wye() as wye:
            one = wye.http()  # a short rest is read, and the connection lives on
            for _ in range(3):
                self.assertEqual(self.ask(one, "/early", bytes(30000)), (403, b"no\n"))
            self.assertEqual(self.ask(one, "/whole", b"x"), (200, b"x"))
            one.close()
            for size in (10000000, 400000000):  # a long one is not
                sock = wye.socket()
                sock.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
                             + bytes(100000))
                self.assertEqual(read_answer(sock)[::2], (403, b"no\n"))
                self.assertTrue(is_closed(sock))
                sock.close()

    def test_refused_by_a_deferred_middleware(self):
        with self.wye() as wye:
            one = wye.http()
            for size in (0, 10, 50000):
                for path in ("/late/whole", "/late/pieces"):
                    self.assertEqual(self.ask(one, path, bytes(size), headers={"X-Verdict": "401"}),
                                     (401, b"who?\n"))
            self.assertEqual(self.ask(one, "/late/whole", b"abc"), (200, b"abc"))
            one.close()
            sock = wye.socket()
            sock.sendall(b"POST /late/whole HTTP/1.1\r\nHost: a\r\nX-Verdict: 401\r\n"
                         b"Content-Length: 900000\r\n\r\n" + bytes(200000))
            self.assertEqual(read_answer(sock)[::2], (401, b"who?\n"))
            self.assertTrue(is_closed(sock))
            sock.close()

    def test_expect_continue(self):
        head = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
        with self.wye() as wye:
            sock = wye.socket()
            sock.sendall(head % (b"/whole", 5))
            self.assertTrue(read_head(sock).startswith("HTTP/1.1 100 "))
            sock.sendall(b"hello")
            self.assertEqual(read_answer(sock)[::2], (200, b"hello"))
            sock.sendall(head % (b"/small", 50))  # refused before the body is asked for
            self.assertEqual(read_answer(sock)[0], 413)
            self.assertTrue(is_closed(sock))
            sock.close()

    def test_slow_body(self):
        with self.wye(body_timeout=0.5) as wye:
            for path in (b"/whole", b"/pieces"):
                sock = wye.socket()
                start = time.monotonic()
                sock.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc" % path)
                self.assertEqual(read_answer(sock)[0], 408)
                self.assertLess(time.monotonic() - start, 5)
                sock.close()

    def test_sources(self):
        with self.wye() as wye:
            one = wye.http()
            for known in (0, 1):
                for wait in (0, 1, 3):
                    for size in (0, 1, 32768, 300000):
                        path = "/source?size=%d&known=%d&wait=%d" % (size, known, wait)
                        self.assertEqual(self.ask(one, path, method="GET"), (200, pattern(size)))
            one.request("HEAD", "/source?size=100&known=1")
            answer = one.getresponse()
            self.assertEqual((answer.headers["Content-Length"], answer.read()), ("100", b""))
            one.close()
            for known in (0, 1):
                with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
                    self.ask(wye.http(), "/source?size=100000&fail=40000&known=%d" % known,
                             method="GET")
            sock = wye.socket()
            sock.sendall(b"GET /source?size=90000 HTTP/1.0\r\n\r\n")
            self.assertNotIn("Transfer-Encoding", read_head(sock))
            self.assertEqual(read_exactly(sock, 90000), pattern(90000))
            self.assertTrue(is_closed(sock))
            sock.close()
            self.assertIn(b"open 0", self.ask(wye.http(), "/context?show=1", method="GET")[1])

    def test_files(self):
        with self.wye() as wye:
            one = wye.http()
            self.ask(one, "/source?size=10", method="GET")
            before = wye.descriptors() # a file is closed behind its answer, perhaps after a look
            for _ in range(2):
                self.assertEqual(self.ask(one, "/file", method="GET"), (200, pattern(300000)))
                self.assertEqual(self.ask(one, "/file?offset=26&length=52", method="GET"),
                                 (200, pattern(52)))
            for _ in range(100):
                self.ask(one, "/file?offset=0&length=10", method="GET")
            wait_for("the last file's close", lambda: wye.descriptors() == before)
            one.close()

    def test_wrapped(self):
        with self.wye() as wye:
            one = wye.http()
            for path in ("/upper/source?size=90000", "/upper/source?size=90000&known=1&wait=2"):
                self.assertEqual(self.ask(one, path, method="GET"), (200, pattern(90000).upper()))
            self.assertEqual(self.ask(one, "/upper/file", method="GET"),
                             (200, pattern(300000).upper()))
            self.assertEqual(self.ask(one, "/upper/whole", b"abc"), (200, b"ABC"))
            one.request("POST", "/upper/twice", b"abc")
            answer = one.getresponse()
            self.assertEqual((answer.status, answer.read()), (202, b"ABC"))
            self.assertEqual((answer.headers["X-One"], answer.headers["X-Two"],
                              answer.headers["X-Three"], answer.headers["Content-Type"]),
                             (None, "2", "3", "text/x-changed"))
            one.close()

    def test_inputs(self):
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "Cookie": 'c=1; d="two"; c=3', "X-Trimmed": "  a b \t"}
        with self.wye() as wye:
            text = self.ask(wye.http(), "/inputs?q=1&q=%C3%A4+b&e=&=x&n", b"f=a%26b&f=2&g",
                            headers=form)[1].decode()
            lines = text.splitlines()
            for line in ("query q=1", "query q=\u00e4 b", "query e=", "query =x", "query n=",
                         "form f=a&b", "form f=2", "form g=", "cookie c=1", "cookie d=two",
                         "cookie c=3", "field X-Trimmed=a b", "first q=1", "first f=a&b",
                         "first c=1", "host host=127.0.0.1:%d" % wye.port):
                self.assertIn(line, lines)
            text = self.ask(wye.http(), "/inputs", b"f=1")[1].decode()
            self.assertNotIn("form", text)

    def test_contexts(self):
        with self.wye() as wye:
            show = lambda: self.ask(wye.http(), "/context?show=1", method="GET")[1].decode()
            self.assertEqual(self.ask(wye.http(), "/context?deadline=100", method="GET")[0], 503)
            wait_for("the deadline's cause", lambda: "deadline 1 " in show())
            self.assertEqual(self.ask(wye.http(), "/context?now=1", method="GET")[0], 200)
            wait_for("the end", lambda: "ended 1 " in show())
            sock = wye.socket()
            sock.sendall(b"GET /context HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            sock.close()
            wait_for("the client's end", lambda: "gone 1 " in show())

    def test_drain_cancels(self):
        with self.wye() as wye:
            sock = wye.socket()
            sock.sendall(b"GET /context HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            self.assertEqual(wye.stop(), 0)
            self.assertEqual(read_answer(sock)[::2], (200, b"hurried\n"))
            sock.close()

    def resident(self, wye):
        with open("/proc/%d/status" % wye.process.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def flat(self, wye, work):
        """Memory while `work` runs stays within 2 MB."""
        first, most, done = self.resident(wye), 0, threading.Event()

        def watch():
            nonlocal most
            while not done.wait(0.02):
                most = max(most, self.resident(wye))
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            work()
        finally:
            done.set()
            watcher.join()
        print("%d MB: %d KB resident before, %d KB at most" % (MEGABYTES, first, most))
        if not SANITIZED:
            self.assertLess(most - first, 2048)

    def test_much_up_and_down(self):
        with self.wye() as wye:
            self.ask(wye.http(), "/waiting", bytes(300000))
            self.ask(wye.http(), "/source?size=300000", method="GET")

            def up(path):
                sock = wye.socket()
                sock.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
                             % (path, MEGABYTES << 20))
                for _ in range(MEGABYTES):
                    sock.sendall(bytes(1 << 20))
                self.assertEqual(read_answer(sock)[2].split()[0], b"%d" % (MEGABYTES << 20))
                sock.close()

            def down(pause):
                sock = socket.socket()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
                sock.connect(("127.0.0.1", wye.port))
                sock.sendall(b"GET /source?known=1&size=%d HTTP/1.1\r\nHost: a\r\n\r\n"
                             % (MEGABYTES << 20))
                read_head(sock)
                left = MEGABYTES << 20
                while left:
                    if pause and left % (1 << 20) < 16384:
                        time.sleep(0.002)  # a slow peer, not a wait for an event
                    left -= len(sock.recv(min(left, 65536)))
                sock.close()
            self.flat(wye, lambda: up(b"/pieces"))
            self.flat(wye, lambda: down(True))

    def test_slow_consumer_of_a_body(self):
        """The handler is slower than the client: TCP holds the client back."""
        with self.wye() as wye:
            data = bytes(4 << 20)
            self.ask(wye.http(), "/waiting", data[:100000])
            self.flat(wye, lambda: self.assertEqual(self.ask(wye.http(), "/waiting", data)[0], 200))


if __name__ == "__main__":
    main()
