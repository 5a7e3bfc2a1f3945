import { beforeEach, describe, expect, it } from "vitest";
import { Sale, type Asked } from "../src/model/sale";
import { ASKED, BOOKED, HELD, LEAVING, MINE, MY_BOOKING, NOT_MINE } from "../src/model/seats";
import { Code, type HoldState, type ServerMessage } from "../src/wire/messages";
import { FLOOR_GROUP, PRICES, smallChart, TABLE_PLACES } from "./small_chart";

const NOW = 1_000_000;

class Desk {
  readonly asked: Asked[] = [];
  readonly later: (() => void)[] = [];
  readonly sale: Sale;

  constructor() {
    let refs = 0;
    this.sale = new Sale(smallChart(), {
      ask: (message) => this.asked.push(message),
      newRef: () => `r${(refs += 1)}`,
      localNow: () => NOW,
      later: (_ms, act) => this.later.push(act),
    });
    this.hear({ type: "Welcome", version: 2, viewer: "v_1", now_ms: NOW + 500, epoch: 1, chart_hash: "h" });
    this.hear({ type: "Watching", tiles: Uint8Array.of(0, 3), zones: false });
    this.hear({ type: "View", epoch: 1, seq: 5, count: 13, statuses: new Uint8Array(4) });
    this.hear({ type: "Mine", holds: [] });
  }

  hear(message: ServerMessage): void {
    this.sale.handle(message);
  }

  held(ref: string, hold: number, places: readonly number[], extra: Partial<{ step: number }> = {}): void {
    this.hear({
      type: "Held",
      ref,
      state: state(hold, places),
      added: places,
      dropped: [],
      step: 0,
      ...extra,
    });
  }

  refused(ref: string, code: number, places: number[] = [], beside: number[] = []): void {
    this.hear({ type: "Refused", ref, code, message: "No.", places, beside });
  }

  marks(...places: number[]): number[] {
    return places.map((place) => this.sale.seats.mine[place]!);
  }
}

function state(hold: number, places: readonly number[]): HoldState {
  const chart = smallChart();
  return {
    hold,
    places,
    prices: places.map((place) => PRICES[chart.category[place]!]!),
    expires_at_ms: NOW + 60_000,
    extensions_left: 1,
  };
}

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});

describe("picking", () => {
  it("is asked for at once and in the basket when held", () => {
    desk.sale.toggle(4);
    expect(desk.asked).toEqual([{ type: "Hold", ref: "r1", places: [4], into: 0 }]);
    expect(desk.marks(4)).toEqual([ASKED]);
    desk.held("r1", 9, [4]);
    expect(desk.marks(4)).toEqual([MINE]);
    expect(desk.sale.state.basket).toMatchObject({ total: 5_000, expiresAtMs: NOW + 60_000 });
    expect(desk.sale.now()).toBe(NOW + 500);
  });

  it("waits for the first hold before it adds to it", () => {
    desk.sale.toggle(4);
    desk.sale.toggle(5);
    expect(desk.asked).toHaveLength(1);
    expect(desk.marks(4, 5)).toEqual([ASKED, ASKED]);
    desk.held("r1", 9, [4]);
    expect(desk.asked[1]).toEqual({ type: "Hold", ref: "r2", places: [5], into: 9 });
    desk.held("r2", 9, [4, 5]);
    expect(desk.sale.state.basket.lines.map((line) => line.place)).toEqual([4, 5]);
  });

  it("gives a seat back on the second press", () => {
    desk.sale.toggle(4);
    desk.held("r1", 9, [4]);
    desk.sale.toggle(4);
    expect(desk.asked[1]).toEqual({ type: "Drop", ref: "r2", hold: 9, places: [4] });
    expect(desk.marks(4)).toEqual([LEAVING]);
    desk.hear({ type: "Ended", ref: "r2", hold: 9, why: 1 });
    expect(desk.marks(4)).toEqual([NOT_MINE]);
    expect(desk.sale.state.basket.lines).toEqual([]);
    expect(desk.sale.state.notice).toBeNull();
  });

  it("takes a table whole and gives it back whole", () => {
    desk.sale.toggle(TABLE_PLACES[1]!);
    expect(desk.asked).toEqual([{ type: "HoldWhole", ref: "r1", group: 2, into: 0 }]);
    expect(desk.marks(...TABLE_PLACES)).toEqual([ASKED, ASKED]);
    desk.held("r1", 9, TABLE_PLACES);
    desk.sale.drop([TABLE_PLACES[0]!]);
    expect(desk.asked[1]).toMatchObject({ type: "Drop", places: TABLE_PLACES });
  });

  it("asks an area for a quantity", () => {
    desk.sale.takeQuantity(FLOOR_GROUP, 2);
    expect(desk.asked).toEqual([
      { type: "HoldQuantity", ref: "r1", group: FLOOR_GROUP, quantity: 2, into: 0 },
    ]);
  });

  it("explains a place that is not free, without asking", () => {
    desk.sale.seats.statuses[5] = HELD;
    desk.sale.toggle(5);
    expect(desk.asked).toEqual([]);
    expect(desk.sale.state.notice).toMatchObject({ kind: "not-free", place: 5, status: HELD });
  });

  it("asks all the same where what it knows is stale", () => {
    desk.sale.seats.statuses[5] = HELD;
    desk.hear({ type: "Watching", tiles: new Uint8Array(), zones: true });
    desk.sale.toggle(5);
    expect(desk.asked).toMatchObject([{ type: "Hold", places: [5] }]);
  });

  it("says which step of best available was found", () => {
    desk.sale.takeBest({ quantity: 2, categories: [1], sections: [], accessible: 0, maxPrice: 0 });
    expect(desk.asked[0]).toMatchObject({ type: "HoldBest", quantity: 2, categories: [1], into: 0 });
    desk.held("r1", 9, [4, 5], { step: 2 });
    expect(desk.sale.state.notice).toEqual({ kind: "found", step: 2, places: [4, 5] });
  });
});

