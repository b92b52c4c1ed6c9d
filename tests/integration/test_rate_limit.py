#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The middleware rate-limit: keys, fields, waiting requests, bad settings."""

import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

from wye import PATIENCE, PROGRAM, TEST_PLUGINS, Wye, main, read_answer

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
http_threads = {threads}; log_level = "debug"; {top}
plugins = ( {{ load = "{plugins}/named.so"; }} );
middleware = ( {{ use = "rate-limit"; {settings} }} );
rest = {{
  chain = [ "named", "rate-limit" ];
  routes = (
    {{ path = "/hello"; handler = "respond"; body = "hello\\n"; {route} }},
    {{ path = "/free"; handler = "respond"; body = "free\\n"; skip = [ "rate-limit" ]; }}
  );
}};
"""
BAD = """listen = ( { address = "127.0.0.1"; port = 0; } );
middleware = ( { use = "rate-limit"; %s } );
"""
SLOW = "rate = 0.1; "  # nothing leaks while a test looks


def start(settings, top="", route="", listen="", threads=2):
    return Wye(config=CONFIG.format(settings=settings, top=top, route=route, listen=listen,
                                    threads=threads, plugins=TEST_PLUGINS))


def request(headers="", path="/hello"):
    return ("GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (path, headers)).encode()


class RateLimit(unittest.TestCase):
    def status(self, wye, headers="", path="/hello", source=None):
        with wye.socket(source) as sock:
            sock.sendall(request(headers, path))
            return read_answer(sock)[0]

    def passes(self, wye, count, **rest):
        """So many pass, and one more does not."""
        self.assertEqual([self.status(wye, **rest) for _ in range(count + 1)],
                         [200] * count + [429])

    def field(self, head, name):
        found = re.search(r"(?im)^%s: (.*)\r$" % name, head)
        return found and found.group(1)

    def test_by_address(self):
        with start(SLOW + "burst = 2; delay = 2;") as wye:
            self.passes(wye, 3)
            self.passes(wye, 3, source="127.0.0.2")
            self.assertEqual(self.status(wye, path="/free"), 200)
            metrics = wye.metrics()
            self.assertEqual([metrics["rate_limit_" + one] for one in (
                "passed_total", "refused_total", "delayed_total", "keys", "forgotten_total",
                "waiting")], [6, 2, 0, 2, 0, 0])

    def test_ipv6_by_network(self):
        listen = 'trusted_proxies = [ "127.0.0.1/32" ];'
        one, same, other = ["X-Forwarded-For: 2001:db8:0:%s\r\n" % end
                            for end in ("1::1", "1:ffff::2", "2::1")]
        with start(SLOW + "burst = 0; delay = 0;", listen=listen) as wye:
            self.assertEqual(self.status(wye, one), 200)
            self.assertEqual(self.status(wye, same), 429)
            self.assertEqual(self.status(wye, other), 200)
        with start(SLOW + "burst = 0; delay = 0; ipv6_prefix = 128;", listen=listen) as wye:
            self.assertEqual(self.status(wye, one), 200)
            self.assertEqual(self.status(wye, same), 200)
            self.assertEqual(self.status(wye, same), 429)

    def test_by_header_and_query(self):
        with start(SLOW + 'burst = 1; delay = 1; key = "header:X-Api-Key";') as wye:
            self.passes(wye, 2, headers="X-Api-Key: one\r\n")
            self.passes(wye, 2, headers="x-api-key: two\r\n")
            self.passes(wye, 2)  # without it: by address
            self.passes(wye, 2, headers="X-Api-Key: 127.0.0.1\r\n")  # which is no address
        with start(SLOW + 'burst = 1; delay = 1; key = "query:key"; without_key = "pass";') as wye:
            self.passes(wye, 2, path="/hello?key=one")
            self.passes(wye, 2, path="/hello?key=two")
            for _ in range(10):
                self.assertEqual(self.status(wye), 200)

    def test_by_user_and_attribute(self):
        for key, header in (("user", "X-User"), ("attribute:claim.sub", "X-Sub")):
            with start(SLOW + 'burst = 1; delay = 1; key = "%s";' % key) as wye:
                self.passes(wye, 2, headers=header + ": one\r\n")
                self.passes(wye, 2, headers=header + ": two\r\n")
                self.passes(wye, 2)

    def test_oldest_are_forgotten(self):
        with start(SLOW + 'burst = 0; delay = 0; keys = 2; key = "header:A";') as wye:
            self.passes(wye, 1, headers="A: 1\r\n")
            self.passes(wye, 1, headers="A: 2\r\n")
            self.passes(wye, 1, headers="A: 3\r\n")
            self.passes(wye, 1, headers="A: 1\r\n")
            metrics = wye.metrics()
            self.assertEqual(metrics["rate_limit_keys"], 2)
            self.assertEqual(metrics["rate_limit_forgotten_total"], 2)

    def test_fields(self):
        with start(SLOW + "burst = 1; delay = 1;") as wye:
            with wye.socket() as sock:
                for limit in (None, None, "2"):
                    sock.sendall(request())
                    status, head, _ = read_answer(sock)
                    self.assertEqual(self.field(head, "RateLimit-Limit"), limit)
                self.assertEqual(status, 429)
                self.assertEqual(self.field(head, "RateLimit-Remaining"), "0")
                self.assertEqual(self.field(head, "RateLimit-Reset"), "10")
                self.assertEqual(self.field(head, "Retry-After"), "10")
        with start(SLOW + 'burst = 1; delay = 1; tell = "always"; fields = "combined";') as wye:
            with wye.socket() as sock:
                for text in ('"default";r=1;t=0', '"default";r=0;t=10', '"default";r=0;t=10'):
                    sock.sendall(request())
                    status, head, _ = read_answer(sock)
                    self.assertEqual(self.field(head, "RateLimit-Policy"), '"default";q=2;w=20')
                    self.assertEqual(self.field(head, "RateLimit"), text)
                self.assertEqual(self.field(head, "Retry-After"), "10")
        with start(SLOW + 'burst = 0; delay = 0; tell = "never";') as wye:
            with wye.socket() as sock:
                for _ in range(2):
                    sock.sendall(request())
                    status, head, _ = read_answer(sock)
                self.assertEqual(status, 429)
                self.assertNotIn("RateLimit", head)

    def test_per_minute(self):
        with start('rate = 30; per = "minute"; burst = 0; delay = 0;') as wye:
            with wye.socket() as sock:
                for _ in range(2):
                    sock.sendall(request())
                    head = read_answer(sock)[1]
                self.assertEqual(self.field(head, "Retry-After"), "2")

    def asking(self, wye, count, headers=""):
        socks = [wye.socket() for _ in range(count)]
        for sock in socks:
            sock.sendall(request(headers))
        return socks

    def test_waiting(self):
        """They hold no thread, come in their turn, and are counted."""
        with start("rate = 2; burst = 5; delay = 0;") as wye:
            began = time.monotonic()
            socks = self.asking(wye, 6)
            wye.wait_metric("rate_limit_delayed_total", 5)
            self.assertEqual(self.status(wye, path="/free"), 200)
            times = []
            while socks:
                for sock in select.select(socks, [], [], PATIENCE)[0]:
                    self.assertEqual(read_answer(sock)[0], 200)
                    times.append(time.monotonic() - began)
                    socks.remove(sock)
                    sock.close()
            for i, at in enumerate(times):
                self.assertGreaterEqual(at, 0.5 * i - 0.02, times)
            self.assertEqual(wye.metrics()["rate_limit_waiting"], 0)

    def test_who_waits_may_go(self):
        """What was set up for them does not run when their turn would have come."""
        with start("rate = 0.8; burst = 5; delay = 0;") as wye:
            socks = self.asking(wye, 4)
            wye.wait_metric("rate_limit_waiting", 3)
            for sock in socks:
                sock.close()
            wye.wait_metric("rate_limit_waiting", 0)
            self.assertEqual(wye.metrics()["rest_requests_waiting"], 0)
            self.assertEqual(self.status(wye), 200)  # behind all of them
            metrics = wye.metrics()
            self.assertEqual(metrics["rate_limit_waiting"], 0)
            self.assertGreaterEqual(metrics["rest_requests_aborted_total"], 2)

    def test_a_stop_waits_for_their_turns(self):
        with start("rate = 2; burst = 5; delay = 0;") as wye:
            socks = self.asking(wye, 4)
            wye.wait_metric("rate_limit_delayed_total", 3)
            wye.process.send_signal(signal.SIGTERM)
            self.assertEqual([read_answer(sock)[0] for sock in socks], [200] * 4)
            self.assertEqual(wye.process.wait(PATIENCE), 0)
            for sock in socks:
                sock.close()

    def test_too_many_wait(self):
        with start("rate = 0.1; burst = 9; delay = 0; max_waiting = 2;", threads=1) as wye:
            socks = self.asking(wye, 3)
            wye.wait_metric("rate_limit_waiting", 2)
            with wye.socket() as sock:
                sock.sendall(request())
                status, head, _ = read_answer(sock)
            self.assertEqual(status, 429)
            self.assertEqual(self.field(head, "RateLimit-Remaining"), "0")
            for sock in socks:
                sock.close()
            wye.wait_metric("rate_limit_waiting", 0)

    def test_bounds_of_the_thread(self):
        """max_waiting of the program, of which all that wait share: 429 too, not 503."""
        with start("rate = 0.1; burst = 9; delay = 0;", top="max_waiting = 1;", threads=1) as wye:
            socks = self.asking(wye, 2)
            wye.wait_metric("rate_limit_waiting", 1)
            self.assertEqual(self.status(wye), 429)
            for sock in socks:
                sock.close()

    def test_longer_than_its_ticket(self):
        with start("rate = 0.1; burst = 9; delay = 0;", route="ticket_timeout = 0.1;") as wye:
            self.assertEqual([self.status(wye), self.status(wye)], [200, 503])
            wye.wait_metric("rate_limit_waiting", 0)

    def complaint(self, settings):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as out:
            out.write(BAD % settings)
            out.flush()
            done = subprocess.run([PROGRAM, "-t", "-c", out.name], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, settings)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertRegex(done.stderr, r"^\S+\.conf:2: ")
        return done.stderr

    def test_bad_settings(self):
        for settings, text in (
                ("", "rate"),
                ("rate = 0;", "0.001"),
                ('rate = 0.01; per = "minute";', "one in 1000 seconds"),
                ('rate = 1; per = "hour";', "hour"),
                ("rate = 1; burst = -1;", "burst"),
                ('rate = 1; key = "claim:sub";', '"claim:sub" is none of'),
                ('rate = 1; key = "header:";', '"header:" is none of'),
                ('rate = 1; key = "users";', '"users" is none of'),
                ("rate = 1; ipv6_prefix = 129;", "128"),
                ("rate = 1; keys = 0;", "keys"),
                ("rate = 1; brust = 2;", "burst")):
            self.assertIn(text, self.complaint(settings), settings)


if __name__ == "__main__":
    main()
