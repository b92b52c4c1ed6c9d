# SPDX-License-Identifier: MIT
"""An authority for tests: it issues certificates of every kind, into files, and revokes them."""

import datetime
import ipaddress
import os
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

KEYS = {"ec": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048)}
NAMES = {"DNS": x509.DNSName, "URI": x509.UniformResourceIdentifier, "email": x509.RFC822Name,
         "IP": lambda text: x509.IPAddress(ipaddress.ip_address(text))}
PEM = serialization.Encoding.PEM
PAST = (datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 2))


def put(path, data):
    """As editors do, and what renews certificates: all at once. Another test may do the same."""
    new = "%s.%d" % (path, os.getpid())
    with open(new, "wb") as out:
        out.write(data)
    os.rename(new, path)


def private_bytes(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def serial(path):
    with open(path, "rb") as file:
        return x509.load_pem_x509_certificate(file.read()).serial_number


def from_today(days):
    today = datetime.datetime.utcnow()
    return [today + datetime.timedelta(days=day) for day in (min(days[0], days[1] - 1), days[1])]


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
            self.name, self.key.public_key(), from_today((-1, 100)),
            [(x509.BasicConstraints(ca=True, path_length=None), True)])

    def sign(self, subject, key, dates, extensions):
        builder = x509.CertificateBuilder(
            subject_name=subject, issuer_name=self.name, public_key=key,
            serial_number=x509.random_serial_number(),
            not_valid_before=dates[0], not_valid_after=dates[1])
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(PEM)

    def chain(self):
        """From this one up, without the root."""
        return self.pem() + self.above.chain() if self.above else b""

    def issue(self, pair, names, kind="ec", subject="site", days=(-1, 2), chain=None,
              public=False, use=None, write=put):
        """Writes what it issues into the files of a pair; the key first, as certbot does."""
        key = KEYS[kind]()
        extensions = [(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
                       False)] if names else []
        if public:
            extensions.append((x509.AuthorityInformationAccess([x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS,
                x509.UniformResourceIdentifier("http://issuer.example/above.der"))]), False))
        if use:
            extensions.append((x509.ExtendedKeyUsage([use]), False))
        one = self.sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
                        key.public_key(), from_today(days), extensions)
        write(pair.key, private_bytes(key))
        write(pair.certificate, one.public_bytes(PEM) +
              (self.chain() if chain is None else chain))
        return one


class Authority(Issuer):
    """Of clients: what it issues lies in a folder of its own, which ends with the program."""

    def __init__(self, name="Test CA", above=None):
        super().__init__(name, above)
        self.folder, self.revoked = tempfile.TemporaryDirectory(), []
        self.file = self.path("ca.pem")
        put(self.file, self.pem())

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def client(self, name, names="", dates=None, usage="CLIENT_AUTH"):
        """Certificate and key, as one file; names like "DNS:a.org,URI:b:c"."""
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
                             x509.NameAttribute(NameOID.COMMON_NAME, name)])
        extensions = [(x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, usage)]), False)]
        if names:
            parts = [one.split(":", 1) for one in names.split(",")]
            extensions.append((x509.SubjectAlternativeName(
                [NAMES[kind](value) for kind, value in parts]), False))
        key, path = KEYS["ec"](), self.path(name + ".pem")
        one = self.sign(subject, key.public_key(), dates or from_today((0, 1)), extensions)
        put(path, one.public_bytes(PEM) + private_bytes(key))
        return path

    def revoke(self, path):
        self.revoked.append(x509.RevokedCertificateBuilder(
            serial_number=serial(path), revocation_date=datetime.datetime.utcnow()).build())

    def crl(self, name="crl.pem", dates=None):
        """What is revoked by now."""
        since, end = dates or from_today((-1, 1))
        one = x509.CertificateRevocationListBuilder(
            issuer_name=self.name, last_update=since, next_update=end,
            revoked_certificates=self.revoked).sign(self.key, hashes.SHA256())
        put(self.path(name), one.public_bytes(PEM))
        return self.path(name)
