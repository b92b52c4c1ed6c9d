#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The middleware admission: handshakes at a rate, connections by number, and what is given back."""

import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

from wye import (PATIENCE, PLUGINS, PROGRAM, TEST_PLUGINS, Wye, main, read_answer, read_frame, frame,
                 upgrade, wait_for)

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
plugin_path = "{plugins}";
http_threads = 2; stream_loops = 2; log_level = "debug";
plugins = ( {{ load = "echo"; }}, {{ load = "{named}/named.so"; }} );
middleware = ( {{ use = "admission"; {settings} }} );
rest = {{ routes = ( {{ path = "/hello"; handler = "respond"; body = "hello\\n"; }} ); }};
websocket = {{
  chain = [ "named", "admission", "origin" ];
  routes = ( {{ path = "/ws"; handler = "echo"; {route} }} );
}};
"""
BAD = """listen = ( { address = "127.0.0.1"; port = 0; } );
middleware = ( { use = "admission"; %s } );
"""
OPEN = "rate = 100000; burst = 100000; delay = 100000; "  # a rate that nobody meets
SLOW = "rate = 0.1; "  # nothing leaks while a test looks


def start(settings, route="", listen=""):
    return Wye(config=CONFIG.format(settings=settings, route=route, listen=listen,
                                    plugins=PLUGINS, named=TEST_PLUGINS))


def retry_after(head):
    return int(re.search(r"(?im)^Retry-After: (\d+)\r$", head).group(1))


class Admission(unittest.TestCase):
    def ask(self, wye, headers="", source=None):
        sock = wye.socket(source)
        sock.sendall(upgrade("/ws", headers))
        return sock

    def refused(self, wye, why, headers="", source=None):
        with self.ask(wye, headers, source) as sock:
            status, head, body = read_answer(sock)
        self.assertEqual((status, body.decode()), (503, why + "\n"))
        return retry_after(head)

    def let_in(self, wye, headers="", source=None):
        sock = self.ask(wye, headers, source)
        status, _, body = read_answer(sock)
        self.assertEqual(status, 101, body)
        return sock

    def close(self, wye, *socks):
        for sock in socks:
            sock.close()
        wait_for("their end", lambda: wye.metrics()["ws_connections_open"] == 0)

    def test_rate(self):
        """The first pass, further ones wait their turn, those above are refused."""
        with start("rate = 2; burst = 4; delay = 1;") as wye:
            began = time.monotonic()
            socks = [self.ask(wye) for _ in range(6)]
            times = []
            while socks:
                for sock in select.select(socks, [], [], PATIENCE)[0]:
                    socks.remove(sock)
                    status, head, _ = read_answer(sock)
                    if status == 503:
                        self.assertTrue(1 <= retry_after(head) <= 30)
                    else:
                        self.assertEqual(status, 101)
                        times.append(time.monotonic() - began)
                        sock.sendall(frame(1, b"here"))
                        self.assertEqual(read_frame(sock), (1, b"here"))
                    sock.close()
            self.assertEqual(len(times), 5)
            for i, at in enumerate(times):  # a busy loop's clock is that of its turn's begin
                self.assertGreaterEqual(at, 0.5 * (i - 1) - 0.1, times)
            metrics = wye.metrics()
            self.assertEqual([metrics["admission_" + one] for one in (
                "passed_total", "delayed_total", "waiting", "refused_rate_total")], [2, 3, 0, 1])

    def test_who_waits_holds_no_thread(self):
        with start(SLOW + "burst = 60; delay = 0;", "handshake_timeout = 600;") as wye:
            first = self.let_in(wye)
            socks = [self.ask(wye) for _ in range(50)]
            wye.wait_metric("admission_waiting", 50)
            metrics = wye.metrics()
            self.assertEqual(metrics["ws_handshakes_waiting"], 50)
            self.assertEqual(metrics["http_connections_open"], 0)
            self.assertEqual(metrics["rest_requests_waiting"], 0)
            self.assertEqual(wye.get("/hello").text, "hello\n")
            for sock in socks:  # they go away
                sock.close()
            wye.wait_metric("admission_waiting", 0)
            self.close(wye, first)

    def test_a_stop_refuses_who_waits(self):
        with start(SLOW + "burst = 9; delay = 0;") as wye:
            first = self.let_in(wye)
            socks = [self.ask(wye) for _ in range(4)]
            wye.wait_metric("admission_waiting", 4)
            wye.process.send_signal(signal.SIGTERM)
            self.assertEqual([read_answer(sock)[0] for sock in socks], [503] * 4)
            first.close()
            self.assertEqual(wye.process.wait(PATIENCE), 0)
            for sock in socks:
                sock.close()

    def test_longer_than_the_handshake_may_take(self):
        with start(SLOW + "burst = 9; delay = 0; connections = 2;",
                   "handshake_timeout = 0.1;") as wye:
            first = self.let_in(wye)
            for _ in range(3):  # its place is given back each time
                with self.ask(wye) as sock:
                    self.assertEqual(read_answer(sock)[2], b"timed out\n")
                wye.wait_metric("admission_waiting", 0)
            self.close(wye, first)

    def test_in_all(self):
        with start(OPEN + "connections = 3;") as wye:
            for _ in range(2):
                held = [self.let_in(wye) for _ in range(3)]
                for _ in range(5):
                    self.refused(wye, "too many connections", source="127.0.0.2")
                held.pop().close()
                wye.wait_metric("ws_connections_open", 2)
                held.append(self.let_in(wye))
                self.close(wye, *held)
            self.assertEqual(wye.metrics()["admission_refused_connections_total"], 10)

    def test_waiting_ones_have_a_place(self):
        with start(SLOW + "burst = 9; delay = 0; connections = 3;") as wye:
            first = self.let_in(wye)
            socks = [self.ask(wye) for _ in range(2)]
            wye.wait_metric("admission_waiting", 2)
            self.refused(wye, "too many connections")
            socks.pop().close()
            wye.wait_metric("admission_waiting", 1)
            socks.append(self.ask(wye))
            wye.wait_metric("admission_waiting", 2)
            for sock in socks:
                sock.close()
            wye.wait_metric("admission_waiting", 0)
            self.close(wye, first)

    def test_per_address(self):
        why = "too many connections from this address"
        with start(OPEN + "per_address = 2;") as wye:
            held = [self.let_in(wye) for _ in range(2)]
            self.refused(wye, why)
            held.append(self.let_in(wye, source="127.0.0.2"))
            held.pop(0).close()
            wye.wait_metric("ws_connections_open", 2)
            held.append(self.let_in(wye))
            self.refused(wye, why)
            self.assertEqual(wye.metrics()["admission_refused_address_total"], 2)
            self.close(wye, *held)

    def test_per_ipv6_network(self):
        where = "X-Forwarded-For: 2001:db8:0:%s::%s\r\n"
        with start(OPEN + "per_address = 1;",
                   listen='trusted_proxies = [ "127.0.0.1/32" ];') as wye:
            held = [self.let_in(wye, where % (1, 1)), self.let_in(wye, where % (2, 1))]
            self.refused(wye, "too many connections from this address", where % (1, 2))
            self.close(wye, *held)

    def test_per_user(self):
        with start(OPEN + "per_user = 1; per_address = 3;") as wye:
            held = [self.let_in(wye, "X-User: ann\r\n"), self.let_in(wye, "X-User: bob\r\n")]
            for _ in range(3):  # they don't count for the address
                self.refused(wye, "too many connections of this user", "X-User: ann\r\n")
            held.append(self.let_in(wye))  # nobody in particular
            self.refused(wye, "too many connections from this address")
            self.close(wye, *held)
            self.close(wye, self.let_in(wye, "X-User: ann\r\n"))

    def test_refused_by_a_later_step(self):
        with start(OPEN + "connections = 1;") as wye:
            for _ in range(3):
                with self.ask(wye, "Origin: http://elsewhere\r\n") as sock:
                    self.assertEqual(read_answer(sock)[0], 403)
            self.close(wye, self.let_in(wye))

    def test_told_to_come_back_at_random(self):
        with start(SLOW + "burst = 0; delay = 0; retry_after = 10;") as wye:
            first = self.let_in(wye)
            told = [self.refused(wye, "too many handshakes") for _ in range(60)]
            self.assertTrue(set(told) <= set(range(1, 11)), told)
            self.assertGreater(len(set(told)), 5, told)
            self.close(wye, first)

    def test_bad_settings(self):
        for settings, text in (
                ("rate = 0;", "0.001"),
                ('rate = 0.01; per = "minute";', "one in 1000 seconds"),
                ("connections = -1;", "connections"),
                ("retry_after = 0;", "retry_after"),
                ("per_adress = 1;", "per_address")):
            with tempfile.NamedTemporaryFile("w", suffix=".conf") as out:
                out.write(BAD % settings)
                out.flush()
                done = subprocess.run([PROGRAM, "-t", "-c", out.name], capture_output=True,
                                      text=True)
            self.assertEqual(done.returncode, 1, settings)
            self.assertRegex(done.stderr, r"^\S+\.conf:2: [^\n]+\n$")
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    main()
