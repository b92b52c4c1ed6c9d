#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Listeners on Unix sockets: their files, both lanes, clients, and deadlines where the kernel counts no bytes."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from proxies import Proxy
from test_proxy_protocol import HAPROXY, LINE
from wye import (PATIENCE, PLUGINS, TEST_PLUGINS, Wye, check_config, frame, is_closed, main,
                 read_answer, read_exactly, read_frame, read_head, upgrade, wait_for)

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }}, {{ unix = "{path}"; {listen} }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 2; log_level = "debug"; {top}
plugins = ( {{ load = "echo"; }}, {{ load = "{probe}"; as = "probe"; }} );
middleware = ( {{ use = "access-log"; file = "{folder}/log"; format = "json"; }} );
rest = {{ chain = [ "access-log" ]; routes = (
  {{ path = "/"; handler = "respond"; body = "hello\\n"; methods = [ "GET", "POST" ]; }},
  {{ path = "/files/*rest"; handler = "files"; root = "{folder}"; }} ); }};
websocket = {{ chain = [ "access-log" ]; routes = (
  {{ path = "/"; handler = "echo"; {route} }},
  {{ path = "/flood"; handler = "probe/flood"; {route} }} ); }};
"""
REST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BIG = 8 << 20


class Site(Wye):
    def __init__(self, listen="", top="", route="", expect=0):
        self.place = tempfile.TemporaryDirectory()
        self.path = self.place.name + "/wye.sock"
        super().__init__(expect=expect, config=CONFIG.format(
            path=self.path, listen=listen, top=top, route=route, folder=self.place.name,
            plugins=PLUGINS, probe=os.path.join(TEST_PLUGINS, "probe.so")))
        self.log = self.place.name + "/log"
        wait_for("both listeners", lambda: "listening on unix:" + self.path in self.stderr())

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.place.cleanup()

    def socket(self, source=None):
        return connect(self.path)

    def clients(self, count):
        return [json.loads(line)["client"] for line in self.wait_lines(count)]


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


class Lanes(unittest.TestCase):
    def test_both(self):
        with Site() as site:
            with site.socket() as sock:
                for _ in range(3):
                    sock.sendall(REST)
                    self.assertEqual(read_answer(sock)[2], b"hello\n")
                sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000)
                self.assertEqual(read_answer(sock)[0], 200)
                site.websocket("/", sock=sock)  # on the used connection
                for size in (1, 200, 70000, 900000):
                    sock.sendall(frame(2, b"y" * size))
                    self.assertEqual(read_frame(sock), (2, b"y" * size))
                sock.sendall(frame(8, b"\x03\xe8"))
                self.assertEqual(read_frame(sock), (8, b"\x03\xe8"))
            self.assertEqual(site.clients(5), ["unix:"] * 5)

    def test_a_file_and_a_frame(self):
        with Site() as site, site.socket() as sock:
            self.fetch(site, sock)
            site.websocket("/", sock=sock)
            sock.sendall(frame(1, b"x"))
            self.assertEqual(read_frame(sock), (1, b"x"))

    def fetch(self, site, sock):
        with open(site.place.name + "/big", "wb") as out:
            out.truncate(BIG)
        sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(read_answer(sock)[2], b"\0" * BIG)

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        with Site() as site:
            done = subprocess.run(["curl", "-sS", "--unix-socket", site.path, "http://a/", "http://a/"],
                                  capture_output=True, timeout=PATIENCE)
            self.assertEqual(done.stdout, b"hello\nhello\n", done.stderr)

    def test_clients(self):
        """Believed if the listener trusts those of Unix sockets."""
        field = "X-Forwarded-For: 192.0.2.1\r\n"
        request = REST.replace(b"\r\n\r\n", b"\r\n" + field.encode() + b"\r\n")
        for listen, client in (("", "unix:"), ('trusted_proxies = [ "10.0.0.0/8" ];', "unix:"),
                               ('trusted_proxies = [ "unix:" ];', "192.0.2.1")):
            with Site(listen) as site, site.socket() as sock:
                sock.sendall(request)
                self.assertEqual(read_answer(sock)[0], 200)
                site.websocket("/", field, sock).close()
                self.assertEqual(site.clients(2), [client] * 2)

    def test_limit_per_address(self):
        for listen, fits in (("", False), ('trusted_proxies = [ "unix:" ];', True)):
            with Site(listen, "max_connections_per_address = 1;") as site:
                with site.socket() as first, site.socket() as second:
                    first.sendall(REST)
                    self.assertEqual(read_answer(first)[0], 200)
                    if fits:
                        second.sendall(REST)
                    self.assertEqual(read_answer(second)[0], 200 if fits else 503)

    def test_proxy_protocol(self):
        with Site('proxy_protocol = true; trusted_proxies = [ "unix:" ];') as site:
            with site.socket() as sock:
                for byte in LINE + REST:
                    sock.sendall(bytes([byte]))
                self.assertEqual(read_answer(sock)[2], b"hello\n")
            self.assertEqual(site.clients(1), ["192.0.2.1"])

    def test_drain(self):
        """A request that came behind another before the end was asked for is answered still, with Connection: close."""
        with Site() as site:
            with open(site.place.name + "/big", "wb") as out:
                out.write(bytes(BIG))
            with site.socket() as sock:
                sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n" + REST * 2)
                head = read_head(sock)
                self.assertNotIn("Connection: close", head)
                site.process.send_signal(signal.SIGTERM)
                wait_for("the drain", lambda: " stopping: " in site.stderr())
                read_exactly(sock, BIG)
                status, head, _ = read_answer(sock)
                self.assertEqual((status, "\r\nConnection: close\r\n" in head), (200, True))
                self.assertTrue(is_closed(sock))
            self.assertEqual(site.process.wait(PATIENCE), 0)

    def test_haproxy(self):
        with Site('proxy_protocol = true; trusted_proxies = [ "unix:" ];') as site:
            text = HAPROXY.replace("127.0.0.1:{wye}", "unix@" + site.path)
            with Proxy("haproxy", text, mode="http", send="send-proxy-v2", check="") as proxy, \
                    proxy.connect() as sock:
                sock.sendall(REST)
                self.assertEqual(read_answer(sock)[2], b"hello\n")
                sock.sendall(upgrade("/"))
                self.assertEqual(read_answer(sock)[0], 101)
                sock.sendall(frame(1, b"x"))
                self.assertEqual(read_frame(sock), (1, b"x"))


class Files(unittest.TestCase):
    def test_mode(self):
        for listen, mode in (("", 0o660), ('mode = "0666";', 0o666), ('mode = "600";', 0o600)):
            with Site(listen) as site:
                found = os.stat(site.path)
                self.assertTrue(stat.S_ISSOCK(found.st_mode))
                self.assertEqual(stat.S_IMODE(found.st_mode), mode)
                self.assertEqual(site.stop(), 0)
                self.assertFalse(os.path.exists(site.path))

    def serve(self, folder, path):
        """Exit status and log of another wye that is to listen there; None while it runs."""
        name = folder + "/conf"
        with open(name, "w") as out:
            out.write('listen = ( { unix = "%s"; } );\nrest = { routes = ( { path = "/"; '
                      'handler = "respond"; } ); };\n' % path)
        return name

    def refused(self, folder, path, why):
        from wye import PROGRAM
        done = subprocess.run([PROGRAM, "-c", self.serve(folder, path)], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 3)
        self.assertIn("can't listen on unix:%s: %s" % (path, why), done.stderr)

    def test_who_is_there(self):
        with Site() as site:
            folder = site.place.name
            self.refused(folder, site.path, "somebody answers there")
            with site.socket() as sock:  # it was left alone
                sock.sendall(REST)
                self.assertEqual(read_answer(sock)[0], 200)
            other = folder + "/other"
            with open(other, "w") as out:
                out.write("precious")
            self.refused(folder, other, "there is a file that is no socket")
            with open(other) as text:
                self.assertEqual(text.read(), "precious")
            self.refused(folder, folder + "/none/sock", "No such file or directory")

    def test_left_behind(self):
        """By one that was killed."""
        with Site(expect=-9) as site:
            site.process.kill()
            site.process.wait()
            self.assertTrue(os.path.exists(site.path))
            from wye import PROGRAM
            with open(site.errors, "w") as err:
                site.process = subprocess.Popen([PROGRAM, "-c", self.serve(site.place.name, site.path)],
                                                stderr=err)
            site.expect = 0
            wait_for("the listener", lambda: "listening on unix:" in site.stderr())
            with site.socket() as sock:
                sock.sendall(REST)
                self.assertEqual(read_answer(sock)[0], 200)

    def test_replaced(self):
        """What another has put in its place stays."""
        with Site() as site:
            os.unlink(site.path)
            with socket.socket(socket.AF_UNIX) as other:
                other.bind(site.path)
                self.assertEqual(site.stop(), 0)
                self.assertTrue(os.path.exists(site.path))

    def test_config(self):
        text = 'listen = ( {\n%s } );\nrest = { routes = ( { path = "/"; handler = "respond"; } ); };\n'
        for settings, line, wanted in (
                ("", 1, 'a listener has no "port", "unix" or "inherit"'),
                ('unix = "/a"; port = 1;', 2, 'a listener has one of "port", "unix" and "inherit"'),
                ('unix = "/a"; address = "::";', 2, '"address" goes with "port" only'),
                ('port = 1; mode = "0600";', 2, '"mode" goes with "unix" only'),
                ('unix = "/a"; mode = "0888";', 2, '"0888" is no mode like "0660"'),
                ('unix = "/a"; mode = "1777";', 2, '"1777" is no mode like "0660"'),
                ('unix = "/a"; mode = "rw";', 2, '"rw" is no mode like "0660"'),
                ('unix = "/a"; proxy_protocol = true;\ntrusted_proxies = [ "10.0.0.0/8" ];', 3,
                 "nobody in trusted_proxies can connect here"),
                ('unix = "/a"; },\n{ unix = "/a";', 3, 'another listener has this "unix" already'),
                ('port = 1; },\n{ port = 1;', 3, 'another listener has this "port" already'),
                ('address = "::1"; port = 1; },\n{ address = "::1"; port = 1;', 3,
                 'another listener has this "port" already'),
                ('port = 1; },\n{ address = "127.0.0.1"; port = 1;', 3,
                 'another listener has this "port" already'),
                ('address = "0.0.0.0"; port = 1; },\n{ address = "127.0.0.1"; port = 1;', 3,
                 'another listener has this "port" already'),
                ('address = "::1"; port = 1; },\n{ address = "0:0:0:0:0:0:0:1"; port = 1;', 3,
                 'another listener has this "port" already'),
                ('port = 1; },\n{ address = "::"; port = 1;', 3,
                 'another listener has this "port" already'),
                ('inherit = "0"; },\n{ inherit = "0";', 3,
                 'another listener has this "inherit" already'),
                ('address = "::ffff:127.0.0.1"; port = 1;', 2,
                 '"::ffff:127.0.0.1" is an IPv4 address: write it so'),
                ('inherit = "";', 2, '"inherit" must be a name, or a place from 0'),
                ('unix = "";', 2, '"unix" must be a path of at most 107 bytes'),
                ('unix = "/%s";' % ("a" * 107), 2, '"unix" must be a path of at most 107 bytes')):
            status, errors = check_config(text % settings)
            self.assertEqual(status, 1, settings)
            self.assertRegex(errors, r"\A\S+:%d: " % line)
            self.assertIn(wanted, errors)
        for settings in ('unix = "/%s"; mode = "660";' % ("a" * 106),
                         'port = 0; }, { port = 0; }, { port = 1; }, { port = 2; }, '
                         '{ address = "::1"; port = 3; }, { address = "127.0.0.1"; port = 3; }, '
                         '{ address = "127.0.0.2"; port = 3; }, { address = "::"; port = 4; }, '
                         '{ address = "0.0.0.0"; port = 4;',
                         'inherit = "a"; }, { inherit = "a";',
                         'proxy_protocol = true; inherit = "a"; trusted_proxies = [ "unix:" ];'):
            self.assertEqual(check_config(text % settings), (0, ""), settings)


class Deadlines(unittest.TestCase):
    def test_head(self):
        with Site(top="head_timeout = 0.3; keepalive_timeout = 60;") as site:
            for part, answer in ((b"", 0), (b"GET /", 0), (REST[:-2], 408), (REST + REST[:-2], 408)):
                with site.socket() as sock:
                    sock.sendall(part)
                    if part.startswith(REST):
                        self.assertEqual(read_answer(sock)[0], 200)
                    self.assertEqual(read_answer(sock)[0], answer, part)
                    self.assertTrue(is_closed(sock))

    def test_between_requests(self):
        with Site(top="keepalive_timeout = 0.3;") as site:
            for part in (REST, REST + b"GE"):
                with site.socket() as sock:
                    sock.sendall(part)
                    self.assertEqual(read_answer(sock)[0], 200)
                    self.assertTrue(is_closed(sock))

    def test_body(self):
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123"
        with Site(top="body_timeout = 0.3;") as site:
            with site.socket() as sock:
                sock.sendall(head)
                self.assertEqual(read_answer(sock)[0], 408)
        with Site(top="body_timeout = 100;") as site:
            with site.socket() as sock:
                sock.sendall(head)
                sock.shutdown(socket.SHUT_WR)
                self.assertTrue(is_closed(sock))
            site.wait_metric("http_connections_open", 0)

    def ask_for_much(self, site):
        with open(site.place.name + "/big", "wb") as out:
            out.truncate(BIG)
        sock = site.socket()
        sock.sendall(b"GET /files/big HTTP/1.1\r\nHost: a\r\n\r\n")
        return sock

    def test_reads_nothing(self):
        for end in (False, True):
            with Site(top="write_timeout = 0.4;") as site, self.ask_for_much(site) as sock:
                if end:
                    sock.shutdown(socket.SHUT_WR)
                site.wait_metric("http_connections_open", 0)

    def test_reads_slowly(self):
        """Far longer than write_timeout in all."""
        with Site(top="write_timeout = 0.4;") as site, self.ask_for_much(site) as sock:
            read_head(sock)
            begin, got = time.monotonic(), 0
            while got < BIG:
                got += len(read_exactly(sock, min(65536, BIG - got)))
                time.sleep(0.02)
            self.assertGreater(time.monotonic() - begin, 1)
            sock.sendall(REST)
            self.assertEqual(read_answer(sock)[0], 200)

    def test_websocket(self):
        """Who answers no ping is dropped, who takes nothing, too; others stay."""
        with Site(route="ping_interval = 0.2; pong_timeout = 0.3; write_timeout = 1; close_timeout = 1;") as site:
            silent, stuck, good = site.websocket("/"), site.websocket("/flood"), site.websocket("/")
            stuck.sendall(frame(1, b"100 2000"))
            end = time.monotonic() + 2
            while time.monotonic() < end or site.metrics()["ws_connections_open"] > 1:
                opcode, payload = read_frame(good)
                self.assertEqual(opcode, 9)
                good.sendall(frame(10, payload) + frame(1, b"x"))
                self.assertEqual(read_frame(good), (1, b"x"))
            self.assertEqual(site.metrics()["ws_connections_open"], 1)
            for sock in (silent, stuck, good):
                sock.close()

    def test_slow_websocket(self):
        """A pong is late behind what the peer still takes."""
        with Site(route="ping_interval = 0.2; pong_timeout = 0.3; read_deadline = 0; "
                  "write_timeout = 60;") as site:
            sock = site.websocket("/flood")
            sock.sendall(frame(1, b"400 2000"))
            begin, got = time.monotonic(), 0
            while got < 400:
                opcode, payload = read_frame(sock)
                if opcode == 9:
                    sock.sendall(frame(10, payload))
                    continue
                got += 1
                time.sleep(0.005)
            self.assertGreater(time.monotonic() - begin, 1)
            sock.close()

    def test_websocket_that_takes_its_time(self):
        """What waits counts for more than was ever written while it is little: that is no progress later on."""
        with Site(route="ping_interval = 0; write_timeout = 1.5;") as site, site.socket() as sock:
            sock.sendall(upgrade("/flood"))
            time.sleep(1)  # it is looked at meanwhile
            self.assertTrue(read_head(sock).startswith("HTTP/1.1 101 "))
            sock.sendall(frame(1, b"400 2000"))
            begin = time.monotonic()
            for _ in range(400):
                self.assertEqual(read_frame(sock)[0], 1)
                time.sleep(0.005)
            self.assertGreater(time.monotonic() - begin, 1.5)


if __name__ == "__main__":
    main()
