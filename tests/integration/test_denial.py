#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Attacks by doing little for long, or much of what costs the server more than the client, over TCP
and over TLS. Each ends by its own limit, memory stays flat, and other clients are served meanwhile.
docs/security.md."""

import contextlib
import os
import re
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

from certificates import Memory, Site
from peers import Frames
from records import ALERT, DATA, HANDSHAKE, UPDATE_BOTH, Records, Records12
from wye import PATIENCE, SANITIZED, Wye, close_code, frame, is_closed, main_at_once, read_answer, \
    read_frame, security_part, wait_for

CROWD = 20 if SANITIZED else 100
GROWTH = 400000 if SANITIZED else 16384  # KB that the daemon may have more behind an attack
PATIENT = 10 if SANITIZED else 2         # seconds for an answer to somebody else
TIMES = ("head_timeout = 1; body_timeout = 1; keepalive_timeout = 1; write_timeout = 1;")
HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
GIVEN = b"GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"GET /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
KEYED = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
http_threads = 1; stream_loops = 1;
middleware = ( {{ use = "rate-limit"; key = "query:name"; rate = 1000000; keys = 4096; }} );
rest = {{ chain = [ "rate-limit" ]; routes = (
  {{ path = "/hello"; handler = "respond"; body = "hello, world\\n"; }},
  {{ path = "/large"; handler = "respond"; file = "{file}"; }} ); }};
{top}
"""
# Attacks that are legal to the end: they are served, and cost what others cost.
HARMLESS = {"keys_from_clients", "many_parameters", "resumptions", "tiny_records", "early_data",
            "key_updates_without_a_limit"}
SITE = Site()
HASTY = SITE.listen.replace("};", "handshake_timeout = 1; };")
WAITING = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Others(threading.Thread):
    """A client that asks on and on; what it sees is looked at when it was stopped."""

    def __init__(self, ask):
        super().__init__()
        self.ask, self.over, self.served, self.worst, self.wrong = ask, False, 0, 0, []

    def run(self):
        while not self.over:
            begin = time.monotonic()
            try:
                status = self.ask()
            except OSError as error:
                status = error
            self.worst = max(self.worst, time.monotonic() - begin)
            if status != 200:
                self.wrong.append(status)
            self.served += 1
            time.sleep(0.01)  # a client, not a load


