#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A plain listener that only leads to https: where to, what it refuses, what it serves all the
same; and HSTS, which is said under TLS only."""

import os
import subprocess
import tempfile
import unittest

from certificates import Site
from wye import PLUGINS, Wye, check_config, main, read_answer, upgrade, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 1; log_level = "debug";
plugins = ( {{ load = "echo"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; }},
  {{ use = "headers"; response_set = [ "Strict-Transport-Security: max-age=63072000" ]; }} );
rest = {{ chain = [ "access-log", "headers" ]; routes = (
  {{ path = "/hello"; handler = "respond"; body = "hello\\n"; methods = [ "GET", "POST" ]; }},
  {{ path = "/health"; handler = "respond"; body = "fine\\n"; }},
  {{ path = "/open/a"; handler = "respond"; body = "a\\n"; }},
  {{ path = "/.well-known/acme-challenge/:token"; handler = "respond"; body = "key\\n"; }} ); }};
websocket = {{ routes = ( {{ path = "/ws"; handler = "echo"; }} ); }};
"""
SITE = Site()
LEAD = "redirect_to_https = true;"


class ToHttps(unittest.TestCase):
    def config(self, listen):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.log = os.path.join(self.folder, "log")
        return CONFIG.format(listen=listen, plugins=PLUGINS, log=self.log)

    def wye(self, listen=LEAD):
        return Wye(config=self.config(listen))

    def lines(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as text:
            return text.read().splitlines()

    def ask(self, wye, request):
        """Status, head and body; the connection ends behind what is no 200."""
        with wye.socket() as sock:
            sock.sendall(request)
            status, head, body = read_answer(sock) if not request.startswith(b"HEAD") \
                else (None, sock.recv(10000).decode(), b"")
            if status != 200:
                self.assertEqual(sock.recv(1), b"")
            return status or int(head.split()[1]), head, body

    def leads_to(self, wye, request, location):
        status, head, _ = self.ask(wye, request)
        self.assertEqual(status, 308, (request, head))
        self.assertIn("\r\nLocation: %s\r\n" % location, head)
        self.assertNotIn("Strict-Transport-Security", head)

    def test_where_to(self):
        cases = [
            (b"GET /hello HTTP/1.1\r\nHost: example.org\r\n\r\n", "https://example.org/hello"),
            (b"GET /?a=b&c=%20 HTTP/1.1\r\nHost: example.org:8080\r\n\r\n",
             "https://example.org/?a=b&c=%20"),
            (b"GET /a/../b%2F?? HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "https://[::1]/a/../b%2F??"),
            (b"GET /x HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", "https://[2001:db8::1]/x"),
            (b"GET //evil.example/x HTTP/1.1\r\nHost: a\r\n\r\n", "https://a//evil.example/x"),
            (b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", "https://a/hello"),
            (b"DELETE /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "https://a/nowhere"),
            (b"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "https://a/pot"),
            (b"GET http://b.example:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "https://b.example/x?y"),
            (b"GET http://b.example HTTP/1.1\r\nHost: a\r\n\r\n", "https://b.example/"),
            (b"GET /old HTTP/1.0\r\nHost: a\r\n\r\n", "https://a/old"),
            (b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
             "https://a/hello"),
            (b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" +
             b"x" * 500000, "https://a/hello"),
            (b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
             b"3\r\nabc\r\n0\r\n\r\n", "https://a/hello"),
            (b"POST /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
             b"Content-Length: 9\r\n\r\n", "https://a/hello"),
            (upgrade(), "https://localhost/ws"),
        ]
        with self.wye() as wye:
            for request, location in cases:
                self.leads_to(wye, request, location)
            metrics = wye.metrics()
            self.assertEqual(metrics["https_redirects_total"], len(cases))
            self.assertEqual(metrics["upgrades_handed_over_total"], 0)
            self.assertEqual(metrics["http_malformed_total"], 0)
            wait_for("the log", lambda: len(self.lines()) == len(cases))
            for line in self.lines():
                self.assertIn(" 308 ", line)

    def test_nothing_behind_is_served(self):
        with self.wye() as wye:
            request = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
            self.leads_to(wye, request * 5, "https://a/hello")
            self.assertEqual(wye.metrics()["rest_requests_total"], 1)

    def test_one_answer(self):
        """Nor is anything behind it refused."""
        with self.wye() as wye:
            for garbage in (b"GARBAGE\r\n\r\n", b"\0", b" \n"):
                self.leads_to(wye, b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" + garbage, "https://a/hello")
            self.assertEqual(wye.metrics()["http_malformed_total"], 0)

    def test_refused(self):
        """No Host that is none gets into a Location."""
        with self.wye() as wye:
            for host in (b"", b"a/b", b"user@a", b"a b", b"a\tb", b"a:b", b"a:99999", b"[::1",
                         b"a#", b"a?x", b"\xc3\xa9", b"a\\b", b"a%0d%0aX: y", b"a\r\nHost: b"):
                status, head, _ = self.ask(wye, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
                self.assertEqual(status, 400, (host, head))
                self.assertNotIn("Location", head)
            for request in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
                            b"GET /% HTTP/1.1\r\nHost: a\r\n\r\n",
                            b"GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
                            b"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n"):
                self.assertEqual(self.ask(wye, request)[0], 400, request)
            self.assertEqual(wye.metrics()["https_redirects_total"], 0)

    def test_port(self):
        with self.wye(LEAD + "https_port = 8443;") as wye:
            self.leads_to(wye, b"GET /x HTTP/1.1\r\nHost: a:8080\r\n\r\n", "https://a:8443/x")
            self.leads_to(wye, b"GET /x HTTP/1.1\r\nHost: [::1]\r\n\r\n", "https://[::1]:8443/x")

    def get(self, wye, path):
        return self.ask(wye, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")[::2]

    def test_served_all_the_same(self):
        with self.wye(LEAD + 'redirect_except = [ "/health", "/open/" ];') as wye:
            for path, body in ((b"/health", b"fine\n"), (b"/health?x", b"fine\n"),
                               (b"/open/a", b"a\n"), (b"/x/../open/a", b"a\n"),
                               (b"/.well-known/acme-challenge/x", b"key\n")):
                self.assertEqual(self.get(wye, path), (200, body))
            for path in (b"/health/", b"/health/x", b"/healthy", b"/open", b"/open/../hello",
                         b"/.well-known/acme-challenge/../../hello", b"/.well-known/x",
                         b"/.well-known/acme-challenge/%2e%2e/%2E./hello"):
                self.leads_to(wye, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                              "https://a" + path.decode())
            status, head, _ = self.ask(wye, b"OPTIONS * HTTP/1.1\r\nHost: a\r\n"
                                            b"Connection: close\r\n\r\n")
            self.assertEqual(status, 204, head)

    def test_curl_follows(self):
        """To a listener with TLS, where the browser is told to come by https only."""
        with self.wye(SITE.listen) as secure, \
                self.wye(LEAD + "https_port = %d;" % secure.port) as wye:
            for more in ([], ["--data", "a=b"]):
                done = subprocess.run(
                    ["curl", "-sSLi", "--cacert", SITE.certificate, *more,
                     "http://localhost:%d/hello" % wye.port], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                first, second = done.stdout.split("\nHTTP/1.1 200")
                self.assertIn("308 Permanent Redirect", first)
                self.assertNotIn("Strict-Transport-Security", first)
                self.assertIn("Strict-Transport-Security: max-age=63072000", second)
                self.assertTrue(second.endswith("hello\n"))

    def test_config(self):
        for listen, sentence in (
                ("https_port = 444;", '"https_port" goes with "redirect_to_https" only'),
                ('redirect_except = [ "/a" ];', '"redirect_except" goes with "redirect_to_https"'),
                (LEAD + SITE.listen, '"redirect_to_https" is for a listener without "tls"'),
                (LEAD + "https_port = 0;", '"https_port" is 0; it must be 1 to 65535'),
                (LEAD + "https_port = 65536;", '"https_port" is 65536'),
                ("redirect_to_https = 8443;", '"redirect_to_https" must be true or false'),
                (LEAD + 'redirect_except = [ "a" ];', '"a" is no path like'),
                (LEAD + 'redirect_except = [ "/a?b" ];', '"/a?b" is no path like'),
                (LEAD + 'redirect_except = [ "/a b" ];', '"/a b" is no path like'),
                (LEAD + 'redirect_except = [ "" ];', '"" is no path like'),
                (LEAD + 'redirect_except = [ "/a/../b" ];', '"/a/../b" is no path like'),
                (LEAD + 'redirect_except = [ "/%41" ];', '"/%41" is no path like'),
                ("redirect_to_http = true;", 'did you mean "redirect_to_https"')):
            status, errors = check_config(self.config(listen))
            self.assertEqual(status, 1, listen)
            self.assertIn(sentence, errors)
            self.assertEqual(len(errors.splitlines()), 1, errors)
            self.assertRegex(errors, r"wye.conf:2: ")


if __name__ == "__main__":
    main()
