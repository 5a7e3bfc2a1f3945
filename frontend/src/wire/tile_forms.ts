/**
 * The packed bytes of Tiles and Watching and the tile column of a chart view: the browser's side of
 * gateway/live/tile_forms.py, which says the format. Everything is written straight into the columns of
 * the one who asks; nothing is made for a place.
 */

import { BadMessage } from "./bad_message";
import { ByteReader, pushVarint } from "./byte_reader";

export const LIST = 0;
export const RUNS = 1;
export const BITMAP = 2;

/** Where the places of each tile are found; those of tile t are places[starts[t] .. starts[t + 1]). */
export interface TileTable {
  readonly count: number;
  readonly places: Int32Array;
  readonly starts: Int32Array;
  /** 1 for an area's tile, which is told as a count of what is left. */
  readonly counted: Uint8Array;
}

/** What tile entries are written into. */
export interface TileTarget {
  /** By place. */
  readonly statuses: Uint8Array;
  /** By tile: places left of a counted one. */
  readonly left: Int32Array;
  /** `place` has this status now and had another one. */
  readonly changed: (place: number) => void;
  /** Something of this tile was told, changed or not; `whole` where it was all of it. */
  readonly told: (tile: number, whole: boolean) => void;
}

const MOST_LEFT = 0x7fff_ffff;

/** Throws BadMessage on bytes that are no tile entries; what came before them is written then. */
export function applyTiles(packed: Uint8Array, table: TileTable, target: TileTarget): void {
  const reader = new ByteReader(packed);
  while (!reader.done) {
    const tile = reader.varint();
    if (tile >= table.count) throw new BadMessage(`there is no tile ${tile}`);
    if (table.counted[tile]) {
      target.left[tile] = Math.min(reader.varint(), MOST_LEFT);
      target.told(tile, true);
      continue;
    }
    const size = table.starts[tile + 1]! - table.starts[tile]!;
    target.told(tile, applySeats(reader, table, tile, target) === size);
  }
}

/** How many places were told. */
function applySeats(reader: ByteReader, table: TileTable, tile: number, target: TileTarget): number {
  const { bytes } = reader;
  const { places } = table;
  const first = table.starts[tile]!;
  const size = table.starts[tile + 1]! - first;
  const head = reader.byte();
  const form = head & 3;
  const n = (head >> 2) + 1;
  if (form === LIST) {
    const from = reader.take(n);
    for (let i = from; i < from + n; i += 1) {
      if ((bytes[i]! & 0x3f) >= size) throw new BadMessage(`tile ${tile} has no offset ${bytes[i]! & 0x3f}`);
    }
    for (let i = from; i < from + n; i += 1) {
      write(target, places[first + (bytes[i]! & 0x3f)]!, bytes[i]! >> 6);
    }
    return n;
  }
  if (form === RUNS) {
    const from = reader.take(n);
    let length = 0;
    for (let i = from; i < from + n; i += 1) length += (bytes[i]! & 0x3f) + 1;
    if (length !== size) throw new BadMessage(`tile ${tile} has ${size} places, not ${length}`);
    let at = first;
    for (let i = from; i < from + n; i += 1) {
      const end = at + (bytes[i]! & 0x3f) + 1;
      for (; at < end; at += 1) write(target, places[at]!, bytes[i]! >> 6);
    }
    return size;
  }
  if (form === BITMAP) {
    const mask = reader.take((size + 7) >> 3);
    let count = 0;
    for (let offset = 0; offset < ((size + 7) >> 3) * 8; offset += 1) {
      if (!((bytes[mask + (offset >> 3)]! >> (offset & 7)) & 1)) continue;
      if (offset >= size) throw new BadMessage(`tile ${tile} has no offset ${offset}`);
      count += 1;
    }
    const told = reader.take((count + 3) >> 2);
    let i = 0;
    for (let offset = 0; offset < size; offset += 1) {
      if (!((bytes[mask + (offset >> 3)]! >> (offset & 7)) & 1)) continue;
      write(target, places[first + offset]!, (bytes[told + (i >> 2)]! >> ((i & 3) * 2)) & 3);
      i += 1;
    }
    return count;
  }
  const told = reader.take((size + 3) >> 2);
  for (let i = 0; i < size; i += 1) {
    write(target, places[first + i]!, (bytes[told + (i >> 2)]! >> ((i & 3) * 2)) & 3);
  }
  return size;
}

function write(target: TileTarget, place: number, status: number): void {
  if (target.statuses[place] === status) return;
  target.statuses[place] = status;
  target.changed(place);
}

/** A set of tiles: 1 for each that is in. Throws BadMessage on a tile that is not there. */
export function readTileRuns(runs: Uint8Array, tiles: number): Uint8Array {
  const chosen = new Uint8Array(tiles);
  const reader = new ByteReader(runs);
  let at = 0;
  while (!reader.done) {
    const begin = at + reader.varint();
    at = begin + reader.varint();
    if (at > tiles) throw new BadMessage(`there is no tile ${at - 1}`);
    chosen.fill(1, begin, at);
  }
  return chosen;
}

/** TileRuns of the tiles for which `isIn` holds. */
export function tileRuns(tiles: number, isIn: (tile: number) => boolean): Uint8Array {
  const out: number[] = [];
  let end = 0;
  for (let tile = 0; tile < tiles; tile += 1) {
    if (!isIn(tile)) continue;
    const begin = tile;
    while (tile < tiles && isIn(tile)) tile += 1;
    pushVarint(out, begin - end);
    pushVarint(out, tile - begin);
    end = tile;
  }
  return Uint8Array.from(out);
}

/** The tile of each place from ChartView.tile, -1 for none. Throws BadMessage. */
export function readTileColumn(runs: Uint8Array, size: number): Int32Array {
  const tileOf = new Int32Array(size).fill(-1);
  const reader = new ByteReader(runs);
  let place = 0;
  let tile = -1;
  while (!reader.done) {
    const step = reader.varint();
    const count = reader.varint();
    tile += step % 2 ? -(step + 1) / 2 : step / 2;
    // A chart has no more tiles than places.
    if (tile < -1 || tile >= size) throw new BadMessage(`tile ${tile} cannot be`);
    if (place + count > size) throw new BadMessage(`there are more than ${size} places`);
    tileOf.fill(tile, place, place + count);
    place += count;
  }
  return tileOf;
}
