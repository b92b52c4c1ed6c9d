#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The plugin "notes": JSON that is right, wrong, and cut; from many clients at once."""

import http.client
import json
import os
import threading
import unittest

from wye import PLUGINS, Wye, main

CONFIG = """
listen = ( { address = "127.0.0.1"; port = 0; } );
http_threads = 2; stream_loops = 1; log_level = "debug"; plugin_path = "%s";
plugins = ( { load = "notes"; most = 40; } );
rest = { routes = ( { path = "/notes"; handler = "notes/all"; },
                    { path = "/notes/:id"; handler = "notes/one"; } ); };
""" % PLUGINS


@unittest.skipUnless(os.path.exists(os.path.join(PLUGINS, "notes.so")), "built without jansson")
class Notes(unittest.TestCase):
    def ask(self, wye, method, path, body=None, kind="application/json"):
        one = http.client.HTTPConnection("127.0.0.1", wye.port, timeout=60)
        one.request(method, path, body, {"Content-Type": kind} if body is not None else {})
        answer = one.getresponse()
        text = answer.read()
        one.close()
        kind = answer.headers["Content-Type"]
        if answer.status >= 400 and method != "HEAD":
            self.assertEqual(kind, "application/problem+json")
            self.assertEqual(json.loads(text)["status"], answer.status)
        elif text:
            self.assertEqual(kind, "application/json")
        return answer.status, json.loads(text) if text else None

    def test_life_of_a_note(self):
        note = {"text": "h\u00e4\u00df \U0001d11e \"\\\n", "tags": ["a", ""]}
        with Wye(config=CONFIG) as wye:
            self.assertEqual(self.ask(wye, "GET", "/notes"), (200, []))
            self.assertEqual(self.ask(wye, "POST", "/notes", json.dumps(note)),
                             (201, dict(note, id="1")))
            self.assertEqual(self.ask(wye, "POST", "/notes", '{"text":""}',
                                      "Application/JSON; charset=utf-8"),
                             (201, {"text": "", "id": "2"}))
            self.assertEqual(self.ask(wye, "GET", "/notes/1"), (200, dict(note, id="1")))
            self.assertEqual(self.ask(wye, "HEAD", "/notes/1"), (200, None))
            self.assertEqual(len(self.ask(wye, "GET", "/notes")[1]), 2)
            self.assertEqual(self.ask(wye, "DELETE", "/notes/1"), (204, None))
            self.assertEqual(self.ask(wye, "DELETE", "/notes/1")[0], 404)
            self.assertEqual(self.ask(wye, "GET", "/notes/%FF")[0], 404)

    def test_what_is_wrong(self):
        with Wye(config=CONFIG) as wye:
            for body, status, said in (
                    ("", 400, "the body is no JSON"), ("{", 400, "the body is no JSON"),
                    ('{"text":"a","text":"b"}', 400, "the body is no JSON"),
                    (b'{"text":"\xff"}', 400, "the body is no JSON"),
                    ('{"text":"a"} x', 400, "the body is no JSON"),
                    ("[" * 100000, 400, "the body is no JSON"),
                    ("[]", 422, "the body is no note"), ("{}", 422, "the body is no note"),
                    ('{"text":1}', 422, "the body is no note"),
                    ('{"text":"a","more":1}', 422, "the body is no note"),
                    ('{"text":"a","tags":1}', 422, "the body is no note"),
                    ('{"text":"a","tags":[1]}', 422, "the body is no note")):
                got, answer = self.ask(wye, "POST", "/notes", body)
                self.assertEqual((body[:40], got, answer["title"]), (body[:40], status, said))
                self.assertTrue(answer["detail"])
            self.assertEqual(self.ask(wye, "POST", "/notes", '{"text":"a"}', "text/plain")[0], 415)
            self.assertEqual(self.ask(wye, "POST", "/notes", '{"text":"a"}',
                                      "application/jsonx")[0], 415)
            self.assertEqual(self.ask(wye, "GET", "/notes"), (200, []))

    def test_many_at_once(self):
        with Wye(config=CONFIG) as wye:
            got = []

            def work():
                for _ in range(15):
                    got.append(self.ask(wye, "POST", "/notes", '{"text":"a"}'))
                    self.ask(wye, "GET", "/notes")

            threads = [threading.Thread(target=work) for _ in range(4)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            made = [answer["id"] for status, answer in got if status == 201]
            self.assertEqual(sorted(map(int, made)), list(range(1, 41)))
            self.assertEqual([status for status, _ in got].count(507), 20)


if __name__ == "__main__":
    main()
