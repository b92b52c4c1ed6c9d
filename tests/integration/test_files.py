#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The handler "files": what is found, what is never found, conditions, ranges, precompressed
files; with openat2(2), and where a seccomp filter hides it."""

import ctypes
import errno
import gzip
import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest
import urllib.request

from wye import PROGRAM, Wye, main, read_answer, read_exactly, read_head, wait_for

CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; } );
http_threads = 2; stream_loops = 1; log_level = "debug";
rest = { routes = (
  { path = "/s/*rest"; handler = "files"; root = "%(root)s"; precompressed = [ "br", "gzip" ];
    cache_control = "max-age=60"; types = { odd = "x/odd"; TXT2 = "text/x"; };
    redirect_slash = true; },
  { path = "/dots/*any"; handler = "files"; root = "%(root)s"; dotfiles = true; nosniff = false;
    index = ""; default_type = "x/default"; },
  { path = "/app/*rest"; handler = "files"; root = "%(root)s"; fallback = "d/page.html"; },
  { path = "/one"; handler = "files"; root = "%(root)s/d"; index = "page.html"; },
  { path = "/swap/*rest"; handler = "files"; root = "%(root)s/../now"; }
); };
"""
CONFIG_ONE = """
listen = ( { address = "127.0.0.1"; port = 0; } );
http_threads = 1; stream_loops = 1; log_level = "debug";
rest = { routes = ( { path = "/s/*rest"; handler = "files"; root = "%(root)s"; } ); };
"""
BIG = bytes(range(256)) * 40000
OPENAT2 = 437


def without_openat2():
    """A filter that answers openat2 with ENOSYS: BPF instructions of struct sock_filter."""
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    code = b"".join(struct.pack("HBBI", *one) for one in (
        (0x20, 0, 0, 0),                     # the call's number
        (0x15, 0, 1, OPENAT2),
        (0x06, 0, 0, 0x50000 | errno.ENOSYS),
        (0x06, 0, 0, 0x7fff0000)))
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(4, code)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "no seccomp")