class Attacks:
    """Over plain TCP; Secure is the other transport."""
    listen = ""

    def wye(self, **settings):
        return Wye(listen=self.listen, **settings)

    def connect(self, wye, room=None, source=None):
        """TCP, whatever is spoken over it."""
        one = socket.socket()
        if source:
            one.bind((source, 0))
        if room:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        one.settimeout(PATIENCE)
        one.connect(("127.0.0.1", wye.port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one

    socket = connect

    def ask(self, wye):
        with self.socket(wye) as one:
            one.sendall(HELLO)
            return read_answer(one)[0]

    def memory(self, wye, name="VmRSS"):
        with open("/proc/%d/status" % wye.process.pid) as status:
            return int(re.search(name + r":\s+(\d+)", status.read()).group(1))

    @contextlib.contextmanager
    def attack(self, wye):
        """Others are served all the time, and memory is flat behind it."""
        self.assertEqual(self.ask(wye), 200)
        before = self.memory(wye)
        others = Others(lambda: self.ask(wye))
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

    def dribble(self, connect, begin, piece):
        """A crowd that sends a piece now and then; what each got at its end."""
        crowd = []
        for _ in range(CROWD):
            crowd.append(connect())
            crowd[-1].sendall(begin)
        left, got, end = set(crowd), [], time.monotonic() + PATIENCE
        while left and time.monotonic() < end:
            for one in list(left):
                try:
                    one.setblocking(False)
                    data = one.recv(4096)
                except WAITING:
                    one.settimeout(PATIENCE)
                    with contextlib.suppress(OSError):  # the next look tells
                        one.sendall(piece)
                    continue
                except (ConnectionError, ssl.SSLError):
                    data = b""
                got.append(data[:12])
                left.remove(one)
            time.sleep(0.05)
        for one in crowd:
            one.close()
        self.assertFalse(left, "%d go on" % len(left))
        return got


class Secure(Attacks):
    listen = SITE.listen
    context = SITE.context()

    def socket(self, wye, room=None, source=None):
        return SITE.wrap(self.connect(wye, room, source), self.context)

    def hello(self):
        """What a client says first."""
        client = Memory(self.context)
        with contextlib.suppress(ssl.SSLWantReadError):
            client.tls.do_handshake()
        return client.to_server.read()


class Requests:
    def slow(self, begin, piece, status=b"HTTP/1.1 408", top=TIMES):
        with self.wye(top=top) as wye:
            with self.attack(wye):
                got = self.dribble(lambda: self.socket(wye), begin, piece)
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
        with self.wye(top=TIMES) as wye, self.attack(wye):
            crowd = [self.connect(wye) for _ in range(CROWD)]
            for one in crowd:
                self.assertTrue(is_closed(one))
                one.close()

    @contextlib.contextmanager
    def keyed(self, large, top=""):
        with tempfile.NamedTemporaryFile() as file:
            file.write(large)
            file.flush()
            with Wye(config=KEYED.format(listen=self.listen, file=file.name, top=top)) as wye:
                yield wye

    def test_slow_read(self):
        with self.keyed(b"x" * 12000000, TIMES) as wye:
            with self.attack(wye):
                crowd = []
                for i in range(CROWD // 5):
                    crowd.append(self.socket(wye, 4096))
                    crowd[-1].sendall(b"GET /large?name=%d HTTP/1.1\r\nHost: a\r\n\r\n" % i)
                wait_for("the end of all", lambda: wye.metrics()[
                    "rest_requests_aborted_total"] >= CROWD // 5)
                for one in crowd:
                    one.close()

    def endless(self, begin, piece, status, metric):
        """Sent as fast as it goes, without an end."""
        with self.wye() as wye:
            with self.attack(wye):
                for _ in range(5):
                    one = self.socket(wye)
                    one.sendall(begin)
                    with contextlib.suppress(OSError):
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
        with self.wye(top="max_body = 10000;") as wye:
            with self.attack(wye):
                one = self.socket(wye)
                with contextlib.suppress(OSError):
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
        with self.wye() as wye:
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
        with self.wye(top="max_connections_per_address = 5;") as wye:
            before = self.memory(wye)
            held = [self.connect(wye) for _ in range(CROWD)]
            wait_for("refusals", lambda: wye.metrics()["connections_refused_address_total"]
                     >= CROWD - 5)
            other = self.socket(wye, source="127.0.0.2")
            other.sendall(HELLO)
            self.assertEqual(read_answer(other)[0], 200)
            self.assertLess(self.memory(wye) - before, GROWTH)
            for one in held + [other]:
                one.close()


class Messages:
    def push(self, sock, data):
        """Sends on and on until the peer ends it."""
        def write():
            with contextlib.suppress(OSError):
                while True:
                    sock.sendall(data)

        writer = threading.Thread(target=write)
        writer.start()
        return writer

    def flood(self, sock, piece):
        """Sends on and on until the peer ends it; the frames that came meanwhile."""
        parser, got, left = Frames(), [], b""
        sock.setblocking(False)
        while True:
            left = left or piece
            try:
                left = left[sock.send(left):]
            except WAITING:
                select.select([sock], [sock], [], 0.1)
            except OSError:
                pass  # what it said before is still to be read
            try:
                data = sock.recv(65536)
                got += parser.feed(data)
            except WAITING:
                continue
            except OSError:
                data = b""
            if not data:
                return got

    def ended(self, route, begin, piece, code, metric):
        with self.wye(route=route + "close_timeout = 1;") as wye:
            with self.attack(wye):
                sock = wye.websocket(sock=self.socket(wye))
                sock.sendall(begin)
                ends = [payload for opcode, payload in self.flood(sock, piece) if opcode == 8]
                self.assertEqual([int.from_bytes(one[:2], "big") for one in ends], [code])
                wye.wait_metric("ws_connections_open", 0)
                sock.close()
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
        with self.wye(route="write_timeout = 1; close_timeout = 1;") as wye:
            with self.attack(wye):
                sock = wye.websocket(sock=self.socket(wye, 4096))
                writer = self.push(sock, frame(9, b"x" * 125) * 100)
                wye.wait_metric("ws_connections_open", 0)
                writer.join()
                sock.close()
            self.assertEqual(wye.metrics()["ws_closed_write_stall_total"], 1)

    def test_compression_bombs(self):
        """Zeros, a hundred times what a message may be."""
        one = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = frame(2, one.compress(bytes(100 << 20)) + one.flush(zlib.Z_SYNC_FLUSH), reserved=0x40)
        with self.wye(route="deflate = true; close_timeout = 1;") as wye:
            with self.attack(wye):
                for _ in range(5):
                    sock = wye.websocket(
                        headers="Sec-WebSocket-Extensions: permessage-deflate\r\n",
                        sock=self.socket(wye))
                    sock.sendall(data)
                    self.assertEqual(close_code(sock), 1009)
                    sock.close()
            wye.wait_metric("ws_closed_limit_total", 5)


class PlainRequests(Requests, Attacks, unittest.TestCase):
    pass


class PlainMessages(Messages, Attacks, unittest.TestCase):
    pass


class SecureRequests(Requests, Secure, unittest.TestCase):
    listen = HASTY


class SecureMessages(Messages, Secure, unittest.TestCase):
    pass


class Handshakes(Secure, unittest.TestCase):
    listen = HASTY

    def test_slow_hello(self):
        with self.wye(top=TIMES) as wye:
            with self.attack(wye):
                got = self.dribble(lambda: self.connect(wye), self.hello()[:60], b"x")
                self.assertEqual(got, [b""] * CROWD)
            self.assertEqual(failures(wye, "time"), CROWD)

    def test_never_finished(self):
        with self.wye(top=TIMES) as wye:
            with self.attack(wye):
                crowd = [self.connect(wye) for _ in range(CROWD)]
                for one in crowd:
                    one.sendall(self.hello())
                for one in crowd:
                    self.assertTrue(is_closed(one))
                    one.close()
            self.assertEqual(failures(wye, "time"), CROWD)

    def test_large_hello(self):
        """One that is too large is refused when it says so; others cost what they may be."""
        with self.wye(top=TIMES) as wye:
            with self.attack(wye):
                before = self.memory(wye)
                crowd = [self.connect(wye) for _ in range(CROWD)]
                for one in crowd:
                    one.sendall(b"\x16\x03\x01\x40\0\x01\x01\xff\0" + bytes(16380))
                for one in crowd:
                    self.assertTrue(is_closed(one))
                    one.close()
                self.assertLess(self.memory(wye, "VmHWM") - before, max(GROWTH, CROWD * 256))
                larger = self.connect(wye)
                larger.sendall(b"\x16\x03\x01\x40\0\x01\x03\0\0")
                larger.sendall(bytes(16380))
                self.assertTrue(is_closed(larger))
                larger.close()
            self.assertEqual((failures(wye, "time"), failures(wye, "protocol")), (CROWD, 1))

    def test_endless_change_of_cipher(self):
        """Records that count for nothing, between two messages of the handshake."""
        with self.wye() as wye:
            with self.attack(wye):
                one = self.connect(wye)
                one.sendall(self.hello())
                with contextlib.suppress(ConnectionError):
                    for _ in range(100):
                        one.sendall(b"\x14\x03\x03\0\x01\x01")
                self.assertTrue(is_closed(one))
                one.close()
            self.assertEqual(failures(wye, "protocol"), 1)

    def test_garbage(self):
        with self.wye() as wye:
            with self.attack(wye):
                for i in range(CROWD):
                    one = self.connect(wye)
                    with contextlib.suppress(ConnectionError):
                        one.sendall(bytes((i * j) % 256 for j in range(1, 6000)))
                    self.assertTrue(is_closed(one))
                    one.close()
            self.assertEqual(failures(wye, "protocol"), CROWD)

    def test_resumptions(self):
        """Sessions are in their tickets: nothing is kept of who comes again."""
        with self.wye() as wye:
            with self.attack(wye):
                first = self.socket(wye)
                first.sendall(HELLO)
                read_answer(first)
                for _ in range(5 * CROWD):
                    again = self.context.wrap_socket(
                        self.connect(wye), server_hostname="localhost", session=first.session)
                    self.assertTrue(again.session_reused)
                    again.close()
                first.close()


def failures(wye, cause):
    return wye.metrics().get('tls_handshake_failures_total{cause="%s"}' % cause, 0)


def refusals(wye, cause):
    return wye.metrics().get('tls_sessions_refused_total{cause="%s"}' % cause, 0)


class Established(Secure, unittest.TestCase):
    """What a client may send once it has a session."""

    def both_lanes(self, wye, client):
        """A client on an http thread, and one on a stream loop."""
        for lane in ("http", "ws"):
            one = client(SITE, wye)
            if lane == "ws":
                wye.websocket(sock=one)
                wye.wait_metric("ws_connections_open", 1)
            yield one
            one.close()
            wye.wait_metric("ws_connections_open", 0)

    def endless(self, make, client=Records, cause="key_updates"):
        """Records without an end, on both lanes; the server ends it, and no deadline does."""
        with self.wye(top="head_timeout = 600;") as wye:
            with self.attack(wye):
                for one in self.both_lanes(wye, client):
                    with contextlib.suppress(ConnectionError):
                        for _ in range(1000):
                            one.sock.sendall(make(one))
                    self.assertTrue(is_closed(one.sock))
            return refusals(wye, cause)

    def test_endless_key_updates(self):
        self.assertEqual(self.endless(lambda one: one.updates(10)), 2)

    def test_endless_key_updates_to_be_answered(self):
        self.assertEqual(self.endless(lambda one: one.updates(10, UPDATE_BOTH)), 2)

    def test_key_updates_with_data(self):
        """What lies between them does not matter; a good client is far below the limit."""
        with self.wye(top="max_key_updates = 5;") as wye:
            one = Records(SITE, wye)
            for _ in range(5):
                one.sock.sendall(one.updates(1))
                one.sendall(HELLO)
                self.assertEqual(read_answer(one)[0], 200)
            one.sock.sendall(one.updates(1))
            one.sendall(HELLO)
            self.assertTrue(is_closed(one.sock))
            self.assertEqual(refusals(wye, "key_updates"), 1)
            one.close()

    def test_key_updates_without_a_limit(self):
        """Answers that nobody reads do not pile up, either."""
        with self.wye(top="max_key_updates = 0;") as wye:
            with self.attack(wye):
                one = Records(SITE, wye)
                one.sock.settimeout(1)
                with contextlib.suppress(OSError):
                    for _ in range(200):
                        one.sock.sendall(one.updates(100, UPDATE_BOTH))
                one.close()
            self.assertEqual(refusals(wye, "key_updates"), 0)

    def test_endless_empty_records(self):
        self.endless(lambda one: one.sealer.seal(DATA, b""))

    def test_endless_padding(self):
        self.endless(lambda one: one.sealer.seal(DATA, b"", 16000))

    def test_endless_warnings(self):
        self.endless(lambda one: one.sealer.seal(ALERT, b"\x01\x5a"))

    def test_endless_handshake_message(self):
        """Of the largest size that can be said."""
        self.endless(lambda one: one.sealer.seal(HANDSHAKE, b"\x18\xff\xff\xff" * 1000))

    def test_tiny_records(self):
        """Slow, but legal."""
        with self.wye() as wye:
            with self.attack(wye):
                one = Records(SITE, wye)
                wye.websocket(sock=one)
                for byte in frame(2, b"x" * 3000):
                    one.sendall(bytes([byte]))
                self.assertEqual(read_frame(one), (2, b"x" * 3000))
                one.close()

    def test_endless_empty_records_of_1_2(self):
        self.endless(lambda one: one.sealer.seal(DATA, b""), Records12)

    def test_endless_warnings_of_1_2(self):
        self.endless(lambda one: one.sealer.seal(ALERT, b"\x01\x5a"), Records12)

    def test_endless_renegotiation(self):
        """By who does not mind that it is refused."""
        hello = self.hello()[5:]
        self.assertEqual(self.endless(lambda one: one.sealer.seal(HANDSHAKE, hello), Records12,
                                      "renegotiation"), 2)

    def client(self, wye, *arguments, **settings):
        return subprocess.Popen(["openssl", "s_client", "-connect", "127.0.0.1:%d" % wye.port,
                                 "-CAfile", SITE.certificate, *arguments], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **settings)

    def test_renegotiation(self):
        with self.wye() as wye:
            with self.attack(wye):
                for _ in range(5):
                    client = self.client(wye, "-tls1_2")
                    client.stdin.write(b"R\n")
                    client.stdin.flush()
                    said = client.stdout.read()  # it ends by itself
                    self.assertIn(b"no renegotiation", said)
                    client.stdin.close()
                    client.stdout.close()
                    self.assertNotEqual(client.wait(PATIENCE), 0)
            self.assertEqual(refusals(wye, "renegotiation"), 5)

    def test_early_data(self):
        """Another server's session lets a client send some; none of it is a request."""
        with tempfile.TemporaryDirectory() as folder, self.wye() as wye:
            session, early = os.path.join(folder, "session"), os.path.join(folder, "early")
            with open(early, "wb") as out:
                out.write(HELLO)
            self.keep_session(session)
            client = self.client(wye, "-sess_in", session, "-early_data", early)
            client.stdin.write(HELLO)
            client.stdin.flush()
            wye.wait_metric("rest_requests_ended_total", 1)
            said = client.communicate()[0]
            self.assertIn(b"Early data was rejected", said)
            self.assertEqual(said.count(b"HTTP/1.1 200"), 1)
            self.assertEqual(wye.metrics()["rest_requests_total"], 1)

    def keep_session(self, path):
        """Of openssl s_server, which takes early data."""
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", SITE.certificate, "-key",
             SITE.key, "-early_data", "-naccept", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = b""
        while not line.startswith(b"ACCEPT"):
            line = server.stdout.readline()
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", line.split()[1].decode(), "-sess_out", path],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("a session", lambda: os.path.exists(path) and os.path.getsize(path))
        client.communicate()
        server.communicate()


class Documented(unittest.TestCase):
    """What docs/security.md says is what is here."""

    def attacks(self):
        return [name[5:] for kind in (PlainRequests, PlainMessages, SecureRequests, SecureMessages,
                                      Handshakes, Established)
                for name in unittest.defaultTestLoader.getTestCaseNames(kind)]

    def test_summary(self):
        attacks = self.attacks()
        harmless = len([one for one in attacks if one in HARMLESS])
        self.assertIn("| denial of service: attacks, over TCP and over TLS | %d | %d | %d | 0 | 0 |\n"
                      % (len(attacks), len(attacks) - harmless, harmless), security_part("summary"))

    def test_all_are_named(self):
        named = set()
        for line in security_part("denial").splitlines()[2:]:
            tests = re.sub(r"test_\w+(: [\w, ]+)?", "", line.strip("| ").split("|")[-1])
            named |= set(re.findall(r"\w+", tests))
        self.assertEqual(set(self.attacks()) - named, set())
        self.assertEqual(named - set(self.attacks()), set())


if __name__ == "__main__":
    main_at_once(4)
