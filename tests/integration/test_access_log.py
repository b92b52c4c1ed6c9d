#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The access log: its two formats, whatever clients send, and new files by SIGUSR1."""

import collections
import json
import os
import re
import shutil
import signal
import socket
import struct
import tempfile
import threading
import unittest

from wye import (PLUGINS, TEST_PLUGINS, Wye, close_code, frame, is_closed, main, read_answer,
                 read_frame, upgrade, wait_for)

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} ); plugin_path = "{plugins}";
http_threads = 2; stream_loops = 2; log_level = "debug"; {top}
plugins = ( {{ load = "echo"; }}, {{ load = "{answers}"; as = "answers"; }}, {{ load = "{probe}"; as = "probe"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "{format}"; }},
               {{ use = "access-log"; as = "other-log"; file = "-"; format = "json"; }} );
rest = {{
  chain = [ "request-id", "access-log", "other-log" ];
  routes = ( {{ path = "/hello"; handler = "respond"; body = "hello, world\\n"; }},
             {{ path = "/files/*rest"; handler = "respond"; }},
             {{ path = "/asked"; handler = "answers/upstream"; }},
             {{ path = "/silent"; handler = "probe/silent"; }} );
}};
websocket = {{
  chain = [ {chain} ];
  routes = ( {{ path = "/ws"; handler = "echo"; max_message = 1000; {route} }},
             {{ path = "/stuck"; handler = "probe/flood"; write_timeout = 1; }},
             {{ path = "/slow"; handler = "probe/flood"; outbox_bytes = 100000;
                close_timeout = 0.5; }},
             {{ path = "/close/:name"; handler = "probe/close"; close_timeout = 0.5; }} );
}};
"""
WS_CHAIN = '"request-id", "access-log", "origin"'
CAUSES = {"peer", "handler", "reset", "protocol", "limit", "slow-consumer", "policy", "drain",
          "refused"}
WS_TAIL = re.compile(r'"GET (\S+) HTTP/1\.1" (\d+) (\d+) "-" "u" ws duration=(\d+\.\d{3}) '
                     r'in=(\d+)/(\d+) out=(\d+)/(\d+) code=(\d+) cause=(\S+)$')
HOSTILE = [b'"', b"\\", b'\\"', b"\x01\x1b[31m", b"\x7f", b"\t", b"\xff\xfe", b"\xc3", b"\xe2\x82",
           b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xc2\x85\xe2\x80\xa8",
           "häß€𝄞".encode(), b"\xff" * 3000, b"\\" * 3000, "€".encode() * 1000, b"x" * 3000]


class Logged(Wye):
    def __init__(self, format="json", log=None, chain=WS_CHAIN, top="", expect=0, route=""):
        self.own = tempfile.TemporaryDirectory()
        path = log or os.path.join(self.own.name, "access.log")
        super().__init__(expect=expect, config=CONFIG.format(
            plugins=PLUGINS, probe=os.path.join(TEST_PLUGINS, "probe.so"), log=path,
            answers=os.path.join(TEST_PLUGINS, "answers.so"),
            format=format, chain=chain, top=top, route=route))
        self.log = path

    def lines(self, count):
        """So many lines as bytes, without their ends."""
        def read():
            with open(self.log, "rb") as text:
                return text.read().split(b"\n")
        wait_for("%d lines" % count, lambda: len(read()) > count)
        lines = read()
        assert lines.pop() == b"" and len(lines) == count, lines
        return lines

    def entries(self, count):
        return [json.loads(line.decode("utf-8")) for line in self.lines(count)]

    def send(self, data):
        sock = self.socket()
        sock.sendall(data)
        status = read_answer(sock)[0]
        sock.close()
        return status

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.own.cleanup()


class Formats(unittest.TestCase):
    def test_combined(self):
        with Logged("combined") as wye:
            wye.get("/hello?a=b", headers={"User-Agent": 'ev"il\\', "Referer": "http://x/"})
            line = wye.lines(1)[0].decode()
        self.assertRegex(line, r'^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
                         r'"GET /hello\?a=b HTTP/1\.1" 200 13 "http://x/" "ev\\x22il\\x5C"$')

    def test_json(self):
        with Logged() as wye:
            wye.get("/files/a?b=c", headers={"User-Agent": "u", "Referer": "http://x/",
                                             "X-Request-Id": "mine"})
            wye.wait_metric("rest_requests_ended_total", 1)
            wye.get("/nope", "POST")
            first, second = sorted(wye.entries(2), key=lambda one: one["time"])
        self.assertRegex(first.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreaterEqual(first.pop("duration_ms"), 0)
        self.assertEqual(first, {
            "lane": "rest", "id": "mine", "client": "127.0.0.1", "user": None, "method": "GET",
            "target": "/files/a?b=c", "protocol": "HTTP/1.1", "status": 200, "bytes": 0,
            "route": "/files/*rest", "referer": "http://x/", "user_agent": "u",
            "upstream_ms": None, "end": "finished"})
        self.assertEqual((second["status"], second["route"], second["referer"]),
                         (404, None, None))

    def test_extended(self):
        with Logged("extended") as wye:
            wye.get("/files/a?b=c", headers={"User-Agent": "u", "X-Request-Id": "mine"})
            wye.get("/asked", headers={"User-Agent": "u", "X-Request-Id": "mine"})
            wye.get("/nope", headers={"User-Agent": "u", "X-Request-Id": "mine"})
            sock = wye.websocket("/ws", "User-Agent: u\r\nX-Request-Id: mine\r\n")
            sock.sendall(frame(8, b"\x03\xe8"))
            self.assertEqual(close_code(sock), 1000)
            sock.close()
            lines = b"\n".join(wye.lines(4)).decode()
        head = r'(?m)^127\.0\.0\.1 - - \[[^]]+\] "GET %s HTTP/1\.1" \d+ \d+ "-" "u" '
        times = r'duration_ms=\d+\.\d{3} upstream_ms=%s end="finished"$'
        for target, rest in ((r"/files/a\?b=c", r'route="/files/\*rest" id="mine" ' + times % "-"),
                             ("/asked", 'route="/asked" id="mine" ' + times % r"12\.345"),
                             ("/nope", 'route="-" id="mine" ' + times % "-"),
                             ("/ws", 'route="/ws" id="mine" ws duration=.* cause=peer$')):
            self.assertRegex(lines, head % target + rest)

    def test_upstream_time(self):
        with Logged() as wye:
            wye.get("/asked")
            self.assertIn(b'"upstream_ms":12.345,"end"', wye.lines(1)[0])

    def test_duration_has_three_decimals(self):
        with Logged() as wye:
            wye.get("/hello")
            self.assertRegex(wye.lines(1)[0], rb'"duration_ms":\d+\.\d{3},')

    def test_endings(self):
        with Logged(top="head_timeout = 0.3;", expect=4) as wye:
            slow = wye.socket()
            slow.sendall(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nX: ")
            self.assertEqual(read_answer(slow)[0], 408)
            gone = wye.socket()
            gone.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            gone.close()
            wye.wait_metric("rest_requests_waiting", 0)
            self.assertEqual(wye.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n"
                                      % (b"x" * 9000)), 431)
            left = wye.socket()
            left.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            wye.process.send_signal(signal.SIGTERM)
            wait_for("the stop", lambda: "stopping" in wye.stderr())
            wye.stop()
            found = collections.Counter((one["end"], one["status"]) for one in wye.entries(4))
            slow.close()
            left.close()
        self.assertEqual(set(found), {("timed out", 408), ("aborted", 0), ("refused", 431),
                                      ("stopped", 0)})

    def test_wrong_format(self):
        with self.assertRaisesRegex(AssertionError, "jsn"):
            Logged("jsn")


class Hostile(unittest.TestCase):
    def send_all(self, wye):
        count = 0
        for bad in HOSTILE:
            wye.send(b"GET /files/%s HTTP/1.1\r\nHost: a\r\n\r\n" % bad)
            wye.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\n"
                     b"Referer: %s\r\n\r\n" % (bad, bad))
            wye.send(upgrade("/none", "").replace(
                b"\r\n\r\n", b"\r\nUser-Agent: %s\r\n\r\n" % bad))
            count += 3
        return count

    def test_json(self):
        with Logged() as wye:
            lines = wye.lines(self.send_all(wye))
        for line in lines:
            self.assertLess(len(line), 4608)
            text = line.decode("utf-8")
            self.assertEqual(len(text.splitlines()), 1, "ends within, for some")
            self.assertIn("lane", json.loads(text))
        texts = {json.loads(line)["user_agent"] for line in lines}
        for want in ('"', "\\", '\\"', "\\xFF\\xFE", "\\xC3", "\\xED\\xA0\\x80", "\\xC0\\xAF",
                     "\\xF4\\x90\\x80\\x80", "\x85\u2028", "häß€𝄞", "€" * 341, "\\" * 512,
                     "\\xFF" * 204, "x" * 1024):
            self.assertIn(want, texts)

    def test_combined(self):
        with Logged("combined") as wye:
            lines = wye.lines(self.send_all(wye))
        for line in lines:
            self.assertLess(len(line), 4608)
            self.assertRegex(line, rb'^[ -~]+$')
            self.assertEqual(line.count(b'"'), 6, line)


class WebSocket(unittest.TestCase):
    def end_in_all_ways(self, wye):
        agent = "User-Agent: u\r\nX-Request-Id: mine\r\n"

        def one(path, *frames):
            sock = wye.websocket(path, agent)
            for data in frames:
                sock.sendall(data)
            return sock

        sock = one("/ws", frame(1, b"hello"), frame(1, b"you"))
        self.assertEqual([read_frame(sock) for _ in range(2)], [(1, b"hello"), (1, b"you")])
        sock.sendall(frame(8, b"\x03\xe8"))
        self.assertEqual(close_code(sock), 1000)
        sock.close()
        for path, data, code in (("/close/yes", frame(1, b"4001 bye"), 4001),  # handler
                                 ("/ws", frame(3), 1002),                      # protocol
                                 ("/ws", frame(1, b"x" * 1001), 1009),         # limit
                                 ("/close/no", b"", 1008)):                    # policy
            sock = one(path, data)
            self.assertEqual(close_code(sock), code)
            sock.sendall(frame(8, struct.pack(">H", code)))
            sock.close()
        one("/ws").close()  # reset
        slow = one("/slow")
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(frame(1, b"100000 2000"))
        wye.wait_metric("ws_closed_slow_consumer_total", 1)
        self.assertTrue(is_closed(slow))
        slow.close()
        self.assertEqual(wye.send(upgrade("/ws", agent + "Origin: http://evil\r\n")), 403)
        wye.wait_metric("ws_connections_open", 0)
        drained = one("/ws")
        wye.process.send_signal(signal.SIGTERM)
        self.assertEqual(close_code(drained), 1001)
        drained.sendall(frame(8, b"\x03\xe9"))
        drained.close()
        wye.process.wait()

    def test_json(self):
        with Logged() as wye:
            self.end_in_all_ways(wye)
            entries = wye.entries(9)
        by_cause = {one["cause"]: one for one in entries}
        self.assertEqual(set(by_cause), CAUSES)
        peer = by_cause["peer"]
        self.assertRegex(peer.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreaterEqual(peer.pop("duration_ms"), 0)
        self.assertEqual(peer, {
            "lane": "websocket", "id": "mine", "client": "127.0.0.1", "user": None,
            "method": "GET", "target": "/ws", "protocol": "HTTP/1.1", "status": 101,
            "route": "/ws", "referer": None, "user_agent": "u", "messages_in": 2, "bytes_in": 8,
            "messages_out": 2, "bytes_out": 8, "code": 1000, "cause": "peer"})
        for cause, code in (("reset", 1006), ("protocol", 1002), ("limit", 1009),
                            ("policy", 1008), ("drain", 1001), ("refused", 1006)):
            self.assertEqual(by_cause[cause]["code"], code, cause)
        self.assertEqual(by_cause["refused"]["status"], 403)
        self.assertEqual(by_cause["handler"]["route"], "/close/:name")

    def test_combined(self):
        with Logged("combined") as wye:
            self.end_in_all_ways(wye)
            found = [WS_TAIL.search(line.decode()) for line in wye.lines(9)]
        self.assertTrue(all(found))
        by_cause = {one.group(10): one.groups() for one in found}
        self.assertEqual(set(by_cause), CAUSES)
        peer = by_cause["peer"]
        self.assertEqual(peer[:3] + peer[4:], ("/ws", "101", "8", "2", "8", "2", "8", "1000",
                                               "peer"))
        self.assertEqual(by_cause["refused"][1:4], ("403", "0", "0.000"))

    def test_write_stall(self):
        with Logged() as wye:
            stuck = wye.websocket("/stuck")
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.sendall(frame(1, b"100 2000"))
            one = wye.entries(1)[0]
            stuck.close()
        self.assertIn((one["cause"], one["code"]), {("write-stall", 1006), ("reset", 1006)})

    def test_ended_by_the_clock(self):
        """Silence, idleness, lifetime, rate: a peer that only waits, or sends without a pause."""
        settings = {"silent": "ping_interval = 0.1; pong_timeout = 0.1;",
                    "idle": "idle_timeout = 0.1;",
                    "lifetime": "max_lifetime = 0.1;",
                    "rate": "max_frames_per_second = 1; rate_patience = 0;"}
        for form in ("json", "combined"):
            for cause, text in settings.items():
                with self.subTest(cause), Logged(form, route=text + "close_timeout = 0.2;") as wye:
                    sock = wye.websocket("/ws")
                    if cause == "rate":
                        sock.sendall(frame(1, b"x") * 50)
                    self.assertTrue(is_closed(sock))
                    sock.close()
                    line = wye.lines(1)[0].decode()
                    self.assertIn('"cause":"%s"' % cause if form == "json" else
                                  " cause=%s" % cause, line)

    def test_standing_first(self):
        """What later steps find out is known of a refused handshake only."""
        with Logged(chain='"access-log", "request-id", "origin"') as wye:
            sock = wye.websocket("/ws", "X-Request-Id: mine\r\n")
            sock.sendall(frame(8, b"\x03\xe8"))
            self.assertEqual(close_code(sock), 1000)
            sock.close()
            self.assertEqual(wye.send(upgrade("/ws", "X-Request-Id: mine\r\n"
                                              "Origin: http://evil\r\n")), 403)
            by_cause = {one["cause"]: one for one in wye.entries(2)}
        self.assertEqual((by_cause["peer"]["id"], by_cause["peer"]["route"]), (None, "/ws"))
        self.assertEqual(by_cause["refused"]["id"], "mine")


class Reopen(unittest.TestCase):
    def load(self, wye, name, count):
        sock = wye.socket()
        for start in range(0, count, 50):
            sock.sendall(b"".join(b"GET /hello?%s-%d HTTP/1.1\r\nHost: a\r\n\r\n" % (name, i)
                                  for i in range(start, start + 50)))
            for _ in range(50):
                read_answer(sock)
        sock.close()

    def test_under_load(self):
        count, clients, rounds = 500, 4, 20
        with Logged() as wye:
            threads = [threading.Thread(target=self.load, args=(wye, b"%d" % i, count))
                       for i in range(clients)]
            for one in threads:
                one.start()
            for i in range(rounds):
                wait_for("the log", lambda: os.path.exists(wye.log))
                os.rename(wye.log, "%s.%d" % (wye.log, i))
                wye.process.send_signal(signal.SIGUSR1)
                self.assertIsNone(wye.process.poll())
            for one in threads:
                one.join()
            wait_for("the log", lambda: os.path.exists(wye.log))
            wye.stop()
            seen = collections.Counter()
            for path in ["%s.%d" % (wye.log, i) for i in range(rounds)] + [wye.log]:
                with open(path, encoding="utf-8") as text:
                    seen.update(json.loads(line)["target"] for line in text)
        self.assertEqual(seen, {"/hello?%d-%d" % (i, j): 1
                                for i in range(clients) for j in range(count)})

    def test_new_lines_go_to_the_new_file(self):
        with Logged() as wye:
            wye.get("/hello?1")
            wye.lines(1)  # it comes after the answer
            os.rename(wye.log, wye.log + ".1")
            wye.process.send_signal(signal.SIGUSR1)
            wait_for("the new file", lambda: os.path.exists(wye.log))
            wye.get("/hello?2")
            self.assertEqual([one["target"] for one in wye.entries(1)], ["/hello?2"])
            wait_for("the connection's end", lambda: wye.metrics()["http_connections_open"] == 0)
            descriptors = wye.descriptors()
            with open(wye.log + ".1") as text:
                self.assertIn("/hello?1", text.read())
            wye.process.send_signal(signal.SIGUSR1)  # nothing was renamed
            wye.get("/hello?3")
            wye.entries(2)
            wait_for("as many descriptors", lambda: wye.descriptors() == descriptors)

    def test_many_signals(self):
        with Logged() as wye:
            for _ in range(2000):
                wye.process.send_signal(signal.SIGUSR1)
            self.assertEqual(wye.get("/hello").status, 200)

    def test_unwritable_folder(self):
        folder = tempfile.mkdtemp()
        inner = os.path.join(folder, "logs")
        os.mkdir(inner)
        try:
            with Logged(log=os.path.join(inner, "access.log")) as wye:
                wye.get("/hello?1")
                wye.lines(1)
                os.rename(inner, inner + ".old")
                with open(inner, "w"):
                    pass  # nobody can make a file in a file, not even root
                wye.process.send_signal(signal.SIGUSR1)
                wait_for("the error", lambda: "the old file is kept" in wye.stderr())
                wye.get("/hello?2")
                wye.log = os.path.join(inner + ".old", "access.log")
                self.assertEqual([one["target"] for one in wye.entries(2)],
                                 ["/hello?1", "/hello?2"])
                errors = [line for line in wye.stderr().splitlines() if " error " in line]
                self.assertEqual(len(errors), 1, errors)
                self.assertIn("Not a directory", errors[0])
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
