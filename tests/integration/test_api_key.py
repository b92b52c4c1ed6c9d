#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""API keys in a header or the query, on both lanes; keys that come and go while wye runs."""

import hashlib
import os
import subprocess
import tempfile
import threading
import unittest

from wye import (PLUGINS, PROGRAM, TEST_PLUGINS, Wye, frame, main, read_answer, read_frame, upgrade,
                 wait_for)

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} );
plugin_path = "{plugins}"; log_level = "debug"; http_threads = 2; stream_loops = 2;
plugins = ( {{ load = "echo"; }}, {{ load = "{show}"; }} );
middleware = ( {{ use = "api-key"; {keys} }}, {{ use = "access-log"; file = "{log}"; }} );
rest = {{ chain = [ "access-log", "api-key" ];
          routes = ( {{ path = "/"; handler = "respond"; body = "in\\n"; }},
                     {{ path = "/show"; handler = "show"; }} ); }};
websocket = {{ chain = [ "access-log", "api-key" ];
               routes = ( {{ path = "/ws"; handler = "echo"; }},
                          {{ path = "/show"; handler = "show"; }} ); }};
"""


def line(name, key):
    return "%s:%s" % (name, hashlib.sha256(key.encode()).hexdigest())


class ApiKey(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = os.path.join(self.folder.name, "log")
        self.file = os.path.join(self.folder.name, "keys")

    def config(self, keys):
        return CONFIG.format(plugins=PLUGINS, show=os.path.join(TEST_PLUGINS, "show.so"), keys=keys,
                             log=self.log)

    def write(self, *lines):
        """As an editor does: another file in its place."""
        with open(self.file + ".new", "w") as out:
            out.write("\n".join(lines) + "\n")
        os.rename(self.file + ".new", self.file)

    def rest(self, wye, path="/", **fields):
        return wye.get(path, headers={name.replace("_", "-"): value
                                      for name, value in fields.items()})

    def websocket(self, wye, path="/ws", field=""):
        with wye.socket() as sock:
            sock.sendall(upgrade(path, field))
            return read_answer(sock)

    def test_header(self):
        keys = 'keys = [ "%s", "%s" ];' % (line("shop", "s3cret"), line("robot", "r2d2"))
        with Wye(config=self.config(keys)) as wye:
            self.assertEqual(self.rest(wye, X_API_Key="s3cret").text, "in\n")
            self.assertEqual(self.rest(wye, x_api_key="r2d2").status, 200)
            for bad in ("s3cre", "s3cret!", "S3CRET", "", line("shop", "s3cret")[5:]):
                answer = self.rest(wye, X_API_Key=bad)
                self.assertEqual(answer.status, 401, bad)
                self.assertEqual(answer.getheader("WWW-Authenticate"), 'ApiKey realm="api"')
            self.assertEqual(self.rest(wye).status, 401)
            self.assertEqual(self.rest(wye, "/?key=s3cret").status, 401)
            self.assertEqual(wye.metrics()["api_key_refused_total"], 7)
            for one in (b"s3cret", b"r2d2"):
                self.assertNotIn(one.decode(), wye.stderr())

    def test_websocket(self):
        keys = 'keys = [ "%s" ]; query = "key";' % line("shop", "s3cret")
        with Wye(config=self.config(keys)) as wye:
            self.assertEqual(self.websocket(wye, field="X-API-Key: s3cret\r\n")[0], 101)
            self.assertEqual(self.websocket(wye, "/ws?key=s3cret")[0], 101)
            status, head, body = self.websocket(wye, "/ws?key=s3cret", "X-API-Key: no\r\n")
            self.assertEqual((status, body), (401, b"an API key is needed\n"))
            self.assertIn('ApiKey realm="api"', head)

    def test_query_alone(self):
        keys = 'keys = [ "%s" ]; header = ""; query = "key"; realm = "a b";' % line("a", "x+ y")
        with Wye(config=self.config(keys)) as wye:
            self.assertEqual(self.rest(wye, "/?a=b&key=x%2b+y").status, 200)
            self.assertEqual(self.rest(wye, X_API_Key="x+ y").getheader("WWW-Authenticate"),
                             'ApiKey realm="a b"')

    def test_the_name_is_the_user(self):
        with Wye(config=self.config('keys = [ "%s" ];' % line("shop", "s3cret"))) as wye:
            wye.log = self.log
            self.assertEqual(self.rest(wye, "/show?a=user&a=attribute:api-key", X_API_Key="s3cret").text,
                             "shop\nshop\n")
            with wye.websocket("/show", "X-API-Key: s3cret\r\n") as sock:
                for text in (b"user", b"attribute:api-key"):
                    sock.sendall(frame(1, text))
                    self.assertEqual(read_frame(sock)[1], b"shop\n")
            wait_for("the log's line", lambda: any("shop" in one for one in wye.access_lines()))

    def test_a_file_that_changes(self):
        self.write("# keys", line("old", "one"))
        with Wye(config=self.config('file = "%s";' % self.file)) as wye:
            self.assertEqual(self.rest(wye, X_API_Key="one").status, 200)
            self.write(line("new", "two"))
            wait_for("the new key", lambda: self.rest(wye, X_API_Key="two").status == 200)
            self.assertEqual(self.rest(wye, X_API_Key="one").status, 401)
            wye.wait_metric("api_key_reloads_total", 1)
            self.write(line("new", "three"), "three")  # a mistake: nothing changes
            wait_for("the complaint", lambda: "keeps the keys" in wye.stderr())
            self.assertIn("keys:2: a key is", wye.stderr())
            self.assertEqual(self.rest(wye, X_API_Key="two").status, 200)
            self.assertEqual(self.rest(wye, X_API_Key="three").status, 401)
            os.unlink(self.file)
            self.assertEqual(self.rest(wye, X_API_Key="two").status, 200)
            self.write(line("new", "three"))
            wait_for("the third key", lambda: self.rest(wye, X_API_Key="three").status == 200)

    def test_changes_under_load(self):
        self.write(line("a", "same"))
        with Wye(config=self.config('file = "%s";' % self.file)) as wye:
            over = threading.Event()
            bad = []

            def ask():
                one = wye.http()
                while not over.is_set():
                    one.request("GET", "/", headers={"X-API-Key": "same"})
                    answer = one.getresponse()
                    answer.read()
                    if answer.status != 200:
                        bad.append(answer.status)
                one.close()

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for one in threads:
                one.start()
            try:
                for count in (1, 2, 3):
                    self.write(line("a", "same"),
                               *(line("b", "%d %d" % (count, i)) for i in range(100 * count)))
                    wye.wait_metric("api_key_reloads_total", count)
            finally:
                over.set()
                for one in threads:
                    one.join()
            self.assertEqual(bad, [])

    def test_bad_configs(self):
        self.write(line("a", "x"), line("b", "x"))
        good = line("a", "x")
        for text, words in (
                ("", "there are no keys"),
                ('keys = [ "a:secret" ];', 'the hash of "a" is not 64 hex digits'),
                ('keys = [ "%s" ];' % good[2:], 'a key is "NAME:HASH"'),
                ('file = "/nowhere/keys";', "can't read \"/nowhere/keys\""),
                ('file = "%s";' % self.file, "have the same hash"),
                ('keys = [ "%s" ]; header = "";' % good, 'without a header a "query" is needed'),
                ('keys = [ "%s" ]; realm = "a\\"b";' % good, "realm")):
            path = os.path.join(self.folder.name, "wye.conf")
            with open(path, "w") as out:
                out.write(self.config(text))
            done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0, text)
            self.assertRegex(done.stderr, r"wye\.conf:\d+: ")
            self.assertIn(words, done.stderr)
            self.assertNotIn("secret", done.stderr)


if __name__ == "__main__":
    main()
