#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""body-limit: what is too large for a chain, by Content-Length or in chunks."""

import os
import unittest

from wye import TEST_PLUGINS, Wye, check_config, is_closed, main, read_answer, read_head

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} ); http_threads = 1; stream_loops = 1;
plugins = ( {{ load = "{answers}"; as = "answers"; }} );
middleware = ( {{ use = "body-limit"; {settings} }}, {{ use = "cors"; origins = [ "*" ]; }} );
rest = {{
  chain = [ "cors", "body-limit" ];
  routes = ( {{ path = "/mirror"; handler = "answers/mirror"; }},
             {{ path = "/small"; handler = "answers/mirror"; max_body = 100; }},
             {{ path = "/free"; handler = "answers/mirror"; skip = [ "body-limit" ]; }} );
}};
"""


def config(settings="bytes = 1000;"):
    return CONFIG.format(settings=settings, answers=os.path.join(TEST_PLUGINS, "answers.so"))


def post(path, fields, body=b""):
    return b"POST %s HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n%s\r\n\r\n%s" % (
        path.encode(), fields, body)


def chunks(*sizes):
    return b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in sizes) + b"0\r\n\r\n"


class BodyLimit(unittest.TestCase):
    def ask(self, wye, *request, closes=False):
        sock = wye.socket()
        sock.sendall(post(*request))
        status, head, body = read_answer(sock)
        self.assertIn("Access-Control-Allow-Origin", head)
        if closes:
            self.assertTrue(is_closed(sock))
        sock.close()
        return status, body.decode().splitlines()[-1]

    def test_by_length(self):
        with Wye(config=config()) as wye:
            self.assertEqual(self.ask(wye, "/mirror", b"Content-Length: 1000", b"x" * 1000),
                             (200, "body 1000"))
            for size, sent in ((1001, 1001), (1001, 0), (200000, 0)):
                self.assertEqual(self.ask(wye, "/mirror", b"Content-Length: %d" % size,
                                          b"x" * sent) if sent else
                                 self.at_once(wye, size), (413, "body too large"))
            wye.wait_metric("http_body_too_large_total", 3)

    def at_once(self, wye, size):
        """It waits for a 100 that does not come."""
        sock = wye.socket()
        sock.sendall(post("/mirror", b"Expect: 100-continue\r\nContent-Length: %d" % size))
        status, _, body = read_answer(sock)
        sock.close()
        return status, body.decode().strip()

    def test_in_chunks(self):
        with Wye(config=config()) as wye:
            coding = b"Transfer-Encoding: chunked"
            self.assertEqual(self.ask(wye, "/mirror", coding, chunks(500, 500)),
                             (200, "body 1000"))
            self.assertEqual(self.ask(wye, "/mirror", coding, chunks(500, 501)[:-5],
                                      closes=True), (413, "body too large"))
            wye.wait_metric("http_body_too_large_total", 1)

    def test_beside_max_body(self):
        """The smaller of both counts; where it is skipped, that of the route alone."""
        with Wye(config=config()) as wye:
            length = b"Content-Length: %d"
            self.assertEqual(self.ask(wye, "/small", length % 100, b"x" * 100)[0], 200)
            sock = wye.socket()
            sock.sendall(post("/small", length % 101, b"x" * 101))
            self.assertIn(" 413 ", read_head(sock))
            sock.close()
            self.assertEqual(self.ask(wye, "/free", length % 5000, b"x" * 5000)[0], 200)

    def test_none_at_all(self):
        with Wye(config=config("bytes = 0;")) as wye:
            self.assertEqual(self.ask(wye, "/mirror", b"Content-Length: 0")[0], 200)
            self.assertEqual(self.ask(wye, "/mirror", b"Content-Length: 1", b"x")[0], 413)
            self.assertEqual(wye.get("/mirror").status, 200)

    def test_the_default(self):
        with Wye(config=config("")) as wye:
            self.assertEqual(self.ask(wye, "/mirror", b"Content-Length: 65536", b"x" * 65536)[0],
                             200)
            self.assertEqual(self.at_once(wye, 65537)[0], 413)

    def test_bad_settings(self):
        for settings, sentence in (("bytes = -1;", "bytes"), ('bytes = "1k";', "bytes"),
                                   ("limit = 1;", '"limit"')):
            status, text = check_config(config(settings))
            self.assertEqual(status, 1)
            self.assertRegex(text, r"wye\.conf:4: ")
            self.assertIn(sentence, text)


if __name__ == "__main__":
    main()
