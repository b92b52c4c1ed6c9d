# SPDX-License-Identifier: MIT
"""A certificate for tests, and clients that trust it."""

import os
import socket
import ssl
import subprocess
import tempfile

from wye import PATIENCE

TLS = 'tls = {{ certificate = "{certificate}"; key = "{key}"; }};'


class Site:
    """Made by openssl, for localhost and 127.0.0.1; ends with the program."""

    def __init__(self, name="localhost"):
        self.folder = tempfile.TemporaryDirectory()
        self.certificate = os.path.join(self.folder.name, "site.pem")
        self.key = os.path.join(self.folder.name, "site.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                        "-addext", "subjectAltName=DNS:%s,IP:127.0.0.1" % name,
                        "-keyout", self.key, "-out", self.certificate],
                       check=True, capture_output=True)
        self.listen = TLS.format(certificate=self.certificate, key=self.key)

    def context(self):
        return ssl.create_default_context(cafile=self.certificate)

    def wrap(self, sock, context=None):
        return (context or self.context()).wrap_socket(sock, server_hostname="localhost")

    def connect(self, wye, receive=None, context=None):
        sock = socket.socket()
        if receive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", wye.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.wrap(sock, context)


class Memory:
    """A client over any bytes: what it says is taken and given by hand."""

    def __init__(self, context):
        self.to_client, self.to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.to_client, self.to_server, server_hostname="localhost")

    def step(self, function, sock, piece):
        """Runs a function of the session to its end; sends at most `piece` bytes at once."""
        while True:
            try:
                result = function()
            except ssl.SSLWantReadError:
                result = None
            data = self.to_server.read()
            for at in range(0, len(data), piece):
                sock.sendall(data[at:at + piece])
            if result is not None:
                return result
            got = sock.recv(65536)
            if not got:
                raise EOFError("the server has closed")
            self.to_client.write(got)
