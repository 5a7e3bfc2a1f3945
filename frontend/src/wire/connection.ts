/**
 * One live conversation with an event, over as many sockets as it takes. The only file that names
 * WebSocket.
 *
 * Every socket begins with Hello and what was seen last. Messages with a `ref` are kept until
 * they are answered and sent again, under the same ref, after a break.
 */

import { mayComeBack, waitBefore } from "./backoff";
import { decodeMessage, encodeMessage } from "./codec";
import { PROTOCOL_VERSION, type ClientMessage, type ServerMessage } from "./messages";

export type Link =
  | { readonly state: "connecting" | "live" | "offline" }
  | { readonly state: "reconnecting"; readonly attempt: number }
  | { readonly state: "ended"; readonly code: number; readonly reason: string };

export interface Seen {
  readonly epoch: number;
  readonly seq: number;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly event: string;
  readonly token: () => string;
  readonly seen: () => Seen;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onLink: (link: Link) => void;
}

type Asked = Exclude<ClientMessage, { type: "Hello" | "Ping" }>;

const PING_EVERY_MS = 20_000;
const ANSWER_WITHIN_MS = 8_000;
const SILENT_WITHIN_MS = 45_000;

export class LiveConnection {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private greeted = false;
  private closed = false;
  private retryTimer = 0;
  private heartbeat = 0;
  private lastHeard = 0;
  private readonly unanswered = new Map<string, Asked>();

  constructor(private readonly options: ConnectionOptions) {
    addEventListener("online", this.wake);
    addEventListener("offline", this.dropped);
    document.addEventListener("visibilitychange", this.wake);
  }

  open(): void {
    if (this.socket || this.closed) return;
    clearTimeout(this.retryTimer);
    this.greeted = false;
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

  /** Ask for something; it is sent now or as soon as the conversation stands again. */
  ask(message: Asked): void {
    this.unanswered.set(message.ref, message);
    if (this.greeted) this.send(message);
  }

  /** Say Hello again on the same socket: something was missed. */
  hello(): void {
    const { epoch, seq } = this.options.seen();
    this.send({
      type: "Hello",
      version: PROTOCOL_VERSION,
      token: this.options.token(),
      event: this.options.event,
      epoch,
      seq,
    });
  }

  close(): void {
    this.closed = true;
    removeEventListener("online", this.wake);
    removeEventListener("offline", this.dropped);
    document.removeEventListener("visibilitychange", this.wake);
    clearTimeout(this.retryTimer);
    clearInterval(this.heartbeat);
    this.socket?.close(1000);
    this.socket = null;
  }

  private heard(bytes: Uint8Array): void {
    this.lastHeard = Date.now();
    const message = decodeMessage(bytes);
    if (!message) return;
    if ("ref" in message && message.ref) this.unanswered.delete(message.ref);
    this.options.onMessage(message);
    if (message.type === "Mine" && !this.greeted) {
      this.greeted = true;
      this.attempt = 0;
      this.beat();
      this.tell({ state: "live" });
      for (const waiting of this.unanswered.values()) this.send(waiting);
    }
  }

  private lost(code: number, reason: string): void {
    this.socket = null;
    this.greeted = false;
    clearInterval(this.heartbeat);
    if (this.closed) return;
    if (!mayComeBack(code)) {
      this.tell({ state: "ended", code, reason });
      return;
    }
    if (!navigator.onLine) {
      this.tell({ state: "offline" });
      return;
    }
    this.retryTimer = window.setTimeout(() => this.open(), waitBefore(this.attempt, Math.random()));
    this.attempt += 1;
    this.tell({ state: "reconnecting", attempt: this.attempt });
  }

  private beat(): void {
    clearInterval(this.heartbeat);
    this.heartbeat = window.setInterval(() => {
      const now = Date.now();
      if (now - this.lastHeard > SILENT_WITHIN_MS) this.abandon();
      else this.send({ type: "Ping", t: now });
    }, PING_EVERY_MS);
  }

  /** The socket may hang for minutes before the browser notices: go on without it. */
  private abandon(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lost(1006, "");
  }

  private readonly wake = (): void => {
    if (this.closed || document.visibilityState === "hidden") return;
    if (!this.socket) this.open();
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
