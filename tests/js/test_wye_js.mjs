// SPDX-License-Identifier: MIT
//
// test_wye_js.mjs - etc/www/wye.js under a clock, a random() and a WebSocket of the test's own:
// every delay to the millisecond, and no waiting.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

// What pages have and Node 18 has not.
globalThis.crypto ??= (await import("node:crypto")).webcrypto;
globalThis.CustomEvent ??= class extends Event {
    constructor(name, { detail }) {
        super(name);
        this.detail = detail;
    }
};
// A .js file is no module to Node 18, but this is.
const source = await readFile(new URL("../../etc/www/wye.js", import.meta.url), "utf8");
const { WyeSocket, backOff, isFinal } =
    await import("data:text/javascript," + encodeURIComponent(source));

const sorted = numbers => [...numbers].sort((a, b) => a - b);

class Clock {
    now = 0;
    #timers = new Map();
    #next = 1;

    setTimeout(run, delay) {
        this.#timers.set(this.#next, { run, due: this.now + delay });
        return this.#next++;
    }

    clearTimeout(id) {
        this.#timers.delete(id);
    }

    get running() {
        return this.#timers.size;
    }

    // Goes on by `span` ms, running what falls due, in order.
    pass(span) {
        const end = this.now + span;
        for (;;) {
            const due = [...this.#timers].filter(([, timer]) => timer.due <= end)
                .sort(([a, one], [b, other]) => one.due - other.due || a - b)[0];
            if (!due)
                break;
            this.#timers.delete(due[0]);
            this.now = due[1].due;
            due[1].run();
        }
        this.now = end;
    }
}

// A page's side and its server: `made` are all sockets so far.
function world(options = {}) {
    const clock = new Clock(), events = new EventTarget(), made = [], log = [];
    class FakeSocket {
        constructor(url, protocols) {
            Object.assign(this, { url, protocols, at: clock.now, sent: [] });
            made.push(this);
        }
        send(text) { this.sent.push(text); }
        close(code) { this.closed = code ?? "no code"; }
        open() { this.onopen(); }
        say(data) { this.onmessage({ data: typeof data === "object" ? JSON.stringify(data) : data }); }
        end(code = 1006, reason = "") { this.onclose?.({ code, reason }); }
        get numbers() { return this.sent.filter(one => one !== "ping").map(one => JSON.parse(one).n); }
    }
    const socket = new WyeSocket("ws://here/", {
        clock, events, random: () => 0, WebSocket: FakeSocket, ...options
    });
    for (const name of ["state", "message", "ack", "refused"])
        socket.addEventListener(name, event => log.push([name, event.detail]));
    return {
        clock, events, made, log, socket,
        get last() { return made.at(-1); },
        states: () => log.filter(([name]) => name === "state").map(([, detail]) => detail.state),
        details: name => log.filter(([one]) => one === name).map(([, detail]) => detail),
    };
}

// Opens and proves the connection under way.
function prove(w) {
    w.last.open();
    w.last.say({ hello: 1 });
}

const DELAYS = {
    0: [1000, 2000, 4000, 8000, 16000, 30000, 30000],
    0.5: [1500, 2500, 4500, 8500, 16500, 30000, 30000],
    0.999: [1999, 2999, 4999, 8999, 16999, 30000, 30000],
};

for (const [random, delays] of Object.entries(DELAYS))
    test(`delays with random() = ${random}`, () => {
        const w = world({ random: () => Number(random), maxAttempts: 0 });
        w.socket.start();
        delays.forEach((delay, n) => {
            assert.equal(backOff(n, () => Number(random)), delay);
            w.last.end();
            assert.deepEqual(w.details("state").at(-1),
                             { state: "waiting", attempt: n + 1, delay, code: 1006, reason: "" });
            w.clock.pass(delay - 1);
            assert.equal(w.made.length, n + 1);
            w.clock.pass(1);
            assert.equal(w.made.length, n + 2);
        });
    });

test("gives up after five, and starts again by hand", () => {
    const w = world();
    w.socket.start();
    for (let i = 0; i < 5; i++) {
        w.last.end();
        w.clock.pass(30000);
    }
    w.last.end();
    assert.equal(w.made.length, 6); // the first, and five to reconnect
    assert.deepEqual(w.details("state").at(-1),
                     { state: "gaveup", attempt: 5, code: 1006, reason: "" });
    assert.equal(w.clock.running, 0);
    w.socket.start();
    assert.equal(w.made.length, 7);
    w.last.end();
    assert.equal(w.details("state").at(-1).delay, 1000);
});

test("maxAttempts: another bound, and none", () => {
    const two = world({ maxAttempts: 2 }), none = world({ maxAttempts: 0 });
    for (const w of [two, none]) {
        w.socket.start();
        for (let i = 0; i < 50; i++) {
            w.last.end();
            w.clock.pass(30000);
        }
    }
    assert.deepEqual([two.made.length, two.socket.state], [3, "gaveup"]);
    assert.deepEqual([none.made.length, none.socket.state], [51, "connecting"]);
    assert.equal(none.details("state").at(-2).delay, 30000);
});

test("only what was received proves a connection", () => {
    const w = world();
    w.socket.start();
    for (const delay of [1000, 2000, 4000]) { // accepted and dropped at once, again and again
        w.last.open();
        w.last.end();
        assert.equal(w.details("state").at(-1).delay, delay);
        w.clock.pass(delay);
    }
    for (const proof of ["pong", { ack: 1 }, { any: "thing" }, "no JSON", new Uint8Array(1)]) {
        w.last.open();
        w.last.say(proof);
        w.last.end();
        assert.equal(w.details("state").at(-1).delay, 1000);
        w.clock.pass(1000);
    }
    w.last.end(); // and now a failed one
    assert.equal(w.details("state").at(-1).delay, 2000);
});

test("pings every 30 s", () => {
    const w = world();
    w.socket.start();
    w.last.open();
    w.clock.pass(29999);
    assert.deepEqual(w.last.sent, []);
    for (let i = 1; i <= 10; i++) {
        w.clock.pass(1);
        assert.equal(w.last.sent.length, i);
        w.clock.pass(9999); // within 10 s
        w.last.say("pong");
        w.clock.pass(20000);
    }
    assert.equal(w.socket.state, "open");
    assert.equal(w.made.length, 1);
    assert.deepEqual(w.details("message"), []); // not for the application
    w.socket.close();
    assert.equal(w.clock.running, 0);
});

test("a missing pong ends the connection after 10 s", () => {
    const w = world();
    w.socket.start();
    prove(w);
    w.clock.pass(30000);
    w.last.say({ other: "traffic" }); // is no pong
    w.clock.pass(9999);
    assert.equal(w.socket.state, "open");
    w.clock.pass(1);
    assert.equal(w.socket.state, "waiting");
    assert.equal(w.details("state").at(-1).reason, "no pong");
    assert.equal(w.made[0].closed, "no code");
    w.made[0].end(); // much later: nobody listens
    w.clock.pass(1000);
    assert.equal(w.made.length, 2);
});

test("a pong that the last connection owed is not asked of the next", () => {
    const w = world();
    w.socket.start();
    prove(w);
    w.clock.pass(30000);
    w.last.end();
    w.clock.pass(1000);
    w.last.open();
    w.clock.pass(29999);
    assert.deepEqual([w.socket.state, w.made.length, w.last.sent], ["open", 2, []]);
});

test("other pings, none, and a wait longer than the span", () => {
    const other = world({ ping: "a", pong: "b", pingEvery: 10, pongWait: 15 });
    other.socket.start();
    other.last.open();
    other.clock.pass(24);
    assert.deepEqual(other.last.sent, ["a", "a"]);
    assert.equal(other.socket.state, "open");
    other.clock.pass(1);
    assert.equal(other.socket.state, "waiting");
    const none = world({ pingEvery: 0 });
    none.socket.start();
    none.last.open();
    none.clock.pass(1e6);
    assert.deepEqual([none.last.sent, none.socket.state], [[], "open"]);
});

test("a connection that does not open is tried again", () => {
    const w = world({ openWait: 5000 });
    w.socket.start();
    w.clock.pass(4999);
    assert.equal(w.socket.state, "connecting");
    w.clock.pass(1);
    assert.equal(w.details("state").at(-1).reason, "it did not open");
    assert.equal(w.made[0].closed, "no code");
});

test("the queue is bounded, and says so", () => {
    const w = world();
    for (let n = 1; n <= 100; n++)
        assert.equal(w.socket.send({ text: "x" }), n);
    assert.throws(() => w.socket.send({ text: "x" }), /100 messages wait .* not taken/);
    w.socket.start();
    w.last.open();
    assert.throws(() => w.socket.send({ text: "x" }), RangeError); // sent is not confirmed
    w.last.say({ ack: 1 });
    assert.equal(w.socket.send({ text: "x" }), 101);
    assert.equal(w.last.sent.length, 101);
    assert.equal(w.socket.pending, 100);
    assert.throws(() => w.socket.send("text"), TypeError);
    w.last.say({ ack: 2 });
    assert.throws(() => w.socket.send({ big: 1n }), TypeError); // no JSON: nothing was taken
    assert.equal(w.socket.send({}), 102);
});

test("a message has its number and its client, whatever is in it", () => {
    const w = world({ client: "me" }), other = world();
    w.socket.start();
    w.last.open();
    w.socket.send({ text: "hi", n: 99, c: "you" });
    assert.deepEqual(JSON.parse(w.last.sent[0]), { text: "hi", n: 1, c: "me" });
    assert.match(other.socket.client, /^[0-9a-z]{2,14}$/);
    assert.notEqual(other.socket.client, world().socket.client);
});

test("what is not confirmed is sent again, in order; what is, is not", () => {
    const w = world();
    w.socket.start();
    prove(w);
    for (let n = 1; n <= 5; n++)
        w.socket.send({ text: String(n) });
    w.last.say({ ack: 1 });
    w.last.say({ ack: 3 });
    w.last.say({ error: "bad word", n: 4 });
    w.last.say({ ack: 3 }); // again, and one that never was
    w.last.say({ ack: 77 });
    w.last.end();
    w.socket.send({ text: "6" });
    w.clock.pass(1000);
    assert.deepEqual(w.last.numbers, []);
    w.last.open();
    assert.deepEqual(w.last.numbers, [2, 5, 6]);
    assert.deepEqual(w.details("ack"), [1, 3]);
    assert.deepEqual(w.details("refused"), [{ n: 4, error: "bad word" }]);
    for (const n of [2, 5, 6])
        w.last.say({ ack: n });
    assert.equal(w.socket.pending, 0);
    w.last.end();
    w.clock.pass(1000);
    w.last.open();
    assert.deepEqual(w.last.numbers, []);
});

test("none is lost over a hundred broken connections", () => {
    const w = world({ maxAttempts: 0 }), taken = new Set(), confirmed = new Set();
    let seed = 1;
    const dice = () => (seed = seed * 16807 % 2147483647) / 2147483647;
    w.socket.start();
    for (let round = 0; round < 100; round++) {
        w.last.open();
        for (let i = 0; i < 5; i++)
            w.socket.send({ round, i });
        const numbers = w.last.numbers;
        assert.deepEqual(numbers, sorted(numbers));
        for (const n of numbers) {
            assert(!confirmed.has(n));
            if (dice() < 0.1)
                break; // it breaks here; later ones never arrive
            taken.add(n);
            if (dice() < 0.2)
                continue; // this ack is lost
            w.last.say({ ack: n });
            confirmed.add(n);
        }
        w.last.end();
        w.clock.pass(30000);
    }
    w.last.open();
    w.last.numbers.forEach(n => taken.add(n));
    assert.deepEqual(sorted(taken), Array.from({ length: 500 }, (_, i) => i + 1));
});

test("what a listener of open sends goes behind the queue", () => {
    const w = world();
    w.socket.addEventListener("state", event => {
        if (event.detail.state === "open")
            w.socket.send({ late: true });
    });
    w.socket.send({});
    w.socket.send({});
    w.socket.start();
    w.last.open();
    assert.deepEqual(w.last.numbers, [1, 2, 3]);
});

test("states come in order", () => {
    const w = world({ maxAttempts: 1 });
    assert.equal(w.socket.state, "closed");
    w.socket.start();
    w.socket.start(); // is under way
    prove(w);
    w.socket.start();
    w.last.end();
    w.clock.pass(1000);
    prove(w);
    w.last.end(1001, "going away");
    w.clock.pass(1000);
    w.last.end();
    w.socket.start();
    w.last.open();
    w.socket.close();
    assert.deepEqual(w.states(), [
        "connecting", "open", "waiting", "connecting", "open", "waiting", "connecting", "gaveup",
        "connecting", "open", "closed"]);
    assert.equal(w.made.length, 4);
    assert.equal(w.last.closed, 1000);
    w.last.end(1000); // the close handshake's end is no news
    assert.equal(w.states().length, 11);
    assert.equal(w.clock.running, 0);
});

test("which codes are final", () => {
    for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4400, 4401, 4499])
        assert(isFinal(code, ""), code);
    for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3000, 4000, 4399, 4500])
        assert(!isFinal(code, ""), code);
    assert(!isFinal(1008, "too slow")); // a slow consumer
    const w = world(), own = world({ isFinal: code => code === 1006 });
    w.socket.send({});
    w.socket.start();
    prove(w);
    w.last.end(4401, "token expired");
    assert.deepEqual(w.details("state").at(-1),
                     { state: "closed", code: 4401, reason: "token expired" });
    assert.equal(w.clock.running, 0);
    assert.equal(w.socket.pending, 1); // kept, for a start with a new token
    own.socket.start();
    own.last.end();
    assert.equal(own.socket.state, "closed");
});

