import { beforeEach, describe, expect, it } from "vitest";
import { NO_FILTER, passes, type Filter } from "../src/model/filter";
import { BOOKED, HELD, SeatStore } from "../src/model/seats";
import { Surveyor, type Survey } from "../src/model/survey";
import { ZoneStore } from "../src/model/zones";
import { AREA, readChart } from "../src/model/chart";
import type { GroupView } from "../src/wire/messages";
import { PRICES, smallChart, VIEW } from "./small_chart";

const chart = smallChart();

function area(id: string, label: string, places: number): GroupView {
  const shape = {
    type: "rectangle",
    center: [0, 0],
    width: 9,
    height: 9,
    rotation: 0,
    corner_radius: 0,
  } as const;
  return [id, AREA, label, -1, "", false, [[0, places]], shape];
}
const ALL_TILES = Uint8Array.of(0, 3);
const NO_TILES = new Uint8Array();

let seats: SeatStore;
let zones: ZoneStore;
let surveyor: Surveyor;
let changes: number;

beforeEach(() => {
  seats = new SeatStore(chart);
  zones = new ZoneStore(chart.tiling);
  changes = 0;
  surveyor = new Surveyor(chart, seats, zones, () => (changes += 1));
});

function look(filter: Filter = NO_FILTER, partySize = 1): Survey {
  return surveyor.survey({ prices: PRICES, filter, partySize })!;
}

/** All free but a sold seat of row A and a held one of row B. */
function tellPlaces(): void {
  seats.watch(ALL_TILES);
  seats.applyView({ type: "View", epoch: 1, seq: 1, count: 13, statuses: new Uint8Array(4) });
  seats.applyTiles({
    type: "Tiles",
    seq: 2,
    packed: Uint8Array.of(0, 4, (BOOKED << 6) | 1, (HELD << 6) | 4),
  });
}

/** The same, as zones: Stalls (gold, silver), Boxes (gold), none (standing). */
function tellZones(): void {
  zones.watch(true);
  // Parties of two: seats 3 and 4 of row A, 3 and 4 of row B. Party fit counts no accessible seat.
  const stalls = [0, 3, 3, 0b0000_0111, 3, 1, 2];
  zones.applyZones({ type: "Zones", seq: 2, packed: Uint8Array.of(...stalls, 0, 2, 0, 0, 3, 0) });
}

describe("before anything is told", () => {
  it("there is no survey", () => {
    expect(surveyor.survey({ prices: PRICES, filter: NO_FILTER, partySize: 1 })).toBeNull();
  });
});

describe("by places", () => {
  beforeEach(tellPlaces);

  it("counts what is free, its prices, and where a party fits", () => {
    const { blocks, free, from, freeByCategory } = look(NO_FILTER, 2);
    expect(blocks[0]).toMatchObject({ places: 8, free: 6, fitting: 6, from: 5_000, to: 9_000, together: 2 });
    // Seats 3 and 4 of A, 3 and 4 of B, and the accessible one, which is told apart by nobody far out.
    expect(blocks[0]!.shade).toBe(5 / 8);
    // A table that is sold whole is no row, but has room.
    expect(blocks[1]).toMatchObject({ together: -1, shade: 1 });
    expect(blocks[2]).toMatchObject({ free: 3, together: -1, shade: 1 });
    expect([free, from]).toEqual([11, 2_500]);
    expect(freeByCategory).toEqual([5, 3, 3]);
  });

  it("tells what fits a filter from what is free", () => {
    const { blocks, fitting } = look({ categories: new Set([1]), maxPrice: 0, accessible: true });
    expect(blocks[0]).toMatchObject({ free: 6, fitting: 1, from: 5_000, exact: true });
    expect(fitting).toBe(1);
  });

  it("limits by price", () => {
    expect(look({ ...NO_FILTER, maxPrice: 5_000 }).fitting).toBe(6);
    expect(passes(chart, [true, false, true], false, 4)).toBe(false);
  });

  it("counts only blocks anew in which something changed", () => {
    const before = look();
    seats.applyTiles({ type: "Tiles", seq: 3, packed: Uint8Array.of(0, 0, HELD << 6) });
    const after = look();
    expect(after.blocks[0]).toMatchObject({ free: 5 });
    expect(after.blocks[0]).not.toBe(before.blocks[0]);
    expect(after.blocks[1]).toBe(before.blocks[1]);
    expect(changes).toBeGreaterThan(0);
  });

  it("an area is counted by what was told of it", () => {
    seats.applyTiles({ type: "Tiles", seq: 3, packed: Uint8Array.of(2, 1) });
    expect(look().blocks[2]).toMatchObject({ free: 1, fitting: 1 });
    expect(look(NO_FILTER, 2).blocks[2]!.shade).toBe(0);
  });
});

