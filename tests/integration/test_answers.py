#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How answers are framed and end (RFC 9110, 9112), byte by byte: a lenient client sees nothing of it, a proxy does."""

import os
import re
import socket
import ssl
import tempfile
import time
import unittest

from certificates import Site
from wye import PLUGINS, TEST_PLUGINS, Wye, main, read_answer, read_to_end, upgrade

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 1; log_level = "debug"; {top}
plugins = ( {{ load = "echo"; }}, {{ load = "clock"; }}, {{ load = "{bodies}"; as = "bodies"; }} );
middleware = ( {{ use = "compress"; minimum = 1000; }}, {{ use = "ip-filter"; deny = [ "127.0.0.0/8" ]; }},
               {{ use = "headers"; response_set = [ "X-Large: {field}" ]; }} );
rest = {{ routes = (
  {{ path = "/hello"; handler = "respond"; body = "hello\\n"; methods = [ "GET", "POST" ]; }},
  {large}
  {{ path = "/refused"; handler = "respond"; methods = [ "POST" ]; chain = [ "headers", "ip-filter" ]; }},
  {{ path = "/files/*rest"; handler = "files"; root = "{root}"; }},
  {{ path = "/packed/*rest"; handler = "files"; root = "{root}"; chain = [ "compress" ]; }},
  {{ path = "/source"; handler = "bodies/source"; }},
  {{ path = "/zipped"; handler = "bodies/source"; chain = [ "compress" ]; }},
  {{ path = "/clock"; handler = "clock"; }} ); }};
