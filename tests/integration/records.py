# SPDX-License-Identifier: MIT
"""Clients of TLS 1.2 and 1.3 whose records are made by hand: any type, any content, any number, also
what no library sends. Their handshake is Python's; the key log tells their keys. RFC 5246, 6.3;
RFC 5288; RFC 8446, 5.2 and 7."""

import ctypes
import ctypes.util
import hmac
import re
import socket
import ssl
import struct
import tempfile

from certificates import Memory
from wye import PATIENCE

ALERT, HANDSHAKE, DATA = 21, 22, 23
UPDATE, UPDATE_BOTH = b"\x18\0\0\1\0", b"\x18\0\0\1\1"
CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
CRYPTO.EVP_CIPHER_CTX_new.restype = CRYPTO.EVP_aes_256_gcm.restype = ctypes.c_void_p
GET_TAG = 16


def encrypt(key, nonce, beside, plain):
    """AES-256-GCM; its tag is at the end."""
    context, length = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new()), ctypes.c_int()
    out, tag = ctypes.create_string_buffer(len(plain) + 16), ctypes.create_string_buffer(16)
    CRYPTO.EVP_EncryptInit_ex(context, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None, key, nonce)
    CRYPTO.EVP_EncryptUpdate(context, None, ctypes.byref(length), beside, len(beside))
    CRYPTO.EVP_EncryptUpdate(context, out, ctypes.byref(length), plain, len(plain))
    CRYPTO.EVP_EncryptFinal_ex(context, None, ctypes.byref(length))
    CRYPTO.EVP_CIPHER_CTX_ctrl(context, GET_TAG, 16, tag)
    CRYPTO.EVP_CIPHER_CTX_free(context)
    return out.raw[:len(plain)] + tag.raw


def expand(secret, label, length):
    """HKDF-Expand-Label without a context; one block is enough."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + b"\0"
    return hmac.digest(secret, info + b"\1", "sha384")[:length]


class Sealer13:
    """Encrypts records of application data by one direction's keys."""

    def __init__(self, secret):
        self.secret, self.number = secret, 0
        self.key, self.vector = expand(secret, b"key", 32), expand(secret, b"iv", 12)

    def update(self):
        self.__init__(expand(self.secret, b"traffic upd", 48))

    def seal(self, kind, content, padding=0):
        plain = content + bytes([kind]) + bytes(padding)
        head = struct.pack(">BHH", DATA, 0x0303, len(plain) + 16)
        nonce = int.from_bytes(self.vector, "big") ^ self.number
        self.number += 1
        return head + encrypt(self.key, nonce.to_bytes(12, "big"), head, plain)


def expand12(secret, seed, length):
    """P_SHA384."""
    out, one = b"", seed
    while len(out) < length:
        one = hmac.digest(secret, one, "sha384")
        out += hmac.digest(secret, one + seed, "sha384")
    return out[:length]


class Sealer12:
    """Likewise; the Finished was the record before."""

    def __init__(self, secret, randoms):
        block = expand12(secret, b"key expansion" + randoms, 72)
        self.key, self.vector, self.number = block[:32], block[64:68], 1

    def seal(self, kind, content):
        number = struct.pack(">Q", self.number)
        self.number += 1
        data = encrypt(self.key, self.vector + number,
                       number + struct.pack(">BHH", kind, 0x0303, len(content)), content)
        return struct.pack(">BHH", kind, 0x0303, len(data) + 8) + number + data


class Tap:
    """A socket; what came from it is kept."""

    def __init__(self, sock):
        self.sock, self.sendall, self.seen = sock, sock.sendall, b""

    def recv(self, size):
        data = self.sock.recv(size)
        self.seen += data
        return data


class Records:
    """TLS 1.3, and what both have in common."""
    version, cipher = ssl.TLSVersion.TLSv1_3, "TLS_AES_256_GCM_SHA384"

    def __init__(self, site, wye):
        self.sock = socket.create_connection(("127.0.0.1", wye.port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with tempfile.NamedTemporaryFile("r") as log:
            context = site.context()
            context.minimum_version = context.maximum_version = self.version
            context.set_ciphers("ECDHE+AES256+AESGCM")
            context.keylog_filename = log.name
            self.client = Memory(context)
            tap = Tap(self.sock)
            self.client.step(lambda: self.client.tls.do_handshake() or True, tap, 65536)
            self.sealer = self.make_sealer(log.read(), tap.seen)
        assert self.client.tls.cipher()[0] == self.cipher

    def make_sealer(self, log, seen):
        secret = re.search(r"CLIENT_TRAFFIC_SECRET_0 \w+ (\w+)", log).group(1)
        return Sealer13(bytes.fromhex(secret))

    def updates(self, count, message=UPDATE):
        """The bytes of so many key updates."""
        data = []
        for _ in range(count):
            data.append(self.sealer.seal(HANDSHAKE, message))
            self.sealer.update()
        return b"".join(data)

    def sendall(self, data):
        """Application data, in a record."""
        self.sock.sendall(self.sealer.seal(DATA, data))

    def recv(self, size):
        try:
            return self.client.step(lambda: self.client.tls.read(size), self.sock, 65536)
        except (EOFError, ssl.SSLZeroReturnError):
            return b""

    def recv_into(self, place):
        data = self.recv(len(place))
        place[:len(data)] = data
        return len(data)

    def close(self):
        self.sock.close()


class Records12(Records):
    version, cipher = ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"

    def make_sealer(self, log, seen):
        """The server's random bytes stand at the begin of its hello."""
        random, master = re.search(r"CLIENT_RANDOM (\w+) (\w+)", log).groups()
        return Sealer12(bytes.fromhex(master), seen[11:43] + bytes.fromhex(random))
