#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Another service is asked who may come in, on both lanes: its verdicts, and all ways in which it
fails."""

import os
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from wye import (PATIENCE, PROGRAM, TEST_PLUGINS, Wye, frame, is_closed, main, read_answer, read_frame,
                 read_head, reserved_port, upgrade, wait_for)

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} );
log_level = "debug"; http_threads = 2; stream_loops = 2;
plugins = ( {{ load = "{show}"; }} );
middleware = ( {{ use = "forward-auth"; url = "{url}";
  request_headers = [ "X-Mode", "Cookie" ]; response_headers = [ "X-Role", "X-More" ];
  user_header = "X-User"; {more} }} );
rest = {{ chain = [ "request-id" ]; routes = (
  {{ path = "/*rest"; handler = "show"; chain = [ "forward-auth" ]; }},
  {{ path = "/open"; handler = "show"; }} ); }};
websocket = {{ chain = [ "request-id", "forward-auth" ];
               routes = ( {{ path = "/ws/:id"; handler = "show"; handshake_timeout = 30.0; }} ); }};
"""


def answer(status, body=b"", *fields):
    lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(body), *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


PASSED = answer("200 OK", b"ignored", "X-User: anna", "x-role: admin", "X-Role: cook",
                "Set-Cookie: a=b")
ANSWERS = {
    "pass": PASSED,
    "nobody": answer("204 No Content"),
    "401": answer("401 Unauthorized", b'{"error":"who?"}', 'WWW-Authenticate: Basic realm="a"',
                  'WWW-Authenticate: Bearer', "Set-Cookie: a=1", "set-cookie: b=2; Path=/",
                  "Content-Type: application/json", "X-Secret: x"),
    "403": answer("403 Forbidden", b"no\n", "Content-Type: text/plain"),
    "302": answer("302 Found", b"", "Location: https://login.example.org/?from=here"),
    "302 without": answer("302 Found"),
    "304": answer("304 Not Modified", b"", "Location: /"),
    "404": answer("404 Not Found", b"gone"),
    "500": answer("500 Internal Server Error", b"oops"),
    "early": b"HTTP/1.1 103 Early Hints\r\nX-User: mallory\r\nX-Role: root\r\n\r\n" + PASSED,
    "huge field": answer("200 OK", b"", "X-User: anna", "X-Role: " + "a" * 80000),
    "many fields": answer("200 OK", b"", *["X-Role: %d" % i for i in range(8000)]),
    "huge body": answer("401 Unauthorized", b"a" * 70000),
    "large body": answer("401 Unauthorized", b"a" * 60000),
    "garbage": b"\x00\x01garbage\r\n\r\n" * 10,
    "bad value": answer("200 OK", b"", "X-User: anna", "X-Role: a\x01b"),
    "half": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "nothing": b"",
}


class Service:
    """Answers by what X-Mode says. "close": the connection ends behind the answer, without a word;
    "slow": waits until told."""

    def __init__(self, tls=None):
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = "http%s://127.0.0.1:%d/auth?x=1" % ("s" if tls else "",
                                                       self.listener.getsockname()[1])
        self.heads, self.connections, self.open, self.closed = [], 0, [], 0
        self.go_on = threading.Event()
        self.ended = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            if self.ended:
                one.close()
                return
            self.connections += 1
            self.open.append(one)
            threading.Thread(target=self.serve, args=(one,), daemon=True).start()

    def serve(self, sock):
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            while self.answer(sock):
                pass
        except OSError:
            pass
        sock.close()
        self.closed += 1

    def answer(self, sock):
        head = read_head(sock)
        if not head:
            return False
        self.heads.append(head)
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        mode = fields.get("X-Mode", "401")
        if mode == "slow":
            self.go_on.wait(PATIENCE)
            mode = "pass"
        if mode == "close":
            sock.sendall(PASSED)
            return False
        sock.sendall(ANSWERS[mode])
        return mode not in ("nothing", "half", "garbage")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.go_on.set()
        try:
            socket.create_connection(self.listener.getsockname()).close()  # ends accept()
        except OSError:
            pass
        self.listener.close()
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def config(url, more=""):
    return CONFIG.format(show=os.path.join(TEST_PLUGINS, "show.so"), url=url, more=more)


def start(service, more=""):
    return Wye(config=config(service.url, more))


QUERY = "?a=user&a=header:x-role&a=attribute:x-role"


