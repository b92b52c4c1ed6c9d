#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Client certificates: who gets through the handshake, what handlers of both lanes are told, whom
`mtls` lets in, and what a ticket of an earlier session is worth."""

import asyncio
import hashlib
import os
import re
import ssl
import subprocess
import unittest

from certificates import Site
from issuer import PAST, Authority, serial
from wye import PLUGINS, TEST_PLUGINS, Wye, check_config, frame, main_at_once, read_answer, \
    read_exactly, read_frame, read_head, upgrade, wait_for

try:
    import websockets
except ImportError:
    websockets = None

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; tls = {{
  certificate = "{certificate}"; key = "{key}"; {verify} }}; }} );
plugin_path = "{plugins}"; log_level = "debug"; http_threads = 2; stream_loops = 2;
plugins = ( {{ load = "{peer}"; as = "peer"; }}, {{ load = "{show}"; as = "show"; }} );
middleware = ( {{ use = "mtls"; {mtls} }} );
rest = {{ chain = [ "peer/end" ]; routes = (
  {{ path = "/tell"; handler = "peer/tell"; }},
  {{ path = "/block"; handler = "peer/block"; }},
  {{ path = "/stream"; handler = "peer/stream"; }},
  {shows}
  {{ path = "/show"; chain = [ "mtls" ]; handler = "show"; }} ); }};
websocket = {{ chain = [ "origin" ]; routes = (
  {{ path = "/tell"; handler = "peer/ws"; }}, {shows}
  {{ path = "/show"; chain = [ "mtls" ]; handler = "show"; }} ); }};
"""
SITE = Site()
CA = Authority()
ALICE = CA.client("alice", names="DNS:a.example.org,URI:spiffe://example.org/shop/a,"
                 "email:alice@example.org,IP:192.0.2.1")
BOB = CA.client("bob")
EXPIRED = CA.client("expired", dates=PAST)
SERVER = CA.client("server", usage="SERVER_AUTH")
REVOKED = CA.client("revoked")
CA.revoke(REVOKED)
CRL = CA.crl()
MIDDLE = Authority("Test Middle", above=CA)
CAROL = MIDDLE.client("carol")
with open(CAROL, "a") as out, open(MIDDLE.file) as middle:
    out.write(middle.read())
OTHER = Authority("Other CA")
MALLORY = OTHER.client("alice")
REFUSED = 'tls_handshake_failures_total{cause="certificate"}'


def verify(mode, ca=CA.file, crl=CRL, more=""):
    text = 'verify = "%s"; client_ca = "%s"; %s' % (mode, ca, more)
    return text + ('crl = "%s";' % crl if crl else "")


def joined(name, *paths):
    path = CA.path(name)
    with open(path, "w") as out:
        for one in paths:
            with open(one) as source:
                out.write(source.read())
    return path


def fingerprint(certificate):
    with open(certificate) as text:
        pem = re.search("-----BEGIN CERT.*?END CERTIFICATE-----", text.read(), re.S).group(0)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def context(certificate=None, version=None):
    made = SITE.context()
    if certificate:
        made.load_cert_chain(certificate)
    if version:
        made.maximum_version = version
    return made


def fields(text):
    return dict(line.split("=", 1) for line in text.decode().splitlines())


