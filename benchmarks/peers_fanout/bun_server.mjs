// Bun's own server: everybody subscribes to one topic, and the text is published to it.

import { obey, text } from "./orders.mjs";

const payload = Buffer.from(text);
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response("websockets only", { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    sendPings: false,
    open(viewer) {
      viewer.subscribe("event");
    },
    message() {},
  },
});

globalThis.gc = () => Bun.gc(true);
obey(server.port, () => server.publish("event", payload));
