/**
 * One viewer's side of a sale: wishes go in, messages go out; messages come in, the basket and the
 * marks on the places follow. No DOM, no socket, no clock of its own.
 */

import {
  Code,
  type Booked,
  type ClientMessage,
  type Ended,
  type Held,
  type HoldState,
  type Hello,
  type Refused,
  type ServerMessage,
  type Tiles,
  type Totals,
  type View,
  type Watching,
  type Zones,
} from "../wire/messages";
import { basketOf, EMPTY_BASKET, type Basket } from "./basket";
import { AREA, TABLE, type ChartModel } from "./chart";
import { freeBeside } from "./neighbours";
import { ASKED, FREE, LEAVING, MINE, MY_BOOKING, NOT_MINE, SeatStore } from "./seats";
import { ZoneStore } from "./zones";

export type Asked = Exclude<ClientMessage, { type: "Hello" | "Look" | "Ping" }>;

export interface SalePort {
  readonly ask: (message: Asked) => void;
  readonly newRef: () => string;
  readonly localNow: () => number;
  readonly later: (ms: number, act: () => void) => void;
}

/** How often and how long after each other a message is sent again that met a busy box office. */
const BUSY_RETRIES_MS = [500, 1_500, 4_000];

export interface BestWish {
  readonly quantity: number;
  readonly categories: readonly number[];
  readonly sections: readonly number[];
  readonly accessible: number;
  readonly maxPrice: number;
}

/** Something to hold, in whichever hold stands when it is sent. */
type Wish =
  | { readonly kind: "places"; readonly places: readonly number[] }
  | { readonly kind: "quantity"; readonly group: number; readonly quantity: number }
  | { readonly kind: "whole"; readonly group: number }
  | { readonly kind: "best"; readonly best: BestWish };

/** What the page has to say. Words are made by the viewer. */
export type Notice =
  | {
      readonly kind: "taken";
      readonly places: readonly number[];
      readonly beside: readonly number[];
      readonly wanted: number;
    }
  | {
      readonly kind: "not-free";
      readonly place: number;
      readonly status: number;
      readonly beside: readonly number[];
    }
  | { readonly kind: "refused"; readonly code: number; readonly message: string }
  | { readonly kind: "found"; readonly step: number; readonly places: readonly number[] }
  | { readonly kind: "ended"; readonly count: number; readonly expired: boolean };

export interface Booking {
  readonly booking: string;
  readonly places: readonly number[];
  readonly prices: readonly number[];
  readonly total: number;
}

export interface SaleState {
  readonly viewer: string;
  /** What is left has arrived, of places or of zones. */
  readonly known: boolean;
  readonly basket: Basket;
  readonly waiting: boolean;
  readonly booking: boolean;
  readonly booked: readonly Booking[];
  readonly notice: Notice | null;
  readonly noticeId: number;
  /** Server's clock minus this browser's. */
  readonly clockOffsetMs: number;
  readonly chartHash: string;
  /** Grows when prices or rules changed. */
  readonly changes: number;
}

const NOTHING: SaleState = {
  viewer: "",
  known: false,
  basket: EMPTY_BASKET,
  waiting: false,
  booking: false,
  booked: [],
  notice: null,
  noticeId: 0,
  clockOffsetMs: 0,
  chartHash: "",
  changes: 0,
};

interface Ask {
  readonly message: Asked;
  readonly wish: Wish | null;
  readonly marked: readonly number[];
  readonly retries: number;
}

export class Sale {
  readonly seats: SeatStore;
  readonly zones: ZoneStore;
  private readonly holds = new Map<number, HoldState>();
  private readonly asks = new Map<string, Ask>();
  private readonly wishes: Wish[] = [];
  private readonly listeners = new Set<() => void>();
  private openingRef = "";
  private current: SaleState = NOTHING;

  constructor(
    readonly chart: ChartModel,
    private readonly port: SalePort,
  ) {
    this.seats = new SeatStore(chart);
    this.zones = new ZoneStore(chart.tiling);
  }

