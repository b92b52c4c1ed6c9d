// Bun as the WebSocket yardstick (its server is uWebSockets): bun bun-server.js PORT [CERTIFICATE KEY]
const users = "/api/users/";
const [port, certificate, key] = process.argv.slice(2);

function answer(request, server) {
	const path = new URL(request.url).pathname;
	if (path === "/ws" || path === "/hub")
		return server.upgrade(request, { data: path === "/hub" })
			? undefined
			: new Response("no upgrade\n", { status: 426 });
	if (path === "/hello")
		return new Response("hello, world\n", { headers: { "Content-Type": "text/plain" } });
	if (path.startsWith(users)) return Response.json({ id: path.slice(users.length) });
	return new Response("not found\n", { status: 404 });
}

Bun.serve({
	hostname: "127.0.0.1",
	port: Number(port),
	tls: key && { cert: Bun.file(certificate), key: Bun.file(key) },
	fetch: answer,
	websocket: {
		perMessageDeflate: false,
		backpressureLimit: 64 << 20,
		publishToSelf: true,
		open: (socket) => void (socket.data && socket.subscribe("hub")),
		message: (socket, message) =>
			void (socket.data ? socket.publish("hub", message) : socket.send(message)),
	},
});
