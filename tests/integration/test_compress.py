#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""compress: what is compressed for whom, decoded by Python's zlib and by Node."""

import os
import shutil
import subprocess
import tempfile
import unittest
import zlib

from wye import PATIENCE, PLUGINS, TEST_PLUGINS, Wye, check_config, main, read_head

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} ); http_threads = 1; stream_loops = 1;
plugins = ( {{ load = "{answers}"; as = "answers"; }}, {{ load = "clock"; }} );
middleware = ( {{ use = "compress"; {settings} }},
               {{ use = "compress"; as = "again"; codings = [ "gzip" ]; }} );
plugin_path = "{plugins}";
rest = {{
  chain = [ {chain} ];
  routes = ( {{ path = "/made"; handler = "answers/made"; }},
             {{ path = "/trickle"; handler = "answers/trickle"; }},
             {{ path = "/next"; handler = "answers/next"; }},
             {{ path = "/clock"; handler = "clock"; every = 0.05; }} );
}};
"""
CONFIG_FILES = """
listen = ( { address = "127.0.0.1"; port = 0; } ); http_threads = 1; stream_loops = 1;
middleware = ( { use = "compress"; } );
rest = { chain = [ "compress" ];
         routes = ( { path = "/*rest"; handler = "files"; root = "%s"; } ); };
