// SPDX-License-Identifier: MIT
//
// wye.js - a WebSocket that comes back, and loses no message while it is away. An ES module
// without dependencies, for pages; Node's tests run it under a clock of their own.
//
//     import { WyeSocket } from "/wye.js";
//     const socket = new WyeSocket("wss://example.org/ws/chat/lobby");
//     socket.addEventListener("state", event => show(event.detail.state));
//     socket.addEventListener("message", event => add(event.detail));
//     socket.start();
//     socket.send({ text: "hi" });
//
// Messages are JSON texts:
//
//     client -> server   {"n": 7, "c": "5f0c...", ...}       a message: its number, its client
//     server -> client   {"ack": 7}                          taken: it is not sent again
//                        {"error": "too long", "n": 7}       refused: it is not sent again
//                        anything else                       the application's
//     client -> server   ping     every 30 s, of a route with
//     server -> client   pong     app_ping = { request = "ping"; reply = "pong"; };
//
// What was sent waits here until the server confirms it, and goes out again, in its order, after
// a reconnect; so a message may arrive twice, and a server that minds recognises it by c and n.
// The queue lives as long as the object. It is bounded: send() throws when it is full.
//
// A lost connection is tried again after min(1000 * 2^n + random(1000), 30000) ms. n counts the
// attempts since the last connection that was proven, which is when something was received on
// it: a server that accepts and drops at once is asked ever less often, too. After maxAttempts
// of them it gives up, until start() is called or the browser says that it is online again.
//
// Not tried again, as the same would happen again, are connections closed by these codes:
//
//     1000        the server is done
//     1002 1007   we broke the protocol        1003 1010   it can't do what we want
//     1008        refused, too much said, time is up (a new token?); but not with "too slow"
//     1009        a message of ours is too large
//     4400-4499   the application's, as HTTP's 4xx: 4401 for a token that is not valid
//
// All others are: 1001 (the server stops), 1006 (it broke, or the handshake was refused; browsers
// don't tell which), 1011 to 1014, other codes of applications.

const FINAL = [1000, 1002, 1003, 1007, 1008, 1009, 1010];

export function isFinal(code, reason) {
    if (code === 1008 && reason === "too slow")
        return false;
    return FINAL.includes(code) || (code >= 4400 && code <= 4499);
}

export function backOff(n, random) {
    return Math.min(1000 * 2 ** n + Math.floor(random() * 1000), 30000);
}

function randomName() {
    const [high, low] = globalThis.crypto.getRandomValues(new Uint32Array(2));
    return high.toString(36) + low.toString(36);
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text; // not JSON: the application knows
    }
}

const DEFAULTS = {
    maxAttempts: 5,     // to reconnect; 0: for ever
    queue: 100,         // messages that may wait for their confirmation
    openWait: 30000,    // ms for a connection to open
    pingEvery: 30000,   // ms; 0: no pings
    pongWait: 10000,    // ms for the reply to a ping
    ping: "ping",
    pong: "pong",
    protocols: [],      // subprotocols to offer
    isFinal,            // (code, reason): true if this end is not tried again
    random: Math.random,
    clock: globalThis,  // has setTimeout() and clearTimeout()
    events: globalThis, // where "online" comes from
    WebSocket: globalThis.WebSocket,
};

// Events, as CustomEvent: their `detail` is told here.
//
//     state     { state, attempt, delay, code, reason }: `state` is new
//               connecting, open; waiting: for `delay` ms before reconnect `attempt`;
//               gaveup: after `attempt`; closed: by close(), or by the server for good.
//               code and reason tell the last end
//     message   the value, or the text if it was no JSON, or the bytes
//     ack       the number of the message
//     refused   { n, error }: a message that the server will never take
export class WyeSocket extends EventTarget {
    #url;
    #options;
    #socket = null;
    #attempt = 0;
    #queue = [];  // { n, text }: unsent or unconfirmed, by number
    #last = 0;
    #timers = {}; // state: what it waits for, be it its end or the next ping; pong: its deadline

    // `url` may be a function, asked before each attempt (a token that expires); it may not fail.
    constructor(url, options = {}) {
        super();
        this.#url = url;
        this.#options = { ...DEFAULTS, ...options };
        this.client = this.#options.client ?? randomName();
        this.state = "closed";
    }

