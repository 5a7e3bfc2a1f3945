/**
 * One live conversation with an event, over as many sockets as it takes. The only file that names
 * WebSocket.
 *
 * Every socket begins with Hello, what was seen last, and what is looked at. Messages with a `ref`
 * are kept until they are answered and sent again, under the same ref, after a break.
 */

import { mayComeBack, waitBefore } from "./backoff";
import { BadMessage } from "./bad_message";
import { decodeMessage, encodeMessage } from "./codec";
import { PROTOCOL_VERSION, type ClientMessage, type Hello, type Look, type ServerMessage } from "./messages";

export type Link =
  | { readonly state: "connecting" | "live" | "offline" }
  | { readonly state: "reconnecting"; readonly attempt: number }
  | { readonly state: "ended"; readonly code: number; readonly reason: string };

/** What is known already, for Hello. */
export type Seen = Required<Pick<Hello, "epoch" | "seq" | "tiles" | "zones_seq">>;

export interface ConnectionOptions {
  readonly url: string;
  readonly event: string;
  readonly token: () => string;
  readonly onLink: (link: Link) => void;
}

/** Who takes in what the server says. */
export interface Listener {
  readonly seen: () => Seen;
  readonly look: () => Look | null;
  /** May throw BadMessage. */
  readonly onMessage: (message: ServerMessage) => void;
  /** The server said what cannot be: what it told before is not to be relied on either. */
  readonly onNonsense: () => void;
}

type Asked = Exclude<ClientMessage, { type: "Hello" | "Look" | "Ping" }>;

const BEAT_MS = 5_000;
const PING_EVERY_MS = 20_000;
const ANSWER_WITHIN_MS = 8_000;
const SILENT_WITHIN_MS = 45_000;
/** Timers that rest for so long were asleep with the machine, or in a tab that was put away. */
const ASLEEP_AFTER_MS = 30_000;
const PROBE_WITHIN_MS = 4_000;
/** So many messages wait for a listener; a conversation with nobody begins anew. */
const MOST_UNHEARD = 500;
const NOTHING_SEEN: Seen = { epoch: 0, seq: 0, tiles: new Uint8Array(), zones_seq: 0 };
/** A conversation that lasts so long has come to stand: the next break is a first one again. */
const SETTLED_AFTER_MS = 5_000;

export class LiveConnection {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private greeted = false;
  private closed = false;
  private retryTimer = 0;
  private heartbeat = 0;
  private probeTimer = 0;
  private lastHeard = 0;
  private lastBeat = 0;
  private lastPing = 0;
  private greetedAt = 0;
  private hiddenAt = 0;
  private listener: Listener | null = null;
  private unheard: ServerMessage[] = [];
  private readonly unanswered = new Map<string, Asked>();

  constructor(private readonly options: ConnectionOptions) {
    addEventListener("online", this.wake);
    addEventListener("offline", this.dropped);
    addEventListener("pageshow", this.wake);
    document.addEventListener("visibilitychange", this.wake);
  }

  open(): void {
    if (this.socket || this.closed) return;
    clearTimeout(this.retryTimer);
    this.greeted = false;
    this.unheard = [];
    this.tell(
      this.attempt === 0 ? { state: "connecting" } : { state: "reconnecting", attempt: this.attempt },
    );
    const socket = new WebSocket(this.options.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const giveUp = setTimeout(() => socket.close(), ANSWER_WITHIN_MS);
    socket.onopen = () => this.hello();
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      clearTimeout(giveUp);
      if (socket === this.socket) this.heard(new Uint8Array(event.data));
    };
    socket.onclose = (event) => {
      clearTimeout(giveUp);
      if (socket === this.socket) this.lost(event.code, event.reason);
    };
  }

  /** From now on `listener` hears what the server says, and first what it said already. */
  attend(listener: Listener): void {
    this.listener = listener;
    const waiting = this.unheard;
    this.unheard = [];
    this.taken(() => waiting.forEach((message) => listener.onMessage(message)));
    const look = listener.look();
    if (look) this.look(look);
  }

  /** Ask for something; it is sent now or as soon as the conversation stands again. */
  ask(message: Asked): void {
    this.unanswered.set(message.ref, message);
    if (this.greeted) this.send(message);
  }

