// node:http with the `ws` package: node node-server.js PORT
const http = require("node:http");
const { WebSocket, WebSocketServer } = require("ws");

const users = "/api/users/";

function reply(response, type, body) {
	response.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
	response.end(body);
}

const server = http.createServer((request, response) => {
	if (request.url === "/hello") reply(response, "text/plain", "hello, world\n");
	else if (request.url.startsWith(users))
		reply(response, "application/json", JSON.stringify({ id: request.url.slice(users.length) }));
	else response.writeHead(404).end();
});
server.keepAliveTimeout = 600000;

// Two WebSocketServers can't share a server by their paths: one would refuse the other's.
const options = { noServer: true, perMessageDeflate: false };
const lanes = { "/ws": new WebSocketServer(options), "/hub": new WebSocketServer(options) };
const hub = lanes["/hub"];

lanes["/ws"].on("connection", (socket) => {
	socket.on("error", () => {});
	socket.on("message", (data, binary) => socket.send(data, { binary }));
});
hub.on("connection", (socket) => {
	socket.on("error", () => {});
	socket.on("message", (data, binary) => {
		for (const member of hub.clients)
			if (member.readyState === WebSocket.OPEN) member.send(data, { binary });
	});
});
server.on("upgrade", (request, socket, head) => {
	const lane = lanes[request.url];
	if (!lane) socket.destroy();
	else lane.handleUpgrade(request, socket, head, (peer) => lane.emit("connection", peer, request));
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