    // Messages that are not confirmed yet.
    get pending() { return this.#queue.length; }

    // Connects at once, with a fresh count of attempts. Nothing if it is open or on the way.
    start() {
        if (this.#socket)
            return;
        this.#options.events.addEventListener?.("online", this.#online);
        this.#attempt = 0;
        this.#connect();
    }

    // Sends an object, now or later; returns its number. Throws when the queue is full: then
    // nothing was taken.
    send(data) {
        if (typeof data !== "object")
            throw new TypeError("a message is an object");
        if (this.#queue.length >= this.#options.queue)
            throw new RangeError(`${this.#queue.length} messages wait for the server; ` +
                                 "this one was not taken");
        const n = this.#last + 1;
        const text = JSON.stringify({ ...data, n, c: this.client });
        this.#last = n;
        this.#queue.push({ n, text });
        if (this.state === "open")
            this.#socket.send(text);
        return n;
    }

    // Ends it; what is unconfirmed stays in the queue, for another start().
    close(code = 1000, reason = "") {
        this.#drop(code, reason);
        this.#end(code, reason);
    }

    #online = () => {
        if (this.state === "waiting" || this.state === "gaveup")
            this.start();
    };

    #connect() {
        const { WebSocket, protocols, openWait } = this.#options;
        const url = typeof this.#url === "function" ? this.#url() : this.#url;
        const socket = new WebSocket(url, protocols);
        socket.onopen = () => this.#opened();
        socket.onmessage = event => this.#received(event.data);
        socket.onclose = event => this.#lost(event.code, event.reason);
        this.#socket = socket;
        this.#arm("state", openWait, () => this.#lost(1006, "it did not open"));
        this.#become("connecting", { attempt: this.#attempt });
    }

    #opened() {
        this.state = "open";
        this.#arm("state", this.#options.pingEvery, () => this.#ping());
        for (const { text } of this.#queue)
            this.#socket.send(text);
        this.#become("open"); // behind the queue: what its listeners send has higher numbers
    }

    #received(data) {
        this.#attempt = 0;
        if (typeof data !== "string")
            return this.#emit("message", data);
        if (data === this.#options.pong)
            return this.#disarm("pong");
        const value = parse(data);
        if (Number.isInteger(value?.ack))
            this.#settle("ack", value.ack, value.ack);
        else if (value?.error !== undefined && Number.isInteger(value.n))
            this.#settle("refused", value.n, { n: value.n, error: value.error });
        else
            this.#emit("message", value);
    }

    #settle(how, n, detail) {
        const index = this.#queue.findIndex(one => one.n === n);
        if (index < 0)
            return;
        this.#queue.splice(index, 1);
        this.#emit(how, detail);
    }

    #ping() {
        const { ping, pingEvery, pongWait } = this.#options;
        this.#socket.send(ping);
        if (!("pong" in this.#timers)) // an earlier one may still be awaited
            this.#arm("pong", pongWait, () => this.#lost(1006, "no pong"));
        this.#arm("state", pingEvery, () => this.#ping());
    }

    // The connection's end, by whomever. A dead one may take minutes to tell: it isn't awaited.
    #lost(code, reason) {
        const { maxAttempts, random, isFinal: final } = this.#options;
        this.#drop();
        if (final(code, reason))
            return this.#end(code, reason);
        if (maxAttempts && this.#attempt >= maxAttempts)
            return this.#become("gaveup", { attempt: this.#attempt, code, reason });
        const delay = backOff(this.#attempt++, random);
        this.#arm("state", delay, () => this.#connect());
        this.#become("waiting", { attempt: this.#attempt, delay, code, reason });
    }

    // Parts with the socket and its timers; nothing that it does later is heard.
    #drop(code, reason) {
        const socket = this.#socket;
        socket?.close(code, reason); // throws if a page may not send that code
        if (socket)
            socket.onopen = socket.onmessage = socket.onclose = null;
        this.#socket = null;
        this.#disarm("state");
        this.#disarm("pong");
    }

    #end(code, reason) {
        this.#options.events.removeEventListener?.("online", this.#online);
        this.#become("closed", { code, reason });
    }

    #arm(timer, delay, run) {
        this.#disarm(timer);
        if (delay)
            this.#timers[timer] = this.#options.clock.setTimeout(run, delay);
    }

    #disarm(timer) {
        this.#options.clock.clearTimeout(this.#timers[timer]);
        delete this.#timers[timer];
    }

    #become(state, detail = {}) {
        this.state = state;
        this.#emit("state", { state, ...detail });
    }

    #emit(name, detail) {
        this.dispatchEvent(new CustomEvent(name, { detail }));
    }
}
