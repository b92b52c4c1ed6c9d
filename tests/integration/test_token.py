#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The middleware token: where a handshake's token may stand, who sees it, and when its connection
ends."""

import asyncio
import json
import os
import re
import subprocess
import tempfile
import time
import unittest

from tokens import SECRET, hs, until
from wye import (PATIENCE, PLUGINS, PROGRAM, TEST_PLUGINS, Wye, close_code, frame, main, read_answer,
                 read_frame, read_head, upgrade, wait_for)

try:
    import websockets
except ImportError:
    websockets = None

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 2; log_level = "debug";
plugins = ( {{ load = "{tell}"; as = "tell"; }}, {{ load = "{gate}"; as = "gate"; label = "g"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }}, {{ use = "token"; {token} }} );
rest = {{ routes = ( {{ path = "/"; handler = "respond"; }} ); }};
websocket = {{
  chain = [ "access-log", "token" ];
  routes = ( {{ path = "/ws"; handler = "tell"; close_timeout = 0.5; }},
             {{ path = "/gate"; handler = "gate/{handler}"; }} );
}};
"""


class Site(Wye):
    def __init__(self, token):
        self.logs = tempfile.TemporaryDirectory()
        super().__init__(config=config(token, self.logs.name + "/log"))
        self.log = self.logs.name + "/log"

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.logs.cleanup()

    def open(self, token=None, path="/ws", headers=""):
        """The socket and the head of its answer."""
        sock = self.socket()
        if token is not None:
            headers += "Authorization: Bearer %s\r\n" % token
        sock.sendall(upgrade(path, headers))
        return sock, read_head(sock)

    def status(self, *arguments, **named):
        sock, head = self.open(*arguments, **named)
        sock.close()
        return int(head.split()[1])

    def offer(self, *offers, path="/ws"):
        """The status, and the subprotocol that was chosen."""
        sock, head = self.open(headers="".join("Sec-WebSocket-Protocol: %s\r\n" % one for one in offers),
                               path=path)
        sock.close()
        chosen = re.search(r"(?i)\r\nsec-websocket-protocol: ([^\r]*)", head)
        return int(head.split()[1]), chosen and chosen.group(1)

    def counted(self):
        return {name[6:-6]: value for name, value in self.metrics().items()
                if name.startswith("token_") and value}


def config(token, log="-"):
    return CONFIG.format(plugins=PLUGINS, log=log, token=token, handler="talk",
                         tell=os.path.join(TEST_PLUGINS, "tell.so"),
                         gate=os.path.join(TEST_PLUGINS, "gate.so"))


def secret(more=""):
    return 'secret = "%s"; leeway = 0; %s' % (SECRET, more)


def ask(sock, text):
    sock.sendall(frame(1, text.encode()))
    return read_frame(sock)[1].decode()


