# SPDX-License-Identifier: MIT
"""An authority for tests: it issues certificates of every kind, into files."""

import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

KEYS = {"ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048)}
PEM = serialization.Encoding.PEM


def put(path, data):
    """As editors do, and what renews certificates: all at once."""
    with open(path + ".new", "wb") as out:
        out.write(data)
    os.rename(path + ".new", path)


class Pair:
    """Paths of a certificate and its key."""

    def __init__(self, folder, stem):
        self.certificate = os.path.join(folder, stem + ".pem")
        self.key = os.path.join(folder, stem + ".key")
        self.group = '{ certificate = "%s"; key = "%s"; }' % (self.certificate, self.key)
        self.rows = self.group[1:-1]


class Issuer:
    def __init__(self, name="Root", above=None):
        self.above = above
        self.key = KEYS["ec"]()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = above or self
        self.certificate = signer.sign(
            self.name, self.key.public_key(), (-1, 100),
            [(x509.BasicConstraints(ca=True, path_length=None), True)])

    def sign(self, subject, key, days, extensions):
        today = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder(
            subject_name=subject, issuer_name=self.name, public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=today + datetime.timedelta(days=min(days[0], days[1] - 1)),
            not_valid_after=today + datetime.timedelta(days=days[1]))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(PEM)

    def chain(self):
        """From this one up, without the root."""
        return self.pem() + self.above.chain() if self.above else b""

    def issue(self, pair, names, kind="ec", subject="site", days=(-1, 2), chain=None,
              public=False, write=put):
        """Writes what it issues into the files of a pair; the key first, as certbot does."""
        key = KEYS[kind]()
        extensions = [(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
                       False)] if names else []
        if public:
            extensions.append((x509.AuthorityInformationAccess([x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                x509.UniformResourceIdentifier("http://issuer.example/above.der"))]), False))
        one = self.sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
                        key.public_key(), days, extensions)
        write(pair.key, key.private_bytes(PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
        write(pair.certificate, one.public_bytes(PEM) +
              (self.chain() if chain is None else chain))
        return one