class ForwardAuth(unittest.TestCase):
    def ask(self, wye, mode, path="/a" + QUERY, method="GET", **fields):
        return wye.get(path, method, headers={"X-Mode": mode, **fields})

    def handshake(self, wye, mode, fields=""):
        sock = wye.socket()
        sock.sendall(upgrade("/ws/7?q=1", "X-Mode: %s\r\n%s" % (mode, fields)))
        return sock

    def talk(self, sock, text):
        sock.sendall(frame(1, text.encode()))
        return read_frame(sock)[1].decode()

    # ---- verdicts ----

    def test_passed(self):
        with Service() as service, start(service) as wye:
            self.assertEqual(self.ask(wye, "pass").text, "anna\nadmin\ncook\nadmin\n")
            self.assertEqual(self.ask(wye, "nobody").text, "-\n-\n-\n")
            # what a client says of itself does not count
            spoofed = self.ask(wye, "nobody", **{"X-Role": "root", "X-User": "root"})
            self.assertEqual(spoofed.text, "-\n-\n-\n")
            self.assertEqual(self.ask(wye, "pass", **{"X-Role": "root"}).text,
                             "anna\nadmin\ncook\nadmin\n")
            self.assertEqual(self.ask(wye, "early").text, "anna\nadmin\ncook\nadmin\n")
            self.assertEqual(self.ask(wye, "close").status, 200)
            self.assertEqual(self.ask(wye, "500", "/open?a=user").text, "-\n")
            self.assertEqual(wye.metrics()["forward_auth_passed_total"], 6)

    def test_what_the_service_is_told(self):
        with Service() as service, start(service) as wye:
            self.ask(wye, "pass", "/a%20b?c=d&e", "POST", Host="api.example.org:81", Cookie="s=1",
                     Authorization="secret", **{"X-Forwarded-For": "6.6.6.6", "X-Request-Id": "abc",
                                                "X-Forwarded-Uri": "/other"})
            lines = service.heads[0].split("\r\n")
            self.assertEqual(lines[0], "GET /auth?x=1 HTTP/1.1")
            for line in ("X-Mode: pass", "Cookie: s=1", "X-Forwarded-Method: POST",
                         "X-Forwarded-Host: api.example.org:81", "X-Forwarded-Uri: /a%20b?c=d&e",
                         "X-Forwarded-For: 127.0.0.1", "X-Request-Id: abc"):
                self.assertIn(line, lines)
            self.assertNotIn("secret", service.heads[0])
            self.assertNotIn("/other", service.heads[0])
            self.assertNotIn("6.6.6.6", service.heads[0])
            self.ask(wye, "pass", "/a")
            self.assertIn("X-Forwarded-Uri: /a", service.heads[1].split("\r\n"))

    def test_headers_that_are_sent_by_default(self):
        text = config("%s").replace('request_headers = [ "X-Mode", "Cookie" ];', "")
        with Service() as service, Wye(config=text % service.url) as wye:
            self.ask(wye, "pass", Authorization="Bearer x", Cookie="s=1")
            self.assertIn("Authorization: Bearer x\r\n", service.heads[0])
            self.assertIn("Cookie: s=1\r\n", service.heads[0])
            self.assertNotIn("X-Mode", service.heads[0])

    def test_refused(self):
        with Service() as service, start(service) as wye:
            one = self.ask(wye, "401")
            self.assertEqual((one.status, one.text), (401, '{"error":"who?"}'))
            self.assertEqual(one.getheader("Content-Type"), "application/json")
            self.assertEqual(one.headers.get_all("WWW-Authenticate"), ['Basic realm="a"', "Bearer"])
            self.assertEqual(one.headers.get_all("Set-Cookie"), ["a=1", "b=2; Path=/"])
            self.assertIsNone(one.getheader("X-Secret"))
            one = self.ask(wye, "403")
            self.assertEqual((one.status, one.text), (403, "no\n"))
            one = self.ask(wye, "302")
            self.assertEqual((one.status, one.getheader("Location")),
                             (302, "https://login.example.org/?from=here"))
            self.assertEqual(len(self.ask(wye, "large body").text), 60000)
            self.assertEqual(wye.metrics()["forward_auth_refused_total"], 4)
            self.assertEqual(len(service.heads), 4)  # the redirect was not followed

    def test_failed(self):
        failing = ("302 without", "304", "404", "500", "huge field", "many fields", "huge body",
                   "garbage", "bad value", "half", "nothing")
        with Service() as service, start(service) as wye:
            for mode in failing:
                one = self.ask(wye, mode)
                self.assertEqual((one.status, one.text), (503, "access can't be checked now\n"), mode)
                self.assertEqual(one.getheader("Retry-After"), "1")
                self.assertEqual(self.ask(wye, "pass").status, 200, mode)
            self.assertGreaterEqual(wye.metrics()["forward_auth_failed_total"], len(failing) - 1)
            for words in ("has answered with 500", "larger than max_answer", "answers again"):
                wait_for(words, lambda: words in wye.stderr())

    def test_max_answer(self):
        with Service() as service, start(service, "max_answer = 300;") as wye:
            self.assertEqual(self.ask(wye, "pass").status, 200)
            self.assertEqual(self.ask(wye, "401").status, 401)
            self.assertEqual(self.ask(wye, "large body").status, 503)

    def test_bodies_wait_meanwhile(self):
        with Service() as service, start(service) as wye:
            body = b"x" * 300000
            with wye.socket() as sock:
                sock.sendall(b"POST /a?a=user HTTP/1.1\r\nHost: a\r\nX-Mode: slow\r\n"
                             b"Content-Length: 300000\r\n\r\n" + body[:1000])
                wait_for("the question", lambda: service.heads)
                service.go_on.set()
                sock.sendall(body[1000:])
                self.assertEqual(read_answer(sock)[2], b"anna\n")

    # ---- the connection to the service ----

    def test_connections_are_kept(self):
        with Service() as service, start(service) as wye:
            for _ in range(20):
                self.assertEqual(self.ask(wye, "pass").status, 200)
            self.assertEqual((service.connections, len(service.heads)), (1, 20))

    def test_one_that_was_closed(self):
        with Service() as service, start(service) as wye:
            for count in range(1, 6):
                self.assertEqual(self.ask(wye, "close").status, 200)
                wait_for("the end of the connection", lambda: service.closed == count)
            self.assertEqual(service.connections, 5)

    def test_dead_and_back(self):
        with reserved_port() as dead, \
                Wye(config=config("http://127.0.0.1:%d/" % dead.getsockname()[1])) as wye:
            for _ in range(3):
                self.assertEqual(self.ask(wye, "pass").status, 503)
            self.assertEqual(wye.metrics()["forward_auth_failed_total"], 3)
            wait_for("a line", lambda: "forward-auth can't ask" in wye.stderr())
            wye.stop()
            self.assertEqual(wye.stderr().count("forward-auth can't ask"), 1)  # not one per request

    def test_timeout(self):
        with Service() as service, start(service, "timeout = 0.2;") as wye:
            one = self.ask(wye, "slow")
            self.assertEqual((one.status, one.text), (503, "access can't be checked now\n"))
            wait_for("a line", lambda: "timed out" in wye.stderr())
            metrics = wye.metrics()
            self.assertEqual(metrics["forward_auth_failed_total"], 1)
            self.assertGreaterEqual(metrics["forward_auth_microseconds_total"], 150000)
            self.assertEqual(metrics["forward_auth_waiting"], 0)

    def test_a_silent_listener(self):
        """That accepts nothing: the kernel does."""
        with socket.create_server(("127.0.0.1", 0)) as one:
            url = "http://127.0.0.1:%d/" % one.getsockname()[1]
            with Wye(config=config(url, "timeout = 0.2;")) as wye:
                self.assertEqual(self.ask(wye, "pass").status, 503)

    def test_https(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                            certificate], check=True, capture_output=True)
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate, key)
            with Service(tls) as service:
                with start(service, 'ca_file = "%s";' % certificate) as wye:
                    for _ in range(3):
                        self.assertEqual(self.ask(wye, "pass").text, "anna\nadmin\ncook\nadmin\n")
                    self.assertEqual(service.connections, 1)
                with start(service) as wye:  # nobody vouches for it
                    self.assertEqual(self.ask(wye, "pass").status, 503)
                    wait_for("a line", lambda: "certificate" in wye.stderr())
                self.assertEqual(len(service.heads), 3)

    def test_max_waiting(self):
        with Service() as service, start(service, "max_waiting = 3;") as wye:
            socks = [wye.socket() for _ in range(8)]
            for one in socks:
                one.sendall(b"GET /a?a=user HTTP/1.1\r\nHost: a\r\nX-Mode: slow\r\n\r\n")
            wait_for("3 questions", lambda: len(service.heads) == 3)
            wye.wait_metric("forward_auth_busy_total", 5)
            self.assertEqual(wye.metrics()["forward_auth_waiting"], 3)
            service.go_on.set()
            found = sorted(read_answer(one)[0] for one in socks)
            self.assertEqual(found, [200] * 3 + [503] * 5)
            self.assertEqual(self.ask(wye, "pass").status, 200)
            for one in socks:
                one.close()

    def test_many_at_once(self):
        with Service() as service, start(service) as wye:
            socks = [wye.socket() for _ in range(60)]
            for _ in range(3):
                for i, one in enumerate(socks):
                    mode = b"pass" if i % 2 else b"403"
                    one.sendall(b"GET /a?a=user HTTP/1.1\r\nHost: a\r\nX-Mode: %s\r\n\r\n" % mode)
                for i, one in enumerate(socks):
                    self.assertEqual(read_answer(one)[0], 200 if i % 2 else 403)
            for one in socks:
                one.close()

    # ---- clients and stops ----

    def test_clients_that_leave(self):
        with Service() as service, start(service) as wye:
            socks = [wye.socket() for _ in range(6)]
            for one in socks:
                one.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\nX-Mode: slow\r\n\r\n")
            wait_for("6 questions", lambda: len(service.heads) == 6)
            for one in socks:
                one.close()
            wye.wait_metric("rest_requests_waiting", 0)
            service.go_on.set()
            wye.wait_metric("forward_auth_waiting", 0)
            self.assertEqual(self.ask(wye, "pass").status, 200)

    def test_a_stop_while_they_wait(self):
        with Service() as service, start(service, "timeout = 300;") as wye:
            sock = wye.socket()
            sock.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\nX-Mode: slow\r\n\r\n")
            other = self.handshake(wye, "slow")
            wait_for("2 questions", lambda: len(service.heads) == 2)
            wye.process.terminate()
            wait_for("the drain", lambda: "stopping:" in wye.stderr())
            wye.process.terminate()  # at once
            wye.process.wait(PATIENCE)
            self.assertTrue(is_closed(sock))
            self.assertTrue(is_closed(other))
            sock.close()
            other.close()
            wye.expect = wye.process.returncode

    # ---- WebSocket ----

    def test_websocket(self):
        with Service() as service, start(service) as wye:
            with self.handshake(wye, "pass", "Cookie: s=1\r\nX-Role: root\r\n") as sock:
                self.assertTrue(read_head(sock).startswith("HTTP/1.1 101 "))
                self.assertEqual(self.talk(sock, "user"), "anna\n")
                self.assertEqual(self.talk(sock, "attribute:x-role"), "admin\n")
                self.assertEqual(self.talk(sock, "attribute:x-more"), "-\n")
            lines = service.heads[0].split("\r\n")
            for line in ("Cookie: s=1", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /ws/7?q=1",
                         "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost"):
                self.assertIn(line, lines)
            for mode, status in (("401", 401), ("403", 403), ("302", 401), ("500", 503),
                                 ("nothing", 503), ("huge field", 503)):
                with self.handshake(wye, mode) as sock:
                    found, head, body = read_answer(sock)
                    self.assertEqual(found, status, mode)
                    self.assertEqual(body, b"access can't be checked now\n" if status == 503
                                     else b"access denied\n")
                    if mode == "401":
                        self.assertIn('WWW-Authenticate: Basic realm="a"\r\n', head)
                        self.assertIn("Set-Cookie: a=1\r\n", head.replace("set-", "Set-"))
                    self.assertNotIn("Location", head)

    def test_handshakes_that_wait(self):
        with Service() as service, start(service) as wye:
            socks = [self.handshake(wye, "slow") for _ in range(20)]
            wait_for("20 questions", lambda: len(service.heads) == 20)
            self.assertEqual(wye.metrics()["ws_handshakes_waiting"], 20)
            self.assertEqual(wye.metrics()["rest_requests_waiting"], 0)
            for one in socks[:10]:
                one.close()
            wye.wait_metric("ws_handshakes_waiting", 10)
            service.go_on.set()
            for one in socks[10:]:
                self.assertTrue(read_head(one).startswith("HTTP/1.1 101 "))
                one.close()
            wye.wait_metric("forward_auth_waiting", 0)

    def test_handshakes_beyond_max_waiting(self):
        with Service() as service, start(service, "max_waiting = 2;") as wye:
            socks = [self.handshake(wye, "slow") for _ in range(6)]
            wye.wait_metric("forward_auth_busy_total", 4)
            service.go_on.set()
            found = sorted(int(read_head(one).split()[1]) for one in socks)
            self.assertEqual(found, [101, 101] + [503] * 4)
            for one in socks:
                one.close()

    # ---- configs ----

    def test_bad_configs(self):
        good = "http://127.0.0.1:1/"
        for url, more, words in (
                ("ftp://a/", "", "is no URL like"),
                ("file:///etc/passwd", "", "is no URL like"),
                ("/auth", "", "is no URL like"),
                ("http://user:secret@a/", "", "is no URL like"),
                (good, "timeout = 0;", "timeout"),
                (good, "max_waiting = 0;", "max_waiting"),
                (good, "max_answer = 1;", "max_answer")):
            self.check_bad(config(url, more), words)
        text = config(good)
        for old, new, words in (
                ('"Cookie"', '"Host"', '"Host" can\'t be handed on'),
                ('"Cookie"', '"a b"', '"a b" can\'t be handed on'),
                ('"Cookie"', '"x-forwarded-uri"', "is set by forward-auth itself"),
                ('"X-Role"', '"Content-Length"', '"Content-Length" can\'t be handed on')):
            self.check_bad(text.replace(old, new), words)

    def check_bad(self, text, words):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write(text)
            done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertRegex(done.stderr, r"wye\.conf:\d+: ")
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    main()
