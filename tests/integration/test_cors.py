#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""CORS (WHATWG Fetch, 3.2): which pages may read answers, and what preflights are told."""

import os
import unittest

from wye import TEST_PLUGINS, Wye, check_config, main

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; }} ); http_threads = 1; stream_loops = 1;
plugins = ( {{ load = "{answers}"; as = "answers"; }} );
middleware = ( {{ use = "cors"; {settings} }} );
rest = {{
  chain = [ {lane} ];
  routes = ( {{ path = "/made"; handler = "answers/made"; methods = [ "GET", "PUT" ];
                chain = [ {route} ]; }},
             {{ path = "/other"; handler = "answers/made"; methods = [ "GET" ]; }},
             {{ path = "/options"; handler = "answers/made"; methods = [ "GET", "OPTIONS" ];
                chain = [ {route} ]; }} );
}};
"""
APP = "https://app.example"
LIST = 'origins = [ "https://app.example", "https://*.example.org" ];'


def config(settings, lane='"cors"', route=""):
    return CONFIG.format(settings=settings, lane=lane, route=route,
                         answers=os.path.join(TEST_PLUGINS, "answers.so"))


def wye_with(settings, **where):
    return Wye(config=config(settings, **where))


def preflight(wye, origin=APP, method="PUT", path="/made", **more):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    headers.update(more)
    return wye.get(path, "OPTIONS", headers)


def fields(answer):
    """What CORS says, without its prefix."""
    prefix = "Access-Control-"
    return {name[len(prefix):]: value for name, value in answer.getheaders()
            if name.startswith(prefix)}


def vary(answer):
    return ", ".join(answer.headers.get_all("Vary") or [])


class Answers(unittest.TestCase):
    def test_origins(self):
        with wye_with(LIST) as wye:
            for origin, passes in ((APP, True), ("https://a.example.org", True),
                                   ("https://example.org", False), ("null", False),
                                   ("https://evil.example", False), ("*", False),
                                   ("https://app.example.evil.example", False)):
                answer = wye.get("/made", headers={"Origin": origin})
                self.assertEqual(fields(answer), {"Allow-Origin": origin} if passes else {})
                self.assertEqual((answer.status, vary(answer)), (200, "Origin"))
            answer = wye.get("/made")
            self.assertEqual((fields(answer), vary(answer)), ({}, "Origin"))

    def test_all_that_goes_with_them(self):
        with wye_with(LIST + 'credentials = true; expose = [ "X-A", "X-B" ];') as wye:
            answer = wye.get("/made?vary=Accept", headers={"Origin": APP})
            self.assertEqual(vary(answer), "Accept, Origin")
            self.assertEqual(vary(wye.get("/made?vary=Accept,origin")), "Accept,origin")
            self.assertEqual(vary(wye.get("/made?vary=X-Origin")), "X-Origin, Origin")
        self.assertEqual(fields(answer), {"Allow-Origin": APP, "Allow-Credentials": "true",
                                          "Expose-Headers": "X-A, X-B"})

    def test_errors_are_readable_too(self):
        with wye_with(LIST) as wye:
            for path, method, status in (("/nowhere", "GET", 404), ("/made", "DELETE", 405)):
                answer = wye.get(path, method, {"Origin": APP})
                self.assertEqual((answer.status, fields(answer)),
                                 (status, {"Allow-Origin": APP}))

    def test_star(self):
        with wye_with('origins = [ "*" ];') as wye:
            for headers in ({"Origin": APP}, {"Origin": "null"}):
                answer = wye.get("/made", headers=headers)
                self.assertEqual((fields(answer), vary(answer)), ({"Allow-Origin": "*"}, ""))
            self.assertEqual(fields(wye.get("/made")), {})

    def test_null(self):
        with wye_with('origins = [ "null" ];') as wye:
            self.assertEqual(fields(wye.get("/made", headers={"Origin": "null"})),
                             {"Allow-Origin": "null"})
            self.assertEqual(fields(wye.get("/made", headers={"Origin": APP})), {})


class Preflights(unittest.TestCase):
    def test_answer(self):
        with wye_with(LIST + 'methods = [ "GET", "PUT" ]; headers = [ "Content-Type", "X-A" ]; '
                      'credentials = true; expose = [ "X-B" ]; max_age = 30;') as wye:
            answer = preflight(wye, **{"Access-Control-Request-Headers": "content-type"})
            refused = preflight(wye, origin="https://evil.example")
        self.assertEqual((answer.status, answer.text), (204, ""))
        self.assertEqual(fields(answer), {
            "Allow-Origin": APP, "Allow-Methods": "GET, PUT", "Max-Age": "30",
            "Allow-Headers": "Content-Type, X-A", "Allow-Credentials": "true"})
        self.assertEqual(vary(answer), "Origin")
        self.assertEqual((refused.status, fields(refused), vary(refused)), (204, {}, "Origin"))

    def test_defaults(self):
        with wye_with(LIST) as wye:
            self.assertEqual(fields(preflight(wye)), {
                "Allow-Origin": APP, "Allow-Methods": "GET, HEAD, POST", "Max-Age": "600"})

    def test_stars_are_said_by_name(self):
        with wye_with(LIST + 'methods = [ "*" ]; headers = [ "*" ]; credentials = true;') as wye:
            answer = preflight(wye, method="PATCH",
                               **{"Access-Control-Request-Headers": "authorization,x-a"})
            bad = preflight(wye, method="P<A>", **{"Access-Control-Request-Headers": "a<b>"})
            none = preflight(wye)
        self.assertEqual(fields(answer)["Allow-Methods"], "PATCH")
        self.assertEqual(fields(answer)["Allow-Headers"], "authorization,x-a")
        self.assertEqual(vary(answer), "Origin, Access-Control-Request-Method, "
                         "Access-Control-Request-Headers")
        self.assertFalse({"Allow-Methods", "Allow-Headers"} & set(fields(bad)))
        self.assertNotIn("Allow-Headers", fields(none))

    def test_private_network(self):
        ask = {"Access-Control-Request-Private-Network": "true"}
        with wye_with(LIST) as wye:
            self.assertNotIn("Allow-Private-Network", fields(preflight(wye, **ask)))
        with wye_with(LIST + "private_network = true;") as wye:
            self.assertEqual(fields(preflight(wye, **ask))["Allow-Private-Network"], "true")
            self.assertNotIn("Allow-Private-Network", fields(preflight(wye)))
            evil = preflight(wye, origin="https://evil.example", **ask)
            self.assertEqual(fields(evil), {})

    def test_other_options(self):
        """What is no preflight goes its way."""
        with wye_with(LIST) as wye:
            answer = wye.get("/made", "OPTIONS", {"Origin": APP})
            self.assertEqual((answer.status, answer.getheader("Allow")),
                             (204, "GET, HEAD, PUT, OPTIONS"))
            self.assertEqual(fields(answer), {"Allow-Origin": APP})
            answer = wye.get("/made", "OPTIONS", {"Access-Control-Request-Method": "PUT"})
            self.assertEqual((answer.status, fields(answer)), (204, {}))
            self.assertTrue(answer.getheader("Allow"))

    def test_in_the_chain_of_one_route(self):
        """OPTIONS matches no route: the chain is that of the request which is asked about."""
        with wye_with(LIST, lane="", route='"cors"') as wye:
            self.assertEqual(fields(preflight(wye))["Allow-Origin"], APP)
            self.assertEqual(fields(preflight(wye, path="/options"))["Allow-Origin"], APP)
            for path, method in (("/other", "GET"), ("/made", "DELETE"), ("/made", "NONE"),
                                 ("/nowhere", "GET")):
                self.assertEqual(fields(preflight(wye, path=path, method=method)), {}, path)


class Settings(unittest.TestCase):
    def test_bad_ones(self):
        for settings, sentence in (
                ("", 'cors has no "origins"'),
                ('origins = [ "app.example" ];', '"app.example" is no origin like'),
                ('origins = [ "https://a.example/" ];', "is no origin like"),
                ('origins = [ "*" ]; credentials = true;', '"*" does not go with credentials'),
                ('origins = [ "null" ]; credentials = true;', '"null" does not go with'),
                (LIST + 'expose = [ "*" ]; credentials = true;', "name the fields"),
                (LIST + 'headers = [ "a b" ];', '"a b" is no name'),
                (LIST + 'methods = [ "" ];', '"" is no name'),
                (LIST + "max_age = 100000;", "max_age")):
            with self.subTest(settings):
                status, text = check_config(config(settings))
                self.assertEqual(status, 1, text)
                self.assertRegex(text, r"wye\.conf:4: ")
                self.assertIn(sentence, text)


if __name__ == "__main__":
    main()
