#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The handler "redirect", and the fields of "respond"."""

import os
import subprocess
import tempfile
import unittest

from wye import PROGRAM, Wye, main, read_answer

CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; } );
http_threads = 1; stream_loops = 1; log_level = "debug";
rest = { routes = (
  { path = "/u/:id"; handler = "redirect"; to = "https://x.org/users/{id}"; status = 301; },
  { path = "/old/*rest"; handler = "redirect"; to = "/new/{rest}"; },
  { path = "/new/*rest"; handler = "respond"; body = "new\\n"; methods = [ "GET", "POST" ];
    headers = { Cache-Control = "no-store"; X-Frame-Options = "DENY"; }; },
  { path = "/up/*rest"; handler = "redirect"; to = "/{rest}"; query = false; status = 308; },
  { prefix = "/v/:version"; routes = (
    { path = "/x"; handler = "redirect"; to = "/x?version={version}#top"; status = 303; } ); }
); };
"""


def location(wye, target, method="GET"):
    sock = wye.socket()
    sock.sendall(("%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
                  % (method, target)).encode("latin-1"))
    status, head, _ = read_answer(sock)
    sock.close()
    fields = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
    return status, [value for name, value in fields if name == "Location"], len(fields)


class Redirect(unittest.TestCase):
    def test_targets(self):
        with Wye(config=CONFIG) as wye:
            for target, status, expected in (
                    ("/u/7", 301, "https://x.org/users/7"),
                    ("/u/a%20b%2fc?x=%20&y", 301, "https://x.org/users/a%20b%2Fc?x=%20&y"),
                    ("/u/%0d%0aX-Evil:%20yes", 301, "https://x.org/users/%0D%0AX-Evil:%20yes"),
                    ("/old/a/b", 307, "/new/a/b"), ("/old/", 307, "/new/"),
                    ("/old/a%2Fb", 307, "/new/a%2Fb"), ("/old/a/../b?", 307, "/new/b?"),
                    ("/up//evil.org", 308, "/evil.org"), ("/up/%2fevil.org", 308, "/%2Fevil.org"),
                    ("/up/%5cevil.org?q", 308, "/%5Cevil.org"), ("/up/", 308, "/"),
                    ("/v/2/x?a=b", 303, "/x?version=2&a=b#top")):
                got, places, count = location(wye, target)
                self.assertEqual((target, got, places), (target, status, [expected]))
                self.assertEqual(count, 4)  # Date, Location, type, length: nothing was injected
            self.assertEqual(location(wye, "/old/a", "POST")[:2], (307, ["/new/a"]))
            self.assertEqual(location(wye, "/old/a", "OPTIONS")[0], 204)

    def test_by_curl(self):
        with Wye(config=CONFIG) as wye:
            done = subprocess.run(["curl", "-s", "-L", "-d", "x", "-w", "%{url_effective} %{method}",
                                   "http://127.0.0.1:%d/old/a?b" % wye.port],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.stdout,
                             "new\nhttp://127.0.0.1:%d/new/a?b POST" % wye.port)

    def test_fields_of_respond(self):
        with Wye(config=CONFIG) as wye:
            answer = wye.get("/new/")
            self.assertEqual((answer.headers["Cache-Control"], answer.headers["X-Frame-Options"]),
                             ("no-store", "DENY"))

    def test_bad_configs(self):
        for more, sentence in (
                ('"redirect"; to = "//x";', "begins neither"), ('"redirect";', 'has no "to"'),
                ('"redirect"; to = "/{b}";', 'the route /:a has no parameter "b"'),
                ('"redirect"; to = "/x\\ny";', "a byte that no URL has"),
                ('"redirect"; to = "/"; status = 304;', "304 does not redirect"),
                ('"redirect"; to = "/"; status = 200;', "it must be 301 to 308"),
                ('"respond"; headers = { X = "a\\nb"; };', '"X" is no field that can be set'),
                ('"respond"; headers = { Content-Length = "1"; };', "no field that can be set"),
                ('"respond"; headers = { %s };' % " ".join('X%d = "";' % i for i in range(33)),
                 "more than 32 fields"),
                ('"respond"; headers = [ "X: y" ];', "must be a group of strings")):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "conf")
                with open(path, "w") as out:
                    out.write('listen = ( { port = 1; } ); rest = { routes = (\n'
                              '{ path = "/:a"; handler = %s } ); };' % more)
                done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True,
                                      timeout=60)
                self.assertEqual(done.returncode, 1, more)
                self.assertIn(path + ":2: ", done.stderr)
                self.assertIn(sentence, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    main()
