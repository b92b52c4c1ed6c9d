# SPDX-License-Identifier: MIT
"""A client of TLS 1.3 whose records are made by hand: any type, any content, any number, also what
no library sends. Its handshake is Python's; the key log tells its keys. RFC 8446, 5.2 and 7."""

import ctypes
import ctypes.util
import hashlib
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


def expand(secret, label, length):
    """HKDF-Expand-Label without a context; one block is enough."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + b"\0"
    return hmac.digest(secret, info + b"\1", hashlib.sha384)[:length]


class Sealer:
    """Encrypts records by one direction's keys."""

    def __init__(self, secret):
        self.context = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
        self.use(secret)

    def use(self, secret):
        self.secret, self.number = secret, 0
        self.key, self.vector = expand(secret, b"key", 32), expand(secret, b"iv", 12)

    def update(self):
        self.use(expand(self.secret, b"traffic upd", 48))

    def seal(self, kind, content, padding=0):
        plain = content + bytes([kind]) + bytes(padding)
        head = struct.pack(">BHH", DATA, 0x0303, len(plain) + 16)
        nonce = int.from_bytes(self.vector, "big") ^ self.number
        out, length = ctypes.create_string_buffer(len(plain) + 16), ctypes.c_int()
        tag, context = ctypes.create_string_buffer(16), self.context
        CRYPTO.EVP_EncryptInit_ex(context, ctypes.c_void_p(CRYPTO.EVP_aes_256_gcm()), None,
                                  self.key, nonce.to_bytes(12, "big"))
        CRYPTO.EVP_EncryptUpdate(context, None, ctypes.byref(length), head, len(head))
        CRYPTO.EVP_EncryptUpdate(context, out, ctypes.byref(length), plain, len(plain))
        CRYPTO.EVP_EncryptFinal_ex(context, None, ctypes.byref(length))
        CRYPTO.EVP_CIPHER_CTX_ctrl(context, GET_TAG, 16, tag)
        self.number += 1
        return head + out.raw[:len(plain)] + tag.raw

    def close(self):
        CRYPTO.EVP_CIPHER_CTX_free(self.context)


class Records:
    def __init__(self, site, wye):
        self.sock = socket.create_connection(("127.0.0.1", wye.port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with tempfile.NamedTemporaryFile("r") as log:
            context = site.context()
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.keylog_filename = log.name
            self.client = Memory(context)
            self.client.step(lambda: self.client.tls.do_handshake() or True, self.sock, 65536)
            secret = re.search(r"CLIENT_TRAFFIC_SECRET_0 \w+ (\w+)", log.read()).group(1)
        assert self.client.tls.cipher()[0] == "TLS_AES_256_GCM_SHA384"
        self.sealer = Sealer(bytes.fromhex(secret))

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

    def close(self):
        self.sealer.close()
        self.sock.close()