class Mtls(unittest.TestCase):
    def wye(self, verify, mtls="", count=0, config=CONFIG):
        shows = "".join('{ path = "/show%d"; chain = [ "mtls%d" ]; handler = "show"; }, ' % (i, i)
                        for i in range(count))
        return Wye(config=config.format(
            certificate=SITE.certificate, key=SITE.key, verify=verify, mtls=mtls, shows=shows,
            plugins=PLUGINS,
            peer=os.path.join(TEST_PLUGINS, "peer.so"), show=os.path.join(TEST_PLUGINS, "show.so")))

    def get(self, wye, certificate, path="/tell", version=None):
        """Status and body; the connection is closed."""
        with SITE.connect(wye, context=context(certificate, version)) as sock:
            sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
            status, _, body = read_answer(sock)
        return status, body

    def refused(self, wye, certificate, alert, version=None):
        with self.assertRaises((ssl.SSLError, ConnectionError)) as caught:
            self.get(wye, certificate, version=version)
            raise AssertionError("it is let in")
        self.assertIn(alert, str(caught.exception).lower().replace("_", " "))

    def wait_refused(self, wye, count):
        wait_for("refusals", lambda: wye.metrics().get(REFUSED, 0) == count)

    # ---- the handshake ----

    def test_handshakes(self):
        old, new = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
        cases = [(BOB, None), (ALICE, None), (EXPIRED, "certificate expired"),
                 (REVOKED, "certificate revoked"), (MALLORY, "unknown ca"),
                 (SERVER, "unsupported certificate"),
                 (CAROL, "unknown ca")]  # there is no list of the one in the middle
        for mode in ("required", "optional"):
            with self.wye(verify(mode)) as wye:
                for version, none in ((old, "handshake failure"), (new, "certificate required")):
                    for certificate, alert in cases + [(None, mode == "required" and none)]:
                        if alert:
                            self.refused(wye, certificate, alert, version)
                        else:
                            self.assertEqual(self.get(wye, certificate, version=version)[0], 200)
                self.wait_refused(wye, 12 if mode == "required" else 10)
                self.assertIn("127.0.0.1 is refused for its certificate: certificate revoked",
                              wye.stderr())
                wye.wait_metric("tls_connections_open", 0)

    def test_chains(self):
        """One in the middle: below the root, as an anchor by itself, and too many of them."""
        lists = joined("lists", CRL, MIDDLE.crl())
        for rules in (verify("required", crl=lists), verify("required", MIDDLE.file, None),
                      verify("required", MIDDLE.file, MIDDLE.crl()),
                      verify("required", joined("both", MIDDLE.file, CA.file), lists),
                      verify("required", crl=None, more="verify_depth = 1;")):
            with self.wye(rules) as wye:
                _, text = self.get(wye, CAROL)
                self.assertEqual(fields(text)["issuer"], "CN=Test Middle")
        with self.wye(verify("required", crl=None, more="verify_depth = 0;")) as wye:
            self.assertEqual(self.get(wye, BOB)[0], 200)
            self.refused(wye, CAROL, "unknown ca")
            self.wait_refused(wye, 1)
            self.assertIn("certificate chain too long", wye.stderr())

    def test_names(self):
        """Each name of a listener with several certificates asks for them."""
        other = Site("other.example")
        self.addCleanup(other.folder.cleanup)
        pairs = ('certificates = ( {{ certificate = "{certificate}"; key = "{key}"; }},'
                 '{{ certificate = "%s"; key = "%s"; }} );' % (other.certificate, other.key))
        config = CONFIG.replace('certificate = "{certificate}"; key = "{key}";', pairs)
        with self.wye(verify("required"), config=config) as wye:
            for certificate, alert in ((BOB, ""), (REVOKED, "REVOKED")):
                made = ssl.create_default_context(cafile=other.certificate)
                made.maximum_version = ssl.TLSVersion.TLSv1_2
                made.load_cert_chain(certificate)
                sock = wye.socket()
                try:
                    made.wrap_socket(sock, server_hostname="other.example").close()
                    self.assertEqual(alert, "")
                except ssl.SSLError as error:
                    self.assertIn(alert or "none", str(error))
                    sock.close()

    def test_list_out_of_date(self):
        with self.wye(verify("optional", crl=CA.crl("old.pem", PAST))) as wye:
            self.refused(wye, BOB, "")
            self.wait_refused(wye, 1)
            self.assertIn("CRL has expired", wye.stderr())
            self.assertEqual([end for name, end in wye.metrics().items() if "tls_crl_exp" in name],
                             [1577923200])
            self.assertEqual(self.get(wye, None)[0], 200)

    def test_not_asked(self):
        with self.wye("") as wye:
            status, text = self.get(wye, BOB)
            self.assertEqual((status, fields(text)["fingerprint"]), (200, "-"))

    def test_curl_and_s_client(self):
        with self.wye(verify("required")) as wye:
            curl = ["curl", "-s", "--cacert", SITE.certificate,
                    "https://localhost:%d/tell" % wye.port]
            done = subprocess.run(curl + ["--cert", ALICE], capture_output=True)
            self.assertIn(b"\ncn=alice\n", done.stdout)
            self.assertNotEqual(subprocess.run(curl, capture_output=True).returncode, 0)
            done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % wye.port],
                                  input=b"", capture_output=True)
            self.assertIn(b"Acceptable client certificate CA names\nCN = Test CA\n", done.stdout)

    # ---- what handlers are told ----

    def expect(self, text):
        told = fields(text)
        self.assertEqual(int(told.pop("serial"), 16), serial(ALICE))
        self.assertRegex(told.pop("cipher"), "^TLS_[A-Z0-9_]+$")
        self.assertEqual(told, {
            "version": "TLSv1.3", "subject": "CN=alice,O=Example", "issuer": "CN=Test CA",
            "cn": "alice", "fingerprint": fingerprint(ALICE), "days": "1", "resumed": "0",
            "dns": "a.example.org", "uri": "spiffe://example.org/shop/a",
            "email": "alice@example.org", "ip": "192.0.2.1"})

    def test_rest(self):
        with self.wye(verify("optional")) as wye:
            sock = SITE.connect(wye, context=context(ALICE))
            for path in (b"/tell", b"/block", b"/tell"):
                sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
                self.expect(read_answer(sock)[2])
            sock.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            read_head(sock)
            event = b""
            while b"\n\n" not in event:
                event += sock.recv(4096)
            self.expect(event.replace(b"data: ", b"").replace(b"data:", b"").strip())
            sock.close()
            wait_for("done", lambda: wye.stderr().count("a request of alice has ended") == 4)
            told = fields(self.get(wye, None, version=ssl.TLSVersion.TLSv1_2)[1])
            self.assertEqual((told["version"], told["subject"], told["days"]), ("TLSv1.2", "-", "0"))

    def test_websocket(self):
        with self.wye(verify("optional")) as wye:
            sock = wye.websocket("/tell", sock=SITE.connect(wye, context=context(ALICE)))
            self.expect(read_frame(sock)[1])
            for _ in range(2):
                sock.sendall(frame(1, b"x"))
                self.expect(read_frame(sock)[1])
            sock.close()
            wait_for("close", lambda: "a connection of alice has ended" in wye.stderr())

    def test_plain(self):
        plain = re.sub(r"tls = \{\{.*?\}\}; ", "", CONFIG, flags=re.S)
        config = plain.format(plugins=PLUGINS, mtls="", shows="", peer=os.path.join(TEST_PLUGINS, "peer.so"),
                              show=os.path.join(TEST_PLUGINS, "show.so"))
        with Wye(config=config) as wye:
            self.assertEqual(wye.get("/tell").text, "plain\n")
            self.assertEqual(wye.get("/show").status, 400)
            sock = wye.websocket("/tell")
            self.assertEqual(read_frame(sock)[1], b"plain\n")
            sock.close()

    # ---- the middleware ----

    def both(self, wye, certificate, path="/show"):
        """Statuses of both lanes, and what the user is there."""
        with SITE.connect(wye, context=context(certificate)) as sock:
            sock.sendall(b"GET %s?a=user&b=attribute:mtls.subject&c=attribute:mtls.fingerprint "
                         b"HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
            status, _, body = read_answer(sock)
            sock.sendall(upgrade(path))
            head = read_head(sock)
            told = body.decode().split("\n")[0]
            if status == 200:
                for name, part in zip((b"user", b"attribute:mtls.subject"), body.split(b"\n")):
                    sock.sendall(frame(1, name))
                    self.assertEqual(read_frame(sock)[1].strip(), part)
            else:
                read_exactly(sock, len(body))
        return status, int(head.split()[1]), told

    def test_lists(self):
        cases = [('common_names = [ "bob", "ali*" ];', ALICE, "alice"),
                 ('common_names = [ "bob" ];', ALICE, None),
                 ('subjects = [ "CN=alice,O=Example" ];', ALICE, "alice"),
                 ('subjects = [ "CN=alice" ];', ALICE, None),
                 ('dns = [ "*.EXAMPLE.org" ]; user = "dns";', ALICE, "a.example.org"),
                 ('dns = [ "*.org" ];', ALICE, None),
                 ('uris = [ "spiffe://example.org/*" ]; user = "uri";', ALICE,
                  "spiffe://example.org/shop/a"),
                 ('emails = [ "*@example.org" ]; user = "email";', ALICE, "alice@example.org"),
                 ('emails = [ "*@example.org" ];', BOB, None),
                 ('fingerprints = [ "%s" ]; user = "subject";' % fingerprint(BOB).upper(), BOB,
                  "CN=bob,O=Example"),
                 ('user = "dns";', BOB, fingerprint(BOB)),
                 ('dns = [ "no" ]; common_names = [ "bob" ]; user = "fingerprint";', BOB,
                  fingerprint(BOB)),
                 ('required = false; common_names = [ "bob" ];', None, "-"),
                 ('required = false; common_names = [ "bob" ];', ALICE, None)]
        instances = "".join('}, { use = "mtls"; as = "mtls%d"; %s' % (i, rules)
                            for i, (rules, _, _) in enumerate(cases))
        with self.wye(verify("optional"), instances, len(cases)) as wye:
            self.assertEqual(self.both(wye, ALICE), (200, 101, "alice"))
            self.assertEqual(self.both(wye, None), (400, 400, "a client certificate is needed"))
            for i, (rules, certificate, user) in enumerate(cases):
                expected = (200, 101, user) if user else \
                    (403, 403, "client certificate not allowed")
                self.assertEqual(self.both(wye, certificate, "/show%d" % i), expected, rules)
            metrics = wye.metrics()
            self.assertEqual(metrics["mtls_missing_total"], 2)
            self.assertEqual(metrics["mtls_refused_total"],
                             2 * sum(not user for _, _, user in cases))

    @unittest.skipUnless(websockets, "needs websockets")
    def test_websockets(self):
        async def talk(url, certificate):
            async with websockets.connect(url, ssl=context(certificate)) as client:
                await client.send("user")
                return await client.recv()

        with self.wye(verify("required"), 'common_names = [ "alice" ];') as wye:
            url = "wss://localhost:%d/show" % wye.port
            self.assertEqual(asyncio.run(talk(url, ALICE)), "alice\n")
            with self.assertRaises(websockets.InvalidStatusCode):
                asyncio.run(talk(url, BOB))

    # ---- tickets ----

    def test_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version), self.wye(verify("required")) as wye:
                made, session = context(ALICE, version), None
                for turn in range(3):
                    sock = wye.socket()
                    tls = made.wrap_socket(sock, server_hostname="localhost", session=session)
                    tls.sendall(b"GET /tell HTTP/1.1\r\nHost: a\r\n\r\n")
                    told = fields(read_answer(tls)[2])
                    self.assertEqual((told["cn"], told["resumed"]), ("alice", str(min(turn, 1))))
                    self.assertEqual(told["fingerprint"], fingerprint(ALICE))
                    self.assertEqual(tls.session_reused, turn > 0)
                    session = tls.session
                    tls.close()

    def test_revoked_meanwhile(self):
        """The list is looked at when it changes; a ticket of before is worth nothing then."""
        ca = Authority()
        self.addCleanup(ca.folder.cleanup)
        dave, erin = ca.client("dave"), ca.client("erin")
        crl = ca.crl()
        with self.wye(verify("required", ca.file, crl)) as wye:
            made = context(dave, ssl.TLSVersion.TLSv1_2)
            open_one = SITE.connect(wye, context=made)
            session = open_one.session
            ca.revoke(dave)
            os.replace(ca.crl("next.pem"), crl)
            wait_for("the list", lambda: "has read its certificates again" in wye.stderr())
            with self.assertRaises(ssl.SSLError) as caught:
                made.wrap_socket(wye.socket(), server_hostname="localhost", session=session)
            self.assertIn("REVOKED", str(caught.exception))
            self.assertEqual(self.get(wye, erin)[0], 200)
            open_one.sendall(b"GET /tell HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(fields(read_answer(open_one)[2])["cn"], "dave")
            open_one.close()
            with open(crl, "w") as out:
                out.write("no list")
            wait_for("the error", lambda: "crl.pem: has no revocation list" in wye.stderr())
            self.assertEqual(self.get(wye, erin)[0], 200)
            self.refused(wye, dave, "certificate revoked")

    # ---- the config ----

    def test_config(self):
        empty = joined("empty")
        cases = [('verify = "required";', '"verify" needs "client_ca"'),
                 ('verify = "maybe";', '"verify"'),
                 ('client_ca = "%s";' % CA.file, '"client_ca" goes with "verify" only'),
                 ('verify_depth = 2;', '"verify_depth" goes with "verify" only'),
                 (verify("required", "/no.pem"), "/no.pem: No such file or directory"),
                 (verify("required", empty), "empty: has no certificate in it"),
                 (verify("required", CRL), "crl.pem: has no certificate in it"),
                 (verify("required", crl="/no.crl"), "/no.crl: No such file or directory"),
                 (verify("required", crl=CA.file), "ca.pem: has no revocation list in it"),
                 (verify("required", more="verify_depth = 11;"), "verify_depth")]
        for text, expected in cases:
            status, errors = check_config(
                'listen = ( { port = 0; tls = { certificate = "%s"; key = "%s";\n%s }; } );\n'
                'rest = { routes = ( { path = "/"; handler = "respond"; } ); };\n'
                % (SITE.certificate, SITE.key, text))
            self.assertEqual(status, 1, text)
            self.assertRegex(errors, r"^\S*wye\.conf:2: .*" + re.escape(expected))

    def test_warning(self):
        """A list that refuses all clients is seen before they are."""
        for crl, expected in ((CA.crl("old.pem", PAST), "a list is out of date since 2020-01-02"),
                              (OTHER.crl(), "there is no list by /CN=Test CA")):
            status, errors = check_config(
                'listen = ( { port = 0; tls = { certificate = "%s"; key = "%s";\n%s }; } );\n'
                'rest = { routes = ( { path = "/"; handler = "respond"; } ); };\n'
                % (SITE.certificate, SITE.key, verify("required", crl=crl)))
            self.assertEqual(status, 0)
            self.assertRegex(errors, r"wye\.conf:2: warning: \S+\.pem: " + expected)

    def test_nobody_asks(self):
        """With mtls in a chain, and no listener that wants to know who comes."""
        for settings, asks in (("", False), (verify("optional", CA.file), True)):
            status, errors = check_config(
                'listen = ( { port = 0; tls = { certificate = "%s"; key = "%s"; %s }; } );\n'
                'rest = { routes = (\n{ path = "/"; chain = [ "mtls" ]; handler = "respond"; } ); };\n'
                % (SITE.certificate, SITE.key, settings))
            self.assertEqual(status, 0, errors)
            if asks:
                self.assertEqual(errors, "")
            else:
                self.assertRegex(errors, r'wye\.conf:3: warning: "/" has mtls in its chain, but no '
                                         'listener asks for certificates')

    def test_rules(self):
        cases = [('fingerprints = [ "12" ]', "is no SHA-256"), ('dns = [ "" ]', "is empty"),
                 ('uris = [ "a*b*" ]', "more than one"), ('subjects = [ "CN=*" ]', "can't have a"),
                 ('user = "name"', "user")]
        for text, expected in cases:
            status, errors = check_config(
                'listen = ( { port = 0; } );\nmiddleware = ( { use = "mtls";\n%s; } );\n'
                'rest = { routes = ( { path = "/"; chain = [ "mtls" ]; handler = "respond"; } ); };\n'
                % text)
            self.assertEqual(status, 1, text)
            self.assertRegex(errors, r"^\S*wye\.conf:3: .*" + re.escape(expected))


if __name__ == "__main__":
    main_at_once(3)
