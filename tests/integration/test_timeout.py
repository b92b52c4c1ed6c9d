#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""timeout: a request that is not over in time, wherever it stands."""

import http.client
import unittest

from wye import TEST_PLUGINS, Wye, check_config, main, read_answer

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} ); http_threads = 1; stream_loops = 1;
plugins = ( {{ load = "{plugins}/answers.so"; as = "answers"; }},
            {{ load = "{plugins}/probe.so"; as = "probe"; }} );
middleware = ( {{ use = "timeout"; {settings} }} );
rest = {{
  chain = [ "timeout" ];
  routes = ( {{ path = "/mirror"; handler = "answers/mirror"; }},
             {{ path = "/trickle"; handler = "answers/trickle"; }},
             {{ path = "/next"; handler = "answers/next"; }},
             {{ path = "/late"; handler = "probe/late"; delay = 400; skip = [ "timeout" ]; }},
             {{ path = "/silent"; handler = "probe/silent"; }},
             {{ path = "/block"; handler = "probe/block"; delay = 600; }} );
}};
"""


def config(settings="seconds = 0.2;"):
    return CONFIG.format(settings=settings, plugins=TEST_PLUGINS)


class Timeout(unittest.TestCase):
    def test_a_handler_that_waits(self):
        with Wye(config=config()) as wye:
            answer = wye.get("/silent")
            self.assertEqual((answer.status, answer.text), (503, "timed out\n"))
            self.assertEqual(wye.metrics()["rest_deadlines_total"], 1)
            self.assertEqual(wye.get("/mirror").status, 200)

    def test_a_handler_that_blocks(self):
        """It can't be taken from its thread: the client hears when it is back."""
        with Wye(config=config()) as wye:
            answer = wye.get("/block")
            self.assertEqual((answer.status, answer.text), (503, "timed out\n"))

    def test_a_body_that_does_not_come(self):
        with Wye(config=config()) as wye:
            sock = wye.socket()
            sock.sendall(b"POST /mirror HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
            self.assertEqual(read_answer(sock)[0], 408)
            sock.close()

    def test_an_answer_under_way_is_cut(self):
        with Wye(config=config()) as wye:
            one = wye.http()
            one.request("GET", "/trickle")
            answer = one.getresponse()
            self.assertEqual(answer.status, 200)
            with self.assertRaises(http.client.IncompleteRead):
                answer.read()
            one.close()
            wye.wait_metric("rest_deadlines_total", 1)
            self.assertEqual(wye.get("/next").status, 204)

    def test_what_is_over_is_not_disturbed(self):
        """The connection outlives the deadlines of its requests."""
        with Wye(config=config()) as wye:
            one = wye.http()
            for path in ("/mirror", "/late", "/mirror", "/late", "/mirror"):
                one.request("GET", path)
                answer = one.getresponse()
                answer.read()
                self.assertEqual(answer.status, 200)
            one.close()
            self.assertEqual(wye.metrics()["rest_deadlines_total"], 0)

    def test_bad_settings(self):
        for settings in ("seconds = 0;", 'seconds = "1s";', "seconds = 100000;"):
            status, text = check_config(config(settings))
            self.assertEqual(status, 1)
            self.assertRegex(text, r"wye\.conf:5: .*seconds")


if __name__ == "__main__":
    main()