test("the browser's online event tries at once", () => {
    const w = world({ maxAttempts: 1 });
    const online = () => w.events.dispatchEvent(new Event("online"));
    online(); // not started
    assert.equal(w.made.length, 0);
    w.socket.start();
    online();
    assert.equal(w.made.length, 1);
    w.last.end();
    online();
    assert.equal(w.made.length, 2);
    w.last.end();
    assert.equal(w.details("state").at(-1).delay, 1000);
    w.clock.pass(1000);
    w.last.end();
    assert.equal(w.socket.state, "gaveup");
    online();
    assert.equal(w.made.length, 4);
    w.socket.close();
    online();
    assert.equal(w.made.length, 4);
});

test("a url may be asked for, subprotocols are offered", () => {
    let token = 0;
    const w = world({ protocols: ["chat.v2"] });
    w.socket.start();
    assert.deepEqual(w.last.protocols, ["chat.v2"]);
    const asked = new WyeSocket(() => `ws://here/?token=${++token}`, {
        clock: w.clock, events: w.events, random: () => 0, WebSocket: w.last.constructor
    });
    asked.start();
    assert.equal(w.last.url, "ws://here/?token=1");
    w.last.onclose({ code: 1006, reason: "" });
    w.clock.pass(1000);
    assert.equal(w.last.url, "ws://here/?token=2");
});

test("a code that a page may not send changes nothing", () => {
    const w = world();
    w.socket.start();
    prove(w);
    w.last.close = () => { throw new Error("InvalidAccessError"); };
    assert.throws(() => w.socket.close(1001));
    assert.equal(w.socket.state, "open");
    w.last.say({ still: "heard" });
    assert.equal(w.details("message").length, 2);
});