  get state(): SaleState {
    return this.current;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  now(): number {
    return this.port.localNow() + this.current.clockOffsetMs;
  }

  /** A seat, table or booth was pointed at: take it, or give it back. */
  toggle(place: number): void {
    const group = this.chart.groups[this.chart.group[place]!];
    if (!group) return;
    const places = group.whole ? Array.from(group.places) : [place];
    const mark = this.seats.mine[place];
    if (mark === MINE) {
      this.drop(places);
    } else if (mark === NOT_MINE) {
      const status = this.seats.statuses[place]!;
      // What is not fresh may have changed: then the answer of the server is the answer.
      if (status !== FREE && this.seats.isFresh(place)) {
        const beside = freeBeside(this.chart, this.seats.statuses, place, 2);
        this.say({ kind: "not-free", place, status, beside });
      } else if (group.whole) this.wish({ kind: "whole", group: group.index });
      else this.wish({ kind: "places", places });
    }
  }

  take(places: readonly number[]): void {
    this.wish({ kind: "places", places });
  }

  takeQuantity(group: number, quantity: number): void {
    const area = this.chart.groups[group];
    if (!area) return;
    this.wish(area.whole ? { kind: "whole", group } : { kind: "quantity", group, quantity });
  }

  takeBest(best: BestWish): void {
    this.wish({ kind: "best", best });
  }

  /** Give places back, from whichever holds they are in; a whole table goes as a whole. */
  drop(places: readonly number[]): void {
    const wanted = new Set(places);
    for (const place of places) {
      const group = this.chart.groups[this.chart.group[place]!];
      if (group?.whole) for (const other of group.places) wanted.add(other);
    }
    for (const hold of this.holds.values()) {
      const leaving = hold.places.filter((p) => wanted.has(p) && this.seats.mine[p] === MINE);
      if (!leaving.length) continue;
      const ref = this.port.newRef();
      this.send({ type: "Drop", ref, hold: hold.hold, places: leaving }, null, leaving, LEAVING);
    }
  }

  extend(): void {
    for (const { hold } of this.holds.values()) {
      this.send({ type: "Extend", ref: this.port.newRef(), hold }, null, []);
    }
  }

  release(): void {
    for (const { hold, places } of this.holds.values()) {
      this.send({ type: "Release", ref: this.port.newRef(), hold }, null, places, LEAVING);
    }
  }

  book(name: string, email: string): void {
    for (const { hold } of this.holds.values()) {
      this.send({ type: "Book", ref: this.port.newRef(), hold, name, email }, null, []);
    }
  }

  /** Bookings this browser made earlier, so that their seats show as its own. */
  recall(bookings: readonly Booking[]): void {
    for (const { places } of bookings) this.seats.mark(places, MY_BOOKING);
  }

  closeNotice(): void {
    this.update({ notice: null });
  }

  closeBooked(): void {
    this.update({ booked: [] });
  }

  /** What to say in Hello of what is known already. */
  get seen(): Required<Pick<Hello, "epoch" | "seq" | "tiles" | "zones_seq">> {
    const { epoch, seq } = this.seats;
    return { epoch, seq, tiles: this.seats.freshRuns(), zones_seq: this.zones.seen };
  }

  /** Nothing that was told of places may be relied on: the next Hello asks for all of it. */
  doubt(): void {
    this.seats.forget();
    this.zones.forget();
  }

  /** Throws BadMessage. */
  handle(message: ServerMessage): void {
    switch (message.type) {
      case "Welcome":
        if (message.epoch !== this.seats.epoch) this.zones.forget();
        this.seats.greeted(message.epoch);
        this.update({
          viewer: message.viewer,
          chartHash: message.chart_hash,
          clockOffsetMs: message.now_ms - this.port.localNow(),
        });
        break;
      case "Watching":
      case "View":
      case "Tiles":
      case "Zones":
      case "Totals":
        // Of another chart, which the page is about to load: its tiles would be read as ours.
        if (this.current.chartHash === this.chart.hash) this.told(message);
        break;
      case "Mine":
        this.mine(message.holds);
        break;
      case "Held":
        this.held(message);
        break;
      case "Ended":
        this.ended(message);
        break;
      case "Booked":
        this.booked(message);
        break;
      case "Refused":
        this.refused(message);
        break;
      case "Pong":
        this.update({ clockOffsetMs: message.now_ms - this.port.localNow() });
        break;
      case "EventChanged":
        this.update({ changes: this.current.changes + 1 });
        break;
    }
  }

  private told(message: Watching | View | Tiles | Zones | Totals): void {
    switch (message.type) {
      case "Watching":
        this.seats.watch(message.tiles);
        this.zones.watch(message.zones);
        return;
      case "View":
        this.seats.applyView(message);
        break;
      case "Tiles":
        this.seats.applyTiles(message);
        break;
      case "Zones":
        this.zones.applyZones(message);
        break;
      case "Totals":
        this.zones.applyTotals(message);
        break;
    }
    if (!this.current.known) this.update({ known: true });
  }

  private mine(holds: readonly HoldState[]): void {
    const before = [...this.holds.values()];
    this.holds.clear();
    for (const hold of holds) this.holds.set(hold.hold, hold);
    const kept = new Set(holds.flatMap((hold) => hold.places));
    const lost = before.flatMap((hold) => hold.places).filter((p) => !kept.has(p));
    this.seats.mark(
      lost.filter((p) => this.seats.mine[p] !== MY_BOOKING),
      NOT_MINE,
    );
    this.seats.mark(kept, MINE);
    const asked = [...this.asks.values()];
    for (const { message, marked } of asked) {
      this.seats.mark(marked, message.type === "Drop" || message.type === "Release" ? LEAVING : ASKED);
    }
    this.refreshBasket();
    const booking = asked.some(({ message }) => message.type === "Book");
    if (lost.length && !booking) this.say({ kind: "ended", count: lost.length, expired: true });
  }

  private held(message: Held): void {
    const ask = this.answered(message.ref);
    const before = this.holds.get(message.state.hold)?.places ?? [];
    this.holds.set(message.state.hold, message.state);
    const now = new Set(message.state.places);
    const gone = [...before, ...(ask?.marked ?? [])].filter((p) => !now.has(p));
    this.seats.mark(gone, NOT_MINE);
    this.seats.mark(
      message.state.places.filter((p) => this.seats.mine[p] !== LEAVING || !this.isLeaving(p)),
      MINE,
    );
    this.refreshBasket();
    if (message.step) this.say({ kind: "found", step: message.step, places: message.added });
    else if (ask?.wish && this.current.notice) this.update({ notice: null });
    this.nextWish();
  }

  private isLeaving(place: number): boolean {
    return [...this.asks.values()].some(
      ({ message, marked }) => message.type === "Drop" && marked.includes(place),
    );
  }

  private ended(message: Ended): void {
    this.answered(message.ref);
    const hold = this.forget(message.hold);
    this.refreshBasket();
    if (hold && message.why === 2) {
      this.say({ kind: "ended", count: hold.places.length, expired: true });
    }
    this.nextWish();
  }

  private booked(message: Booked): void {
    this.answered(message.ref);
    const hold = this.forget(message.hold);
    this.seats.mark(message.places, MY_BOOKING);
    this.refreshBasket();
    const priceOf = new Map(hold?.places.map((place, i) => [place, hold.prices[i] ?? 0]));
    this.update({
      notice: null,
      booked: [
        ...this.current.booked,
        {
          booking: message.booking,
          places: message.places,
          prices: message.places.map((place) => priceOf.get(place) ?? 0),
          total: message.total,
        },
      ],
    });
  }

  private refused(message: Refused): void {
    if (this.retriedWhenBusy(message)) return;
    const ask = this.answered(message.ref);
    if (!ask) return;
    this.seats.mark(
      ask.marked,
      ask.message.type === "Drop" || ask.message.type === "Release" ? MINE : NOT_MINE,
    );
    const stale = message.code === Code.UNKNOWN_HOLD || message.code === Code.HOLD_ENDED;
    const into = "into" in ask.message ? (ask.message.into ?? 0) : 0;
    if (stale && ask.wish && into) {
      this.forget(into);
      this.refreshBasket();
      this.wish(ask.wish);
      return;
    }
    if (stale && "hold" in ask.message) {
      const gone = this.forget(ask.message.hold);
      this.refreshBasket();
      if (gone) this.say({ kind: "ended", count: gone.places.length, expired: true });
      return;
    }
    if (message.code === Code.PLACES_TAKEN && message.places.length) {
      const wanted = ask.marked.length || message.places.length;
      this.say({ kind: "taken", places: message.places, beside: message.beside, wanted });
    } else {
      this.say({ kind: "refused", code: message.code, message: message.message });
    }
    this.nextWish();
  }

  /** A busy box office says nothing of the wish itself: the same message goes out again, later. */
  private retriedWhenBusy({ ref, code }: Refused): boolean {
    const ask = this.asks.get(ref);
    const wait = BUSY_RETRIES_MS[ask?.retries ?? 0];
    if (!ask || wait === undefined) return false;
    if (code !== Code.UNAVAILABLE && code !== Code.OVERLOADED) return false;
    this.asks.set(ref, { ...ask, retries: ask.retries + 1 });
    this.port.later(wait, () => {
      if (this.asks.has(ref)) this.port.ask(ask.message);
    });
    return true;
  }

  private wish(wish: Wish): void {
    if (this.openingRef) {
      this.wishes.push(wish);
      if (wish.kind === "places") this.seats.mark(wish.places, ASKED);
      return;
    }
    const into = this.holds.keys().next().value ?? 0;
    const ref = this.port.newRef();
    if (!into) this.openingRef = ref;
    const marked = this.placesOf(wish);
    switch (wish.kind) {
      case "places":
        this.send({ type: "Hold", ref, places: wish.places, into }, wish, marked, ASKED);
        break;
      case "quantity":
        this.send({ type: "HoldQuantity", ref, group: wish.group, quantity: wish.quantity, into }, wish, []);
        break;
      case "whole":
        this.send({ type: "HoldWhole", ref, group: wish.group, into }, wish, marked, ASKED);
        break;
      case "best": {
        const { quantity, categories, sections, accessible, maxPrice } = wish.best;
        this.send(
          { type: "HoldBest", ref, quantity, categories, sections, accessible, max_price: maxPrice, into },
          wish,
          [],
        );
        break;
      }
    }
  }

  private placesOf(wish: Wish): readonly number[] {
    if (wish.kind === "places") return wish.places;
    if (wish.kind !== "whole") return [];
    const group = this.chart.groups[wish.group];
    return group && (group.kind === TABLE || group.kind === AREA) ? Array.from(group.places) : [];
  }

  /** Wishes made while the first hold was being opened go into that hold. */
  private nextWish(): void {
    const waiting = this.openingRef ? [] : this.wishes.splice(0);
    for (const wish of waiting) this.wish(wish);
  }

  private send(message: Asked, wish: Wish | null, marked: readonly number[], mark = NOT_MINE): void {
    this.asks.set(message.ref, { message, wish, marked, retries: 0 });
    if (mark !== NOT_MINE) this.seats.mark(marked, mark);
    this.refreshWaiting();
    this.port.ask(message);
  }

  private answered(ref: string): Ask | undefined {
    const ask = this.asks.get(ref);
    this.asks.delete(ref);
    if (ref && ref === this.openingRef) this.openingRef = "";
    this.refreshWaiting();
    return ask;
  }

  private forget(id: number): HoldState | undefined {
    const hold = this.holds.get(id);
    this.holds.delete(id);
    if (hold) this.seats.mark(hold.places, NOT_MINE);
    return hold;
  }

  private refreshBasket(): void {
    this.update({ basket: basketOf(this.holds.values()) });
  }

  private refreshWaiting(): void {
    const booking = [...this.asks.values()].some(({ message }) => message.type === "Book");
    this.update({ waiting: this.asks.size > 0, booking });
  }

  private say(notice: Notice): void {
    this.update({ notice, noticeId: this.current.noticeId + 1 });
  }

  private update(part: Partial<SaleState>): void {
    this.current = { ...this.current, ...part };
    for (const listener of this.listeners) listener();
  }
}
