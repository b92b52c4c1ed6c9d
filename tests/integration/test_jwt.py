#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The middleware jwt: who passes, what is said to the others, and what handlers are told."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

import tokens
from tokens import SECRET, Pair, hs, until
from wye import PLUGINS, PROGRAM, TEST_PLUGINS, Wye, main, read_answer, wait_for

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false; }} );
plugin_path = "{plugins}"; http_threads = 2; stream_loops = 1; log_level = "debug"; max_header = 20000;
plugins = ( {{ load = "{tell}"; as = "tell"; }} );
middleware = ( {{ use = "access-log"; file = "{log}"; format = "json"; }}, {{ use = "jwt"; {jwt} }} );
rest = {{
  chain = [ "access-log", "jwt" ];
  routes = (
    {{ path = "/open"; handler = "respond"; body = "open\\n"; skip = [ "jwt" ]; }},
    {{ path = "/who"; handler = "tell"; text = "who";
       attributes = [ "claim.sub", "claim.n", "claim.list", "claim.yes", "claim.none" ]; }}
  );
}};
"""


class Site(Wye):
    def __init__(self, jwt):
        self.logs = tempfile.TemporaryDirectory()
        super().__init__(config=CONFIG.format(
            plugins=PLUGINS, tell=os.path.join(TEST_PLUGINS, "tell.so"), jwt=jwt,
            log=self.logs.name + "/log"))
        self.log = self.logs.name + "/log"

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.logs.cleanup()

    def ask(self, token=None, path="/who", scheme="Bearer", **headers):
        if token is not None:
            headers["Authorization"] = scheme + " " + token
        return self.get(path, headers={name.replace("_", "-"): value
                                       for name, value in headers.items()})

    def counted(self):
        """Cases and how often they were counted."""
        return {name[4:-6]: value for name, value in self.metrics().items()
                if name.startswith("jwt_") and value}


def secret(more=""):
    return 'secret = "%s"; leeway = 0; %s' % (SECRET, more)


class Rest(unittest.TestCase):
    def expect(self, answer, status, error=None):
        self.assertEqual(answer.status, status, answer.text)
        challenge = answer.getheader("WWW-Authenticate")
        if error:
            self.assertIn('error="%s"' % error, challenge)
        elif status == 401:
            self.assertNotIn("error", challenge)
        else:
            self.assertIsNone(challenge)

    def test_who_passes(self):
        with Site(secret()) as site:
            token = hs(until(sub="alice", n=42, list=["a", 1], yes=True))
            answer = site.ask(token)
            self.expect(answer, 200)
            self.assertEqual(answer.text, 'who\nclaim.sub=alice\nclaim.n=42\nclaim.list=["a",1]\n'
                                          'claim.yes=true\nclaim.none=NULL\n')
            for scheme in ("bearer", "BEARER", "Bearer  "):
                self.expect(site.ask(token, scheme=scheme), 200)
            self.expect(site.ask(path="/open"), 200)
            self.assertCountEqual([json.loads(line)["user"] for line in site.wait_lines(5)],
                                  ["alice"] * 4 + [None])
            self.assertEqual(site.counted(), {"accepted": 4})

    def test_what_is_said(self):
        with Site(secret('realm = "api";')) as site:
            answer = site.ask()
            self.expect(answer, 401)
            self.assertEqual(answer.getheader("WWW-Authenticate"), 'Bearer realm="api"')
            self.assertEqual(answer.text, "a token is needed\n")
            answer = site.ask(hs(until(-1)))
            self.expect(answer, 401, "invalid_token")
            self.assertEqual(
                answer.getheader("WWW-Authenticate"),
                'Bearer realm="api", error="invalid_token", error_description="the token has expired"')
            self.expect(site.ask("YWxpY2U6c2VjcmV0", scheme="Basic"), 401)
            self.expect(site.ask("x", scheme="Bearerx"), 401)
            self.expect(site.get("/who", headers={"Authorization": "Bearer"}), 401, "invalid_token")
            self.expect(site.ask(""), 401, "invalid_token")
            self.assertEqual(site.counted(), {"missing": 3, "refused_expired": 1,
                                              "refused_malformed": 2})
        with Site(secret()) as site:
            self.assertEqual(site.ask().getheader("WWW-Authenticate"), "Bearer")

    def test_rules(self):
        rules = secret('issuer = [ "joe" ]; audience = [ "api" ]; require = [ "role=admin" ]; '
                       'scope = [ "read", "write" ]; type = "at+jwt"; algorithms = [ "HS256" ];')
        right = dict(iss="joe", aud=["web", "api"], role="admin", scope="write read")
        header = {"alg": "HS256", "typ": "at+jwt"}
        cases = [
            (header, {}, 200, None, "accepted"),
            (header, {"iss": "jane"}, 401, "invalid_token", "refused_issuer"),
            (header, {"aud": "web"}, 401, "invalid_token", "refused_audience"),
            (header, {"exp": 1}, 401, "invalid_token", "refused_expired"),
            (header, {"nbf": 4e9}, 401, "invalid_token", "refused_not_yet"),
            (header, {"role": "user"}, 403, "insufficient_scope", "refused_claim"),
            (header, {"scope": "read"}, 403, "insufficient_scope", "refused_scope"),
            ({"alg": "HS256"}, {}, 401, "invalid_token", "refused_type"),
            ({"alg": "none"}, {}, 401, "invalid_token", "refused_algorithm"),
        ]
        with Site(rules) as site:
            for head, change, status, error, _ in cases:
                answer = site.ask(hs(dict(until(**right), **change), header=head))
                self.expect(answer, status, error)
                self.assertEqual("read write" in (answer.getheader("WWW-Authenticate") or ""),
                                 "scope" in change)
            self.expect(site.ask(hs(until(**right), secret="x" * 32, header=header)), 401,
                        "invalid_token")
            expected = {case[4]: 1 for case in cases}
            expected["refused_signature"] = 1
            self.assertEqual(site.counted(), expected)

    def test_optional(self):
        with Site(secret("optional = true;")) as site:
            self.expect(site.ask(), 200)
            self.expect(site.ask(hs(until(sub="bob"))), 200)
            self.expect(site.ask(hs(until(-1))), 401, "invalid_token")
            self.assertCountEqual([json.loads(line)["user"] for line in site.wait_lines(3)],
                                  [None, "bob", None])

    def test_leeway_and_user(self):
        with Site(secret().replace("leeway = 0", "leeway = 100") + 'user = "name";') as site:
            self.expect(site.ask(hs(until(-50, sub="x", name="carol"))), 200)
            self.expect(site.ask(hs(until(-150))), 401, "invalid_token")
            self.expect(site.ask(hs(until(name=5))), 200)
            self.assertCountEqual([json.loads(line)["user"] for line in site.wait_lines(3)],
                                  ["carol", None, None])

    def test_other_places(self):
        token = hs(until(sub="dora"))
        with Site(secret('cookie = "session"; query = "access_token";')) as site:
            self.expect(site.ask(Cookie="a=b; session=" + token), 200)
            self.expect(site.ask(path="/who?access_token=" + token), 200)
            self.expect(site.ask(token, Cookie="session=old", path="/who?access_token=old"), 200)
            self.expect(site.ask(Cookie="session=%s; session=%s" % (token, token)), 400,
                        "invalid_request")
            self.expect(site.ask(path="/who?access_token=%s&access_token=x" % token), 400,
                        "invalid_request")
            self.expect(site.ask(Cookie="session=x"), 401, "invalid_token")
            sock = site.socket()
            sock.sendall(("GET /who HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                          "authorization: Bearer %s\r\n\r\n" % (token, token)).encode())
            self.assertEqual(read_answer(sock)[0], 400)
            sock.close()
            self.assertEqual(site.counted(), {"accepted": 3, "refused_repeated": 3,
                                              "refused_malformed": 1})
        with Site(secret()) as site:  # not unless it is set
            self.expect(site.ask(Cookie="session=" + token), 401)
            self.expect(site.ask(path="/who?access_token=" + token), 401)

    def test_size(self):
        with Site(secret()) as site:
            self.expect(site.ask(hs({"a": "x" * 5000})), 200)
            self.expect(site.ask(hs({"a": "x" * 6500})), 401, "invalid_token")
            self.assertEqual(site.counted(), {"accepted": 1, "refused_too_large": 1})
        with Site(secret("max_token = 100;")) as site:
            self.expect(site.ask(hs({})), 200)
            self.expect(site.ask(hs({"a": "x" * 50})), 401, "invalid_token")
            self.assertEqual(site.counted(), {"accepted": 1, "refused_too_large": 1})


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pairs = {name: Pair(cls.folder.name, name) for name in Pair.KINDS}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name, content=None):
        path = os.path.join(self.folder.name, name)
        if content is not None:
            with open(path + ".new", "w") as out:
                out.write(content)
            os.rename(path + ".new", path)
        return path

    def test_public_keys(self):
        for name, pair in self.pairs.items():
            with Site('public_key_file = "%s";' % pair.public) as site:
                with open(pair.public) as text:
                    as_secret = text.read()
                for other, its in self.pairs.items():
                    expected = 200 if name == other else 401
                    self.assertEqual(site.ask(its.sign(until(sub="a"))).status, expected)
                # Key confusion, and what is no signature.
                for secret_ in (as_secret, as_secret.strip()):
                    self.assertEqual(site.ask(hs(until(), secret=secret_)).status, 401)
                token = pair.sign(until())
                self.assertEqual(site.ask(token[:token.rindex(".") + 1]).status, 401)
                self.assertEqual(site.ask(token[:token.rindex(".")]).status, 401)
                none = tokens.signed_part({"alg": "none"}, until()) + "."
                self.assertEqual(site.ask(none).status, 401)
                zero = token[:token.rindex(".") + 1] + tokens.encode(b"\0" * 64)
                self.assertEqual(site.ask(zero).status, 401)

    def test_secret_file(self):
        with Site('secret_file = "%s";' % self.path("secret", SECRET + "\n")) as site:
            self.assertEqual(site.ask(hs(until())).status, 200)
            self.assertEqual(site.ask(hs(until(), secret=SECRET + "\n")).status, 401)

    def test_certificate(self):
        pair = self.pairs["RS256"]
        certificate = self.path("certificate")
        tokens.run("req", "-x509", "-new", "-key", pair.private, "-subj", "/CN=a", "-out", certificate)
        with Site('public_key_file = "%s";' % certificate) as site:
            self.assertEqual(site.ask(pair.sign(until())).status, 200)

    def test_key_set(self):
        rsa, ec = self.pairs["RS256"], self.pairs["ES256"]
        keys = lambda *jwks: json.dumps({"keys": jwks})
        path = self.path("jwks", keys(rsa.jwk(kid="one", use="sig"), ec.jwk(kid="two", use="enc")))
        with Site('jwks_file = "%s";' % path) as site:
            self.assertEqual(site.ask(rsa.sign(until(), kid="one")).status, 200)
            self.assertEqual(site.ask(rsa.sign(until())).status, 200)
            self.assertEqual(site.ask(rsa.sign(until(), kid="two")).status, 401)
            self.assertEqual(site.ask(ec.sign(until(), kid="two")).status, 401)
            # A key of the token's own is no key.
            self.assertEqual(site.ask(ec.sign(until(), jwk=ec.jwk())).status, 401)
            descriptors = site.descriptors()
            self.path("jwks", keys(ec.jwk(kid="two", alg="ES256")))
            wait_for("the new keys", lambda: site.ask(ec.sign(until(), kid="two")).status == 200)
            self.assertEqual(site.ask(rsa.sign(until(), kid="one")).status, 401)
            self.path("jwks", "{")
            site.wait_metric("jwks_reloads_failed_total", 1)
            self.assertEqual(site.ask(ec.sign(until(), kid="two")).status, 200)
            os.unlink(path)  # the keys stay
            self.path("jwks", keys(rsa.jwk(), ec.jwk()))
            wait_for("both", lambda: site.ask(rsa.sign(until())).status == 200)
            self.assertEqual(site.metrics()["jwks_reloads_total"], 2)
            wait_for("as many descriptors", lambda: site.descriptors() <= descriptors)


class BadConfig(unittest.TestCase):
    def check(self, jwt):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wye.conf")
            with open(path, "w") as out:
                out.write(CONFIG.format(plugins=PLUGINS, log="-", jwt="\n" + jwt.replace("FOLDER", folder),
                                        tell=os.path.join(TEST_PLUGINS, "tell.so")).replace('skip = [ "jwt" ];', ""))
            for name, content in (("short", "secret\n"), ("nonsense", "nonsense"),
                                  ("private", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
                                  ("public", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")):
                with open(os.path.join(folder, name), "w") as out:
                    out.write(content)
            done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout)
        line = done.stderr.splitlines()
        self.assertEqual(len(line), 1, done.stderr)
        return line[0].replace(folder, "FOLDER")

    def test_bad(self):
        cases = [
            ("", r"wye.conf:\d+: .*there is no key"),
            ('secret = "short";', r"wye.conf:6: .*a secret of 5 bytes; HS256 needs 32 at least"),
            ('secret = "%s"; algorithms = [ "HS257" ];' % SECRET, r'wye.conf:6: .*"HS257" is no algorithm here'),
            ('secret = "%s"; algorithms = [ "none" ];' % SECRET, r'wye.conf:6: .*"none" is no algorithm here'),
            ('secret = "%s"; algorithms = [ "HS512" ];' % SECRET, r"wye.conf:6: .*allows none of the algorithms"),
            ('secret_file = "FOLDER/none";', r"wye.conf:6: .*FOLDER/none: No such file"),
            ('secret_file = "FOLDER/short";', r"wye.conf:6: .*FOLDER/short: a secret of 6 bytes"),
            ('secret_file = "FOLDER/public";', r"wye.conf:6: .*FOLDER/public: a PEM file is no secret"),
            ('public_key_file = "FOLDER/nonsense";', r"wye.conf:6: .*FOLDER/nonsense: no public key in PEM"),
            ('public_key_file = "FOLDER/public";', r"wye.conf:6: .*FOLDER/public: a PUBLIC KEY that can't be read"),
            ('public_key_file = "FOLDER/private";', r"wye.conf:6: .*FOLDER/private: a private key"),
            ('jwks_file = "FOLDER/none";', r"wye.conf:6: .*FOLDER/none: No such file"),
            ('jwks_file = "FOLDER/nonsense";', r"wye.conf:6: .*FOLDER/nonsense: no JSON Web Key Set"),
            ('secret = "%s"; realm = "a\\"b";' % SECRET, r"wye.conf:6: .*plain characters"),
            ('secret = "%s"; scope = [ "a\\"b" ];' % SECRET, r"wye.conf:6: .*plain characters"),
            ('secret = "%s"; max_token = 10;' % SECRET, r"wye.conf:6: .*max_token"),
            ('secret = "%s"; leeway = -1;' % SECRET, r"wye.conf:6: .*leeway"),
            ('secret = "%s"; isuer = [ "a" ];' % SECRET, r"wye.conf:6: .*issuer"),
        ]
        for jwt, expected in cases:
            with self.subTest(jwt):
                self.assertRegex(self.check(jwt), expected)


if __name__ == "__main__":
    main()
