#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Requests at the edges of their life: waits behind an idle time, clients that stop in the middle,
answers before the body's end, replies that are under way when the program stops."""

import os
import time
import unittest

from wye import (PLUGINS, TEST_PLUGINS, Wye, close_code, frame, is_closed, main, read_answer,
                 read_exactly, read_head)

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 1; log_level = "debug";
max_body = 100000000; {top}
plugins = ( {{ load = "{tests}/edges.so"; as = "edges"; }},
            {{ load = "{tests}/bodies.so"; as = "bodies"; }},
            {{ load = "{tests}/probe.so"; as = "probe"; }} );
rest = {{ routes = (
  {{ path = "/endless"; handler = "edges/endless"; ticket_timeout = 1; }},
  {{ path = "/patient"; handler = "edges/endless"; ticket_timeout = 100; }},
  {{ path = "/told"; handler = "edges/told"; }},
  {{ path = "/deaf"; handler = "edges/deaf"; ticket_timeout = 0.2; }},
  {{ path = "/none"; handler = "edges/none"; }},
  {{ path = "/fields"; handler = "edges/fields"; }},
  {{ path = "/slow"; handler = "edges/slow"; }},
  {{ path = "/fickle"; handler = "edges/fickle"; ticket_timeout = 1; }},
  {{ path = "/type"; handler = "edges/type"; }},
  {{ path = "/whole"; handler = "bodies/whole"; }},
  {{ path = "/source"; handler = "bodies/source"; }},
  {{ path = "/upper"; handler = "bodies/early"; chain = [ "bodies/upper" ]; }},
  {{ path = "/late/whole"; handler = "bodies/whole"; chain = [ "bodies/late" ];
    methods = [ "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" ]; }},
  {{ path = "/small"; handler = "bodies/whole"; max_body = 10;
    methods = [ "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" ]; }},
  {{ path = "/after"; handler = "probe/late"; delay = 300; ticket_timeout = 1; }} ); }};
websocket = {{ routes = (
  {{ path = "/close"; handler = "probe/close"; close_timeout = 1; }} ); }};