describe("by zones", () => {
  beforeEach(tellZones);

  it("says the same as by places", () => {
    const far = [look(NO_FILTER, 1), look(NO_FILTER, 2), look(NO_FILTER, 3)];
    tellPlaces();
    const near = [look(NO_FILTER, 1), look(NO_FILTER, 2), look(NO_FILTER, 3)];
    expect(far.map((s) => [s.free, s.fitting, s.from, s.freeByCategory])).toEqual(
      near.map((s) => [s.free, s.fitting, s.from, s.freeByCategory]),
    );
    for (const [k, survey] of near.entries()) {
      const { together, ...own } = survey.blocks[0]!;
      expect(far[k]!.blocks[0]).toMatchObject({ free: own.free, fitting: own.fitting, from: own.from });
      expect(far[k]!.blocks[0]!.together).toBe(together);
      expect(far[k]!.blocks[0]!.shade).toBe(own.shade);
    }
  });

  it("knows of long runs how many parties find room in them at least", () => {
    // One long run, and one of three: of eleven free places one is accessible, so at least seven sit in it.
    const fits = [2, 2, 2, 1, 1, 1, 1, 1];
    const told = Uint8Array.of(0, 6, 5, 0b0000_1001, fits[0]!, 1);
    zones.applyZones({ type: "Zones", seq: 3, packed: told });
    const [two, three, eight] = [2, 3, 8].map((size) => look(NO_FILTER, size).blocks[0]!);
    expect(two).toMatchObject({ together: 1 + 4, orMore: true });
    expect(three).toMatchObject({ together: 1 + 2, orMore: true });
    expect(eight).toMatchObject({ together: 1, orMore: true });
  });

  it("filters by category, and tells at most how many accessible seats there are", () => {
    const gold = look({ ...NO_FILTER, categories: new Set([0]) }, 2);
    expect(gold.blocks[0]).toMatchObject({ free: 6, fitting: 3, from: 9_000, to: 9_000, together: -1 });
    const accessible = look({ ...NO_FILTER, accessible: true });
    expect(accessible.blocks[0]).toMatchObject({ fitting: 1, exact: false });
    expect(accessible.blocks[1]).toMatchObject({ fitting: 0, from: -1, exact: true });
  });

  it("stand for places that are stale", () => {
    tellPlaces();
    seats.watch(NO_TILES);
    zones.applyZones({ type: "Zones", seq: 4, packed: Uint8Array.of(1, 1, 0) });
    expect(look().blocks[1]).toMatchObject({ free: 1 });
    expect(look().freeByCategory).toEqual([4, 3, 3]);
  });

  it("are shared out where several areas have places of one category", () => {
    const twins = readChart({
      ...VIEW,
      groups: [...VIEW.groups.slice(0, 3), area("fl", "Floor", 1), area("gv", "Gravel", 2)],
      group: Uint8Array.from([...VIEW.group.slice(0, 44), 1, 0, 0, 0, ...VIEW.group.slice(48)]),
      tile: Uint8Array.of(2, 8, 2, 2, 2, 1, 2, 2),
    });
    const own = new ZoneStore(twins.tiling);
    const shared = new Surveyor(twins, new SeatStore(twins), own, () => undefined);
    const blocks = (left: number) => {
      own.applyZones({ type: "Zones", seq: 1, packed: Uint8Array.of(2, left, 0) });
      return shared.survey({ prices: PRICES, filter: NO_FILTER, partySize: 1 })!.blocks.slice(2);
    };
    own.watch(true);
    expect(blocks(2)).toMatchObject([
      { free: 1, about: true },
      { free: 1, about: true },
    ]);
    expect(blocks(0)).toMatchObject([
      { free: 0, about: false },
      { free: 0, about: false },
    ]);
    expect(blocks(3)).toMatchObject([
      { free: 1, about: false },
      { free: 2, about: false },
    ]);
  });

  it("are doubted when they were not told, and said in Hello only then", () => {
    expect(zones.seen).toBe(2);
    zones.watch(false);
    expect(zones.seen).toBe(0);
    zones.watch(true);
    expect(zones.seen).toBe(0);
  });
});

describe("totals", () => {
  it("stand for zones that are not told", () => {
    tellZones();
    zones.watch(false);
    zones.applyTotals({ type: "Totals", seq: 9, left: [4, 2, 1] });
    expect(look()).toMatchObject({ free: 7, freeByCategory: [4, 2, 1], fitting: 7 });
  });
});
