// ws, the usual websocket library of Node: the text to every client, without compression.

import { WebSocketServer } from "ws";

import { obey, text } from "./orders.mjs";

const payload = Buffer.from(text);
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  backlog: 4096,
  perMessageDeflate: false,
});

server.on("listening", () =>
  obey(server.address().port, () => {
    for (const client of server.clients) client.send(payload);
  }),
);
