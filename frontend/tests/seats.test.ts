import { beforeEach, describe, expect, it } from "vitest";
import { BadMessage } from "../src/wire/bad_message";
import { ASKED, BLOCKED, BOOKED, FREE, HELD, MINE, NOT_MINE, SeatStore, UNKNOWN } from "../src/model/seats";
import { smallChart } from "./small_chart";

const ALL = Uint8Array.of(0, 3);

let seats: SeatStore;
let told: (readonly number[] | null)[];
beforeEach(() => {
  seats = new SeatStore(smallChart());
  told = [];
  seats.subscribe((places) => told.push(places && Array.from(places)));
});

function view(...statuses: number[]): void {
  const packed = new Uint8Array(4);
  statuses.forEach((status, i) => (packed[i >> 2]! |= status << ((i & 3) * 2)));
  seats.watch(ALL);
  seats.applyView({ type: "View", epoch: 3, seq: 10, count: 13, statuses: packed });
}

function tiles(seq: number, ...packed: number[]): void {
  seats.applyTiles({ type: "Tiles", seq, packed: Uint8Array.from(packed) });
}

describe("what is told", () => {
  it("is nothing at first", () => {
    expect([...seats.statuses].every((status) => status === UNKNOWN)).toBe(true);
    expect([seats.isFresh(0), seats.freshRuns().length]).toEqual([false, 0]);
  });

  it("of every place, lowest bits first, and of areas as a count", () => {
    view(FREE, HELD, BOOKED, BLOCKED, HELD, FREE, FREE, FREE, FREE, FREE, FREE, BOOKED, FREE);
    expect([...seats.statuses.subarray(0, 6)]).toEqual([FREE, HELD, BOOKED, BLOCKED, HELD, FREE]);
    expect(seats.left[2]).toBe(2);
    expect([seats.epoch, seats.seq, [...seats.freshRuns()]]).toEqual([3, 10, [0, 3]]);
  });

  it("of a tile names what changed by it", () => {
    view();
    told = [];
    tiles(12, 0, (2 - 1) << 2, (HELD << 6) | 1, (FREE << 6) | 2);
    expect([seats.statuses[1], seats.statuses[2], seats.seq]).toEqual([HELD, FREE, 12]);
    expect(told).toEqual([[1]]);
    tiles(13, 2, 1);
    expect(seats.left[2]).toBe(1);
    expect(told[1]).toEqual([10]);
  });

  it("of no tile is still as of a seq", () => {
    view();
    told = [];
    tiles(20);
    expect([seats.seq, told]).toEqual([20, []]);
  });

  it("of a tile that is not there is no message", () => {
    expect(() => tiles(1, 3, 0)).toThrow(BadMessage);
    expect(() => seats.watch(Uint8Array.of(0, 4))).toThrow(BadMessage);
  });
});

describe("freshness", () => {
  it("ends when a tile is not watched any more, and comes back when it is told", () => {
    view();
    seats.watch(Uint8Array.of(1, 1));
    expect([0, 8, 10].map((place) => seats.isFresh(place))).toEqual([false, true, false]);
    expect([...seats.freshRuns()]).toEqual([1, 1]);
    expect(seats.statuses[0]).toBe(FREE);
    seats.watch(Uint8Array.of(0, 2));
    expect(seats.isFresh(0)).toBe(false);
    tiles(11, 0, 0, (HELD << 6) | 1);
    expect([seats.isFresh(1), seats.statuses[1]]).toEqual([false, HELD]);
    tiles(12, 0, 1, (HELD << 6) | 7);
    expect([seats.isFresh(0), seats.statuses[0]]).toEqual([true, HELD]);
    expect(seats.onlyZones).toBe(false);
    seats.watch(new Uint8Array());
    expect([seats.onlyZones, seats.isFresh(8)]).toEqual([true, false]);
  });

  it("does not outlive an epoch", () => {
    view();
    seats.greeted(3);
    expect(seats.isFresh(0)).toBe(true);
    seats.greeted(4);
    expect([seats.isFresh(0), seats.seq, seats.freshRuns().length]).toEqual([false, 0, 0]);
  });
});

describe("who can sit together", () => {
  const fits = () => [...seats.fits.subarray(0, 8)];

  it("is every free seat for a party of one", () => {
    view(FREE, HELD, FREE, FREE);
    expect(fits()).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("needs free neighbours in one row; kept seats part it", () => {
    view(FREE, HELD, FREE, FREE);
    seats.usePartySize(2);
    // Row B: 4, then 5 which is accessible, then 6 and 7.
    expect(fits()).toEqual([0, 1, 1, 1, 0, 1, 1, 1]);
    seats.usePartySize(3);
    expect(fits()).toEqual([0, 1, 0, 0, 0, 1, 0, 0]);
  });

  it("follows each change, and names the neighbours it concerns", () => {
    view();
    seats.usePartySize(3);
    told = [];
    tiles(11, 0, 0, (HELD << 6) | 1);
    expect(fits().slice(0, 4)).toEqual([0, 1, 0, 0]);
    expect(new Set(told[0])).toEqual(new Set([0, 1, 2, 3]));
    tiles(12, 0, 0, (FREE << 6) | 1);
    expect(fits().slice(0, 4)).toEqual([1, 1, 1, 1]);
  });

  it("counts one's own seats, asked for or held", () => {
    view(FREE, HELD, FREE, FREE);
    seats.usePartySize(4);
    seats.mark([1], ASKED);
    expect(fits().slice(0, 4)).toEqual([1, 1, 1, 1]);
    seats.mark([1], MINE);
    expect(fits().slice(0, 4)).toEqual([1, 1, 1, 1]);
    seats.mark([1], NOT_MINE);
    expect(fits().slice(0, 4)).toEqual([0, 1, 0, 0]);
  });

  it("is the same change by change as all at once", () => {
    view();
    seats.usePartySize(2);
    let random = 7;
    const chart = smallChart();
    for (let step = 0; step < 500; step += 1) {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      tiles(11 + step, 0, 0, (((random >> 8) & 3) << 6) | ((random >> 12) & 7));
      const grown = fits();
      const whole = new SeatStore(chart);
      whole.watch(ALL);
      whole.statuses.set(seats.statuses);
      whole.usePartySize(2);
      expect(grown).toEqual([...whole.fits.subarray(0, 8)]);
    }
  });
});
