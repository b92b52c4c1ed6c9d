#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""etc/wye.conf as it is shipped: nobody without a token is let in anywhere but to what says so."""

import os
import subprocess
import unittest

from wye import PLUGINS, PROGRAM, Wye, is_closed, main, read_answer, upgrade

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "etc", "wye.conf")
KEY = "0123456789abcdef" * 4


def token(*more):
    return subprocess.run([PROGRAM, "token", "make", "--sub", "ann", *more], check=True,
                          env=dict(os.environ, WYE_TOKEN_KEY=KEY), capture_output=True,
                          text=True, timeout=60).stdout.strip()


class Example(unittest.TestCase):
    def config(self):
        with open(PATH) as text:
            return 'plugin_path = "%s";\n' % PLUGINS + text.read().replace("port = 8080", "port = 0")

    def setUp(self):
        before = os.environ.get("WYE_TOKEN_KEY")
        os.environ["WYE_TOKEN_KEY"] = KEY
        self.addCleanup(os.environ.__setitem__ if before else os.environ.pop, "WYE_TOKEN_KEY",
                        before)

    def status(self, wye, path, bearer=None, method="GET"):
        return wye.get(path, method, {"Authorization": "Bearer " + bearer} if bearer else {}).status

    def test_white_list(self):
        good = token("--exp", "600")
        with Wye(config=self.config()) as wye:
            for path in ("/healthz", "/readyz"):
                self.assertEqual(self.status(wye, path), 200)
            for path in ("/api/users/1", "/api/fr/users/1", "/api/clock", "/api", "/", "/none",
                         "/ws/echo"):
                self.assertIn(self.status(wye, path), (401, 404, 426), path)
                self.assertNotEqual(self.status(wye, path, token()), 200)  # it never ends
                self.assertNotEqual(self.status(wye, path, good[:-2]), 200)
            self.assertEqual(self.status(wye, "/api/users/1"), 401)
            self.assertEqual(self.status(wye, "/api/users/1", token("--exp", "-100")), 401)
            self.assertEqual(self.status(wye, "/api/users/1", good), 200)

    def handshake(self, wye, headers):
        sock = wye.socket()
        sock.sendall(upgrade("/ws/echo", headers))
        status = read_answer(sock)[0]
        if status == 101:
            sock.sendall(b"\x88\x80\0\0\0\0")
            self.assertTrue(is_closed(sock))
        sock.close()
        return status

    def test_socket(self):
        bearer = "Sec-WebSocket-Protocol: bearer, %s\r\n" % token("--exp", "600")
        with Wye(config=self.config()) as wye:
            own = "Origin: http://localhost\r\n"
            self.assertEqual(self.handshake(wye, ""), 401)
            self.assertEqual(self.handshake(wye, own), 401)
            self.assertEqual(self.handshake(wye, "Origin: http://evil.example\r\n" + bearer), 403)
            self.assertEqual(self.handshake(wye, own + bearer), 101)
            self.assertEqual(self.handshake(wye, bearer), 101)


if __name__ == "__main__":
    main()