  /** Look there from now on. Before Hello is said there is no need: it is said behind it. */
  look(look: Look): void {
    this.send(look);
  }

  close(): void {
    this.closed = true;
    removeEventListener("online", this.wake);
    removeEventListener("offline", this.dropped);
    removeEventListener("pageshow", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    clearTimeout(this.retryTimer);
    clearTimeout(this.probeTimer);
    clearInterval(this.heartbeat);
    this.socket?.close(1000);
    this.socket = null;
  }

  private hello(): void {
    const { epoch, seq, tiles, zones_seq } = this.listener?.seen() ?? NOTHING_SEEN;
    this.send({
      type: "Hello",
      version: PROTOCOL_VERSION,
      token: this.options.token(),
      event: this.options.event,
      epoch,
      seq,
      tiles,
      zones_seq,
    });
    const look = this.listener?.look();
    if (look) this.send(look);
  }

  private heard(bytes: Uint8Array): void {
    this.lastHeard = Date.now();
    clearTimeout(this.probeTimer);
    if (this.greeted && this.lastHeard - this.greetedAt > SETTLED_AFTER_MS) this.attempt = 0;
    this.taken(() => {
      const message = decodeMessage(bytes);
      if (!message) return;
      if ("ref" in message && message.ref) this.unanswered.delete(message.ref);
      if (this.listener) this.listener.onMessage(message);
      else if (this.unheard.push(message) > MOST_UNHEARD) return this.abandon();
      if (message.type === "Mine" && !this.greeted) this.stand();
    });
  }

  private taken(take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      this.listener?.onNonsense();
      this.abandon();
    }
  }

  private stand(): void {
    this.greeted = true;
    this.greetedAt = Date.now();
    this.beat();
    this.tell({ state: "live" });
    for (const waiting of this.unanswered.values()) this.send(waiting);
  }

  private lost(code: number, reason: string): void {
    this.socket = null;
    this.greeted = false;
    clearInterval(this.heartbeat);
    clearTimeout(this.probeTimer);
    if (this.closed) return;
    if (!mayComeBack(code)) {
      this.tell({ state: "ended", code, reason });
      return;
    }
    if (!navigator.onLine) {
      this.tell({ state: "offline" });
      return;
    }
    const wait = waitBefore(this.attempt, Math.random(), reason);
    this.retryTimer = window.setTimeout(() => this.open(), wait);
    this.attempt += 1;
    this.tell({ state: "reconnecting", attempt: this.attempt });
  }

  private beat(): void {
    clearInterval(this.heartbeat);
    this.lastBeat = this.lastPing = Date.now();
    this.heartbeat = window.setInterval(() => {
      const now = Date.now();
      const slept = now - this.lastBeat > ASLEEP_AFTER_MS;
      this.lastBeat = now;
      if (slept) this.probe();
      else if (now - this.lastHeard > SILENT_WITHIN_MS) this.abandon();
      else if (now - this.lastPing >= PING_EVERY_MS) {
        this.lastPing = now;
        this.send({ type: "Ping", t: now });
      }
    }, BEAT_MS);
  }

  /** After a sleep: say Hello again, which brings what was missed, or find that nobody is there. */
  private probe(): void {
    if (!this.greeted) return;
    this.lastBeat = Date.now();
    this.hello();
    clearTimeout(this.probeTimer);
    this.probeTimer = window.setTimeout(() => this.abandon(), PROBE_WITHIN_MS);
  }

  /** The socket may hang for minutes before the browser notices: go on without it. */
  private abandon(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lost(1006, "");
  }

  private readonly wake = (): void => {
    if (this.closed) return;
    if (document.visibilityState === "hidden") {
      this.hiddenAt = Date.now();
      return;
    }
    const away = this.hiddenAt ? Date.now() - this.hiddenAt : 0;
    this.hiddenAt = 0;
    if (!this.socket) this.open();
    else if (away > ASLEEP_AFTER_MS) this.probe();
    else if (this.greeted) this.send({ type: "Ping", t: Date.now() });
  };

  private readonly dropped = (): void => this.abandon();

  private send(message: ClientMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(encodeMessage(message));
  }

  private tell(link: Link): void {
    this.options.onLink(link);
  }
}
