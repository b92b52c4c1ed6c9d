# SPDX-License-Identifier: MIT
"""What is done to a wye while an allocation fails: each operation says whether all went well.

An operation may meet an error status, a refusal or the end of its connection, at any place; then
it returns False. It fails by an exception if there is no answer at all within the time, or a
wrong one."""

import hashlib
import http.client
import os
import re
import socket
import ssl

import failing  # noqa: F401 - makes those below importable
from certificates import Site
from tokens import SECRET, hs, until
from wye import PATIENCE, PLUGINS, TEST_PLUGINS, frame, read_frame, read_head, upgrade, wait_for

# "secret", by openssl passwd -6
HASH = ("$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc"
        "1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1")

CONFIG = """
listen = ( {{ address = "127.0.0.1"; port = 0; defer_accept = false;
              trusted_proxies = [ "127.0.0.1" ]; }},
           {{ address = "127.0.0.1"; port = 0; defer_accept = false;
              tls = {{ certificate = "{site}"; key = "{key}";
                       verify = "optional"; client_ca = "{site}"; }}; }} );
plugin_path = "{plugins}"; http_threads = 1; stream_loops = 2; blocking_threads = 1;
log_level = "debug"; ticket_timeout = 1; drain_timeout = 3;
plugins = ( {{ load = "greeter"; }}, {{ load = "echo"; }}, {{ load = "notes"; }},
            {{ load = "clock"; }}, {{ load = "timing"; }}, {{ load = "chat"; }},
            {{ load = "{tests}/probe.so"; as = "probe"; }},
            {{ load = "{tests}/form.so"; as = "form"; }},
            {{ load = "{tests}/runtime.so"; as = "runtime"; }},
            {{ load = "{tests}/delivery.so"; as = "delivery"; }},
            {{ load = "{tests}/gate.so"; as = "gate"; label = "a"; }} );
middleware = (
  {{ use = "access-log"; file = "{folder}/access.log"; }},
  {{ use = "cors"; origins = [ "https://a.example", "https://*.b.example" ]; }},
  {{ use = "headers"; request_set = [ "X-A: b" ];
     response_set = [ "X-Frame-Options: DENY" ]; }},
  {{ use = "rate-limit"; rate = 100000; burst = 100000; }},
  {{ use = "timeout"; seconds = 5; }},
  {{ use = "compress"; minimum = 16; }},
  {{ use = "api-key"; keys = [ "shop:3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9" ]; }},
  {{ use = "basic"; file = "{folder}/users"; }},
  {{ use = "ip-filter"; allow = [ "127.0.0.0/8", "::1" ]; }},
  {{ use = "admission"; rate = 100000; burst = 100000; }},
  {{ use = "origin"; allow = [ "*" ]; }},
  {{ use = "mtls"; fingerprints = [ "{fingerprint}" ]; }},
  {{ use = "jwt"; secret = "{secret}"; }},
  {{ use = "token"; secret = "{secret}"; require = [ "exp" ]; }} );
rest = {{
  chain = [ "request-id", "access-log", "ip-filter", "cors", "headers", "rate-limit", "timeout",
            "compress", "timing" ];
  routes = (
    {{ path = "/hello"; handler = "respond"; type = "text/plain"; body = "{body}"; }},
    {{ path = "/users/:id"; handler = "greeter"; }},
    {{ path = "/late"; handler = "probe/late"; delay = 20; }},
    {{ path = "/block"; handler = "probe/block"; delay = 10; }},
    {{ path = "/notes"; handler = "notes/all"; }},
    {{ path = "/clock"; handler = "clock"; every = 0.02; }},
    {{ path = "/do"; handler = "runtime/do"; }},
    {{ path = "/delivery"; handler = "delivery/do"; }},
    {{ path = "/form"; handler = "form"; }},
    {{ path = "/files/*rest"; handler = "files"; root = "{folder}/www"; }},
    {{ path = "/old/:id"; handler = "redirect"; to = "/users/{{id}}"; }},
    {{ path = "/key"; chain = [ "api-key" ]; handler = "greeter"; }},
    {{ path = "/basic"; chain = [ "basic" ]; handler = "greeter"; }},
    {{ path = "/token"; chain = [ "jwt" ]; handler = "greeter"; }},
    {{ path = "/peer"; chain = [ "mtls" ]; handler = "greeter"; }}
  );
}};
websocket = {{
  chain = [ "request-id", "access-log", "origin", "admission", "runtime/user" ];
  routes = (
    {{ path = "/ws"; handler = "echo"; max_message = 200000; deflate = true; }},
    {{ path = "/peer"; handler = "runtime/peer"; fence = true; fence_interval = 0;
       max_frames_per_second = 1000; }},
    {{ path = "/chat"; handler = "chat"; }},
    {{ path = "/token"; handler = "echo"; chain = [ "token" ]; }},
    {{ path = "/defer"; handler = "echo"; chain = [ "gate/defer" ]; handshake_timeout = 0.1; }},
    {{ path = "/deliver"; handler = "delivery/client"; slow_consumer = "refuse";
       outbox_bytes = 65536; }}
  );
}};
"""


