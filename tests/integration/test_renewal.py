#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Certificates that change while wye runs: new connections get the new ones, those that are open
stay; what is broken is told and left; a load that goes on meanwhile does not notice."""

import calendar
import http.client
import os
import pwd
import signal
import ssl
import tempfile
import threading
import unittest

from issuer import Issuer, Pair, put
from wye import PATIENCE, PLUGINS, SANITIZED, Wye, frame, main_at_once, read_answer, read_frame, \
    wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false;
  tls = {{ certificates = ( {pairs} ); }}; }} );
http_threads = 2; stream_loops = 1; log_level = "debug"; plugin_path = "{plugins}"; {top}
plugins = ( {{ load = "echo"; }} );
rest = {{ routes = ( {{ path = "/"; handler = "respond"; body = "hello\\n"; }} ); }};
websocket = {{ routes = ( {{ path = "/ws"; handler = "echo"; }} ); }};
"""
HELLO = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SWAPS = 8 if SANITIZED else 20


class Renewal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Issuer()
        cls.context = ssl.create_default_context(cadata=cls.root.pem().decode())

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def pair(self, stem, names=("localhost",), **keywords):
        pair = Pair(self.folder, stem)
        pair.names = names
        self.renew(pair, **keywords)
        return pair

    def renew(self, pair, **keywords):
        pair.issued = self.root.issue(pair, pair.names, **keywords)

    def wye(self, *pairs, top=""):
        return Wye(config=CONFIG.format(pairs=", ".join(pair.group for pair in pairs),
                                        plugins=PLUGINS, top=top))

    def connect(self, wye, name="localhost"):
        return self.context.wrap_socket(wye.socket(), server_hostname=name)

    def serial(self, sock):
        return int(sock.getpeercert()["serialNumber"], 16)

    def served(self, wye, pair):
        """Whether a new connection gets this certificate as it was last issued."""
        with self.connect(wye, pair.names[0]) as sock:
            sock.sendall(HELLO)
            self.assertEqual(read_answer(sock)[2], b"hello\n")
            return self.serial(sock) == pair.issued.serial_number

    def reload(self, wye, good=True):
        name = "tls_reloads_total" if good else "tls_reload_failures_total"
        count = wye.metrics()[name]
        wye.process.send_signal(signal.SIGHUP)
        wait_for(name, lambda: wye.metrics()[name] > count)

    # ---- asked for ----

    def test_signal(self):
        """What is open stays open, with the certificate that it has; a gauge follows."""
        pair = self.pair("site")
        gauge = 'tls_certificate_expires_seconds{certificate="%s"}' % pair.certificate
        with self.wye(pair) as wye:
            old = pair.issued.serial_number
            rest, ws = self.connect(wye), wye.websocket(sock=self.connect(wye))
            self.renew(pair, days=(-1, 3))
            self.reload(wye)
            self.assertTrue(self.served(wye, pair))
            end = calendar.timegm(pair.issued.not_valid_after.timetuple())
            self.assertEqual(wye.metrics()[gauge], end)
            for sock in (rest, ws):
                self.assertEqual(self.serial(sock), old)
            rest.sendall(HELLO)
            self.assertEqual(read_answer(rest)[2], b"hello\n")
            ws.sendall(frame(1, b"x"))
            self.assertEqual(read_frame(ws), (1, b"x"))
            rest.close()
            ws.close()
            wye.wait_metric("tls_connections_open", 0)
            self.assertIn(" has read its certificates again", wye.stderr())

    def test_broken(self):
        """All of a listener or nothing: a broken pair also keeps a good one's news away."""
        first, second = self.pair("first"), self.pair("second", ["second.example"])
        stranger = self.pair("stranger", ["second.example"])
        with open(second.key, "rb") as one, open(second.certificate, "rb") as other:
            key, certificate = one.read(), other.read()
        with open(stranger.key, "rb") as one:
            other_key = one.read()
        old = first.issued
        with self.wye(first, second) as wye:
            self.renew(first)
            first.issued, new = old, first.issued
            breaks = [(lambda: put(second.key, other_key), "second.key: is not the key of "),
                      (lambda: put(second.key, b""), "second.key: "),
                      (lambda: put(second.key, key[:100]), "second.key: "),
                      (lambda: os.unlink(second.key), "second.key: No such file or directory"),
                      (lambda: os.mkfifo(second.key), "second.key: "),  # holds nobody up
                      (lambda: os.unlink(second.key), "second.key: No such file or directory"),
                      (lambda: put(second.certificate, certificate[:300]), "second.pem: "),
                      (lambda: self.root.issue(second, ["localhost"]), "second.pem is never chosen")]
            for destroy, expected in breaks:
                destroy()
                self.reload(wye, good=False)
                self.assertRegex(wye.stderr(), "error 127.0.0.1:.* keeps the certificates that it "
                                               "has: .*" + expected)
                self.assertTrue(self.served(wye, first))
                self.assertTrue(self.served(wye, second))
            self.assertEqual(wye.metrics()["tls_reloads_total"], 0)
            put(second.key, key)
            put(second.certificate, certificate)
            first.issued = new
            self.reload(wye)
            self.assertTrue(self.served(wye, first))
            self.assertTrue(self.served(wye, second))

    def test_expired(self):
        pair = self.pair("site")
        with self.wye(pair) as wye:
            self.assertNotIn("expired", wye.stderr())
            self.renew(pair, days=(-3, -1))
            self.reload(wye)
            self.assertRegex(wye.stderr(), "warning .*site.pem: the certificate expired on ")

    # ---- noticed ----

    def test_files(self):
        """Renamed over, written to, and swapped by a link to their folder, as a cluster does."""
        folders = [os.path.join(self.folder, name) for name in ("..1", "..2", "..data")]
        os.mkdir(folders[0])
        os.symlink("..1", folders[2])
        swapped = Pair(folders[2], "swapped")
        swapped.names = ["swapped.example"]
        self.renew(swapped)
        renamed, written = self.pair("renamed"), self.pair("written", ["written.example"])

        def write(path, data):
            with open(path, "wb") as out:
                out.write(data)

        with self.wye(renamed, written, swapped) as wye:
            self.renew(renamed)
            self.renew(written, write=write)
            os.mkdir(folders[1])
            swapped.issued = self.root.issue(Pair(folders[1], "swapped"), swapped.names)
            os.symlink("..2", os.path.join(self.folder, "..next"))
            os.rename(os.path.join(self.folder, "..next"), folders[2])
            wait_for("all of them", lambda: all(
                self.served(wye, pair) for pair in (renamed, written, swapped)))
            put(renamed.key, b"broken")
            wait_for("a failure", lambda: wye.metrics()["tls_reload_failures_total"])
            self.assertTrue(self.served(wye, renamed))

    def test_restless(self):
        """A file that changes all the time keeps no other from being read."""
        restless, other = self.pair("restless"), self.pair("other", ["other.example"])

        def touch():
            while not done.wait(0.4):
                os.utime(restless.certificate)

        with self.wye(restless, other) as wye:
            done, thread = threading.Event(), threading.Thread(target=touch)
            thread.start()
            try:
                self.renew(other)
                wait_for("the other", lambda: self.served(wye, other))
            finally:
                done.set()
                thread.join()

    # ---- rights ----

    @unittest.skipUnless(os.geteuid() == 0, "not started as root")
    def test_rights(self):
        """Who is not root any more can't read root's key again."""
        pair = self.pair("site")
        old = pair.issued
        os.chmod(self.folder, 0o755)
        os.chmod(pair.key, 0o600)
        os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
        with self.wye(pair, top='user = "nobody";') as wye:
            self.assertIn("site.key can't be read again: Permission denied", wye.stderr())
            self.renew(pair)
            os.chmod(pair.key, 0o600)
            self.reload(wye, good=False)
            self.assertRegex(wye.stderr(), "keeps the certificates that it has: .*"
                                           "site.key: Permission denied")
            pair.issued, new = old, pair.issued
            self.assertTrue(self.served(wye, pair))
            pair.issued = new
            os.chown(pair.key, pwd.getpwnam("nobody").pw_uid, -1)
            self.reload(wye)
            self.assertTrue(self.served(wye, pair))

    # ---- under load ----

    def keep_asking(self, wye, ended, seen, faults, keep):
        """Requests on connections that are kept, or a new one for each."""
        try:
            while not ended.is_set():
                one = http.client.HTTPSConnection("localhost", wye.port, timeout=PATIENCE,
                                                  context=self.context)
                for _ in range(50 if keep else 1):
                    one.request("GET", "/")
                    answer = one.getresponse()
                    body = answer.read()
                    if (answer.status, body) != (200, b"hello\n"):
                        raise AssertionError("%d %r" % (answer.status, body))
                    seen.append(self.serial(one.sock))
                one.close()
        except Exception as fault:  # each is one failed request
            faults.append(repr(fault))

    def test_swaps_under_load(self):
        pair = self.pair("site")
        ended, seen, faults = threading.Event(), [], []
        with self.wye(pair) as wye:
            clients = [threading.Thread(target=self.keep_asking,
                                        args=(wye, ended, seen, faults, keep))
                       for keep in (True, True, False, False)]
            for client in clients:
                client.start()
            issued = set()
            for _ in range(SWAPS):
                self.renew(pair)
                issued.add(pair.issued.serial_number)
                count = len(seen)
                self.reload(wye)
                wait_for("requests", lambda: faults or len(seen) > count + 10)
            ended.set()
            for client in clients:
                client.join()
            self.assertEqual(faults, [])
            self.assertGreater(len(issued & set(seen)), SWAPS // 2)
            metrics = wye.metrics()
            self.assertEqual(metrics["rest_requests_total"], len(seen))
            self.assertGreaterEqual(metrics["tls_reloads_total"], SWAPS)
            failed = [name for name in metrics if name.startswith("tls_handshake_failures")]
            self.assertEqual(failed, [])


if __name__ == "__main__":
    main_at_once(4)