websocket = {{ routes = ( {{ path = "/ws"; handler = "echo"; }} ); }};
"""
HOST = b" HTTP/1.1\r\nHost: a\r\n"
NEXT = b"GET /hello" + HOST + b"\r\n"
LARGE = 3000000
SITE = Site()


def heads(data):
    """Each head in `data`, and whether a body of the known one lies behind it."""
    return re.findall(rb"HTTP/1\.1 (\d\d\d) .*?\r\n\r\n", data, re.S)


class Answers(unittest.TestCase):
    def wye(self, top="", listen="", field="", sizes=()):
        root = self.enterContext(tempfile.TemporaryDirectory())
        for name, size in (("small", 3), ("large", LARGE), ("text.txt", 20000)):
            with open(os.path.join(root, name), "wb") as out:
                out.write(b"x" * size)
        large = "".join('{ path = "/large/%d"; handler = "respond"; headers = { X-Large = "%s"; }; },'
                        % (size, "x" * size) for size in sizes)
        return Wye(config=CONFIG.format(plugins=PLUGINS, root=root, top=top, listen=listen, field=field, large=large,
                                        bodies=os.path.join(TEST_PLUGINS, "bodies.so")))

    def ask(self, wye, request):
        with wye.socket() as sock:
            sock.sendall(request)
            return read_to_end(sock)

    def next_is_clean(self, wye, request, status):
        """The answer is a head, and right behind it begins the next one."""
        data, end = self.ask(wye, request + b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        self.assertEqual(end, "end")
        head, behind = data.split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 %d " % status), data)
        self.assertTrue(behind.startswith(b"HTTP/1.1 200 OK\r\n"), data)
        return head + b"\r\n"

    def test_only_a_head(self):
        """HEAD and 304 have no body, nor the end of one, and a length that is right or none."""
        with self.wye() as wye:
            for path in (b"/source?size=10", b"/zipped?size=3000", b"/hello", b"/files/small", b"/files/large"):
                head = self.next_is_clean(wye, b"HEAD " + path + HOST + b"\r\n", 200)
                self.assertLessEqual(head.count(b"Content-Length"), 1, head)
                self.assertNotIn(b"Transfer-Encoding", head)  # some clients would wait for its end
            self.assertIn(b"\r\nContent-Length: %d\r\n" % LARGE, head)
            gzip = HOST + b"Accept-Encoding: gzip\r\n"
            head = self.next_is_clean(wye, b"HEAD /packed/text.txt" + gzip + b"\r\n", 200)
            self.assertIn(b"\r\nContent-Encoding: gzip\r\n", head)
            self.assertNotIn(b"Content-Length", head)
            head = self.next_is_clean(wye, b"GET /packed/text.txt" + gzip + b"If-None-Match: *\r\n\r\n", 304)
            self.assertNotIn(b"Content-Length", head)
            self.assertNotIn(b"Transfer-Encoding", head)
            head = self.next_is_clean(wye, b"GET /files/small" + HOST + b"If-None-Match: *\r\n\r\n", 304)
            self.assertEqual(re.findall(rb"Content-Length: (\d+)\r\n", head), [b"3"])
            data, _ = self.ask(wye, b"HEAD /clock" + HOST + b"\r\n")
            self.assertTrue(data.endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n") == 1, data)

    def test_refused_heads(self):
        with self.wye() as wye:
            for rest, status in ((b"/" + b"x" * 60000 + HOST, 414), (b"/hello" + HOST + b"Content-Length: 5x\r\n", 400),
                                 (b"/hello HTTP/2.0\r\n", 505), (b"/hello" + HOST + b"X: " + b"x" * 30000 + b"\r\n", 431),
                                 (b"/hello HTTP/1.1\r\n", 400)):
                data, end = self.ask(wye, b"HEAD " + rest + b"\r\n")
                self.assertEqual((heads(data), end), ([b"%d" % status], "end"), data)
                self.assertTrue(data.endswith(b"\r\n\r\n"), data)

    def test_in_time(self):
        """The end of a source is no matter of a timer."""
        with self.wye() as wye:
            for request in (b"GET /source?size=0 HTTP/1.0\r\n\r\n", b"GET /source?size=1&wait=2 HTTP/1.0\r\n\r\n",
                            b"GET /source?size=100000&fail=50000" + HOST + b"\r\n") * 5:
                start = time.monotonic()
                self.ask(wye, request)
                self.assertLess(time.monotonic() - start, 4, request)

    def test_cut_short(self):
        """What ends by the connection's end, and is not whole, ends by a reset."""
        request = b"GET /source?size=100000&fail=50000 HTTP/1.0\r\n\r\n"
        with self.wye() as wye:
            self.assertEqual(self.ask(wye, request)[1], "reset")
            self.assertEqual(self.ask(wye, b"GET /source?size=1000 HTTP/1.0\r\n\r\n")[1], "end")
        context = SITE.context()
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        with self.wye(listen=SITE.listen) as wye:
            for text, wanted in ((request, "no close_notify"), (b"GET /source?size=1000 HTTP/1.0\r\n\r\n", "end")):
                plain = socket.create_connection(("127.0.0.1", wye.port), 20)
                with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as sock:
                    sock.sendall(text)
                    self.assertEqual(read_to_end(sock)[1], wanted)

    def test_not_reset(self):
        """By what the client sends behind the last request, before the answer has come or while it does."""
        with self.wye() as wye:
            for request in (b"GET /files/large HTTP/1.0\r\n\r\n", b"GET /files/large" + HOST + b"Connection: close\r\n\r\n"):
                for behind, late in ((b"\r\n", False), (b"\r\n", True), (NEXT * 50, False), (NEXT, True)):
                    with wye.socket() as sock:
                        sock.sendall(request if late else request + behind)
                        data = sock.recv(100)
                        if late:
                            sock.sendall(behind)
                        more, end = read_to_end(sock)
                        data += more
                        self.assertEqual((end, len(data.split(b"\r\n\r\n", 1)[1])), ("end", LARGE))

    def test_large_heads_of_refusals(self):
        """Before a body is read, which lies in the same memory as the answer's head will."""
        for length in (b"Content-Length: 1000000\r\n\r\n%s", b"Transfer-Encoding: chunked\r\n\r\nf4240\r\n%s"):
            for size in (100, 2000, 4000, 5500, 8000):
                with self.wye(field="x" * size) as wye:
                    for part in (0, 100, 3000, 4500, 4900, 6000, 20000):
                        with wye.socket() as sock:
                            sock.sendall(b"POST /refused HTTP/1.1\r\nHost: a\r\n" + length % (b"y" * part))
                            status, head, _ = read_answer(sock)
                            self.assertIn(status, (403, 431 if size < 4000 else 500), (size, part))
                            self.assertEqual("x" * size in head, status == 403)

    def test_many_parameters(self):
        """A byte each: answered or refused, by whatever the answer needs."""
        sizes = (0, 600, 900)
        with self.wye(sizes=sizes) as wye:
            for size in sizes:
                for count in (*range(60, 180, 3), 1000):
                    for behind in (b"", NEXT + b"y" * 4000):
                        with wye.socket() as sock:
                            sock.sendall(b"GET /large/%d?" % size + b"&" * count + HOST + b"\r\n" + behind)
                            self.assertIn(read_answer(sock)[0], (200, 431, 500), (size, count))

    def test_end_with_the_request(self):
        """A client's end that came in one piece with its request, or just behind it, is seen as soon as that is
        answered, and is no next request."""
        with self.wye() as wye:
            for late in range(200):
                with wye.socket() as sock:
                    if late < 20:
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                    sock.sendall(NEXT)
                    time.sleep(max(0, late - 20) / 1000000)
                    sock.shutdown(socket.SHUT_WR)
                    began = time.monotonic()
                    data, end = read_to_end(sock)
                    self.assertEqual((heads(data), end), ([b"200"], "end"))
                    self.assertLess(time.monotonic() - began, 5)

    def test_end_within_the_next_request(self):
        """Nor is a part of one; but whole ones in front of it are answered."""
        with self.wye() as wye:
            for part in range(1, len(NEXT), 3):
                with wye.socket() as sock:
                    sock.sendall(NEXT * 3 + NEXT[:part])
                    sock.shutdown(socket.SHUT_WR)
                    began = time.monotonic()
                    data, end = read_to_end(sock)
                    self.assertEqual((heads(data), end), ([b"200"] * 3, "end"))
                    self.assertLess(time.monotonic() - began, 5)

    def test_upgrade_required(self):
        with self.wye() as wye:
            for request in (b"GET /ws" + HOST + b"\r\n", upgrade(version="12")):
                data, _ = self.ask(wye, request + b"GET / HTTP/1.0\r\n\r\n")
                self.assertRegex(data, rb"^HTTP/1.1 426 ")
                self.assertIn(b"\r\nConnection: Upgrade\r\n", data)
                self.assertIn(b"\r\nUpgrade: websocket\r\n", data)

    def test_large_heads(self):
        """Whole, or a 500 that says why in the log and closes: never nothing. Also with a next request behind."""
        sizes = (500, 900, 2000, 5000, 6000, *range(6500, 10600, 250), 20000, 60000)
        with self.wye(sizes=sizes) as wye:
            lost = 0
            for fields in (b"", b"X-A: %s\r\n" % (b"a" * 3000), b"".join(b"X-%d: a\r\n" % i for i in range(40))):
                seen = set()
                for size in sizes:
                    request = b"GET /large/%d HTTP/1.1\r\nHost: a\r\n" % size + fields
                    data, end = self.ask(wye, request + b"\r\n" + request + b"Connection: close\r\n\r\n")
                    found = heads(data)
                    self.assertEqual(end, "end")
                    self.assertEqual(data.count(b"x" * size), found.count(b"200"), size)
                    wrong = b"431" if size < 4000 else b"500"
                    self.assertIn(found, ([b"200", b"200"], [b"200", wrong], [wrong]), size)
                    lost += found.count(b"500")
                    seen.update(found)
                self.assertLessEqual({b"200", b"500"}, seen)
            self.assertEqual(wye.metrics()["http_reply_header_too_large_total"], lost)
            self.assertEqual(wye.stderr().count("the head of the answer of respond"), lost)

    def test_timed_out(self):
        with self.wye("head_timeout = 0.3; body_timeout = 0.3;") as wye:
            for request, body in ((b"POST /hello" + HOST + b"Content-Length: 5\r\n\r\n", True), (b"GET /hel", True),
                                  (b"HEAD /hello HTTP/1.1\r\nHo", False)):
                data, _ = self.ask(wye, request)
                self.assertRegex(data, rb"^HTTP/1.1 408 .*\r\nDate: ")
                self.assertEqual(data.endswith(b"request timeout\n"), body, data)

    def test_who_leaves_within_a_head(self):
        """Is no 431, over TLS either."""
        with self.wye(listen=SITE.listen) as wye:
            for _ in range(20):
                with SITE.connect(wye) as sock:
                    sock.sendall(b"GET /hello HTTP/1.1\r\nHost: lo")
            wye.wait_metric("http_connections_open", 0)
            wye.wait_metric("tls_connections_open", 0)
            self.assertEqual(wye.metrics()["http_header_too_large_total"], 0)


if __name__ == "__main__":
    main()