"""


def post(path, length, more=b"", method=b"POST"):
    return b"%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n" % (
        method, path, length, more)


class Edges(unittest.TestCase):
    def wye(self, top="", expect=0):
        return Wye(expect=expect, config=CONFIG.format(plugins=PLUGINS, tests=TEST_PLUGINS,
                                                       top=top))

    def test_time_behind_an_idle_one(self):
        """A deadline counts from now, not from when the thread fell asleep."""
        with self.wye() as wye:
            sock, ws = wye.socket(), wye.websocket("/close")
            for _ in range(2):
                sock.sendall(b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(read_answer(sock)[::2], (200, b"late\n"))
                time.sleep(2)  # nothing may happen: that is the case
            ws.sendall(frame(1, b"4000 bye"))
            self.assertEqual(close_code(ws), 4000)
            sock.close()
            ws.close()

    def test_client_of_a_waiting_source_leaves(self):
        with self.wye() as wye:
            sock = wye.socket()
            sock.sendall(b"GET /patient HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            sock.close()
            wye.wait_metric("http_connections_open", 0)

    def test_waiting_source_is_late(self):
        with self.wye() as wye:
            sock = wye.socket()
            sock.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(is_closed(sock))
            wye.wait_metric("http_connections_open", 0)
            sock.close()

    def test_waiting_source_is_stopped(self):
        with self.wye(top="drain_timeout = 0.2;", expect=4) as wye:
            sock = wye.socket()
            sock.sendall(b"GET /patient HTTP/1.1\r\nHost: a\r\n\r\n")
            wye.wait_metric("rest_requests_waiting", 1)
            self.assertEqual(wye.stop(), 4)
            self.assertNotIn("left behind", wye.stderr())
            self.assertNotIn("leaving", wye.stderr())
            sock.close()

    def test_client_stops_behind_an_early_answer(self):
        with self.wye(top="body_timeout = 1;") as wye:
            for path, field in ((b"/told", b""), (b"/deaf", b""),
                                (b"/late/whole", b"X-Verdict: 401\r\n")):
                sock = wye.socket()
                sock.sendall(post(path, 1000, field) + bytes(10))
                sock.settimeout(8)
                self.assertTrue(is_closed(sock), path)
                sock.close()
            wye.wait_metric("http_connections_open", 0)

    def test_wrapped_early_answer(self):
        with self.wye() as wye:
            sock = wye.socket()
            sock.sendall(post(b"/upper", 5000000) + bytes(100000))
            self.assertEqual(read_answer(sock)[::2], (403, b"no\n"))
            sock.close()

    def test_early_answer_without_a_body(self):
        with self.wye() as wye:
            for path, method, status in ((b"/none", b"POST", 204), (b"/upper", b"HEAD", 403)):
                sock = wye.socket()
                sock.sendall(post(path, 5000000, b"", method) + bytes(100000))
                head = read_head(sock)
                self.assertEqual(head[9:12], str(status))
                self.assertNotIn("content-length: 0", head.lower())
                self.assertEqual(sock.recv(100), b"")
                sock.close()

    def test_early_answers_of_all_methods(self):
        with self.wye(top="body_timeout = 1;") as wye:
            for method in (b"POST", b"PUT", b"PATCH", b"DELETE", b"GET", b"HEAD"):
                for path, status in ((b"/small", 413), (b"/late/whole", 401)):
                    for length in (1000, 5000000):
                        sock = wye.socket()
                        sock.settimeout(8)
                        sock.sendall(post(path, length, b"X-Verdict: 401\r\n", method) +
                                     bytes(1000))
                        head = read_head(sock)
                        self.assertEqual(head[9:12], str(status), (method, path, length, head))
                        sock.close()
            wye.wait_metric("http_connections_open", 0)

    def test_values_of_fields(self):
        with self.wye() as wye:
            sock = wye.socket()
            for value in (b"", b"a", b"a\tb", b"\xe4"):
                sock.sendall(b"GET /fields HTTP/1.1\r\nHost: a\r\nX-Field: %s\r\n\r\n" % value)
                status, head, _ = read_answer(sock)
                self.assertEqual(status, 200, value)
                self.assertIn("X-Field: %s\r\n" % value.decode("latin-1"),
                              head.replace(":  ", ": "))
            sock.close()

    def test_waits_longer_than_writes_may(self):
        """The time in which the client must take something begins anew behind a wait."""
        with self.wye(top="write_timeout = 0.3; keepalive_timeout = 0.3;") as wye:
            socks = []
            for _ in range(150):
                socks.append(wye.socket())
                socks[-1].sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                time.sleep(0.003)  # so that they are at all places of the timers' rounds
            for sock in socks:
                self.assertEqual(read_answer(sock)[::2], (200, b"aaaa"))
                sock.close()

    def test_source_takes_a_ticket_and_does_not_wait(self):
        with self.wye() as wye:
            for how in (b"-", b"0", b"1"):
                sock = wye.socket()
                sock.sendall(b"GET /fickle HTTP/1.1\r\nHost: a\r\nX-Field: %s\r\n\r\n" % how)
                read_head(sock)
                if how == b"-":
                    self.assertTrue(is_closed(sock))
                else:
                    wanted = (b"1\r\na\r\n" if how == b"1" else b"") + b"0\r\n\r\n"
                    self.assertEqual(read_exactly(sock, len(wanted)), wanted)
                sock.close()
            wye.wait_metric("rest_requests_waiting", 0)
            wye.wait_metric("http_connections_open", 0)

    def test_types(self):
        with self.wye() as wye:
            sock = wye.socket()
            for value, wanted in ((b"text/plain", 200), (b"a|X-Evil: 1", 400), (b"", 200)):
                sock.sendall(b"GET /type HTTP/1.1\r\nHost: a\r\nX-Field: %s\r\n\r\n" % value)
                self.assertEqual(read_answer(sock)[0], wanted)
            sock.close()

    def test_reply_under_way_at_a_stop(self):
        with self.wye(top="keepalive_timeout = 20;") as wye:
            sock = wye.socket()
            size = 20000000
            sock.sendall(b"GET /source?known=1&size=%d HTTP/1.1\r\nHost: a\r\n\r\n" % size)
            read_head(sock)
            wye.process.send_signal(15)
            time.sleep(0.5)
            start = time.monotonic()
            read_exactly(sock, size)
            self.assertTrue(is_closed(sock))
            self.assertLess(time.monotonic() - start, 10)
            sock.close()


if __name__ == "__main__":
    main()
