// Colyseus: a room of everybody, without state of its own, and a broadcast of bytes to it.

import { matchMaker, Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

import { obey, text } from "./orders.mjs";

const payload = Buffer.from(text);
let room;

class Event extends Room {
  maxClients = Infinity;
  patchRate = null;
  autoDispose = false;
  seatReservationTimeout = 60;

  onCreate() {
    room = this;
  }
}

const transport = new WebSocketTransport({ pingInterval: 0 });
const server = new Server({ transport, greet: false, gracefullyShutdown: false });
server.define("event", Event);
await server.listen(0, "127.0.0.1", 4096);
await matchMaker.createRoom("event", {});
obey(transport.server.address().port, () => room.broadcastBytes("t", payload));