"""
NODE = shutil.which("node")
# Follows a trickle through a decoder; asks for the next line only when it has seen the last.
FOLLOW = """
const http = require("http"), zlib = require("zlib"), [port, coding] = process.argv.slice(1);
http.get({ port, path: "/trickle", headers: { "Accept-Encoding": coding } }, (answer) => {
  const decoder = coding == "br" ? zlib.createBrotliDecompress() : zlib.createGunzip();
  let text = "";
  answer.pipe(decoder).on("data", (data) => {
    text += data;
    if (text.endsWith("\\n")) http.get({ port, path: "/next" }, (next) => next.resume());
  }).on("end", () => { console.log(answer.headers["content-encoding"] + " " + text.replace(/\\n/g, ",")); });
});
"""
UNBROTLI = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"


def config(settings="", chain='"compress"'):
    return CONFIG.format(settings=settings, chain=chain, plugins=PLUGINS,
                         answers=os.path.join(TEST_PLUGINS, "answers.so"))


def decode(coding, data):
    if coding == "gzip":
        decoder = zlib.decompressobj(31)
        text = decoder.decompress(data)
        assert decoder.eof and not decoder.unused_data
        return text
    return subprocess.run([NODE, "-e", UNBROTLI], input=data, capture_output=True, check=True,
                          timeout=PATIENCE).stdout


def expected(size, text=b"0123456789"):
    return (text * (size // len(text) + 1))[:size]


class Case(unittest.TestCase):
    def ask(self, wye, path, accept="gzip", method="GET", **headers):
        one = wye.http()
        one.putrequest(method, path, skip_accept_encoding=True)
        if accept is not None:
            one.putheader("Accept-Encoding", accept)
        for name, value in headers.items():
            one.putheader(name.replace("_", "-"), value)
        one.endheaders()
        answer = one.getresponse()
        answer.body = answer.read()
        one.close()
        return answer

    def coding(self, *arguments, **more):
        return self.ask(*arguments, **more).getheader("Content-Encoding")


class Bodies(Case):
    def test_all_kinds(self):
        codings = ["gzip", "br"] if NODE else ["gzip"]
        with Wye(config=config("minimum = 1;")) as wye:
            for coding in codings:
                for kind in ("bytes", "file", "source"):
                    for size in (1, 1000, 32767, 32768, 32769, 200000):
                        with self.subTest(coding=coding, kind=kind, size=size):
                            answer = self.ask(wye, "/made?as=%s&size=%d" % (kind, size), coding)
                            self.assertEqual(answer.getheader("Content-Encoding"), coding)
                            self.assertIsNone(answer.getheader("Content-Length"))
                            self.assertEqual(decode(coding, answer.body), expected(size))
                            if size > 100:
                                self.assertLess(len(answer.body), 100 + size / 10)
            wye.wait_metric("compress_running", 0)
            metrics = wye.metrics()
            self.assertEqual(metrics["compress_bytes_in_total"],
                             len(codings) * 3 * (1 + 1000 + 3 * 32768 + 200000))
            self.assertGreater(metrics["compress_bytes_out_total"], 0)

    def test_levels(self):
        text = "".join(chr(97 + i * i % 26) for i in range(200))
        sizes = {}
        for level in (1, 9):
            with Wye(config=config("gzip_level = %d; brotli_level = %d;"
                                 % (level, min(level, 6)))) as wye:
                for coding in ("gzip", "br") if NODE else ("gzip",):
                    body = self.ask(wye, "/made?size=50000&text=" + text, coding).body
                    self.assertEqual(decode(coding, body), expected(50000, text.encode()))
                    sizes[coding, level] = len(body)
        for coding, level in list(sizes):
            self.assertLessEqual(sizes[coding, 9], sizes[coding, 1])

    def test_an_empty_source(self):
        with Wye(config=config()) as wye:
            answer = self.ask(wye, "/made?as=source&size=0")
        self.assertEqual(decode("gzip", answer.body), b"")

    def test_http_1_0(self):
        with Wye(config=config()) as wye:
            sock = wye.socket()
            sock.sendall(b"GET /made?size=5000 HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
            head, body = read_head(sock), b""
            while True:
                piece = sock.recv(65536)
                if not piece:
                    break
                body += piece
            sock.close()
        self.assertIn("Content-Encoding: gzip", head)
        self.assertEqual(decode("gzip", body), expected(5000))

    @unittest.skipUnless(NODE, "needs node")
    def test_nothing_is_held_up(self):
        """Each line is read by the client before the source says the next."""
        for coding in ("gzip", "br"):
            with Wye(config=config()) as wye:
                done = subprocess.run([NODE, "-e", FOLLOW, str(wye.port), coding],
                                      capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual(done.stdout, coding + " line 0,line 1,line 2,\n", done.stderr)

    def test_clients_that_leave(self):
        with Wye(config=config()) as wye:
            socks = [wye.socket() for _ in range(5)]
            for sock in socks:
                sock.sendall(b"GET /trickle HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            wye.wait_metric("compress_running", 5)
            wye.wait_metric("rest_requests_waiting", 5)
            for sock in socks:
                sock.close()
            wye.wait_metric("compress_running", 0)
            wye.get("/next")


class Choice(Case):
    def test_weights(self):
        with Wye(config=config()) as wye:
            for accept, coding in ((None, None), ("", None), ("gzip", "gzip"),
                                   ("gzip, deflate, br", "br"), ("br;q=0.5, gzip", "gzip"),
                                   ("gzip;q=0", None), ("*", "br"), ("identity;q=0, gzip", "gzip"),
                                   ("deflate", None)):
                answer = self.ask(wye, "/made?size=2000", accept)
                self.assertEqual(answer.getheader("Content-Encoding"), coding, accept)
                self.assertEqual(answer.getheader("Vary"), "Accept-Encoding", accept)
                if not coding:
                    self.assertEqual(answer.body, expected(2000))
                    self.assertEqual(answer.getheader("Content-Length"), "2000")

    def test_preference(self):
        with Wye(config=config('codings = [ "gzip", "br" ];')) as wye:
            self.assertEqual(self.coding(wye, "/made?size=2000", "br, gzip"), "gzip")
        with Wye(config=config('codings = [ "gzip" ];')) as wye:
            self.assertIsNone(self.coding(wye, "/made?size=2000", "br"))

    def test_size(self):
        with Wye(config=config()) as wye:
            self.assertIsNone(self.coding(wye, "/made?size=1023"))
            self.assertEqual(self.coding(wye, "/made?size=1024"), "gzip")
        with Wye(config=config("minimum = 10;")) as wye:
            self.assertIsNone(self.coding(wye, "/made?size=9"))
            self.assertEqual(self.coding(wye, "/made?size=10"), "gzip")

    def test_types(self):
        usual = {"text/html; charset=utf-8": True, "TEXT/css": True, "application/json": True,
                 "application/problem+json": True, "image/svg+xml": True, "image/png": False,
                 "application/octet-stream": False, "textual/html": False, "": False,
                 "application/jsonx": False, "video/mp4": False}
        own = {"image/png": True, "text/html": False, "application/vnd.a+json": True}
        for settings, types in (("", usual), ('types = [ "image/*", "*+json" ];', own)):
            with Wye(config=config(settings)) as wye:
                for kind, wanted in types.items():
                    path = "/made?size=2000&type=" + kind.replace("+", "%2B").replace(" ", "%20")
                    answer = self.ask(wye, path)
                    self.assertEqual(answer.getheader("Content-Encoding"),
                                     "gzip" if wanted else None, kind)
                    self.assertEqual(answer.getheader("Vary"),
                                     "Accept-Encoding" if wanted else None, kind)

    def test_what_is_left_alone(self):
        with Wye(config=config()) as wye:
            for query in ("coding=zstd", "cache=no-transform", "cache=public,%20No-Transform",
                          "status=206&range=bytes%200-1999/4000", "range=bytes%200-1999/4000"):
                answer = self.ask(wye, "/made?size=2000&etag=%22a%22&" + query)
                self.assertNotEqual(answer.getheader("Content-Encoding"), "gzip", query)
                self.assertEqual(answer.getheader("ETag"), '"a"')
                self.assertEqual(answer.body, expected(2000))
            self.assertEqual(self.coding(wye, "/made?size=2000&cache=public"), "gzip")
            self.assertEqual(self.coding(wye, "/made?size=2000&status=404"), "gzip")
            empty = self.ask(wye, "/made?size=0&status=204")
            self.assertEqual((empty.status, empty.getheader("Content-Encoding")), (204, None))

    def test_head(self):
        """It has the fields of the GET (RFC 9110, 9.3.2), and no length that is not the GET's."""
        names = ("Content-Encoding", "Vary", "ETag", "Content-Length", "Content-Type")
        with Wye(config=config()) as wye:
            for kind in ("bytes", "file", "source"):
                for size in (2000, 100):
                    for accept in ("gzip", "identity", None):
                        path = "/made?etag=%%22a%%22&as=%s&size=%d" % (kind, size)
                        get, head = (self.ask(wye, path, accept, method) for method in ("GET", "HEAD"))
                        self.assertEqual((head.status, head.body), (200, b""))
                        self.assertEqual([head.getheader(name) for name in names],
                                         [get.getheader(name) for name in names],
                                         (kind, size, accept))
            self.assertEqual(self.coding(wye, "/made?size=2000", method="HEAD"), "gzip")
            metrics = wye.metrics()
            self.assertEqual((metrics["compress_running"], metrics["compress_refused_total"]), (0, 0))

    def test_etags(self):
        with Wye(config=config()) as wye:
            for tag, weak in (('"a"', 'W/"a"'), ('W/"a"', 'W/"a"'), ("", None)):
                path = "/made?size=2000" + ("&etag=" + tag.replace('"', "%22") if tag else "")
                self.assertEqual(self.ask(wye, path).getheader("ETag"), weak)
            plain = self.ask(wye, "/made?size=2000&etag=%22a%22", "identity")
            self.assertEqual(plain.getheader("ETag"), '"a"')
            path = "/made?size=0&status=304&etag=%22a%22"
            for known, tag in (('W/"a"', 'W/"a"'), ('"a"', '"a"'), ('"x", W/"a"', 'W/"a"'),
                               ('W/"x", "a"', '"a"'), ("*", '"a"')):
                answer = self.ask(wye, path, If_None_Match=known)
                self.assertEqual((answer.status, answer.getheader("ETag"),
                                  answer.getheader("Vary")), (304, tag, "Accept-Encoding"))

    def test_not_modified_of_a_file(self):
        """Who names no tag, or both, is told that of the GET."""
        with tempfile.TemporaryDirectory() as folder:
            for name, size in (("long.txt", 2000), ("short.txt", 100)):
                with open(os.path.join(folder, name), "wb") as out:
                    out.write(b"x" * size)
            with Wye(config=CONFIG_FILES % folder) as wye:
                for path in ("/long.txt", "/short.txt"):
                    strong = self.ask(wye, path, "identity").getheader("ETag")
                    for accept in ("gzip", "identity"):
                        full = self.ask(wye, path, accept)
                        tag = full.getheader("ETag")
                        for more in ({"If_None_Match": "*"}, {"If_None_Match": tag},
                                     {"If_None_Match": "%s, W/%s" % (strong, strong)},
                                     {"If_Modified_Since": full.getheader("Last-Modified")}):
                            answer = self.ask(wye, path, accept, **more)
                            self.assertEqual((answer.status, answer.getheader("ETag"),
                                              answer.getheader("Vary")),
                                             (304, tag, "Accept-Encoding"), (path, accept, more))

    def test_vary_is_added_to(self):
        with Wye(config=config()) as wye:
            answer = self.ask(wye, "/made?size=2000&vary=Origin")
            self.assertEqual(answer.headers.get_all("Vary"), ["Origin", "Accept-Encoding"])
            for vary in ("*", "accept-encoding,Origin"):
                answer = self.ask(wye, "/made?size=2000&vary=" + vary)
                self.assertEqual(answer.headers.get_all("Vary"), [vary])

    def test_never_twice(self):
        with Wye(config=config(chain='"compress", "again"')) as wye:
            answer = self.ask(wye, "/made?size=2000", "gzip, br")
            self.assertEqual(answer.headers.get_all("Content-Encoding"), ["gzip"])
            self.assertEqual(decode("gzip", answer.body), expected(2000))

    def test_an_event_stream_passes(self):
        with Wye(config=config()) as wye:
            sock = wye.socket()
            sock.sendall(b"GET /clock HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            head = read_head(sock)
            self.assertEqual(sock.recv(6), b"event:")
            sock.close()
            self.assertNotIn("Content-Encoding", head)
            wye.wait_metric("compress_running", 0)

    def test_too_many(self):
        with Wye(config=config("max_running = 1;")) as wye:
            sock = wye.socket()
            sock.sendall(b"GET /trickle HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            self.assertIn("gzip", read_head(sock))
            answer = self.ask(wye, "/made?size=2000&etag=%22a%22")
            self.assertIsNone(answer.getheader("Content-Encoding"))
            self.assertEqual((answer.body, answer.getheader("ETag")), (expected(2000), '"a"'))
            self.assertEqual(wye.metrics()["compress_refused_total"], 1)
            sock.close()
            wye.wait_metric("compress_running", 0)
            self.assertEqual(self.coding(wye, "/made?size=2000"), "gzip")
            wye.get("/next")

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl(self):
        with Wye(config=config()) as wye:
            done = subprocess.run(["curl", "-s", "--compressed", "-w", "%{size_download}",
                                   "http://127.0.0.1:%d/made?size=100000" % wye.port],
                                  capture_output=True, check=True)
        self.assertEqual(done.stdout[:100000], expected(100000))
        self.assertLess(int(done.stdout[100000:]), 2000)


class Settings(unittest.TestCase):
    def test_bad_ones(self):
        for settings, sentence in (('codings = [ "deflate" ];', '"deflate" is not one of'),
                                   ('codings = [ "gzip", "br", "gzip" ];', "is not one of"),
                                   ('codings = [ "gzip", "gzip" ];', "is not one of"),
                                   ('types = [ "html" ];', '"html" is no type'),
                                   ('types = [ "*/*" ];', "is no type"),
                                   ('types = [ "text/h*" ];', "is no type"),
                                   ('types = [ "*+" ];', "is no type"),
                                   ("gzip_level = 10;", "gzip_level"),
                                   ("brotli_level = 7;", "brotli_level")):
            with self.subTest(settings):
                status, text = check_config(config(settings))
                self.assertEqual(status, 1, text)
                self.assertRegex(text, r"wye\.conf:4: ")
                self.assertIn(sentence, text)


if __name__ == "__main__":
    main()