SITE = Site()


def fingerprint():
    with open(SITE.certificate) as pem:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read())).hexdigest()


def make_site(folder):
    """Writes files into the folder; returns the config."""
    os.mkdir(os.path.join(folder, "www"))
    with open(os.path.join(folder, "www", "a.txt"), "w") as out:
        out.write("a file\n" * 100)
    with open(os.path.join(folder, "users"), "w") as out:
        out.write("alice:%s\n" % HASH)
    return CONFIG.format(plugins=PLUGINS, tests=TEST_PLUGINS, folder=folder, secret=SECRET,
                         site=SITE.certificate, key=SITE.key, fingerprint=fingerprint(),
                         body="hello, world " * 40)


def connect(wye):
    one = wye.socket()
    one.settimeout(PATIENCE)
    return one


def ask(wye, text, good, body=b""):
    """One request; True if its status is `good`, False if it failed inside."""
    with connect(wye) as sock:
        try:
            sock.sendall(text.encode() + body)
            data = b""
            while True:
                piece = sock.recv(65536)
                if not piece:
                    break
                data += piece
        except ConnectionError:
            return False
    if not data:
        return False
    status = int(data.split()[1])
    assert status == good or status >= 500 or status == 431, data
    if status == good:
        assert b"\r\nX-Frame-Options: DENY\r\n" in data, "the fields that protect are missing"
    return status == good


def get(path, good=200, fields=""):
    text = "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n" % (path, fields)
    return lambda wye: ask(wye, text, good)


def post(path, body, type, good):
    text = ("POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %s\r\n"
            "Content-Length: %d\r\n\r\n" % (path, type, len(body)))
    return lambda wye: ask(wye, text, good, body)


class Gone(Exception):
    """The connection was refused or ended by an error."""


class Socket:
    """A WebSocket that may end at any time."""

    def __init__(self, wye, path, fields=""):
        self.sock = connect(wye)
        try:
            self.sock.sendall(upgrade(path, fields))
            head = read_head(self.sock)
        except (ConnectionError, ssl.SSLError):
            self.sock.close()
            raise Gone
        if not head.startswith("HTTP/1.1 101 "):
            self.sock.close()
            assert not head or head.split()[1] >= "500", head
            raise Gone

    def say(self, data):
        try:
            self.sock.sendall(data)
        except ConnectionError:
            raise Gone

    def hear(self):
        """The next message."""
        try:
            while True:
                opcode, payload = read_frame(self.sock)
                if opcode == 8:
                    raise Gone
                if opcode == 9:
                    self.sock.sendall(frame(10, payload))
                elif opcode != 10:
                    return payload
        except (ConnectionError, EOFError):
            raise Gone

    def end(self):
        """Closes as it should be, and waits for the end."""
        self.say(frame(8, b"\x03\xe8"))
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()


def gently(operation):
    """An end is an outcome, too."""
    def run(wye):
        try:
            operation(wye)
        except Gone:
            return False
        return True
    return run


DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: https://a.example\r\n"


@gently
def talk(wye):
    """Short, long, in fragments, compressed both ways; a ping between."""
    with Socket(wye, "/ws", DEFLATE) as one:
        for text in (b"short", b"l" * 70000):
            one.say(frame(1, text))
            one.hear()
        one.say(frame(2, b"a" * 3000, fin=False) + frame(9, b"ping") + frame(0, b"b" * 3000))
        one.hear()
        one.end()


@gently
def let_in(wye):
    """A token, and the end that it sets."""
    token = hs(until(60, sub="me"))
    with Socket(wye, "/token", "Authorization: Bearer %s\r\n" % token) as one:
        one.say(frame(1, b"in"))
        assert one.hear() == b"in"
        one.end()


def order(wye, text):
    """True if it was carried out."""
    body = text.encode()
    return post("/do", body, "text/plain", 200)(wye)


@gently
def join_and_publish(wye):
    """Two loops, a group, messages of all sizes, one by one and to all."""
    with Socket(wye, "/peer?name=a&user=u") as a, Socket(wye, "/peer?name=b&user=u") as b:
        for one in (a, b):
            one.say(frame(1, b"!join first=0 groups=20 of=20"))
            one.hear()
            one.say(frame(1, b"!join group=g"))
            one.hear()
        for text in ("publish group=g size=20", "publish group=g size=5000",
                     "publish group=g size=100000", "user user=u size=50", "all route=/peer",
                     "send to=a size=9000", "send to=b size=30"):
            order(wye, text)
            a.say(frame(1, ("!" + text).encode()))
        for one in (a, b):
            one.say(frame(1, b"the last"))
            while one.hear() != b"the last":
                pass
            one.end()


