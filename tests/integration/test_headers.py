#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The headers middleware: what the handler sees, what the client gets, what is refused."""

import os
import unittest

from wye import TEST_PLUGINS, Wye, check_config, main

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} ); http_threads = 1; stream_loops = 1;
plugins = ( {{ load = "{answers}"; as = "answers"; }} );
middleware = ( {{ use = "headers"; {settings} }} );
rest = {{
  chain = [ "request-id", "answers/peek", "headers" ];
  routes = ( {{ path = "/mirror"; handler = "answers/mirror"; }},
             {{ path = "/made"; handler = "answers/made"; }},
             {{ path = "/bare"; handler = "answers/made"; skip = [ "headers" ]; }} );
}};
"""


def config(settings):
    return CONFIG.format(settings=settings, answers=os.path.join(TEST_PLUGINS, "answers.so"))


def wye_with(settings):
    return Wye(config=config(settings))


class Requests(unittest.TestCase):
    def seen(self, settings, headers):
        with wye_with(settings) as wye:
            lines = wye.get("/mirror", headers=headers).text.splitlines()
        return [line for line in lines if line.lower().startswith(("x-", "cookie", "referer"))]

    def test_remove(self):
        self.assertEqual(self.seen('request_remove = [ "x-A", "cookie" ];',
                                   {"X-a": "1", "X-b": "2", "Cookie": "c=d"}), ["X-b: 2"])

    def test_set_replaces(self):
        self.assertEqual(self.seen('request_set = [ "X-A: new", "Cookie: e=f; g=h" ];',
                                   {"x-a": "old", "Cookie": "c=d"}),
                         ["X-A: new", "Cookie: e=f; g=h", "cookie e=f", "cookie g=h"])

    def test_append(self):
        self.assertEqual(self.seen('request_append = [ "X-A: new" ];', {"x-a": "old"}),
                         ["x-a: old", "X-A: new"])

    def test_many_are_kept_whole(self):
        rules = ", ".join('"X-%d: %s"' % (i, "v" * i) for i in range(60))
        self.assertEqual(self.seen("request_append = [ %s ];" % rules, {}),
                         ["X-%d: %s" % (i, "v" * i) for i in range(60)])

    def test_placeholders(self):
        self.assertEqual(
            self.seen('request_set = [ "X-For: for={client};id={id}" ];',
                      {"X-For": "forged", "X-Request-Id": "mine"}),
            ["X-Request-Id: mine", "X-For: for=127.0.0.1;id=mine"])

    def test_the_unknown_is_not_forged(self):
        """Nobody is logged in: what the client says of it must not reach the handler."""
        self.assertEqual(self.seen('request_set = [ "X-User: {user}", "X-Sub: {claim.sub}" ];',
                                   {"X-User": "root", "X-Sub": "root"}), [])

    def test_a_value_that_is_known_in_part(self):
        self.assertEqual(self.seen('request_set = [ "X-For: for={client};user={user}" ];',
                                   {"X-For": "forged"}), [])

    def test_a_body_is_read_as_before(self):
        with wye_with('request_remove = [ "Content-Type" ]; request_append = [ "X-A: b" ];') as wye:
            one = wye.http()
            one.request("POST", "/mirror", body=b"x" * 100000, headers={"Content-Type": "a/b"})
            text = one.getresponse().read().decode()
            one.close()
        self.assertIn("body 100000", text)
        self.assertNotIn("Content-Type", text)


class Answers(unittest.TestCase):
    def test_all(self):
        with wye_with('response_set = [ "Strict-Transport-Security: max-age=63072000", '
                      '"Cache-Control: no-store", "X-Id: <{id}>" ]; '
                      'response_append = [ "Vary: Accept" ]; response_remove = [ "ETag" ];') as wye:
            answer = wye.get("/made?cache=public&etag=%22a%22&vary=Origin",
                             headers={"X-Request-Id": "mine"})
            missing = wye.get("/nowhere")
            bare = wye.get("/bare?cache=public")
        self.assertEqual(answer.getheader("Strict-Transport-Security"), "max-age=63072000")
        self.assertEqual(answer.headers.get_all("Cache-Control"), ["no-store"])
        self.assertEqual(answer.headers.get_all("Vary"), ["Origin", "Accept"])
        self.assertEqual(answer.getheader("X-Id"), "<mine>")
        self.assertIsNone(answer.getheader("ETag"))
        self.assertEqual(missing.status, 404)
        self.assertTrue(missing.getheader("Strict-Transport-Security"))
        self.assertEqual(bare.headers.get_all("Cache-Control"), ["public"])

    def test_the_host(self):
        with wye_with('response_set = [ "X-Host: {host}" ];') as wye:
            self.assertEqual(wye.get("/made").getheader("X-Host"), "127.0.0.1:%d" % wye.port)


class Settings(unittest.TestCase):
    def test_bad_ones(self):
        for settings, sentence in (
                ('response_set = [ "Content-Length: 3" ];', '"Content-Length: 3" can\'t be changed'),
                ('response_remove = [ "date" ];', '"date" can\'t be changed'),
                ('response_set = [ "Content-Type: a/b" ];', "can't be changed"),
                ('request_set = [ "Host: a" ];', "can't be changed"),
                ('request_append = [ "transfer-encoding: chunked" ];', "can't be changed"),
                ('request_set = [ "X A: b" ];', "can't be changed"),
                ('request_set = [ "X-A: a\\nb" ];', "can't be changed"),
                ('request_set = [ "X-A" ];', 'is not "Name: value"'),
                ('request_remove = [ "X-A: b" ];', "is not a name alone"),
                ('response_set = [ "X-A: {clinet}" ];', "unknown placeholder")):
            with self.subTest(settings):
                status, text = check_config(config(settings))
                self.assertEqual(status, 1, text)
                self.assertRegex(text, r"wye\.conf:4: ")
                self.assertIn(sentence, text)


if __name__ == "__main__":
    main()