class Places(unittest.TestCase):
    def test_header(self):
        with Site(secret('realm = "ws";')) as site:
            sock, head = site.open(hs(until(sub="alice", role="admin", n=1)))
            self.assertTrue(head.startswith("HTTP/1.1 101 "), head)
            self.assertEqual(ask(sock, "@claim.sub"), "@claim.sub=alice")
            self.assertEqual(ask(sock, "@claim.n"), "@claim.n=1")
            self.assertEqual(ask(sock, "@claim.none"), "@claim.none=NULL")
            sock.close()
            sock, head = site.open()
            self.assertIn('\r\nWWW-Authenticate: Bearer realm="ws"\r\n', head)
            sock.close()
            sock, head = site.open(hs(until(-1)))
            self.assertTrue(head.startswith("HTTP/1.1 401 "), head)
            self.assertIn('error="invalid_token", error_description="the token has expired"\r\n', head)
            sock.close()
            self.assertEqual(site.status(hs(until(), secret="x" * 32)), 401)
            self.assertEqual(site.status(headers="Authorization: Basic eDp5\r\n"), 401)
            self.assertEqual(site.counted(), {"accepted": 1, "missing": 2, "refused_expired": 1,
                                              "refused_signature": 1})
            users = [json.loads(line)["user"] for line in site.wait_lines(5)]
            self.assertEqual(users.count(None), 5 - users.count("alice"))

    def test_cookie_and_query(self):
        token = hs(until())
        with Site(secret('cookie = "session"; query = "access_token";')) as site:
            self.assertEqual(site.status(headers="Cookie: a=b; session=%s\r\n" % token), 101)
            self.assertEqual(site.status(path="/ws?x=1&access_token=%s&y=2" % token), 101)
            self.assertEqual(site.status(path="/ws?x=1&access%%5Ftoken=%s" % token), 101)
            self.assertEqual(site.status(path="/ws?access_token=%sx" % token), 401)
            self.assertEqual(site.status(headers="Cookie: session=%s; session=x\r\n" % token), 400)
            self.assertEqual(site.status(path="/ws?access_token=%s&access_token=x" % token), 400)
            self.assertEqual(site.status(token, headers="Authorization: Bearer x\r\n"), 400)
            site.wait_lines(7)
            with open(site.log) as log:
                text = log.read() + site.stderr()
            self.assertNotIn(token.split(".")[2], text)
            self.assertIn("/ws?x=1&access_token=***&y=2", text)
            self.assertIn("/ws?x=1&access%5Ftoken=***", text)
        with Site(secret()) as site:
            self.assertEqual(site.status(headers="Cookie: session=%s\r\n" % token), 401)
            self.assertEqual(site.status(path="/ws?access_token=%s" % token), 401)

    def test_rules(self):
        with Site(secret('require = [ "role=admin" ]; scope = [ "chat" ];')) as site:
            self.assertEqual(site.status(hs(until(role="admin", scope="chat"))), 101)
            self.assertEqual(site.status(hs(until(scope="chat"))), 403)
            self.assertEqual(site.status(hs(until(role="admin"))), 403)
        with Site(secret("optional = true;")) as site:
            self.assertEqual(site.status(), 101)
            self.assertEqual(site.status(hs(until(-1))), 401)


class Subprotocols(unittest.TestCase):
    """As browsers can send nothing else."""

    def test_forms(self):
        token = hs(until())
        with Site(secret()) as site:
            # What a browser must have in the answer: one of its offers, but no token if any other
            # can be.
            self.assertEqual(site.offer("bearer, " + token), (101, "bearer"))
            self.assertEqual(site.offer("bearer", token), (101, "bearer"))
            self.assertEqual(site.offer("bearer." + token), (101, "bearer." + token))
            self.assertEqual(site.offer("chat, bearer." + token), (101, None))
            self.assertEqual(site.offer("bearer, %s, chat" % token), (101, None))
            self.assertEqual(site.offer(token), (401, None))
            self.assertEqual(site.offer("bearer"), (401, None))
            self.assertEqual(site.offer("bearer."), (401, None))
            self.assertEqual(site.offer("bearerx." + token), (401, None))
            self.assertEqual(site.offer("Bearer." + token), (401, None))
            self.assertEqual(site.offer("bearer.%s, bearer.%s" % (token, token)), (400, None))
            self.assertEqual(site.offer("bearer, %s, bearer, %s" % (token, token)), (400, None))
            self.assertEqual(site.offer("bearer.%sx" % token), (401, None))
            site.wait_lines(13)
            with open(site.log) as log:
                self.assertNotIn(token.split(".")[2], log.read() + site.stderr())

    def test_handlers_see_the_others(self):
        token = hs(until())
        with Site(secret()) as site:
            for offers in ("{0}, bearer.%s", "bearer.%s, {0}", "bearer, %s, {0}", "{0}, bearer, %s"):
                chosen = site.offer(offers.format("v2.gate") % token, path="/gate")
                self.assertEqual(chosen, (101, "v2.gate"), offers)

    def test_other_names(self):
        token = hs(until())
        with Site(secret('subprotocol = "base64url.bearer.example";')) as site:
            self.assertEqual(site.offer("chat, base64url.bearer.example." + token), (101, None))
            self.assertEqual(site.offer("bearer." + token), (401, None))
        with Site(secret('subprotocol = "";')) as site:
            self.assertEqual(site.offer("bearer." + token), (401, None))
            self.assertEqual(site.offer("bearer, " + token), (401, None))

    def test_huge(self):
        """Thousands of offers take no time."""
        with Site(secret()) as site:
            begin = time.monotonic()
            self.assertEqual(site.offer(*["bearer,a"] * 30), (400, None))
            self.assertEqual(site.offer(",".join("a" * 3000)), (401, None))
            self.assertLess(time.monotonic() - begin, PATIENCE)

    @unittest.skipUnless(websockets, "python3-websockets is not installed")
    def test_with_websockets(self):
        async def talk(url):
            token = hs({"exp": time.time() + 1, "sub": "eve"})
            async with websockets.connect(url, subprotocols=["bearer", token]) as ws:
                self.assertEqual(ws.subprotocol, "bearer")
                await ws.send("@claim.sub")
                self.assertEqual(await ws.recv(), "@claim.sub=eve")
                await ws.wait_closed()
                self.assertEqual(ws.close_code, 4401)

        with Site(secret()) as site:
            asyncio.run(talk(site.url()))


