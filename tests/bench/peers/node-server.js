// node:http with the `ws` package: node node-server.js PORT
const http = require("node:http");
const { WebSocketServer } = require("ws");

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

const echo = new WebSocketServer({ server, path: "/ws", perMessageDeflate: false });
echo.on("connection", (socket) => {
	socket.on("error", () => {});
	socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
