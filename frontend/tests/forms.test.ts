/** The packed forms against the vectors that both sides are held to, and against nonsense. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { BadMessage } from "../src/wire/bad_message";
import { decodeMessage } from "../src/wire/codec";
import { applyTiles, readTileColumn, readTileRuns, tileRuns, type TileTable } from "../src/wire/tile_forms";
import { applyZones, PARTY_SIZES } from "../src/wire/zone_forms";

interface Entries {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly counted: readonly boolean[];
  readonly packed_hex: string;
  readonly tiles: readonly { tile: number; offsets?: number[]; statuses?: number[]; left?: number }[];
}

interface Zones {
  readonly name: string;
  readonly categories: readonly number[];
  readonly packed_hex: string;
  readonly zones: readonly { zone: number; left: number[]; fit: number[] }[];
}

interface TileVectors {
  readonly entries: readonly Entries[];
  readonly bad_entries: readonly Omit<Entries, "tiles">[];
  readonly tile_runs: readonly { name: string; tiles: number[]; runs_hex: string }[];
  readonly bad_tile_runs: readonly { name: string; count: number; runs_hex: string }[];
  readonly tile_columns: readonly { name: string; tile_of: number[]; runs_hex: string }[];
}

interface ZoneVectors {
  readonly zones: readonly Zones[];
  readonly bad_zones: readonly Omit<Zones, "zones">[];
}

const UNTOLD = 9;

function vectors(file: string): unknown {
  return JSON.parse(readFileSync(resolve(import.meta.dirname, "../../tests/vectors", file), "utf8"));
}

const tileVectors = vectors("tile_forms.json") as TileVectors;
const zoneVectors = vectors("zone_forms.json") as ZoneVectors;
const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));

function tableOf({ sizes, counted }: Pick<Entries, "sizes" | "counted">): TileTable {
  const starts = Int32Array.of(0, ...sizes);
  for (let t = 1; t < starts.length; t += 1) starts[t]! += starts[t - 1]!;
  const total = starts[sizes.length]!;
  // Places of a tile need not follow each other: here they run backwards.
  const places = Int32Array.from({ length: total }, (_, i) => total - 1 - i);
  return { count: sizes.length, places, starts, counted: Uint8Array.from(counted, Number) };
}

function applied(packed: Uint8Array, table: TileTable) {
  const statuses = new Uint8Array(table.places.length).fill(UNTOLD);
  const left = new Int32Array(table.count).fill(-1);
  const changed: number[] = [];
  const told: number[] = [];
  applyTiles(packed, table, {
    statuses,
    left,
    changed: (place) => changed.push(place),
    told: (tile) => told.push(tile),
  });
  return { statuses, left, changed, told };
}

/** A small generator, so that a failure comes again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function throwsOnlyBadMessage(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (error instanceof BadMessage) return true;
    throw error;
  }
}

describe("tile entries", () => {
  it.each(tileVectors.entries.map((c) => [c.name, c] as const))("%s", (_, vector) => {
    const table = tableOf(vector);
    const { statuses, left, changed, told } = applied(bytes(vector.packed_hex), table);
    const expected = new Uint8Array(statuses.length).fill(UNTOLD);
    const leftThere = new Int32Array(table.count).fill(-1);
    for (const { tile, offsets, statuses: own, left: count } of vector.tiles) {
      if (count !== undefined) leftThere[tile] = count;
      offsets?.forEach((offset, i) => {
        expected[table.places[table.starts[tile]! + offset]!] = own![i]!;
      });
    }
    expect([...statuses]).toEqual([...expected]);
    expect([...left]).toEqual([...leftThere]);
    expect(told).toEqual(vector.tiles.map(({ tile }) => tile));
    expect(new Set(changed)).toEqual(
      new Set([...expected.keys()].filter((place) => expected[place] !== UNTOLD)),
    );
  });

  it.each(tileVectors.bad_entries.map((c) => [c.name, c] as const))("refused: %s", (_, vector) => {
    expect(() => applied(bytes(vector.packed_hex), tableOf(vector))).toThrow(BadMessage);
  });

  it("name no place that had the status already", () => {
    const table = tableOf({ sizes: [4], counted: [false] });
    const statuses = Uint8Array.of(0, 1, 2, 3);
    const changed: number[] = [];
    applyTiles(Uint8Array.of(0, 3, 0b00_01_10_00), table, {
      statuses,
      left: new Int32Array(1),
      changed: (place) => changed.push(place),
      told: () => undefined,
    });
    expect(changed).toEqual([3]);
  });

  it("of random bytes are refused or sound, and stay within the columns", () => {
    const next = random(1);
    const table = tableOf({ sizes: [64, 1, 700, 33], counted: [false, false, true, false] });
    let refused = 0;
    for (let round = 0; round < 5_000; round += 1) {
      const packed = Uint8Array.from({ length: 1 + Math.floor(next() * 24) }, () =>
        next() < 0.4 ? Math.floor(next() * 4) : Math.floor(next() * 256),
      );
      let places: readonly number[] = [];
      if (throwsOnlyBadMessage(() => (places = applied(packed, table).changed))) refused += 1;
      expect(places.every((place) => place >= 0 && place < table.places.length)).toBe(true);
    }
    expect(refused).toBeGreaterThan(1_000);
    expect(refused).toBeLessThan(5_000);
  });
});

describe("tile runs", () => {
  it.each(tileVectors.tile_runs.map((c) => [c.name, c] as const))("%s", (_, { tiles, runs_hex }) => {
    const count = (tiles.at(-1) ?? 0) + 3;
    const read = readTileRuns(bytes(runs_hex), count);
    expect([...read.keys()].filter((tile) => read[tile])).toEqual(tiles);
    expect([...tileRuns(count, (tile) => read[tile] === 1)]).toEqual([...bytes(runs_hex)]);
  });

  it.each(tileVectors.bad_tile_runs.map((c) => [c.name, c] as const))("refused: %s", (_, vector) => {
    expect(() => readTileRuns(bytes(vector.runs_hex), vector.count)).toThrow(BadMessage);
  });

  it.each(tileVectors.tile_columns.map((c) => [c.name, c] as const))("column of %s", (_, vector) => {
    const column = readTileColumn(bytes(vector.runs_hex), vector.tile_of.length);
    expect([...column]).toEqual(vector.tile_of);
  });

  it("of random bytes are refused or sound", () => {
    const next = random(2);
    for (let round = 0; round < 5_000; round += 1) {
      const packed = Uint8Array.from({ length: Math.floor(next() * 12) }, () => Math.floor(next() * 256));
      throwsOnlyBadMessage(() => readTileRuns(packed, 300));
      throwsOnlyBadMessage(() => readTileColumn(packed, 300));
    }
  });
});

function zoned(packed: Uint8Array, categories: readonly number[]) {
  const pairStarts = Int32Array.of(0, ...categories);
  for (let z = 1; z < pairStarts.length; z += 1) pairStarts[z]! += pairStarts[z - 1]!;
  const left = new Int32Array(pairStarts[categories.length]!).fill(-1);
  const fit = new Int32Array(categories.length * PARTY_SIZES).fill(-1);
  const zones: { zone: number; left: number[]; fit: number[] }[] = [];
  applyZones(packed, {
    pairStarts,
    left,
    fit,
    told: (zone) =>
      zones.push({
        zone,
        left: [...left.subarray(pairStarts[zone], pairStarts[zone + 1])],
        fit: [...fit.subarray(zone * PARTY_SIZES, (zone + 1) * PARTY_SIZES)],
      }),
  });
  return zones;
}

describe("zones", () => {
  it.each(zoneVectors.zones.map((c) => [c.name, c] as const))("%s", (_, vector) => {
    expect(zoned(bytes(vector.packed_hex), vector.categories)).toEqual(vector.zones);
  });

  it.each(zoneVectors.bad_zones.map((c) => [c.name, c] as const))("refused: %s", (_, vector) => {
    expect(() => zoned(bytes(vector.packed_hex), vector.categories)).toThrow(BadMessage);
  });

  it("of random bytes are refused or sound", () => {
    const next = random(3);
    for (let round = 0; round < 5_000; round += 1) {
      const packed = Uint8Array.from({ length: Math.floor(next() * 20) }, () =>
        Math.floor(next() * (next() < 0.5 ? 4 : 256)),
      );
      throwsOnlyBadMessage(() => zoned(packed, [1, 0, 3, 2]));
    }
  });
});

describe("messages", () => {
  it("of random bytes are refused, unknown or sound", () => {
    const next = random(4);
    for (let round = 0; round < 5_000; round += 1) {
      const packed = Uint8Array.from({ length: Math.floor(next() * 16) }, () => Math.floor(next() * 256));
      // Most of them begin as messages do: an array of some length, and a tag.
      if (packed.length > 2 && next() < 0.8) packed.set([0x91 + Math.floor(next() * 7), next() * 16]);
      throwsOnlyBadMessage(() => decodeMessage(packed));
    }
  });

  it("with fields of a wrong type are refused", () => {
    const tiles = (packed: number[]) => decodeMessage(Uint8Array.of(0x93, 11, 5, ...packed));
    expect(tiles([0xc4, 1, 7])).toMatchObject({ type: "Tiles", seq: 5, packed: Uint8Array.of(7) });
    expect(() => tiles([0xa1, 65])).toThrow(BadMessage);
    expect(() => tiles([0xc0])).toThrow(BadMessage);
  });
});