class Ends(unittest.TestCase):
    def test_with_the_token(self):
        with Site(secret()) as site:
            expires = time.time() + 1.5
            sock, _ = site.open(hs({"exp": expires, "sub": "a"}))
            self.assertEqual(ask(sock, "@claim.sub"), "@claim.sub=a")
            opcode, payload = read_frame(sock)
            self.assertGreaterEqual(time.time(), expires)
            self.assertLess(time.time(), expires + PATIENCE)
            self.assertEqual((opcode, payload), (8, (4401).to_bytes(2, "big") + b"the token has expired"))
            sock.close()
            line = json.loads(site.wait_lines(1)[0])
            self.assertEqual((line["code"], line["cause"]), (4401, "expired"))
            self.assertEqual(site.metrics()["ws_closed_expired_total"], 1)

    def test_other_codes(self):
        for code in (1008, 3000, 4999):
            with Site(secret("close_code = %d;" % code)) as site:
                sock, _ = site.open(hs({"exp": time.time() + 0.5}))
                self.assertEqual(close_code(sock), code)
                sock.close()

    def test_not(self):
        """Told otherwise, or without an end."""
        with Site(secret("end_with_token = false;")) as site:
            expires = time.time() + 0.3
            sock, _ = site.open(hs({"exp": expires}))
            wait_for("the end of the token", lambda: time.time() > expires + 0.3)
            self.assertEqual(ask(sock, "x"), "x=NULL")
            sock.close()
        with Site(secret()) as site:
            for claims in ({}, {"exp": 1e300}, {"exp": 9223372036854775807}, {"exp": 4e9}):
                sock, _ = site.open(hs(claims))
                self.assertEqual(ask(sock, "x"), "x=NULL")
                sock.close()

    def test_within_the_leeway(self):
        with Site('secret = "%s"; leeway = 3;' % SECRET) as site:
            expired = time.time() - 2
            sock, _ = site.open(hs({"exp": expired}))
            self.assertEqual(close_code(sock), 4401)
            self.assertGreaterEqual(time.time(), expired + 3)
            sock.close()


class BadConfig(unittest.TestCase):
    def test_bad(self):
        for token, expected in (("", "there is no key"),
                                (secret("close_code = 1005;"), "close_code"),
                                (secret("close_code = 2000;"), "2000 is not for this"),
                                (secret('secret_file = "/none/such";'), "/none/such: No such file"),
                                (secret("end = true;"), "end_with_token")):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "wye.conf")
                with open(path, "w") as out:
                    out.write(config("\n" + token).replace('"access-log", "token"', '"access-log"'))
                done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            lines = [line for line in done.stderr.splitlines() if "wye.conf" in line]
            self.assertEqual(len(lines), 1, done.stderr)
            self.assertRegex(lines[0], r"wye.conf:\d+: .*" + expected)


if __name__ == "__main__":
    main()
