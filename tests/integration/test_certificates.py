#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which certificate a client gets: by the name that it asks for, by the keys that it can verify;
versions by profile; tickets; what clients think of bad ones; what a config is refused for."""

import calendar
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from cryptography.x509.oid import ExtendedKeyUsageOID

from issuer import Issuer, Pair
from wye import PATIENCE, Wye, check_config, main, read_answer, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; {listen} }} );
http_threads = 2; stream_loops = 1; log_level = "debug"; {top}
rest = {{ routes = ( {{ path = "/"; handler = "respond"; body = "hello\\n"; }} ); }};
"""
HELLO = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def missing_both(text):
    return "kee" in text or text == "tls = { };"


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Issuer()
        cls.between = Issuer("Between", cls.root)

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.authority = os.path.join(self.folder, "root.pem")
        with open(self.authority, "wb") as out:
            out.write(self.root.pem())

    def pair(self, stem, names, **keywords):
        pair = Pair(self.folder, stem)
        pair.issued = self.between.issue(pair, names, subject=stem, **keywords)
        return pair

    def wye(self, *pairs, listen="", top=""):
        tls = "tls = { certificates = ( %s ); };" % ", ".join(pair.group for pair in pairs)
        return Wye(config=CONFIG.format(listen=tls + listen, top=top))

    def s_client(self, wye, *arguments, data=LAST):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % wye.port, "-CAfile",
             self.authority, "-ign_eof", *arguments], input=data, capture_output=True,
            timeout=PATIENCE)
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def subject(self, wye, *arguments):
        text = self.s_client(wye, *arguments)
        found = re.search(r"^subject=CN = (\S+)", text, re.M)
        self.assertIn("Verify return code: 0 (ok)", text)
        return found and found.group(1)

    def curl(self, wye, host, *arguments):
        return subprocess.run(
            ["curl", "-sS", "--cacert", self.authority, "--resolve",
             "%s:%d:127.0.0.1" % (host, wye.port), "https://%s:%d/" % (host, wye.port),
             *arguments], capture_output=True, text=True, timeout=PATIENCE)

    # ---- names ----

    def test_names(self):
        pairs = [self.pair("first", ["first.example"]),
                 self.pair("wild", ["*.wild.example", "odd*.example", "*.*.example"]),
                 self.pair("exact", ["Exact.Wild.Example", "exact.example"])]
        asked = [(("-noservername",), "first"), (("-servername", "unknown.example"), "first"),
                 (("-servername", "first.example"), "first"),
                 (("-servername", "a.wild.example"), "wild"),
                 (("-servername", "A.wILD.example"), "wild"),
                 (("-servername", "a.b.wild.example"), "first"),
                 (("-servername", "wild.example"), "first"),
                 (("-servername", "*.wild.example"), "first"),
                 (("-servername", "odder.example"), "first"),
                 (("-servername", "exact.wild.example"), "exact"),
                 (("-servername", "EXACT.example"), "exact"),
                 # a second hello: the name is looked up again
                 (("-servername", "exact.example", "-groups", "X448:P-384"), "exact")]
        with self.wye(*pairs) as wye:
            for arguments, expected in asked:
                self.assertEqual(self.subject(wye, *arguments), expected, arguments)
            for host in ("first.example", "a.wild.example", "exact.example"):
                self.assertEqual(self.curl(wye, host).stdout, "hello\n")
            refused = self.curl(wye, "a.b.wild.example")
            self.assertEqual(refused.returncode, 60, refused.stderr)

    def test_short_form_is_the_default(self):
        first, second = self.pair("first", []), self.pair("second", ["second.example"])
        tls = "tls = { %s certificates = ( %s ); };" % (first.rows, second.group)
        with Wye(config=CONFIG.format(listen=tls, top="")) as wye:
            self.assertEqual(self.subject(wye, "-servername", "second.example"), "second")
            self.assertEqual(self.subject(wye, "-servername", "first.example"), "first")

    # ---- keys ----

    def test_keys(self):
        """With both types each client gets what it can verify; names may differ in part."""
        pairs = [self.pair("ec", ["both.example", "more.example"]),
                 self.pair("rsa", ["both.example"], kind="rsa")]
        both = ("-servername", "both.example")
        asked = [(("-tls1_2", "-cipher", "ECDHE+aRSA"), "rsa"),
                 (("-tls1_2", "-cipher", "ECDHE+aECDSA"), "ec"),
                 (("-tls1_3", "-sigalgs", "RSA-PSS+SHA256"), "rsa"),
                 (("-tls1_3", "-sigalgs", "ECDSA+SHA256"), "ec"), ((), "ec")]
        with self.wye(*pairs) as wye:
            for arguments, expected in asked:
                # what signs the chain is another matter than what the client can verify
                for name in (both, ("-noservername",)):
                    self.assertEqual(
                        re.search(r"^subject=CN = (\S+)", self.s_client(wye, *name, *arguments),
                                  re.M).group(1), expected, (name, arguments))
            self.assertEqual(self.subject(wye, "-servername", "more.example"), "ec")
            self.assertIn("alert handshake failure", self.s_client(
                wye, "-servername", "more.example", "-tls1_2", "-cipher", "ECDHE+aRSA"))

    # ---- versions ----

    def test_profiles(self):
        pair = self.pair("site", ["localhost"])
        for profile, old in (("", True), ('tls_profile = "modern";', False)):
            with self.wye(pair, listen=profile) as wye:
                for version, good in (("-tls1_1", False), ("-tls1_2", old), ("-tls1_3", True)):
                    text = self.s_client(wye, version, "-cipher", "ALL:@SECLEVEL=0")
                    self.assertEqual("hello" in text, good, (profile, text))
                if old:
                    for cipher in ("AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256",
                                   "ECDHE-ECDSA-AES128-SHA256"):
                        self.assertNotIn("hello", self.s_client(wye, "-tls1_2", "-cipher",
                                                                cipher))
                    self.assertIn("ECDHE-ECDSA-CHACHA20-POLY1305", self.s_client(
                        wye, "-tls1_2", "-cipher", "CHACHA20:AESGCM"))  # as the client prefers

    # ---- tickets ----

    def test_tickets(self):
        """One is taken for every name until the certificates are read again."""
        pairs = [self.pair("first", ["first.example"]), self.pair("other", ["other.example"])]
        session = os.path.join(self.folder, "session")
        with self.wye(*pairs) as wye:
            for number, (version, name) in enumerate(
                    (version, name) for version in ("-tls1_2", "-tls1_3")
                    for name in ("first.example", "other.example")):
                ask = ("-servername", name, version)
                self.assertIn("New, TLS", self.s_client(wye, *ask, "-sess_out", session))
                text = self.s_client(wye, *ask, "-sess_in", session, "-sess_out", session)
                self.assertIn("Reused, TLS", text)
                self.assertIn("hello", text)
                wye.process.send_signal(signal.SIGHUP)
                wye.wait_metric("tls_reloads_total", number + 1)
                text = self.s_client(wye, *ask, "-sess_in", session)
                self.assertIn("New, TLS", text)
                self.assertIn("hello", text)

    def test_tickets_of_python(self):
        pair = self.pair("site", ["localhost"])
        context = ssl.create_default_context(cafile=self.authority)
        with self.wye(pair) as wye:
            session, reused = None, []
            for _ in range(4):
                if len(reused) == 2:
                    wye.process.send_signal(signal.SIGHUP)
                    wye.wait_metric("tls_reloads_total", 1)
                with context.wrap_socket(wye.socket(), server_hostname="localhost",
                                         session=session) as sock:
                    sock.sendall(HELLO)
                    self.assertEqual(read_answer(sock)[2], b"hello\n")
                    session = sock.session
                    reused.append(sock.session_reused)
            self.assertEqual(reused, [False, True, False, True])

    # ---- bad ones, which wye warns of and clients refuse ----

    def test_doubts(self):
        mixed = self.root.pem()  # not above the certificate
        cases = [({"days": (-3, -1)}, "certificate has expired",
                  "site.pem: the certificate expired on 20"),
                 ({"days": (1, 3)}, "certificate is not yet valid",
                  "site.pem: the certificate is not valid before 20"),
                 ({"names": []}, "does not match target host name",
                  "site.pem: the certificate has no subjectAltName: it is for no name"),
                 ({"use": ExtendedKeyUsageOID.CLIENT_AUTH}, "unsuitable certificate purpose",
                  "site.pem: the certificate is not for servers"),
                 ({"use": ExtendedKeyUsageOID.SERVER_AUTH}, None, None),
                 ({"chain": b"", "public": True}, "unable to get local issuer certificate",
                  "site.pem: the chain is missing: the file ends with the certificate"),
                 ({"chain": mixed}, "unable to get local issuer certificate",
                  "site.pem: the chain is broken: the certificate in place 1 was not issued by "
                  "the next"),
                 ({}, None, None)]
        for keywords, curl, warning in cases:
            pair = self.pair("site", **{"names": ["localhost"], **keywords})
            with self.wye(pair) as wye:
                done = self.curl(wye, "localhost")
                self.assertEqual(done.stdout, "" if curl else "hello\n")
                self.assertEqual(done.returncode, 60 if curl else 0)
                self.assertIn(curl or "", done.stderr)
                self.assertEqual(bool(warning), "warning" in wye.stderr(), wye.stderr())
                if warning:
                    self.assertRegex(wye.stderr(), r":2: warning: \S+" + warning)
                end = calendar.timegm(pair.issued.not_valid_after.timetuple())
                self.assertEqual(wye.metrics()[
                    'tls_certificate_expires_seconds{certificate="%s"}' % pair.certificate], end)

    # ---- the config ----

    def test_config(self):
        a, b = self.pair("a", ["a.example", "b.example"]), self.pair("b", ["b.example"])
        rsa, nameless = self.pair("rsa", ["b.example"], kind="rsa"), self.pair("none", [])
        mixed = Pair(self.folder, "a")
        mixed.group = '{ certificate = "%s"; key = "%s"; }' % (a.certificate, rsa.key)
        locked = os.path.join(self.folder, "locked.key")
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", a.key, "-passout", "pass:secret",
                        "-out", locked], check=True)
        many = "tls = {\ncertificates = (\n%s ); };"
        cases = [
            (many % ",\n".join((a.group, b.group)), 5,
             '%s is never chosen: %s, with the same type of key, is for "b.example" already'
             % (b.certificate, a.certificate)),
            (many % ",\n".join((b.group, a.group)), 0, ""),
            (many % ",\n".join((a.group, rsa.group)), 0, ""),
            (many % ",\n".join((nameless.group, a.group)), 0, ""),
            (many % ",\n".join((a.group, nameless.group)), 5,
             "none.pem is never chosen: it is for no DNS name"),
            (many % mixed.group, 4, "%s: is not the key of the first certificate in %s" % (rsa.key, a.certificate)),
            (many % '{ certificate = "%s"; key = "%s"; }' % (a.certificate, locked), 4,
             "the key has a password; one without is needed"),
            (many % '{ certificate = "%s"; key = "%s"; }' % (a.certificate, a.certificate), 4,
             "a.pem: has no key in it, in PEM"),
            (many % '{ certificate = "%s"; key = "%s"; }' % (a.key, a.key), 4,
             "a.key: has no certificate in it, in PEM"),
            (many % '{ certificate = "%s"; }' % a.certificate, 4, 'certificates has no "key"'),
            (many % '{ certificate = "%s"; kee = 1; }' % a.certificate, 4,
             'certificates has no setting "kee", did you mean "key"?'),
            ("tls = {\ncertificates = ( ); };", 3, '"certificates" must be a list of groups'),
            ('tls = {\ncertificates = [ "a" ]; };', 3, '"certificates" must be a list of groups'),
            ("tls = { };", 2, 'tls has no "certificate"'),
            ("tls = {\n%s\nkey = 5; };" % a.rows.split("key")[0], 4, '"key" must be a string'),
            ('tls = { key = "%s"; };' % a.key, 2, 'tls has no "certificate"'),
            ('tls_profile = "modern";', 2, '"tls_profile" goes with "tls" only'),
            ('tls_profile = "intermediate"; tls = { %s };' % a.rows, 0, ""),
            ('tls_profile = "old"; tls = { %s };' % a.rows, 2, '"tls_profile" can\'t be "old"'),
        ]
        for text, line, expected in cases:
            status, errors = check_config(
                'listen = ( { port = 0;\n%s } );\nrest = { routes = '
                '( { path = "/"; handler = "respond"; } ); };\n' % text)
            self.assertEqual(status, 1 if line else 0, (text, errors))
            if line:
                self.assertRegex(errors, r"\A\S+wye\.conf:%d: .*%s" % (line, re.escape(expected)))
                self.assertEqual(errors.count("\n"), 2 if missing_both(text) else 1, errors)


if __name__ == "__main__":
    main()
