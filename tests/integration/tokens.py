# SPDX-License-Identifier: MIT
"""Makes JSON Web Tokens without wye: HMAC by Python, the others by openssl(1)."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

SECRET = "0123456789abcdef0123456789abcdef"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_bytes(part):
    return part if isinstance(part, bytes) else json.dumps(part).encode()


def signed_part(header, claims):
    return encode(as_bytes(header)) + "." + encode(as_bytes(claims))


def hs(claims, secret=SECRET, header=None, algorithm="HS256"):
    """A token by HMAC; header and claims are objects, or bytes as they are."""
    text = signed_part(header if header is not None else {"alg": algorithm, "typ": "JWT"}, claims)
    digest = getattr(hashlib, "sha" + algorithm[2:])
    return text + "." + encode(hmac.new(secret.encode(), text.encode(), digest).digest())


def until(seconds=60, **claims):
    return dict(claims, exp=int(time.time()) + seconds)


class Pair:
    """A key pair in a folder: FOLDER/NAME.pem and NAME.pub."""

    KINDS = {"RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
             "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "EdDSA": ["ED25519"]}

    def __init__(self, folder, algorithm, name=None):
        self.algorithm = algorithm
        self.private = os.path.join(folder, (name or algorithm) + ".pem")
        self.public = os.path.join(folder, (name or algorithm) + ".pub")
        run("genpkey", "-algorithm", *self.KINDS[algorithm], "-out", self.private)
        run("pkey", "-in", self.private, "-pubout", "-out", self.public)

    def sign(self, claims, **header):
        text = signed_part(dict({"alg": self.algorithm}, **header), claims)
        if self.algorithm == "EdDSA":
            signed = self.private + ".text"
            with open(signed, "w") as out:
                out.write(text)
            signature = run("pkeyutl", "-sign", "-rawin", "-inkey", self.private, "-in", signed)
        else:
            signature = run("dgst", "-sha256", "-sign", self.private, data=text.encode())
        if self.algorithm == "ES256":
            signature = raw(signature)
        return text + "." + encode(signature)

    def jwk(self, **members):
        """Its public part as a JSON Web Key."""
        der = run("pkey", "-pubin", "-in", self.public, "-outform", "DER")
        if self.algorithm == "EdDSA":
            return dict({"kty": "OKP", "crv": "Ed25519", "x": encode(der[-32:])}, **members)
        if self.algorithm == "ES256":
            return dict({"kty": "EC", "crv": "P-256", "x": encode(der[-64:-32]),
                         "y": encode(der[-32:])}, **members)
        modulus = run("rsa", "-pubin", "-in", self.public, "-noout", "-modulus").decode()
        return dict({"kty": "RSA", "n": encode(bytes.fromhex(modulus.strip().split("=")[1])),
                     "e": "AQAB"}, **members)


def run(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def raw(der):
    """The two numbers of an ECDSA signature, 32 bytes each (RFC 7518, 3.4)."""
    at, out = 2, b""
    for _ in range(2):
        length = der[at + 1]
        out += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return out
