// socket.io over websockets alone: one event to everybody. Its payload is text, which socket.io
// frames once for all; a Buffer would be two frames a viewer.

import { createServer } from "node:http";
import { Server } from "socket.io";

import { obey, text } from "./orders.mjs";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 600_000,
});

// What the documentation advises where memory counts: the request is not needed after the handshake.
io.engine.on("connection", (socket) => {
  socket.request = null;
});

http.listen(0, "127.0.0.1", 4096, () => obey(http.address().port, () => io.emit("t", text)));
