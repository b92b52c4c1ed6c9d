#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""multipart/form-data as clients send it: curl, Node's FormData, by hand, piece by piece."""

import os
import shutil
import subprocess
import tempfile
import unittest

from wye import TEST_PLUGINS, Wye, main, read_answer

CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; } );
http_threads = 2; stream_loops = 1; log_level = "debug"; max_body = 50000000;
plugins = ( { load = "%s"; as = "form"; } );
rest = { routes = ( { path = "/form"; handler = "form"; } ); };
""" % os.path.join(TEST_PLUGINS, "form.so")

NODE = """
const form = new FormData();
form.append("text", "häß");
form.append("quoted \\"name\\"", "x".repeat(100000));
form.append("file", new Blob([new Uint8Array(300000).fill(7)], { type: "image/png" }), "a b.png");
fetch(process.argv[1], { method: "POST", body: form }).then(r => r.text()).then(console.log);
"""


def summed(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xffffffff
    return "%d|%d" % (len(data), total)


class Forms(unittest.TestCase):
    def test_by_curl(self):
        tricky = (b"\r\n--" + b"-" * 24 + b"\r\n\r--") * 20000
        with Wye(config=CONFIG) as wye, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "f.bin")
            with open(path, "wb") as out:
                out.write(tricky)
            for query in ("", "?wait"):
                done = subprocess.run(
                    ["curl", "-s", "-F", "a=1", "-F", "empty=", "-F", "file=@%s" % path,
                     "-F", "typed=2;type=text/x", "http://127.0.0.1:%d/form%s" % (wye.port, query)],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(done.stdout.splitlines(), [
                    "a|||" + summed(b"1"), "empty|||0|0",
                    "file|f.bin|application/octet-stream|" + summed(tricky),
                    "typed||text/x|" + summed(b"2")])

    @unittest.skipUnless(shutil.which("node"), "needs Node")
    def test_by_node(self):
        with Wye(config=CONFIG) as wye:
            done = subprocess.run(["node", "-e", NODE, "http://127.0.0.1:%d/form?wait" % wye.port],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.stdout.splitlines()[:3], [
                "text|||" + summed("häß".encode()),
                "quoted %22name%22|||" + summed(b"x" * 100000),
                "file|a b.png|image/png|" + summed(b"\x07" * 300000)], done.stderr)

    def post(self, wye, body, kind="multipart/form-data; boundary=AaB", step=None):
        sock = wye.socket()
        sock.sendall(("POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n"
                      "Content-Length: %d\r\n\r\n" % (kind, len(body))).encode())
        for i in range(0, len(body), step or len(body) or 1):
            sock.sendall(body[i:i + (step or len(body))])
        status, _, text = read_answer(sock)
        sock.close()
        return status, text

    def test_by_hand(self):
        part = b'--AaB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        with Wye(config=CONFIG) as wye:
            self.assertEqual(self.post(wye, part + b"--AaB--", step=1), (200, b"a|||1|49\n"))
            self.assertEqual(self.post(wye, part)[0], 400)
            self.assertEqual(self.post(wye, b"")[0], 400)
            self.assertEqual(self.post(wye, part * 129 + b"--AaB--")[0], 413)
            self.assertEqual(self.post(wye, part + b"--AaB--", "text/plain")[0], 415)
            self.assertEqual(self.post(wye, b"", "text/plain")[0], 415)
            self.assertEqual(self.post(wye, b"--AaB\r\nX: " + b"x" * 5000)[0], 413)


if __name__ == "__main__":
    main()
