#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`wye token`, and tokens that it and other implementations exchange: PyJWT, and jsonwebtoken and jose
of npm (in $WYE_NODE_MODULES, or node_modules of the build's folder `peers`)."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from tokens import SECRET, Pair, hs, until
from wye import BUILD, PROGRAM, main

try:
    import jwt as pyjwt
except ImportError:
    pyjwt = None

MODULES = os.path.abspath(os.environ.get("WYE_NODE_MODULES", os.path.join(BUILD, "peers", "node_modules")))

# Carries out orders, an object each: makes a token, or says what is in one.
NODE = """
import { createRequire } from "node:module";
import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
import { pathToFileURL } from "node:url";

const require = createRequire(process.argv[1] + "/x.js");
const orders = JSON.parse(require("node:fs").readFileSync(0));

function keyOf({ key, token }) {
    if (!key.startsWith("-----"))
        return createSecretKey(Buffer.from(key));
    return token ? createPublicKey(key) : createPrivateKey(key);
}

async function jsonwebtoken(order) {
    const library = require("jsonwebtoken");
    if (order.token)
        return library.verify(order.token, keyOf(order), { algorithms: [order.alg] });
    return library.sign(order.claims, keyOf(order), { algorithm: order.alg });
}

async function jose(order) {
    const library = await import(pathToFileURL(require.resolve("jose")));
    if (order.token)
        return (await library.jwtVerify(order.token, keyOf(order), { algorithms: [order.alg] })).payload;
    return new library.SignJWT(order.claims).setProtectedHeader({ alg: order.alg }).sign(keyOf(order));
}

const results = [];
for (const order of orders)
    results.push(await { jsonwebtoken, jose }[order.library](order));
console.log(JSON.stringify(results));
"""


def wye(*arguments, text="", env=None):
    environment = {name: value for name, value in os.environ.items() if name != "WYE_TOKEN_KEY"}
    return subprocess.run([PROGRAM, "token", *arguments], input=text, env=dict(environment, **(env or {})),
                          capture_output=True, text=True, timeout=60)


class Command(unittest.TestCase):
    def made(self, *arguments, **named):
        done = wye("make", *arguments, **named)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def claims(self, *arguments, **named):
        done = wye("check", *arguments, **named)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def test_make_and_check(self):
        token = self.made("--key", SECRET, "--alg", "HS256", "--sub", "alice", "--iss", "joe", "--aud", "a",
                          "--aud", "b", "--exp", "3600", "--nbf", "-5", "--kid", "k", "--claim", "role=admin=x",
                          "--json", "list=[1, true]", "--claim", 'quote="\u00fc')
        got = self.claims("--key", SECRET, "--iss", "joe", "--aud", "b", "--require", "role=admin=x",
                          "--typ", "JWT", "--alg", "HS256", token.strip())
        self.assertAlmostEqual(int(got.pop("iat")), time.time(), delta=60)
        self.assertAlmostEqual(int(got.pop("exp")), time.time() + 3600, delta=60)
        self.assertAlmostEqual(int(got.pop("nbf")), time.time() - 5, delta=60)
        self.assertEqual(got, {"sub": "alice", "iss": "joe", "aud": '["a","b"]', "role": "admin=x",
                               "list": "[1,true]", "quote": '"\u00fc'})

    def test_where_the_key_is(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "secret")
            with open(path, "w") as out:
                out.write(SECRET + "\n")
            for arguments, named in ((["--key", SECRET], {}), (["--key-file", path], {}),
                                     (["--key-file", "-"], {"text": SECRET + "\n"}),
                                     ([], {"env": {"WYE_TOKEN_KEY": SECRET}}),
                                     (["--key-env", "MINE"], {"env": {"MINE": SECRET}})):
                token = self.made(*arguments, "--sub", "bob", **named)
                self.assertEqual(self.claims("--key", SECRET, text=token)["sub"], "bob")
                self.assertEqual(self.claims(*arguments, token.strip(), **named)["sub"], "bob")
            self.assertEqual(self.claims("--key", SECRET, "-", text=hs(until(sub="c")))["sub"], "c")

    def test_refused(self):
        for arguments, text, said in (
                (["check"], "x", "there is no key"),
                (["check", "--key", SECRET], "x", "the token is malformed"),
                (["check", "--key", SECRET], hs(until(-1)), "the token has expired"),
                (["check", "--key", "x" * 32], hs(until()), "the token's signature is wrong"),
                (["check", "--key", SECRET, "--scope", "a"], hs(until()), "the token lacks a scope"),
                (["check", "--key", "short"], hs(until()), "a secret of 5 bytes"),
                (["check", "--key", SECRET, "--alg", "none"], hs(until()), '"none" is no algorithm'),
                (["check", "--key-file", "/none/such"], "", "/none/such: No such file"),
                (["check", "--jwks", "/none/such"], "", "/none/such: No such file"),
                (["make", "--key", SECRET, "--alg", "HS512"], "", "does not allow that algorithm"),
                (["make", "--key", SECRET, "--alg", "none"], "", "does not allow that algorithm"),
                (["make", "--key", SECRET, "--exp", "soon"], "", "a time a number of seconds"),
                (["make", "--key", SECRET, "--claim", "x"], "", "a claim is NAME=VALUE"),
                (["make", "--key", SECRET, "--json", "x=y"], "", "a claim is no JSON"),
                (["make", "--key", SECRET, "--claim", "x=1", "--claim", "x=2"], "", "there twice"),
                (["make", "--key", "-----BEGIN PRIVATE KEY-----"], "", "no private key in PEM")):
            done = wye(*arguments, text=text)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn("wye token: ", done.stderr)
            self.assertIn(said, done.stderr)
        self.assertEqual(self.claims("--key", SECRET, "--leeway", "100", text=hs(until(-50))).keys(), {"exp"})

    def test_terminal(self):
        self.assertEqual(self.claims("--key", SECRET, text=hs({"a": "\x1b[2J\n"}))["a"], "?[2J?")

    def test_usage(self):
        for arguments in ([], ["mke"], ["make", "x"], ["check", "--wrong"], ["check", "a", "b"]):
            done = wye(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn("usage: wye token make", done.stderr)
        done = wye("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("usage: wye token make", done.stdout)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Peers(unittest.TestCase):
    SECRETS = {"HS256": SECRET, "HS384": SECRET * 2, "HS512": SECRET * 2}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pairs = {name: Pair(cls.folder.name, name) for name in Pair.KINDS}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def key(self, algorithm, private):
        """The key of an algorithm, as text and as arguments of wye."""
        if algorithm in self.SECRETS:
            return self.SECRETS[algorithm], ["--key", self.SECRETS[algorithm]]
        pair = self.pairs[algorithm]
        path = pair.private if private else pair.public
        with open(path) as text:
            return text.read(), ["--key-file", path]

    def exchange(self, algorithms, make, read):
        """make(alg, key, claims) -> token and read(alg, key, token) -> claims of the other one."""
        for algorithm in algorithms:
            private, arguments = self.key(algorithm, True)
            public, check = self.key(algorithm, False)
            done = wye("check", "--alg", algorithm, *check, make(algorithm, private, until(sub="peer")))
            self.assertEqual((done.returncode, done.stderr), (0, ""), algorithm)
            self.assertIn("sub=peer\n", done.stdout)
            done = wye("make", "--alg", algorithm, "--sub", "wye", "--exp", "60", *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), algorithm)
            self.assertEqual(read(algorithm, public, done.stdout.strip())["sub"], "wye")

    def test_openssl(self):
        for algorithm, pair in self.pairs.items():
            done = wye("check", "--key-file", pair.public, pair.sign(until(sub="a")))
            self.assertEqual((done.returncode, done.stderr), (0, ""), algorithm)
            jwks = os.path.join(self.folder.name, "jwks")
            with open(jwks, "w") as out:
                json.dump({"keys": [pair.jwk(kid="a")]}, out)
            done = wye("check", "--jwks", jwks, pair.sign(until(sub="a"), kid="a"))
            self.assertEqual((done.returncode, done.stderr), (0, ""), algorithm)

    @unittest.skipUnless(pyjwt, "python3-jwt is not installed")
    def test_pyjwt(self):
        self.exchange([*self.SECRETS, *self.pairs],
                      lambda algorithm, key, claims: pyjwt.encode(claims, key, algorithm),
                      lambda algorithm, key, token: pyjwt.decode(token, key, [algorithm]))

    def node(self, **order):
        done = subprocess.run(["node", "--input-type=module", "-e", NODE, MODULES], timeout=60, text=True,
                              input=json.dumps([order]), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)[0]

    def exchange_with_node(self, library, algorithms):
        if not shutil.which("node"):
            self.skipTest("node is not installed")
        if not os.path.isdir(os.path.join(MODULES, library)):
            self.skipTest("npm's %s is not in %s" % (library, MODULES))
        self.exchange(algorithms,
                      lambda alg, key, claims: self.node(library=library, alg=alg, key=key, claims=claims),
                      lambda alg, key, token: self.node(library=library, alg=alg, key=key, token=token))

    def test_jsonwebtoken(self):
        self.exchange_with_node("jsonwebtoken", [*self.SECRETS, "RS256", "ES256"])

    def test_jose(self):
        self.exchange_with_node("jose", [*self.SECRETS, *self.pairs])


if __name__ == "__main__":
    main()
