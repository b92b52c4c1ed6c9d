#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Event streams: the request moves with its socket; slow clients, silence, ends, many."""

import gc
import json
import os
import re
import resource
import socket
import time
import unittest

from wye import PLUGINS, SANITIZED, TEST_PLUGINS, Wye, is_closed, main, read_head, wait_for

MANY = int(os.environ.get("WYE_EVENT_CLIENTS", "500" if SANITIZED else "5000"))

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; backlog = 4096; }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 2; log_level = "debug"; {top}
plugins = ( {{ load = "{feed}"; as = "feed"; }}, {{ load = "clock"; }}, {{ load = "timing"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }} );
rest = {{ chain = [ "request-id", "access-log", "timing" ]; routes = (
  {{ path = "/feed"; handler = "feed/feed"; }},
  {{ path = "/publish"; handler = "feed/publish"; }},
  {{ path = "/end"; handler = "feed/end"; }},
  {{ path = "/counts"; handler = "feed/counts"; skip = [ "access-log" ]; }},
  {{ path = "/clock"; handler = "clock"; every = 0.05; }} ); }};
"""


class Events(unittest.TestCase):
    def wye(self, top="", expect=0):
        folder = self.enterContext(__import__("tempfile").TemporaryDirectory())
        self.log = os.path.join(folder, "access.log")
        return Wye(expect=expect, config=CONFIG.format(
            plugins=PLUGINS, feed=os.path.join(TEST_PLUGINS, "feed.so"), log=self.log, top=top))

    def stream(self, wye, path="/feed", headers="", receive=None):
        sock = socket.socket()
        if receive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sock.settimeout(60)
        sock.connect(("127.0.0.1", wye.port))
        sock.sendall(("GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (path, headers)).encode())
        return sock

    def counts(self, wye):
        return json.loads(wye.get("/counts").text)

    def wait_count(self, wye, name, value):
        wait_for("%s = %d" % (name, value), lambda: self.counts(wye)[name] == value)

    def until(self, sock, end):
        data = b""
        while end not in data:
            piece = sock.recv(65536)
            self.assertTrue(piece, data)
            data += piece
        return data

    def test_a_page_that_comes_again(self):
        with self.wye() as wye:
            sock = self.stream(wye, headers="Last-Event-ID: 7\r\n")
            text = self.until(sock, b"event: hello\ndata: a\ndata: b\n\n")
            self.assertTrue(text.endswith(
                b"\r\n\r\n: so\n: much\nevent: again\nid: 8\nretry: 1500\n"
                b"data: x\ndata: y\ndata: z\ndata: \n\nid: 9\n\nevent: hello\n"
                b"data: a\ndata: b\n\n"), text)
            sock.close()
            self.wait_count(wye, "peer", 1)

    def lines(self):
        with open(self.log) as log:
            return [json.loads(line) for line in log]

    def test_head_and_events(self):
        with self.wye() as wye:
            sock = self.stream(wye, headers="X-Request-Id: abc\r\n")
            head = read_head(sock)
            for part in ("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "X-Feed: yes",
                         "X-Request-Id: abc", "Cache-Control: no-store", "Server-Timing: total",
                         "Connection: close", "Date: "):
                self.assertIn(part, head)
            self.assertNotIn("Content-Length", head)
            self.until(sock, b"event: hello\ndata: a\ndata: b\n\n")
            self.until(sock, b":\n\n")  # the heartbeat of a silent stream
            wye.get("/publish?count=2&size=3")
            text = self.until(sock, b"3 1 ...\n\n")
            for thread in range(4):
                self.assertLess(text.index(b"data: %d 0 ..." % thread),
                                text.index(b"data: %d 1 ..." % thread))
            sock.close()
            self.wait_count(wye, "peer", 1)
            wait_for("the line", lambda: any(one["target"] == "/feed" for one in self.lines()))
            line = [one for one in self.lines() if one["target"] == "/feed"][0]
            self.assertEqual((line["status"], line["id"], line["route"], line["end"]),
                             (200, "abc", "/feed", "finished"))
            self.assertGreater(line["bytes"], 20)
            self.assertGreater(line["duration_ms"], 250)

    def test_head_request(self):
        with self.wye() as wye:
            sock = self.stream(wye)
            one = wye.http()
            one.request("HEAD", "/feed")
            answer = one.getresponse()
            self.assertEqual((answer.status, answer.headers["Content-Type"], answer.read()),
                             (200, "text/event-stream", b""))
            one.close()
            self.wait_count(wye, "never", 1)
            sock.close()

    def test_behind_other_requests(self):
        with self.wye() as wye:
            sock = wye.socket()
            for _ in range(3):
                sock.sendall(b"GET /counts HTTP/1.1\r\nHost: a\r\n\r\n")
                self.until(sock, b"}")
            sock.sendall(b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            self.until(sock, b"not found\n")
            sock.sendall(b"GET /clock HTTP/1.1\r\nHost: a\r\n\r\n")
            self.until(sock, b"id: 3\n")
            sock.close()
            wye.wait_metric("streams_open", 0)

    def test_garbage_behind(self):
        """What can't be read behind the request is nobody's: the stream goes on, and leaves the limits once."""
        with self.wye("max_connections = 20;") as wye:
            for garbage in (b"\0", b"GARBAGE\r\n\r\n", b"\r\n\r\n", b" GET /counts HTTP/1.1\r\n\r\n") * 8:
                sock = self.stream(wye)
                self.until(sock, b"event: hello")
                sock.close()
                with wye.socket() as sock:
                    sock.sendall(b"GET /feed HTTP/1.1\r\nHost: a\r\n\r\n" + garbage)
                    data = self.until(sock, b"event: hello")
                    self.assertEqual(data.count(b"HTTP/1.1 "), 1, data)
                    self.assertTrue(data.startswith(b"HTTP/1.1 200 "), data)
                wye.wait_metric("streams_open", 0)
            wye.wait_metric("http_connections_open", 0)
            self.assertEqual(wye.metrics()["http_malformed_total"], 0)
            self.assertEqual(wye.metrics()["connections_refused_full_total"], 0)
            self.assertEqual(wye.stop(), 0)

    def test_ends(self):
        with self.wye() as wye:
            socks = [self.stream(wye) for _ in range(20)]
            for sock in socks:
                self.until(sock, b"data: b\n\n")
            wye.get("/end")
            for sock in socks:
                self.assertTrue(is_closed(sock))
                sock.close()
            self.wait_count(wye, "handler", 20)
            sock = self.stream(wye, "/feed?deadline=100")
            self.assertTrue(is_closed(sock))
            sock.close()
            self.wait_count(wye, "deadline", 1)
            sock = self.stream(wye, "/feed?refuse=1")
            self.assertTrue(is_closed(sock))
            sock.close()
            self.wait_count(wye, "handler", 21)
            counts = self.counts(wye)
            self.assertEqual((counts["cancelled_ended"], counts["cancelled_deadline"]), (21, 1))
            self.assertEqual(counts["opened"], 22)

    def test_sends_to_what_is_gone(self):
        with self.wye() as wye:
            sock = self.stream(wye)
            self.until(sock, b"data: b\n\n")
            sock.close()
            self.wait_count(wye, "peer", 1)
            wye.get("/publish?count=5")
            self.assertEqual(self.counts(wye)["sends_gone"], 20)

    def test_a_slow_one_is_dropped(self):
        with self.wye() as wye:
            slow = self.stream(wye, receive=4096)
            others = [self.stream(wye) for _ in range(10)]
            for sock in others + [slow]:
                self.until(sock, b"data: b\n\n")
            for turn in range(1, 200):
                wye.get("/publish?count=1&size=15000")
                for sock in others:  # each gets all four
                    data = b""
                    while data.count(b"\n\n") < 4 or data.count(b"data: ") < 4:
                        piece = sock.recv(1 << 20)
                        self.assertTrue(piece, "one that reads was dropped")
                        data += piece
                if self.counts(wye)["slow"]:
                    break
            counts = self.counts(wye)
            self.assertEqual((counts["slow"], counts["peer"]), (1, 0))
            for sock in others + [slow]:
                sock.close()
            self.wait_count(wye, "peer", 10)

    def test_drain(self):
        with self.wye() as wye:
            socks = [self.stream(wye) for _ in range(30)]
            for sock in socks:
                self.until(sock, b"data: b\n\n")
            self.assertEqual(wye.stop(), 0)
            for sock in socks:
                self.assertTrue(is_closed(sock))
                sock.close()
            self.assertEqual([one["end"] for one in self.lines()
                              if one["target"] == "/feed"], ["stopped"] * 30)

    def resident(self, wye):
        with open("/proc/%d/status" % wye.process.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def test_many(self):
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 60000),) * 2)
        with self.wye(top="max_connections = 12000;") as wye:
            socks = [self.stream(wye) for _ in range(MANY // 5)]
            wye.wait_metric("streams_open", MANY // 5)
            wye.metrics()  # gives free memory back
            before = self.resident(wye)  # with what is allocated but once
            marks = [before]
            for half in (1, 2):  # holes of the heap make single figures wobble: the better half
                while len(socks) < MANY // 5 + half * MANY // 2:
                    socks += [self.stream(wye) for _ in range(100)]
                    wye.wait_metric("streams_open", len(socks))
                wye.metrics()
                marks.append(self.resident(wye))
            each = min(marks[1] - marks[0], marks[2] - marks[1]) * 1024 / (MANY // 2)
            print("%d streams: %d bytes each" % (MANY, each))
            if not SANITIZED:
                self.assertLess(each, 3600)  # 2,450 on a quiet machine
            for sock in socks:
                self.until(sock, b"data: b\n\n")
            start = time.monotonic()
            wye.get("/publish?count=1&size=10")
            for sock in socks:
                data = b""
                while data.count(b" 0 ....") < 4:
                    piece = sock.recv(4096)
                    self.assertTrue(piece)
                    data += piece
            print("4 events to each: %.2f s" % (time.monotonic() - start))
            for sock in socks:
                sock.close()
            wye.wait_metric("streams_open", 0)
            gc.collect()


if __name__ == "__main__":
    main()
