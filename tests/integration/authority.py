# SPDX-License-Identifier: MIT
"""An authority for tests that issues certificates to clients, and revokes them."""

import os
import subprocess
import tempfile

CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = any
email_in_dn = yes
unique_subject = no
[any]
organizationName = optional
commonName = optional
[authority]
basicConstraints = critical, CA:true
"""
PAST = ("20200101000000Z", "20200102000000Z")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Made by openssl, below `above` or a root; ends with the program."""

    def __init__(self, name="Test CA", above=None):
        self.folder = tempfile.TemporaryDirectory()
        self.certificate, self.key = self.path("ca.pem"), self.path("ca.key")
        self.config = self.path("ca.conf")
        with open(self.config, "w") as out:
            out.write(CONFIG.format(folder=self.folder.name))
        open(self.path("index"), "w").close()
        with open(self.path("serial"), "w") as out:
            out.write("1001\n")
        if above:
            above.sign(self.certificate, self.key, "/CN=" + name, "basicConstraints=critical,CA:true")
        else:
            openssl("req", "-x509", "-config", self.config, "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-extensions", "authority", "-keyout", self.key, "-out", self.certificate)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def sign(self, certificate, key, subject, extensions, dates=()):
        request, extra = self.path("request"), self.path("extensions")
        with open(extra, "w") as out:
            out.write(extensions + "\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", subject, "-keyout", key, "-out", request)
        when = ["-startdate", dates[0], "-enddate", dates[1]] if dates else ["-days", "1"]
        openssl("ca", "-batch", "-notext", "-config", self.config, "-extfile", extra, "-in",
                request, "-out", certificate, *when)

    def issue(self, name, subject=None, names="", dates=(), usage="clientAuth"):
        """Certificate and key, as one file."""
        path, key = self.path(name + ".pem"), self.path(name + ".key")
        extensions = "extendedKeyUsage=" + usage
        if names:
            extensions += "\nsubjectAltName=" + names
        self.sign(path, key, subject or "/O=Example/CN=" + name, extensions, dates)
        with open(key) as source, open(path, "a") as out:
            out.write(source.read())
        return path

    def revoke(self, certificate):
        openssl("ca", "-config", self.config, "-revoke", certificate)

    def crl(self, name="crl.pem", dates=()):
        """What is revoked by now."""
        path = self.path(name)
        when = ["-crl_lastupdate", dates[0], "-crl_nextupdate", dates[1]] if dates \
            else ["-crldays", "1"]
        openssl("ca", "-config", self.config, "-gencrl", *when, "-out", path)
        return path
