import { expect, it } from "vitest";
import { BLOCKED, BOOKED, FREE, HELD, SeatStore } from "../src/model/seats";

function uint32(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function store(): SeatStore {
  const seats = new SeatStore(6);
  seats.applyView({
    type: "View",
    epoch: 3,
    seq: 10,
    count: 6,
    statuses: Uint8Array.of(0b11_10_01_00, 0b00_01),
  });
  return seats;
}

it("unpacks a view, lowest bits first", () => {
  const seats = store();
  expect([...seats.statuses]).toEqual([FREE, HELD, BOOKED, BLOCKED, HELD, FREE]);
  expect([seats.epoch, seats.seq, seats.known]).toEqual([3, 10, true]);
});

it("applies a delta that fits and tells which places changed", () => {
  const seats = store();
  const told: number[][] = [];
  seats.subscribe((places) => told.push([...Array.from(places ?? [])]));
  const fits = seats.applyDelta({
    type: "Delta",
    after_seq: 9,
    seq: 12,
    places: uint32(0, 5),
    statuses: Uint8Array.of(HELD, BOOKED),
  });
  expect(fits).toBe(true);
  expect([seats.statuses[0], seats.statuses[5], seats.seq]).toEqual([HELD, BOOKED, 12]);
  expect(told).toEqual([[0, 5]]);
});

it("reads places from the middle of a larger buffer", () => {
  const seats = store();
  const frame = new Uint8Array(9);
  frame.set(uint32(5), 1);
  seats.applyDelta({
    type: "Delta",
    after_seq: 10,
    seq: 11,
    places: frame.subarray(1, 5),
    statuses: Uint8Array.of(BOOKED),
  });
  expect(seats.statuses[5]).toBe(BOOKED);
});

it("notices a gap and passes over what it knows", () => {
  const seats = store();
  const delta = { type: "Delta", places: uint32(0), statuses: Uint8Array.of(BOOKED) } as const;
  expect(seats.applyDelta({ ...delta, after_seq: 11, seq: 12 })).toBe(false);
  expect(seats.applyDelta({ ...delta, after_seq: 8, seq: 10 })).toBe(true);
  expect(seats.statuses[0]).toBe(FREE);
});
