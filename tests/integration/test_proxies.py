#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Behind nginx with `keepalive` upstreams and HAProxy with `http-reuse always`: an Upgrade comes down
connections that have carried REST requests."""

import unittest

from proxies import Proxy
from wye import Wye, frame, main, read_answer, read_frame, upgrade

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_field {{ default upgrade; "" ""; }}
  upstream wye {{ server 127.0.0.1:{wye}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://wye; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_field;
    }}
  }}
}}
"""
HAPROXY = """
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  http-reuse always
  server wye 127.0.0.1:{wye} pool-max-conn 1
"""


class Proxies(unittest.TestCase):
    def rest(self, proxy):
        sock = proxy.connect()
        sock.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(read_answer(sock)[2], b"hello, world\n")
        sock.close()

    def talk(self, wye, proxy):
        for _ in range(5):
            for _ in range(3):
                self.rest(proxy)
            sock = proxy.connect()
            sock.sendall(upgrade())
            self.assertEqual(read_answer(sock)[0], 101)
            for i in range(20):
                sock.sendall(frame(1, b"message %d" % i))
                self.assertEqual(read_frame(sock), (1, b"message %d" % i))
            sock.sendall(frame(8, b"\x03\xe8"))
            self.assertEqual(read_frame(sock), (8, b"\x03\xe8"))
            sock.close()
        metrics = wye.metrics()
        self.assertEqual(metrics["upgrades_handed_over_total"], 5)
        # Requests shared connections, and Upgrades came down used ones.
        self.assertLess(metrics["connections_accepted_total"], metrics["rest_requests_total"] - 5)

    def through(self, name, config):
        with Wye() as wye, Proxy(name, config, wye=wye.port) as proxy:
            self.talk(wye, proxy)

    def test_nginx(self):
        self.through("nginx", NGINX)

    def test_haproxy(self):
        self.through("haproxy", HAPROXY)


if __name__ == "__main__":
    main()
