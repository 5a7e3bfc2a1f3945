/** A chart's tiles and zones: the unit in which statuses are told, and that of the far view. */

import type { TileTable } from "../wire/tile_forms";

/**
 * A zone is a section of the chart by its index; one more, the last, is for places of no section.
 * The pairs of zone z are its categories in order: pairCategory[pairStarts[z] .. pairStarts[z + 1]).
 */
export interface Tiling extends TileTable {
  /** By place; -1 for one that is gone. */
  readonly tileOf: Int32Array;
  /** By tile. */
  readonly zoneOf: Int32Array;
  readonly zones: number;
  readonly pairStarts: Int32Array;
  readonly pairCategory: Uint8Array;
}

export interface TiledColumns {
  readonly tileOf: Int32Array;
  readonly category: Uint8Array;
  /** The section of a place's group, -1 for none. */
  readonly sectionOf: (place: number) => number;
  readonly isArea: (place: number) => boolean;
  readonly sections: number;
  readonly categories: number;
}

export function tilingOf(columns: TiledColumns): Tiling {
  const { tileOf, category, sections, categories } = columns;
  let count = 0;
  for (let place = 0; place < tileOf.length; place += 1) count = Math.max(count, tileOf[place]! + 1);
  const starts = new Int32Array(count + 1);
  for (let place = 0; place < tileOf.length; place += 1) {
    if (tileOf[place]! >= 0) starts[tileOf[place]! + 1]! += 1;
  }
  for (let tile = 0; tile < count; tile += 1) starts[tile + 1]! += starts[tile]!;
  const places = new Int32Array(starts[count]!);
  const next = starts.slice();
  for (let place = 0; place < tileOf.length; place += 1) {
    if (tileOf[place]! >= 0) places[next[tileOf[place]!]!++] = place;
  }
  const zones = sections + 1;
  const counted = new Uint8Array(count);
  const zoneOf = new Int32Array(count).fill(sections);
  const used = new Uint8Array(zones * Math.max(1, categories));
  for (let tile = 0; tile < count; tile += 1) {
    if (starts[tile] === starts[tile + 1]) continue;
    const first = places[starts[tile]!]!;
    counted[tile] = columns.isArea(first) ? 1 : 0;
    const section = columns.sectionOf(first);
    const zone = section >= 0 && section < sections ? section : sections;
    zoneOf[tile] = zone;
    for (let at = starts[tile]!; at < starts[tile + 1]!; at += 1) {
      used[zone * categories + category[places[at]!]!] = 1;
    }
  }
  const pairStarts = new Int32Array(zones + 1);
  const pairCategory: number[] = [];
  for (let zone = 0; zone < zones; zone += 1) {
    for (let c = 0; c < categories; c += 1) if (used[zone * categories + c]) pairCategory.push(c);
    pairStarts[zone + 1] = pairCategory.length;
  }
  return {
    count,
    places,
    starts,
    counted,
    tileOf,
    zoneOf,
    zones,
    pairStarts,
    pairCategory: Uint8Array.from(pairCategory),
  };
}
