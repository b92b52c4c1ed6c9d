#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What stands before a handshake of TLS: how many may begin, how long each may take, and what a
client is told when there is no descriptor for the engine's side."""

import resource
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from certificates import Site
from wye import PLUGINS, PROGRAM, Wye, check_config, is_closed, main, read_answer, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = {defer};
             tls = {{ certificate = "{certificate}"; key = "{key}"; {tls} }}; }},
           {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = {threads}; stream_loops = 1; log_level = "debug"; {top}
rest = {{ routes = ( {{ path = "/hello"; handler = "respond"; body = "hello\\n"; }} ); }};
"""
SITE = Site()
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
RATE = "handshake_rate = 4; handshake_burst = 3;"


class Handshakes(unittest.TestCase):
    def wye(self, tls="", top="", defer="false", threads=2):
        wye = Wye(config=CONFIG.format(tls=tls, top=top, defer=defer, threads=threads,
                                       plugins=PLUGINS, certificate=SITE.certificate,
                                       key=SITE.key))
        lines = wait_for("both listeners", lambda: [
            line for line in wye.stderr().splitlines() if "listening on" in line][1:])
        wye.plain = int(lines[0].split()[-1].split(":")[-1])
        return wye

    def connect(self, wye):
        """A session, or None: it was closed before its handshake."""
        try:
            return SITE.connect(wye)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return None

    def hello(self, sock):
        sock.sendall(HELLO)
        self.assertEqual(read_answer(sock)[::2], (200, b"hello\n"))

    # ---- how many ----

    def test_burst_then_closed(self):
        for defer in ("false", "true"):
            with self.wye(RATE, defer=defer) as wye:
                start = time.monotonic()
                first = [self.connect(wye) for _ in range(3)]
                self.assertTrue(all(first))
                refused = 0
                while not (late := self.connect(wye)):
                    refused += 1
                waited = time.monotonic() - start
                if waited < 0.25:  # before a token could have come back
                    self.assertGreater(refused, 0)
                self.assertGreater(waited, 0.2)
                for sock in first + [late]:  # those that are open go on
                    self.hello(sock)
                    sock.close()
                metrics = wye.metrics()
                self.assertEqual(metrics["tls_handshakes_refused_total"], refused)
                self.assertEqual(metrics["tls_handshakes_total"], 4)
                self.assertEqual(metrics["connections_accepted_total"], 4)
                self.assertIn("more connections than handshake_rate allows", wye.stderr())
                wye.wait_metric("http_connections_open", 0)

    def test_resumption_counts(self):
        with self.wye("handshake_rate = 1; handshake_burst = 2;") as wye:
            context, start = SITE.context(), time.monotonic()
            first = SITE.connect(wye, context=context)
            self.hello(first)
            sock = socket.create_connection(("127.0.0.1", wye.port))
            again = context.wrap_socket(sock, server_hostname="localhost", session=first.session)
            self.assertTrue(again.session_reused)
            refused = 0
            while not (late := self.connect(wye)):
                refused += 1
            self.assertTrue(refused or time.monotonic() - start > 1)
            self.assertGreater(time.monotonic() - start, 0.9)
            for one in (first, again, late):
                one.close()

    def test_plain_listener_is_free(self):
        with self.wye("handshake_rate = 1; handshake_burst = 1;") as wye:
            self.connect(wye).close()
            for _ in range(50):
                with socket.create_connection(("127.0.0.1", wye.plain)) as sock:
                    self.hello(sock)
            self.assertEqual(wye.metrics()["tls_handshakes_refused_total"], 0)

    def test_no_limit(self):
        with self.wye("handshake_rate = 0;") as wye:
            for _ in range(50):
                self.connect(wye).close()
            self.assertEqual(wye.metrics()["tls_handshakes_refused_total"], 0)

    def test_addresses_first(self):
        """Who has too many connections takes no handshakes from others."""
        with self.wye("handshake_rate = 1; handshake_burst = 2;",
                      "max_connections_per_address = 1;", threads=1) as wye:
            one = self.connect(wye)
            for _ in range(20):
                self.assertIsNone(self.connect(wye))
            other = SITE.wrap(socket.create_connection(("127.0.0.1", wye.port), 20,
                                                       ("127.0.0.2", 0)))
            self.hello(one)
            self.hello(other)
            metrics = wye.metrics()
            self.assertEqual(metrics["connections_refused_address_total"], 20)
            self.assertEqual(metrics["tls_handshakes_refused_total"], 0)
            one.close()
            other.close()

    def test_a_flood_leaves_the_open_ones_alone(self):
        """Also that what is refused is forgotten: no descriptor, no place in the limits."""
        with self.wye("handshake_rate = 1; handshake_burst = 2;", threads=1) as wye:
            one = self.connect(wye)
            self.hello(one)
            before = wye.descriptors()
            for _ in range(30):
                flood = [wye.socket() for _ in range(20)]
                self.hello(one)
                for sock in flood:
                    sock.close()
            self.assertGreater(wye.metrics()["tls_handshakes_refused_total"], 300)
            wait_for("descriptors", lambda: wye.descriptors() <= before)
            one.close()

    # ---- how long ----

    def test_time(self):
        """A handshake has its own time, and the head behind it has its own."""
        for setting, top, ended in (
                ("handshake_timeout = 0.3;", "", "shaking"),
                ("", "head_timeout = 0.3;", "quiet")):
            with self.wye(setting, top) as wye:
                shaking, half = wye.socket(), wye.socket()
                half.sendall(b"\x16\x03\x01\x02\x00\x01")
                quiet = self.connect(wye)
                if ended == "shaking":
                    self.assertTrue(is_closed(shaking) and is_closed(half))
                    self.assertEqual(wye.metrics()[
                        'tls_handshake_failures_total{cause="time"}'], 2)
                    self.hello(quiet)
                else:
                    self.assertTrue(is_closed(quiet))
                    wye.wait_metric("http_connections_open", 2)
                for sock in (shaking, half, quiet):
                    sock.close()
                wye.wait_metric("tls_connections_open", 0)

    # ---- descriptors ----

    def test_no_pair(self):
        """The socket is accepted, and the pair that its first request needs can't be had."""
        with self.wye(threads=1) as wye:
            self.connect(wye).close()
            wye.wait_metric("http_connections_open", 0)
            before, hard = wye.descriptors(), resource.prlimit(
                wye.process.pid, resource.RLIMIT_NOFILE)[1]
            for room in (1, 2):
                wye.leave_descriptors(room)
                sock = self.connect(wye)
                sock.sendall(HELLO * 100)
                status, head, _ = read_answer(sock)
                self.assertEqual(status, 503)
                self.assertIn("Retry-After: ", head)
                self.assertEqual(sock.recv(1), b"")  # close_notify, no reset
                sock.close()
                self.assertEqual(wye.metrics()["tls_no_descriptor_total"], room)
                wye.wait_metric("tls_connections_open", 0)
                wait_for("descriptors", lambda: wye.descriptors() <= before)
            resource.prlimit(wye.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
            sock = self.connect(wye)
            self.hello(sock)
            sock.close()

    # ---- wrong settings ----

    def test_summary(self):
        for setting, sentence in (("", "with 2000 handshakes per second"),
                                  ("handshake_rate = 7;", "with 7 handshakes per second"),
                                  ("handshake_rate = 0;", ", TLS")):
            text = CONFIG.format(tls=setting, top="", defer="true", threads=1, plugins=PLUGINS,
                                 certificate=SITE.certificate, key=SITE.key)
            with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
                conf.write(text)
                conf.flush()
                done = subprocess.run([PROGRAM, "-t", "-c", conf.name], capture_output=True, text=True)
            self.assertTrue(done.stdout.splitlines()[0].endswith(sentence), done)

    def test_config(self):
        text = CONFIG.format(tls="%s", top="", defer="true", threads=1, plugins=PLUGINS,
                             certificate=SITE.certificate, key=SITE.key)
        for setting, sentence in (
                ("handshake_rate = -1;", '"handshake_rate" is -1; it must be'),
                ("handshake_rate = 1000001;", '"handshake_rate" is 1000001; it must be'),
                ("handshake_burst = 0;", '"handshake_burst" is 0; it must be'),
                ('handshake_burst = "4";', '"handshake_burst" must be'),
                ("handshake_timeout = 0;", '"handshake_timeout" is 0; it must be'),
                ("handshake_time = 1;", 'no setting "handshake_time"')):
            status, errors = check_config(text % setting)
            self.assertEqual(status, 1, setting)
            self.assertIn(sentence, errors)
            self.assertEqual(len(errors.splitlines()), 1, errors)
            self.assertRegex(errors, r"wye.conf:3: ")


if __name__ == "__main__":
    main()
