#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""User and password against a password file: verdicts, what is remembered, what waits."""

import base64
import os
import subprocess
import tempfile
import threading
import time
import unittest

from wye import PLUGINS, PROGRAM, Wye, is_closed, main, read_answer, wait_for

BCRYPT = "$2y$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O"  # all: "sesame"
SLOW = "$2y$12$abcdefghijklmnopqrstuuJkleeYqGi6JJcNM.d95WxQIKjR4lCny"
YESCRYPT = "$y$j75$abcdefgh$vd9GBZ0X.Wgh3dsxBvCnIOYDItsueGfttJXG763.dDA"
SHA512 = ("$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0iJZ1DNfy8v6OjKcRcuBfMkWD1KdADPVnmQf5cr0O8HfAYpq1Xrrjd"
          "gIRINkwgSKJ8/1")

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} );
plugin_path = "{plugins}"; log_level = "debug"; http_threads = 2; stream_loops = 1;
middleware = ( {{ use = "basic"; file = "{file}"; {more} }}, {{ use = "access-log"; file = "{log}"; }} );
rest = {{ chain = [ "access-log" ]; routes = (
  {{ path = "/"; handler = "respond"; body = "in\\n"; chain = [ "basic" ]; }},
  {{ path = "/open"; handler = "respond"; body = "open\\n"; }} ); }};
