#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""REST over TLS: clients that others wrote, every way to cut bytes, slow ones, ones that vanish;
what a handshake is refused for; wrong files in a config."""

import hashlib
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from certificates import Memory, Site
from wye import PLUGINS, SANITIZED, TEST_PLUGINS, Wye, check_config, is_closed, main, \
    read_answer, read_exactly, read_head, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {tls} }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 1; log_level = "debug";
max_body = 100000000; {top}
plugins = ( {{ load = "{bodies}"; as = "bodies"; }} );
rest = {{ routes = (
  {{ path = "/hello"; handler = "respond"; type = "text/plain"; body = "hello, world\\n"; }},
  {{ path = "/files/*rest"; handler = "files"; root = "{files}"; }},
  {{ path = "/whole"; handler = "bodies/whole"; }},
  {{ path = "/small"; handler = "bodies/whole"; max_body = 10; }},
  {{ path = "/pieces"; handler = "bodies/pieces"; }} ); }};
"""
SITE = Site()
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
BIG = bytes(range(256)) * (8000 if SANITIZED else 80000)


def failures(wye, cause):
    return wye.metrics().get('tls_handshake_failures_total{cause="%s"}' % cause, 0)


class Tls(unittest.TestCase):
    def wye(self, top="", expect=0):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(os.path.join(folder, "big"), "wb") as out:
            out.write(BIG)
        return Wye(expect=expect, config=CONFIG.format(
            tls=SITE.listen, plugins=PLUGINS, files=folder, top=top,
            bodies=os.path.join(TEST_PLUGINS, "bodies.so")))

    def hello(self, sock):
        status, head, body = read_answer(sock)
        self.assertEqual((status, body), (200, b"hello, world\n"), head)

    # ---- clients that others wrote ----

    def curl(self, wye, *arguments):
        return subprocess.run(
            ["curl", "-s", "--cacert", SITE.certificate, *arguments], capture_output=True)

    def test_curl(self):
        with self.wye() as wye:
            url = "https://localhost:%d" % wye.port
            resolve = ["--resolve", "localhost:%d:127.0.0.1" % wye.port]
            for version in ("--tlsv1.3", "--tls-max"):
                done = self.curl(wye, *resolve, version, *(["1.2"] if "max" in version else []),
                                 url + "/hello", url + "/hello", "-w", "%{num_connects} ")
                self.assertEqual(done.stdout, b"hello, world\n1 hello, world\n0 ", done.stderr)
            done = self.curl(wye, *resolve, url + "/files/big")
            self.assertEqual(hashlib.sha1(done.stdout).digest(), hashlib.sha1(BIG).digest())
            metrics = wye.metrics()
            self.assertEqual(metrics["tls_handshakes_total"], 3)
            wye.wait_metric("tls_connections_open", 0)

    def test_s_client(self):
        with self.wye() as wye:
            done = subprocess.run(
                ["openssl", "s_client", "-connect", "127.0.0.1:%d" % wye.port, "-CAfile",
                 SITE.certificate, "-alpn", "h2,http/1.1", "-verify_return_error", "-ign_eof"],
                input=HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
                capture_output=True, timeout=20)
            self.assertIn(b"ALPN protocol: http/1.1", done.stdout)
            self.assertIn(b"hello, world", done.stdout)
            self.assertEqual(done.returncode, 0, done.stderr)

    # ---- requests ----

    def test_keep_alive_and_pipelining(self):
        with self.wye() as wye:
            sock = SITE.connect(wye)
            for _ in range(3):
                sock.sendall(HELLO)
                self.hello(sock)
            sock.sendall(HELLO * 100)
            for _ in range(100):
                self.hello(sock)
            wye.wait_metric("http_connections_open", 1)
            sock.close()
            wye.wait_metric("http_connections_open", 0)

    def test_every_piece(self):
        with self.wye() as wye:
            for piece in (1, 2, 3, 5, 17, 100):
                with socket.create_connection(("127.0.0.1", wye.port)) as sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    client = Memory(SITE.context())
                    client.step(lambda: client.tls.do_handshake() or True, sock, piece)
                    client.step(lambda: client.tls.write(HELLO), sock, piece)
                    answer = b""
                    while not answer.endswith(b"hello, world\n"):
                        answer += client.step(lambda: client.tls.read(1000), sock, piece)
                    self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)

    def test_bodies(self):
        body = b"abcdefghijklmnopqrstuvwxyz" * (4000 if SANITIZED else 200000)
        with self.wye() as wye:
            sock = SITE.connect(wye)
            for path, expected in ((b"/whole", body), (b"/pieces", b"%d " % len(body))):
                sock.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
                             % (path, len(body)))
                sock.sendall(body)
                status, _, text = read_answer(sock)
                self.assertEqual(status, 200)
                self.assertTrue(text.startswith(expected))
            sock.sendall(HELLO)
            self.hello(sock)
            sock.close()

    def test_refusals_arrive(self):
        cases = [(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
                 (b"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" +
                  b"y" * 500000, 413),
                 (b"GET / HTTP/1.1\r\n\r\n", 400)]
        with self.wye() as wye:
            for request, expected in cases:
                sock = SITE.connect(wye)
                sock.sendall(request)
                self.assertEqual(read_answer(sock)[0], expected)
                self.assertEqual(sock.recv(1), b"")  # close_notify, no reset
                sock.close()

    def test_client_asks_nothing(self):
        """Its close_notify is answered by one, which an unwrap() waits for."""
        context = SITE.context()
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        with self.wye() as wye:
            with socket.create_connection(("127.0.0.1", wye.port)) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as sock:
                    self.assertTrue(is_closed(sock.unwrap()))
            wye.wait_metric("http_connections_open", 0)

    def test_client_ends_its_side(self):
        """A close_notify right behind a request; an answer comes as it does without TLS."""
        with self.wye() as wye:
            with socket.create_connection(("127.0.0.1", wye.port)) as sock:
                client = Memory(SITE.context())
                client.step(lambda: client.tls.do_handshake() or True, sock, 10000)
                client.tls.write(HELLO)
                try:
                    client.tls.unwrap()
                except ssl.SSLWantReadError:
                    pass
                sock.sendall(client.to_server.read())
                self.assertTrue(is_closed(sock))
            wye.wait_metric("http_connections_open", 0)
            self.assertEqual(wye.metrics()["rest_requests_total"], 1)

    # ---- slow ones, and ones that vanish ----

    def test_slow_reader(self):
        with self.wye() as wye:
            sock = SITE.connect(wye, receive=4096)
            other = SITE.connect(wye)
            sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n" + HELLO)
            for _ in range(20):
                other.sendall(HELLO)
                self.hello(other)
            length = int(re.search(r"Content-Length: (\d+)", read_head(sock)).group(1))
            self.assertEqual(read_exactly(sock, length), BIG)
            self.hello(sock)
            sock.close()
            other.close()

    def test_reader_that_stops(self):
        with self.wye("write_timeout = 0.5;") as wye:
            sock = SITE.connect(wye, receive=4096)
            sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
            wye.wait_metric("http_connections_open", 1)
            wye.wait_metric("http_connections_open", 0)
            sock.close()

    def test_writer_that_is_not_read(self):
        """A body that nobody takes fills the buffers, and no more."""
        with self.wye() as wye:
            sock = SITE.connect(wye)
            sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
            sock.settimeout(1)
            sent = 0
            with self.assertRaises((TimeoutError, ssl.SSLError)):
                while sent < 100 << 20:
                    sock.sendall(HELLO * 1000)
                    sent += len(HELLO) * 1000
            self.assertLess(sent, 100 << 20)
            sock.close()
            wye.wait_metric("http_connections_open", 0)

    def test_vanishing(self):
        with self.wye() as wye:
            SITE.connect(wye).close()
            wye.wait_metric("http_connections_open", 0)
            before = wye.descriptors()
            for request in (b"", b"GET /he", HELLO, b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n",
                            b"POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"):
                sock = SITE.connect(wye)
                sock.sendall(request)
                wye.wait_metric("http_connections_open", 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()  # a reset
                wye.wait_metric("http_connections_open", 0)
            wait_for("descriptors", lambda: wye.descriptors() <= before)

    def test_time(self):
        with self.wye("head_timeout = 0.3; keepalive_timeout = 0.5; body_timeout = 0.3;") as wye:
            silent = wye.socket()
            half = wye.socket()
            half.sendall(b"\x16\x03\x01\x02\x00\x01")
            self.assertTrue(is_closed(silent) and is_closed(half))
            self.assertEqual(failures(wye, "time"), 2)
            quiet = SITE.connect(wye)
            self.assertTrue(is_closed(quiet))
            for part in (b"GET /hello HT", b"POST /whole HTTP/1.1\r\nHost: a\r\n"
                         b"Content-Length: 9\r\n\r\nabc"):
                slow = SITE.connect(wye)
                slow.sendall(part)
                self.assertEqual(read_answer(slow)[0], 408)
                self.assertEqual(slow.recv(1), b"")
                slow.close()
            idle = SITE.connect(wye)
            idle.sendall(HELLO)
            self.hello(idle)
            self.assertEqual(idle.recv(1), b"")
            for sock in (silent, half, quiet, idle):
                sock.close()
            wye.wait_metric("tls_connections_open", 0)

    # ---- handshakes that fail ----

    def test_refused_handshakes(self):
        old, cipher, h2, stranger = (SITE.context() for _ in range(4))
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        cipher.maximum_version = ssl.TLSVersion.TLSv1_2
        cipher.set_ciphers("AES128-SHA256")
        h2.set_alpn_protocols(["h2"])
        stranger = ssl.create_default_context()
        with self.wye() as wye:
            for context, cause in ((old, "version"), (cipher, "cipher"), (h2, "alpn")):
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    SITE.connect(wye, context=context)
                wait_for(cause, lambda: failures(wye, cause) == 1)
            with self.assertRaises(ssl.SSLError):
                SITE.connect(wye, context=stranger)
            wait_for("alert", lambda: failures(wye, "alert") + failures(wye, "gone") == 1)
            plain = wye.socket()
            plain.sendall(HELLO)
            self.assertTrue(is_closed(plain))
            self.assertEqual(failures(wye, "plain_http"), 1)
            plain.close()
            wye.wait_metric("tls_connections_open", 0)
            sock = SITE.connect(wye)
            sock.sendall(HELLO)
            self.hello(sock)
            sock.close()

    # ---- the end ----

    def test_stop(self):
        with self.wye() as wye:
            idle, shaking, big = SITE.connect(wye), wye.socket(), SITE.connect(wye, receive=65536)
            idle.sendall(HELLO)
            self.hello(idle)
            big.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n")
            read_head(big)
            ended = []
            stopping = threading.Thread(target=lambda: ended.append(wye.stop()))
            stopping.start()
            self.assertEqual(idle.recv(1), b"")
            self.assertTrue(is_closed(shaking))
            self.assertEqual(read_exactly(big, len(BIG)), BIG)
            self.assertEqual(big.recv(1), b"")
            for sock in (idle, shaking, big):
                sock.close()
            stopping.join()
            self.assertEqual(ended, [0])

    # ---- the config ----

    def test_config(self):
        other = Site("other")
        cases = [('tls = { certificate = "%s"; };' % SITE.certificate, 'tls has no "key"'),
                 ('tls = { certificate = "/no.pem"; key = "%s"; };' % SITE.key,
                  "/no.pem: No such file or directory"),
                 ('tls = { certificate = "%s"; key = "/no.key"; };' % SITE.certificate,
                  "/no.key: No such file or directory"),
                 ('tls = { certificate = "%s"; key = "%s"; };' % (SITE.key, SITE.key),
                  "site.key: "),
                 ('tls = { certificate = "%s"; key = "%s"; };'
                  % (SITE.certificate, other.key), "is not the key of the first"),
                 ('tls = true;', '"tls" must be a group'),
                 ('tls = { certficate = "x"; certificate = "%s"; key = "%s"; };'
                  % (SITE.certificate, SITE.key),
                  'tls has no setting "certficate", did you mean "certificate"?')]
        for text, expected in cases:
            status, errors = check_config(
                'listen = ( { port = 0;\n%s } );\nrest = { routes = '
                '( { path = "/"; handler = "respond"; } ); };\n' % text)
            self.assertEqual(status, 1)
            self.assertRegex(errors, r"wye\.conf:2: .*" + re.escape(expected))
        self.assertEqual(check_config(
            'listen = ( { port = 0; %s } );\nrest = { routes = '
            '( { path = "/"; handler = "respond"; } ); };\n' % SITE.listen)[0], 0)


if __name__ == "__main__":
    main()
