#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The REST lane: routes, methods, ids, the access log."""

import os
import re
import subprocess
import tempfile
import unittest
import urllib.request

from wye import PROGRAM, Wye, check_config, main, read_answer


class Rest(unittest.TestCase):
    def test_answers(self):
        with Wye() as wye:
            answer = wye.get("/hello")
            self.assertEqual((answer.status, answer.text), (200, "hello, world\n"))
            self.assertEqual(answer.headers["Content-Type"], "text/plain")
            answer = wye.get("/api/users/4%222")
            self.assertEqual(answer.text, '{"id":"4\\"2","greeting":"hello"}')
            self.assertEqual(wye.get("/nope").status, 404)
            self.assertEqual(wye.get("/api/users/").status, 404)

    def test_file(self):
        config = ('listen = ( { address = "127.0.0.1"; port = 0; } ); rest = { routes = (\n'
                  '{ path = "/"; handler = "respond"; type = "image/x-any"; file = "%s"; %s } ); };')
        data = bytes(range(256)) * 1000
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "page")

            def refusal(path, more=""):
                conf = os.path.join(folder, "conf")
                with open(conf, "w") as out:
                    out.write(config % (path, more))
                done = subprocess.run([PROGRAM, "-t", "-c", conf], capture_output=True, text=True,
                                      timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertIn(conf + ":2: ", done.stderr)
                return done.stderr

            self.assertIn("can't read \"%s\": No such file" % path, refusal(path))
            self.assertIn("Is a directory", refusal(folder))
            for size, content in ((len(data), data), (0, b"")):
                with open(path, "wb") as out:
                    out.write(content)
                with Wye(config=config % (path, "")) as wye:
                    os.unlink(path)  # it is read at the start
                    with urllib.request.urlopen("http://127.0.0.1:%d/" % wye.port) as answer:
                        self.assertEqual(answer.read(), content)
                        self.assertEqual(answer.headers["Content-Type"], "image/x-any")
                        self.assertEqual(answer.headers["Content-Length"], str(size))
            with open(path, "wb") as out:
                out.truncate(16 << 20)
            self.assertIn('there is a "body"', refusal(path, 'body = "x";'))
            with Wye(config=config % (path, "")) as wye:
                self.assertEqual(wye.get("/", "HEAD").headers["Content-Length"], str(16 << 20))
            with open(path, "ab") as out:
                out.write(b"x")
            self.assertIn("File too large", refusal(path))
            with open(path, "wb") as out:
                out.write(b"x")
            self.assertIn("an answer with status 205 can't have a body",
                          refusal(path, "status = 205;"))

    def test_statuses_without_content(self):
        config = ('listen = ( { address = "127.0.0.1"; port = 0; } ); rest = { routes = (\n'
                  '{ path = "/"; handler = "respond"; status = %d;\n%s } ); };')
        for status in (204, 205, 304):
            result, text = check_config(config % (status, 'body = "x";'))
            self.assertEqual(result, 1, text)
            self.assertRegex(text, r"wye\.conf:3: .*an answer with status %d can't have a body" % status)
            with Wye(config=config % (status, 'body = "";')) as wye:
                answer = wye.get("/")
                self.assertEqual((answer.status, answer.text), (status, ""))

    def test_methods(self):
        with Wye() as wye:
            answer = wye.get("/hello", "DELETE")
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD, OPTIONS"))
            answer = wye.get("/hello", "HEAD")
            self.assertEqual((answer.status, answer.headers["Content-Length"], answer.text),
                             (200, "13", ""))
            answer = wye.get("/ws")
            self.assertEqual((answer.status, answer.headers["Upgrade"]), (426, "websocket"))
            self.assertEqual(wye.get("/ws", "POST").status, 405)

    def test_by_curl(self):
        with Wye() as wye:
            out = subprocess.run(["curl", "-s", "-i", "http://127.0.0.1:%d/hello" % wye.port],
                                 capture_output=True, text=True, timeout=20)
            self.assertIn("200 OK", out.stdout)
            self.assertTrue(out.stdout.endswith("hello, world\n"))

    def test_request_id(self):
        with Wye() as wye:
            made = [wye.get("/hello").headers["X-Request-Id"] for _ in range(3)]
            self.assertEqual(len(set(made)), 3)
            for good in ("abc", "A.b_c-9", "x" * 64):
                self.assertEqual(wye.get("/hello", headers={"X-Request-Id": good})
                                 .headers["X-Request-Id"], good)
            for bad in ("x" * 65, "a b", "a\"b", "ä"):
                self.assertRegex(wye.get("/hello", headers={"X-Request-Id": bad.encode()})
                                 .headers["X-Request-Id"], "^[0-9a-f]{24}$")

    def test_keep_alive(self):
        with Wye() as wye:
            one = wye.http()
            for _ in range(100):
                one.request("GET", "/hello")
                self.assertEqual(one.getresponse().read(), b"hello, world\n")
            self.assertEqual(wye.metrics()["connections_accepted_total"], 1)
            one.close()

    def test_access_log(self):
        with Wye() as wye:
            wye.get("/hello?a=b", headers={"User-Agent": 'ev"il\\', "Referer": "http://x/"})
            wye.get("/nope", headers={"User-Agent": "u"})
            lines = wye.wait_lines(2)  # of two threads: in any order
            lines.sort(key=lambda line: "/nope" in line)
        self.assertRegex(lines[0], r'^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
                         r'"GET /hello\?a=b HTTP/1\.1" 200 13 "http://x/" "ev\\x22il\\x5C"$')
        self.assertTrue(re.search(r'"GET /nope HTTP/1\.1" 404 10 "-" "u"$', lines[1]), lines[1])

    def test_full_disk_stalls_nobody(self):
        text = ('listen = ( { address = "127.0.0.1"; port = 0; } ); http_threads = 1;\n'
                'middleware = ( { use = "access-log"; file = "/dev/full"; } );\n'
                'rest = { chain = [ "access-log" ];\n'
                '         routes = ( { path = "/hello"; handler = "respond"; } ); };')
        with Wye(config=text) as wye:
            sock = wye.socket()
            for _ in range(100):
                sock.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 80)
                for _ in range(80):
                    self.assertEqual(read_answer(sock)[0], 200)
            sock.close()
            metrics = wye.metrics()
            self.assertGreater(metrics["log_lines_dropped_total"], 1000)
            self.assertGreater(metrics["log_write_errors_total"], 0)

    def test_body_is_read_and_bounded(self):
        with Wye(top="max_body = 1000;") as wye:
            one = wye.http()
            one.request("POST", "/hello", body=b"x" * 900)
            self.assertEqual(one.getresponse().read() and 1, 1)
            one.request("GET", "/hello")
            self.assertEqual(one.getresponse().status, 200)
            one.close()
            one = wye.http()
            one.request("POST", "/hello", body=b"x" * 1001)
            self.assertEqual(one.getresponse().status, 413)
            one.close()


if __name__ == "__main__":
    main()