@gently
def chat(wye):
    """JSON, and a room that all are in."""
    with Socket(wye, "/chat?name=me", DEFLATE) as one:
        one.say(frame(1, b'{"n": 1, "c": "me%d", "text": "hello"}' % id(one)))
        one.end()


@gently
def wait_in_vain(wye):
    """A handshake on which nobody decides: the time that it has ends it."""
    with connect(wye) as sock:
        try:
            sock.sendall(upgrade("/defer?a=never"))
            head = read_head(sock)
        except ConnectionError:
            raise Gone
        if not head:
            raise Gone
        assert int(head.split()[1]) >= 500, head


def tell(wye, text):
    """An order for the plugin "delivery", and what it says."""
    one = wye.http()
    try:
        one.request("POST", "/delivery", text)
        answer = one.getresponse()
        body = answer.read().decode()
    except (ConnectionError, http.client.HTTPException):
        raise Gone
    finally:
        one.close()
    if answer.status != 200 or body.startswith("-"):
        assert answer.status == 200 or answer.status >= 500, answer.status
        raise Gone
    return body


@gently
def deliver(wye):
    """More messages than a connection takes at once: all come, or it ends."""
    tell(wye, "destroy")
    tell(wye, "create messages=1000 bytes=20000000")
    with Socket(wye, "/deliver?name=d") as one:
        tell(wye, "attach to=d number=0")
        taken = int(tell(wye, "send count=200 size=50000").split()[0])
        for number in range(1, taken + 1):
            assert int(one.hear().split()[0]) == number
        one.end()


def stream(wye):
    """Some events; then the client goes."""
    with connect(wye) as sock:
        data = b""
        try:
            sock.sendall(b"GET /clock HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while data.count(b"\n\n") < 3:
                piece = sock.recv(4096)
                if not piece:
                    break
                data += piece
        except ConnectionError:
            return False
        if not data:
            return False
        status = int(data.split()[1])
        assert status == 200 or status >= 500, data
        return data.count(b"\n\n") >= 3


def several(wye):
    """Three on one connection, the last with a head that is too large."""
    one = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
    large = "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n" % ("x" * 30000)
    with connect(wye) as sock:
        data = b""
        try:
            sock.sendall((one + one + large).encode())
            while True:
                piece = sock.recv(65536)
                if not piece:
                    break
                data += piece
        except ConnectionError:
            pass
        return data.count(b"HTTP/1.1 200 ") == 2


class Secure:
    """The same wye by its listener with TLS, which its client shows a certificate."""

    def __init__(self, wye):
        self.port = int(wait_for("its port", lambda: re.search(
            r"listening on \S+:(\d+) with TLS", wye.stderr())).group(1))
        self.context = SITE.context()
        self.context.load_cert_chain(SITE.certificate, SITE.key)

    def socket(self):
        return self.context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), PATIENCE),
            server_hostname="localhost")


def secure(operation):
    """Over TLS. Its end is an outcome, at any place, too, and an alert."""
    def run(wye):
        try:
            return operation(Secure(wye))
        except (ssl.SSLError, ConnectionError):
            return False
    return run


FORM = (b"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
        b"Content-Type: text/plain\r\n\r\n" + b"content " * 3000 + b"\r\n--xx--\r\n")
NOTE = b'{"text": "x", "tags": ["a"]}'
GUEST = "Authorization: Basic YWxpY2U6c2VjcmV0\r\n"

OPERATIONS = {
    "get": get("/hello?a=1&b=%20", fields="Accept-Encoding: gzip\r\nOrigin: https://x.b.example\r\n"
               "X-Forwarded-For: 127.0.0.9\r\nCookie: a=1; b=2\r\n"),
    "brotli": get("/hello", fields="Accept-Encoding: br\r\n"),
    "parameters": get("/users/%41dam?x=1"),
    "ticket": get("/late"),
    "pool": get("/block"),
    "note": post("/notes", NOTE, "application/json", 201),
    "form": post("/form", FORM, "multipart/form-data; boundary=xx", 200),
    "file": get("/files/a.txt", 206, "Range: bytes=1-20\r\n"),
    "redirect": get("/old/7", 307),
    "missing": get("/no/such", 404),
    "key": get("/key", fields="X-API-Key: 0123456789abcdef0123456789abcdef\r\n"),
    "basic": get("/basic", fields=GUEST),
    "jwt": lambda wye: get("/token", fields="Authorization: Bearer %s\r\n" % hs(until(60)))(wye),
    "several": several,
    "stream": stream,
    "talk": talk,
    "let_in": let_in,
    "publish": join_and_publish,
    "chat": chat,
    "wait": wait_in_vain,
    "deliver": deliver,
    "https": secure(get("/hello?a=1&b=%20", fields="Accept-Encoding: gzip\r\n")),
    "peer": secure(get("/peer")),
    "https_several": secure(several),
    "https_stream": secure(stream),
    "wss": secure(talk),
}