describe("refusals", () => {
  it("unmark the place and offer what is beside", () => {
    desk.sale.toggle(4);
    desk.refused("r1", Code.PLACES_TAKEN, [4], [5, 6]);
    expect(desk.marks(4)).toEqual([NOT_MINE]);
    expect(desk.sale.state.notice).toEqual({ kind: "taken", places: [4], beside: [5, 6], wanted: 1 });
  });

  it("let what waited go on", () => {
    desk.sale.toggle(4);
    desk.sale.toggle(5);
    desk.refused("r1", Code.PLACES_TAKEN, [4]);
    expect(desk.asked[1]).toEqual({ type: "Hold", ref: "r2", places: [5], into: 0 });
  });

  it("of a hold that is over open a new one instead", () => {
    desk.sale.toggle(4);
    desk.held("r1", 9, [4]);
    desk.sale.toggle(5);
    desk.refused("r2", Code.HOLD_ENDED);
    expect(desk.asked[2]).toEqual({ type: "Hold", ref: "r3", places: [5], into: 0 });
    expect(desk.marks(4)).toEqual([NOT_MINE]);
  });

  it("for being busy are tried again with the same ref, a few times", () => {
    desk.sale.toggle(4);
    for (let i = 0; i < 3; i += 1) {
      desk.refused("r1", Code.OVERLOADED);
      expect(desk.sale.state.notice).toBeNull();
      desk.later[i]!();
    }
    expect(desk.asked.map((message) => message.ref)).toEqual(["r1", "r1", "r1", "r1"]);
    desk.refused("r1", Code.OVERLOADED);
    expect(desk.sale.state.notice).toMatchObject({ kind: "refused", code: Code.OVERLOADED });
    expect(desk.marks(4)).toEqual([NOT_MINE]);
  });

  it("of giving back leave the seat in the basket", () => {
    desk.sale.toggle(4);
    desk.held("r1", 9, [4]);
    desk.sale.toggle(4);
    desk.refused("r2", Code.NOT_IN_HOLD);
    expect(desk.marks(4)).toEqual([MINE]);
  });
});

describe("what happens elsewhere", () => {
  it("another tab's hold shows", () => {
    desk.held("", 9, [4]);
    expect(desk.marks(4)).toEqual([MINE]);
    desk.held("", 9, [5]);
    expect(desk.marks(4, 5)).toEqual([NOT_MINE, MINE]);
  });

  it("time that runs out is said", () => {
    desk.held("", 9, [4, 5]);
    desk.hear({ type: "Ended", ref: "", hold: 9, why: 2 });
    expect(desk.sale.state.notice).toEqual({ kind: "ended", count: 2, expired: true });
    expect(desk.sale.state.basket.lines).toEqual([]);
  });

  it("holds that were lost during a break are said, the rest stays", () => {
    desk.held("", 9, [4, 5]);
    desk.hear({ type: "Mine", holds: [state(9, [5])] });
    expect(desk.marks(4, 5)).toEqual([NOT_MINE, MINE]);
    expect(desk.sale.state.notice).toMatchObject({ kind: "ended", count: 1 });
  });

  it("what was asked before a break stays asked", () => {
    desk.sale.toggle(4);
    desk.hear({ type: "Mine", holds: [] });
    expect(desk.marks(4)).toEqual([ASKED]);
  });

  it("what is told of another chart is passed over", () => {
    desk.hear({ type: "Welcome", version: 2, viewer: "v_1", now_ms: NOW, epoch: 1, chart_hash: "other" });
    desk.hear({ type: "Tiles", seq: 9, packed: Uint8Array.of(99, 99) });
    expect(desk.sale.seen.seq).toBe(5);
  });

  it("changed prices are noticed", () => {
    desk.hear({ type: "EventChanged", seq: 6 });
    expect(desk.sale.state.changes).toBe(1);
  });
});

describe("booking", () => {
  it("turns the hold into a booking with its prices", () => {
    desk.sale.toggle(4);
    desk.held("r1", 9, [4]);
    desk.sale.book("Ana", "ana@example.org");
    expect(desk.asked[1]).toEqual({
      type: "Book",
      ref: "r2",
      hold: 9,
      name: "Ana",
      email: "ana@example.org",
    });
    expect(desk.sale.state.booking).toBe(true);
    desk.hear({ type: "Booked", ref: "r2", hold: 9, booking: "B-1", places: [4], total: 5_000 });
    expect(desk.sale.state.booked).toEqual([{ booking: "B-1", places: [4], prices: [5_000], total: 5_000 }]);
    expect(desk.sale.state.booking).toBe(false);
    expect(desk.marks(4)).toEqual([MY_BOOKING]);
    desk.sale.seats.statuses[4] = BOOKED;
    desk.sale.toggle(4);
    expect(desk.asked).toHaveLength(2);
  });

  it("recalls bookings of earlier visits", () => {
    desk.sale.recall([{ booking: "B-1", places: [6], prices: [5_000], total: 5_000 }]);
    expect(desk.marks(6)).toEqual([MY_BOOKING]);
  });
});