def without_root_rights():
    """Root keeps to permissions, too, without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # who is not root has none to drop


class Tree:
    """A folder to be served, beside something that is not."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.root = os.path.join(self.folder, "www")
        for folder in ("www/d", "www/.git", "www/has space", "one", "two"):
            os.makedirs(os.path.join(self.folder, folder))
        for name, data in {
                "secret": b"secret", "one/f.txt": b"one", "two/f.txt": b"two",
                "www/index.html": b"<p>index", "www/a.txt": b"hello, file\n", "www/empty": b"",
                "www/d/page.html": b"<p>page", "www/.git/config": b"dot", "www/.env": b"dot",
                "www/has space/\u00e4%.html": b"odd name", "www/x.odd": b"x", "www/y.txt2": b"y",
                "www/noend": b"n", "www/big.bin": BIG, "www/only.js.gz": b"?", "www/short": BIG[:32768],
                "www/long": BIG[:32769],
                "www/app.js": b"plain" * 99, "www/app.js.gz": gzip.compress(b"plain" * 99),
                "www/app.js.br": b"brotli", "www/b.css": b"css" * 50,
                "www/b.css.gz": gzip.compress(b"css" * 50)}.items():
            with open(os.path.join(self.folder, name), "wb") as out:
                out.write(data)
        os.symlink("../secret", self.root + "/up")
        os.symlink(self.folder + "/secret", self.root + "/absolute")
        os.symlink("..", self.root + "/parent")
        os.symlink("/", self.root + "/slash")
        os.symlink("/proc/self/root", self.root + "/magic")
        os.symlink("d/page.html", self.root + "/within")
        os.symlink("one", self.folder + "/now")
        os.mkfifo(self.root + "/fifo")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.root + "/socket")

    def open_files(self, wye):
        """Those of the tree that the daemon has open."""
        folder, found = "/proc/%d/fd/" % wye.process.pid, []
        for one in os.listdir(folder):
            try:
                path = os.readlink(folder + one)
            except FileNotFoundError:
                continue  # closed meanwhile
            if path.startswith(self.folder):
                found.append(os.path.basename(path))
        return found

    def wye(self, config=CONFIG, **more):
        return Wye(config=config % {"root": self.root}, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        shutil.rmtree(self.folder)


def raw(wye, target, more="", method="GET"):
    """Status, head and body: of a request as it stands, which no client has tidied."""
    sock = wye.socket()
    sock.sendall(("%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (method, target, more)).encode("latin-1"))
    head = read_head(sock)
    status, body = int(head.split()[1]), b""
    if method != "HEAD" and status != 304:
        body = read_exactly(sock, int(field(head, "Content-Length")))
    sock.close()
    return status, head, body


def field(head, name):
    found = re.search(r"(?im)^%s: (.*?)\r$" % re.escape(name), head)
    return found.group(1) if found else None


class Files(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.tree = Tree().__enter__()
        self.addCleanup(self.tree.__exit__)

    def test_found(self):
        with self.tree.wye() as wye:
            for target, body, kind in (
                    ("/s/", b"<p>index", "text/html; charset=utf-8"),
                    ("/s/index.html", b"<p>index", "text/html; charset=utf-8"),
                    ("/s/a.txt", b"hello, file\n", "text/plain; charset=utf-8"),
                    ("/s/%61%2Etxt", b"hello, file\n", "text/plain; charset=utf-8"),
                    ("/s/d/../a.txt", b"hello, file\n", "text/plain; charset=utf-8"),
                    ("/s/d/page.html", b"<p>page", "text/html; charset=utf-8"),
                    ("/s/has%20space/%C3%A4%25.html", b"odd name", "text/html; charset=utf-8"),
                    ("/s/x.odd", b"x", "x/odd"), ("/s/y.txt2", b"y", "text/x"),
                    ("/s/noend", b"n", "application/octet-stream"),
                    ("/s/empty", b"", "application/octet-stream"),
                    ("/s/big.bin", BIG, "application/octet-stream"),
                    ("/s/short", BIG[:32768], "application/octet-stream"),
                    ("/s/long", BIG[:32769], "application/octet-stream"),
                    ("/s/within", b"<p>page", "application/octet-stream"),
                    ("/dots/.env", b"dot", "x/default"),
                    ("/dots/.git/config", b"dot", "x/default"),
                    ("/one", b"<p>page", "text/html; charset=utf-8")):
                status, head, got = raw(wye, target)
                self.assertEqual((target, status, field(head, "Content-Type")),
                                 (target, 200, kind))
                self.assertTrue(got == body, target)
                self.assertEqual(field(head, "X-Content-Type-Options"),
                                 None if target.startswith("/dots") else "nosniff")
                self.assertEqual(field(head, "Cache-Control"),
                                 "max-age=60" if target.startswith("/s") else None)
                self.assertEqual(field(head, "Vary"),
                                 "Accept-Encoding" if target.startswith("/s") else None)
                self.assertEqual(field(head, "Accept-Ranges"), "bytes")
                status, other, got = raw(wye, target, method="HEAD")
                date = r"Date: .*?\r\n"
                self.assertEqual(re.sub(date, "", other), re.sub(date, "", head))

    def missing(self, wye):
        for target in ("none", "a.txt/", "a.txt/b", "d/", "d//page.html", "/a.txt", "/",
                       ".env", ".git/config", "%2eenv", "up", "absolute", "parent/secret",
                       "parent/www/a.txt", "slash/etc/passwd", "magic/etc/passwd", "fifo",
                       "socket", "d%2Fpage.html", "d%2fpage.html", "..%2fsecret",
                       "%2e%2e%2fsecret", "..%5csecret", "d%5C..%5Ca.txt", "..\\secret",
                       "%252e%252e/secret", "....//secret", "only.js", "a.txt%20", "A.TXT",
                       "%2Fetc%2Fpasswd", "x" * 300, "d/" + "y/" * 1000 + "z"):
            status, _, body = raw(wye, "/s/" + target)
            self.assertEqual((target, status, body), (target, 404, b"not found\n"))
        for target in ("/s/../secret", "/s/%2e%2e/secret", "/s/.%2E/%2e./secret", "/../secret",
                       "/dots/../../secret", "/dots/%2e%2e/%2e%2e/secret"):
            self.assertEqual((target, raw(wye, target)[0]), (target, 404))
        for target in ("/dots/%2e%2e%2fsecret", "/dots/..%2fsecret", "/dots/..%5csecret",
                       "/dots/", "/dots/d", "/dots/d/"):
            self.assertEqual((target, raw(wye, target)[0]), (target, 404))
        self.assertEqual(raw(wye, "/s/a.txt%00")[0], 400)
        self.assertEqual(raw(wye, "/s/%00")[0], 400)

    def test_never_found(self):
        with self.tree.wye() as wye:
            self.missing(wye)
            wait_for("no open file", lambda: not self.tree.open_files(wye))

    @unittest.skipUnless(platform.machine() == "x86_64", "the filter has no look at the machine")
    def test_without_openat2(self):
        with self.tree.wye(before=without_openat2) as wye:
            self.missing(wye)
            for target, body in (("/s/", b"<p>index"), ("/s/d/page.html", b"<p>page"),
                                 ("/s/big.bin", BIG)):
                status, _, got = raw(wye, target)
                self.assertTrue(status == 200 and got == body, target)
            self.assertEqual(raw(wye, "/s/within")[0], 404)  # no links at all

    def test_forbidden(self):
        os.chmod(self.tree.root + "/a.txt", 0)
        os.chmod(self.tree.root + "/d", 0)
        self.addCleanup(os.chmod, self.tree.root + "/d", 0o700)
        with self.tree.wye(before=without_root_rights, config=CONFIG_ONE) as wye:
            for target in ("/s/a.txt", "/s/d/page.html", "/s/d"):
                status, _, body = raw(wye, target)
                self.assertEqual((target, status, body), (target, 403, b"forbidden\n"))
            self.assertEqual(raw(wye, "/s/noend")[0], 200)

    def test_folders(self):
        with self.tree.wye() as wye:
            for target, location in (("/s/d", "./d/"), ("/s/d?a=b&c", "./d/?a=b&c"),
                                     ("/s/has%20space", "./has%20space/"),
                                     ("/s/x/../d", "./d/")):
                status, head, _ = raw(wye, target)
                self.assertEqual((status, field(head, "Location")), (308, location))
            self.assertEqual(raw(wye, "//evil/../../s/d")[0], 308)
            self.assertEqual(field(raw(wye, "//evil/../../s/d")[1], "Location"), "./d/")
            self.assertEqual(field(raw(wye, "/s")[1], "Location"), "/s/")
            url = "http://127.0.0.1:%d/app/d" % wye.port
            with urllib.request.urlopen(url) as answer:  # follows it
                self.assertEqual(answer.url, url + "/")
                self.assertEqual(answer.read(), b"<p>page")

    def test_fallback(self):
        with self.tree.wye() as wye:
            for target in ("/app/users", "/app/users/7", "/app/users/", "/app/d/x", "/app/a.b/c"):
                status, head, body = raw(wye, target)
                self.assertEqual((target, status, body), (target, 200, b"<p>page"))
                self.assertEqual(field(head, "Content-Type"), "text/html; charset=utf-8")
            self.assertEqual(raw(wye, "/app/")[2], b"<p>index")
            for target in ("/app/none.js", "/app/users/x.png"):
                self.assertEqual(raw(wye, target)[0], 404)

    def assert_no_state(self, head):
        """A refusal is not the file: what is said of that would let a cache keep the error."""
        for name in ("Cache-Control", "ETag", "Last-Modified", "Accept-Ranges"):
            self.assertIsNone(field(head, name), head)
        self.assertEqual((field(head, "Vary"), field(head, "X-Content-Type-Options")),
                         ("Accept-Encoding", "nosniff"))

    def test_conditions(self):
        with self.tree.wye() as wye:
            _, head, _ = raw(wye, "/s/a.txt")
            tag, date = field(head, "ETag"), field(head, "Last-Modified")
            self.assertRegex(tag, r'^"[0-9a-f-]+"$')
            for more, status in (
                    ("If-None-Match: %s" % tag, 304), ("If-None-Match: W/%s" % tag, 304),
                    ("If-None-Match: \"x\", %s" % tag, 304), ("If-None-Match: *", 304),
                    ("If-None-Match: \"x\"\r\nIf-None-Match: %s" % tag, 304),
                    ("If-None-Match: \"x\"\r\nIf-Modified-Since: %s" % date, 200),
                    ("If-Modified-Since: %s" % date, 304),
                    ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200),
                    ("If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT", 412),
                    ("If-Unmodified-Since: %s" % date, 200), ("If-Match: %s" % tag, 200),
                    ("If-Match: \"x\"", 412), ("If-Match: *", 200)):
                for method in ("GET", "HEAD"):
                    sock = wye.socket()
                    sock.sendall(("%s /s/a.txt HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n"
                                  "GET /s/noend HTTP/1.1\r\nHost: a\r\n\r\n"
                                  % (method, more)).encode())
                    head = read_head(sock)
                    self.assertEqual((more, int(head.split()[1])), (more, status))
                    if status == 304:
                        self.assertEqual((field(head, "ETag"), field(head, "Cache-Control"),
                                          field(head, "Vary")),
                                         (tag, "max-age=60", "Accept-Encoding"))
                        self.assertIsNone(field(head, "Content-Type"))
                        self.assertIsNone(field(head, "Content-Length"))  # that of another coding
                    if status == 412:
                        self.assert_no_state(head)
                    if method == "GET" and status != 304:
                        read_exactly(sock, int(field(head, "Content-Length")))
                    self.assertEqual(read_answer(sock)[2], b"n")  # the next one follows at once
                    sock.close()

    def test_tags_follow_the_file(self):
        path, seen = self.tree.root + "/t", set()
        with self.tree.wye() as wye:
            def tag():
                seen.add(field(raw(wye, "/s/t")[1], "ETag"))

            with open(path, "w") as out:
                out.write("one")
            os.utime(path, (1, 1))
            tag()
            tag()
            self.assertEqual(len(seen), 1)
            with open(path, "w") as out:  # as long, and said to be as old
                out.write("two")
            os.utime(path, (1, 1))
            tag()
            self.assertEqual(len(seen), 2)
            with open(path + "2", "w") as out:
                out.write("new")
            os.utime(path + "2", (1, 1))
            os.rename(path + "2", path)
            tag()
            self.assertEqual(len(seen), 3)
            os.utime(path, (4e9, 4e9))
            _, head, _ = raw(wye, "/s/t")
            self.assertEqual(field(head, "Last-Modified"), field(head, "Date"))

    def test_ranges(self):
        with self.tree.wye() as wye:
            _, head, _ = raw(wye, "/s/big.bin")
            tag, size = field(head, "ETag"), len(BIG)
            for more, first, last in (("0-0", 0, 0), ("5-", 5, size - 1), ("-7", size - 7, size - 1),
                                      ("1000-99999999", 1000, size - 1)):
                status, head, body = raw(wye, "/s/big.bin", "Range: bytes=%s\r\n" % more)
                self.assertEqual((status, field(head, "Content-Range"), field(head, "ETag")),
                                 (206, "bytes %d-%d/%d" % (first, last, size), tag))
                self.assertTrue(body == BIG[first:last + 1])
            for more in ("%d-" % size, "-0"):
                status, head, _ = raw(wye, "/s/big.bin", "Range: bytes=%s\r\n" % more)
                self.assertEqual((status, field(head, "Content-Range")), (416, "bytes */%d" % size))
                self.assert_no_state(head)
            for more in ("Range: bytes=0-1,4-5", "Range: lines=1-2", "Range: bytes=2-1",
                         "Range: bytes=0-1\r\nRange: bytes=4-5",
                         "Range: bytes=0-1\r\nIf-Range: \"x\"",
                         "Range: bytes=0-1\r\nIf-Range: W/" + tag):
                status, _, body = raw(wye, "/s/big.bin", more + "\r\n")
                self.assertEqual((more, status, len(body)), (more, 200, size))
            self.assertEqual(raw(wye, "/s/big.bin", "Range: bytes=0-1\r\nIf-Range: %s\r\n" % tag)[0],
                             206)
            self.assertEqual(raw(wye, "/s/big.bin", "Range: bytes=0-1\r\nIf-Match: \"x\"\r\n")[0],
                             412)
            self.assertEqual(raw(wye, "/s/big.bin", "Range: bytes=0-1\r\nIf-None-Match: %s\r\n"
                                 % tag)[0], 304)
            self.assertEqual(raw(wye, "/s/big.bin", "Range: bytes=0-1\r\n", "HEAD")[0], 200)

    def test_by_curl(self):
        with self.tree.wye() as wye:
            url, part = "http://127.0.0.1:%d/s/big.bin" % wye.port, self.tree.folder + "/part"
            with open(part, "wb") as out:
                out.write(BIG[:1234567])
            subprocess.run(["curl", "-s", "-C", "-", "-o", part, url], check=True, timeout=60)
            with open(part, "rb") as data:
                self.assertTrue(data.read() == BIG)
            tags = self.tree.folder + "/tags"
            for expected in ("200", "304"):
                done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                       "--etag-compare", tags, "--etag-save", tags, url],
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.stdout, expected)

    def test_precompressed(self):
        with self.tree.wye() as wye:
            tags = set()
            for target, accept, coding, body in (
                    ("app.js", "gzip, deflate, br", "br", b"brotli"),
                    ("app.js", "gzip", "gzip", gzip.compress(b"plain" * 99)),
                    ("app.js", "br;q=0.5, gzip;q=0.9", "gzip", None),
                    ("app.js", "br;q=0.5, identity", None, b"plain" * 99),
                    ("app.js", "br;q=0, *", "gzip", None), ("app.js", "zstd", None, None),
                    ("app.js", "identity;q=0.5, br;q=0.5", "br", None), ("app.js", "", None, None),
                    ("b.css", "br, gzip;q=0.1", "gzip", None), ("b.css", "br", None, None),
                    ("a.txt", "br, gzip", None, b"hello, file\n")):
                status, head, got = raw(wye, "/s/" + target, "Accept-Encoding: %s\r\n" % accept)
                self.assertEqual((target, accept, status, field(head, "Content-Encoding"),
                                  field(head, "Vary")),
                                 (target, accept, 200, coding, "Accept-Encoding"))
                self.assertIn("text/", field(head, "Content-Type"))
                if body and coding != "gzip":
                    self.assertEqual(got, body)
                if coding == "gzip":
                    self.assertIn(gzip.decompress(got), (b"plain" * 99, b"css" * 50))
                if target == "app.js":
                    tags.add((coding, field(head, "ETag")))
            self.assertEqual(len(tags), 3)
            self.assertEqual(len({tag for _, tag in tags}), 3)
            status, head, body = raw(wye, "/s/app.js", "Accept-Encoding: br\r\nRange: bytes=1-2\r\n")
            self.assertEqual((status, body, field(head, "Content-Range")),
                             (206, b"ro", "bytes 1-2/6"))
            tag = dict(tags)["br"]
            self.assertEqual(raw(wye, "/s/app.js", "Accept-Encoding: br\r\nIf-None-Match: %s\r\n"
                                 % tag)[0], 304)
            self.assertEqual(raw(wye, "/s/app.js", "If-None-Match: %s\r\n" % tag)[0], 200)
            self.assertIsNone(field(raw(wye, "/app/app.js", "Accept-Encoding: br\r\n")[1], "Vary"))

    def test_a_root_that_is_swapped(self):
        with self.tree.wye() as wye:
            self.assertEqual(raw(wye, "/swap/f.txt")[2], b"one")
            os.symlink("two", self.tree.folder + "/next")
            os.rename(self.tree.folder + "/next", self.tree.folder + "/now")
            self.assertEqual(raw(wye, "/swap/f.txt")[2], b"two")
            os.unlink(self.tree.folder + "/now")
            self.assertEqual(raw(wye, "/swap/f.txt")[0], 404)

    def test_descriptors(self):
        with self.tree.wye() as wye:
            for target, more in (("a.txt", ""), ("d", ""), ("none", ""), ("fifo", ""),
                                 ("a.txt", "If-None-Match: *\r\n"), ("a.txt", "If-Match: x\r\n"),
                                 ("big.bin", "Range: bytes=1-2\r\n"), ("socket", ""),
                                 ("big.bin", "Range: bytes=-0\r\n"),
                                 ("app.js", "Accept-Encoding: br, gzip\r\n")):
                raw(wye, "/s/" + target, more)
                raw(wye, "/s/" + target, more, "HEAD")
            gone = wye.socket()  # in the middle of a file
            gone.sendall(b"GET /s/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            gone.recv(1)
            wait_for("an open file", lambda: self.tree.open_files(wye) == ["big.bin"])
            gone.close()
            wait_for("no open file", lambda: not self.tree.open_files(wye))

    def test_bad_configs(self):
        for more, sentence in (
                ('root = "/none";', r'can\'t open "/none": No such file'),
                ('root = "%s/a.txt";' % self.tree.root, "Not a directory"),
                ('', 'has no "root"'),
                ('root = "/"; index = "a/b";', '"a/b" is no name of a file'),
                ('root = "/"; fallback = "none.html";', 'can\'t open "none.html" beneath "/"'),
                ('root = "%s"; fallback = "up";' % self.tree.root, 'can\'t open "up" beneath'),
                ('root = "/"; precompressed = [ "brotli" ];', '"brotli" is none of'),
                ('root = "/"; precompressed = [ "br", "br" ];', '"br" is there twice'),
                ('root = "/"; cache_control = "a\\nb";', "no control bytes"),
                ('root = "/"; types = { a = "b\\x01"; };', "no control bytes"),
                ('root = "/"; types = [ "a" ];', "must be a group of strings"),
                ('root = "/"; rot = 1;', 'did you mean "root"')):
            path = self.tree.folder + "/conf"
            with open(path, "w") as out:
                out.write('listen = ( { port = 1; } ); rest = { routes = (\n'
                          '{ path = "/*rest"; handler = "files"; %s } ); };' % more)
            done = subprocess.run([PROGRAM, "-t", "-c", path], capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 1, more)
            self.assertIn(path + ":2: ", done.stderr)
            self.assertRegex(done.stderr, sentence)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    main()