"""


def pair(user, password):
    return base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


class Basic(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = os.path.join(self.folder.name, "users")
        self.log = os.path.join(self.folder.name, "log")

    def write(self, *lines):
        with open(self.file + ".new", "w") as out:
            out.write("\n".join(lines) + "\n")
        os.rename(self.file + ".new", self.file)

    def config(self, more=""):
        return CONFIG.format(plugins=PLUGINS, file=self.file, log=self.log, more=more)

    def start(self, more="", **rest):
        one = Wye(config=self.config(more), **rest)
        one.log = self.log
        return one

    def ask(self, wye, user, password):
        return wye.get("/", headers={"Authorization": "Basic " + pair(user, password)})

    def test_verdicts(self):
        self.write("# us", "ben:" + BCRYPT, "anna b:" + SHA512, "ä:" + YESCRYPT)
        with self.start() as wye:
            for user in ("ben", "anna b", "ä"):
                self.assertEqual(self.ask(wye, user, "sesame").text, "in\n")
                for password in ("sesam", "sesame ", "", "Sesame", ":sesame"):
                    self.assertEqual(self.ask(wye, user, password).status, 401, (user, password))
            for user in ("carl", "Ben", "ben ", "anna"):
                self.assertEqual(self.ask(wye, user, "sesame").status, 401, user)
            answer = wye.get("/")
            self.assertEqual((answer.status, answer.text), (401, "user and password are needed\n"))
            self.assertEqual(answer.getheader("WWW-Authenticate"),
                             'Basic realm="restricted", charset="UTF-8"')
            hashed = wye.metrics()["basic_hashes_total"]
            for field in ("Basic", "Basic %%%", "Bearer x", "Basic " + pair("ben", "a\0b"),
                          "Basic " + pair("ben", "sesame\0"), "Basic " + pair("b\0n", "x"),
                          "Basic " + pair("ben", "x" * 512), "Basic " + pair("x" * 256, "x")):
                self.assertEqual(wye.get("/", headers={"Authorization": field}).status, 401, field)
            metrics = wye.metrics()
            self.assertEqual(metrics["basic_hashes_total"], hashed)  # for nothing of these
            self.assertEqual(hashed, 3 + 15 + 4)
            self.assertEqual(metrics["basic_refused_total"], 15 + 4 + 1 + 8)
            self.assertEqual(wye.get("/open").text, "open\n")
            wait_for("the user in the log", lambda: any("anna b" in one or "anna\\x20b" in one
                                                        for one in wye.access_lines()))
            for text in (wye.stderr(), "\n".join(wye.access_lines())):
                self.assertNotIn("sesame", text)
                self.assertNotIn(pair("ben", "sesame"), text)

    def test_a_colon_in_the_password(self):
        hashed = subprocess.run(["openssl", "passwd", "-6", "a:b:ü"], capture_output=True,
                                text=True, check=True).stdout.strip()
        self.write("ben:" + hashed)
        with self.start('realm = "the back room";') as wye:
            self.assertEqual(self.ask(wye, "ben", "a:b:ü").status, 200)
            answer = self.ask(wye, "ben", "a")
            self.assertEqual(answer.getheader("WWW-Authenticate"),
                             'Basic realm="the back room", charset="UTF-8"')

    def test_curl(self):
        self.write("ben:" + BCRYPT)
        with self.start() as wye:
            url = "http://127.0.0.1:%d/" % wye.port
            for user, expected in (("ben:sesame", "200"), ("ben:no", "401")):
                done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u",
                                       user, url], capture_output=True, text=True)
                self.assertEqual(done.stdout, expected)

    def test_what_was_right_is_remembered(self):
        self.write("ben:" + BCRYPT)
        with self.start() as wye:
            for _ in range(20):
                self.assertEqual(self.ask(wye, "ben", "sesame").status, 200)
            self.assertEqual(wye.metrics()["basic_hashes_total"], 1)
            for _ in range(3):
                self.assertEqual(self.ask(wye, "ben", "no").status, 401)
            self.assertEqual(wye.metrics()["basic_hashes_total"], 4)  # what was wrong is not

    def test_for_a_short_time(self):
        self.write("ben:" + BCRYPT)
        with self.start("remember = 0.2;") as wye:
            self.ask(wye, "ben", "sesame")
            wait_for("a second hash", lambda: self.ask(wye, "ben", "sesame").status == 200
                     and wye.metrics()["basic_hashes_total"] > 1)
        with self.start("remember = 0;") as wye:
            for count in (1, 2, 3):
                self.assertEqual(self.ask(wye, "ben", "sesame").status, 200)
                self.assertEqual(wye.metrics()["basic_hashes_total"], count)

    def test_how_many_are_remembered(self):
        users = ["user%d" % i for i in range(200)]
        self.write(*(user + ":" + BCRYPT for user in users))
        with self.start("max_remembered = 64;") as wye:
            for user in users:
                self.assertEqual(self.ask(wye, user, "sesame").status, 200)
            for user in users:
                self.assertEqual(self.ask(wye, user, "sesame").status, 200)
            self.assertGreaterEqual(wye.metrics()["basic_hashes_total"], 400 - 64)

    def test_other_requests_do_not_wait(self):
        self.write("ben:" + SLOW)
        with self.start("hash_threads = 1;") as wye:
            waiting = [wye.socket() for _ in range(4)]
            for i, one in enumerate(waiting):
                one.sendall(("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n"
                             % pair("ben", "wrong%d" % i)).encode())
            wait_for("requests that wait", lambda: wye.metrics()["basic_waiting"] >= 2)
            begun = time.monotonic()
            self.assertEqual(wye.get("/open").text, "open\n")
            took = time.monotonic() - begun
            self.assertEqual([read_answer(one)[0] for one in waiting], [401] * 4)
            self.assertLess(took, time.monotonic() - begun)
            for one in waiting:
                one.close()
            self.assertEqual(wye.metrics()["basic_waiting"], 0)
            self.assertNotRegex(wye.stderr(), "basic.*(holds|for more than)")

    def test_one_hash_for_many_of_a_pair(self):
        self.write("ben:" + SLOW)
        with self.start("hash_threads = 1;") as wye:
            socks = [wye.socket() for _ in range(8)]
            for one in socks:
                one.sendall(("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n"
                             % pair("ben", "sesame")).encode())
            self.assertEqual([read_answer(one)[0] for one in socks], [200] * 8)
            self.assertEqual(wye.metrics()["basic_hashes_total"], 1)
            for one in socks:
                one.close()

    def test_too_many_wait(self):
        self.write("ben:" + SLOW)
        with self.start("hash_threads = 1; max_waiting = 2;") as wye:
            socks = [wye.socket() for _ in range(10)]
            for i, one in enumerate(socks):
                one.sendall(("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n"
                             % pair("ben", "wrong%d" % i)).encode())
            answers = [read_answer(one) for one in socks]
            found = [answer[0] for answer in answers]
            self.assertEqual(set(found), {401, 503})
            self.assertGreaterEqual(found.count(503), 6)
            refused = [answer for answer in answers if answer[0] == 503][0]
            self.assertIn("Retry-After: 1", refused[1])
            self.assertEqual(refused[2], b"too many passwords to check\n")
            for one in socks:
                one.close()
            self.assertEqual(wye.metrics()["basic_busy_total"], found.count(503))

    def test_clients_that_leave_are_not_hashed_for(self):
        self.write("ben:" + SLOW)
        with self.start("hash_threads = 1;") as wye:
            socks = [wye.socket() for _ in range(30)]
            for i, one in enumerate(socks):
                one.sendall(("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n"
                             % pair("ben", "wrong%d" % i)).encode())
            wye.wait_metric("rest_requests_total", 30)
            for one in socks:
                one.close()
            wye.wait_metric("basic_waiting", 0)
            wye.wait_metric("rest_requests_waiting", 0)
            self.assertLess(wye.metrics()["basic_hashes_total"], 30)

    def test_a_stop_while_they_wait(self):
        self.write("ben:" + SLOW)
        with self.start('hash_threads = 1; ') as wye:
            socks = [wye.socket() for _ in range(6)]
            for i, one in enumerate(socks):
                one.sendall(("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic %s\r\n\r\n"
                             % pair("ben", "wrong%d" % i)).encode())
            wait_for("requests that wait", lambda: wye.metrics()["basic_waiting"] >= 2)
            self.assertEqual(wye.stop(), 0)
            for one in socks:
                self.assertTrue(is_closed(one))
                one.close()

    def test_a_file_that_changes(self):
        self.write("ben:" + BCRYPT)
        with self.start() as wye:
            self.assertEqual(self.ask(wye, "ben", "sesame").status, 200)
            self.write("anna:" + BCRYPT)
            wait_for("the other user", lambda: self.ask(wye, "anna", "sesame").status == 200)
            self.assertEqual(self.ask(wye, "ben", "sesame").status, 401)  # at once, though remembered
            self.write("anna:" + BCRYPT, "ben:plain")
            wait_for("the complaint", lambda: "keeps the passwords" in wye.stderr())
            self.assertIn("users:2: the password of \"ben\" is not hashed by", wye.stderr())
            self.assertEqual(self.ask(wye, "anna", "sesame").status, 200)
            self.assertEqual(wye.metrics()["basic_reloads_total"], 1)

    def test_changes_under_load(self):
        self.write("ben:" + BCRYPT)
        with self.start() as wye:
            over, bad = threading.Event(), []

            def ask():
                while not over.is_set():
                    status = self.ask(wye, "ben", "sesame").status
                    if status != 200:
                        bad.append(status)

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for one in threads:
                one.start()
            try:
                for count in (1, 2):
                    self.write("ben:" + BCRYPT, *("u%d:%s" % (i, SHA512) for i in range(count)))
                    wye.wait_metric("basic_reloads_total", count)
            finally:
                over.set()
                for one in threads:
                    one.join()
            self.assertEqual(bad, [])

    def test_bad_configs(self):
        for lines, more, words in (
                (["ben:" + BCRYPT], 'realm = "a\\\\b";', "quotes and backslashes"),
                (["ben:" + BCRYPT], "remember = 3601;", "remember"),
                (["ben:" + BCRYPT], "hash_threads = 0;", "hash_threads"),
                (["ben:" + BCRYPT], "max_waiting = 0;", "max_waiting"),
                (["ben:" + BCRYPT], "max_remembered = 0;", "max_remembered"),
                (["", "ben:plain"], "", "users:2: the password of \"ben\" is not hashed"),
                (["#"], "", "there are no users"),
                (None, "", "can't read")):
            if lines is None:
                os.unlink(self.file)
            else:
                self.write(*lines)
            path = os.path.join(self.folder.name, "wye.conf")
            with open(path, "w") as out:
                out.write(self.config(more))
            done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0, more)
            self.assertRegex(done.stderr, r"wye\.conf:\d+: ")
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    main()
