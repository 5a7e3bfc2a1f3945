/**
 * The chart as the page works with it: columns by place, and *blocks*, the things the far view
 * draws: a section with its seats, tables and booths, or one general-admission area.
 */

import type { Category, ChartView, Decoration, Floor, GroupView } from "../wire/messages";
import { readTileColumn } from "../wire/tile_forms";
import {
  boundsOf,
  labelPoint,
  outlinesOfSeats,
  ringOf,
  ringOfShape,
  union,
  type Bounds,
  type Ring,
} from "./outline";
import { tilingOf, type Tiling } from "./tiling";

export const ACCESSIBLE = 1;
export const COMPANION = 2;
export const SEMI_AMBULATORY = 4;
export const RESTRICTED_VIEW = 8;
export const GONE = 128;

export const ROW = 0;
export const TABLE = 1;
export const BOOTH = 2;
export const AREA = 3;

export interface Group {
  readonly index: number;
  readonly kind: number;
  readonly label: string;
  readonly section: number;
  readonly floor: string;
  readonly whole: boolean;
  readonly rings: readonly Ring[];
  readonly places: Int32Array;
  readonly block: number;
}

export interface Block {
  readonly index: number;
  readonly label: string;
  /** Index into the chart's sections, -1 for places that stand in none. */
  readonly section: number;
  /** What the far view tells of is told by zone; see Tiling. */
  readonly zoneIndex: number;
  /** Its tiles in order. */
  readonly tiles: Int32Array;
  /** The area's group, -1 for a block of seats. */
  readonly area: number;
  readonly zone: string;
  readonly floor: string;
  readonly entrance: string;
  readonly rings: readonly Ring[];
  /** The chart drew this outline; else it was made from the seats. */
  readonly outlined: boolean;
  readonly bounds: Bounds;
  readonly labelAt: { readonly x: number; readonly y: number; readonly depth: number };
  readonly groups: readonly number[];
  readonly places: Int32Array;
}

export interface ChartModel {
  readonly hash: string;
  readonly name: string;
  readonly size: number;
  readonly radius: number;
  readonly spacing: number;
  readonly bounds: Bounds;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly category: Uint8Array;
  readonly flags: Uint8Array;
  readonly link: Uint8Array;
  readonly group: Int32Array;
  readonly block: Int32Array;
  readonly seatLabels: readonly string[];
  readonly categories: readonly Category[];
  readonly floors: readonly Floor[];
  readonly groups: readonly Group[];
  readonly blocks: readonly Block[];
  readonly decorations: readonly Decoration[];
  readonly tiling: Tiling;
  readonly focus: { readonly x: number; readonly y: number };
}

const RADIUS_OF_SPACING = 0.42;

export function readChart(view: ChartView): ChartModel {
  const x = coordinates(view.x, view.scale);
  const y = coordinates(view.y, view.scale);
  const flags = view.flags.slice();
  const group = deltaDecoded(view.group);
  const spacing = view.radius / RADIUS_OF_SPACING;
  const members = membersOf(view.groups, group, flags);
  const category = view.category.slice();
  const tiling = tilingOf({
    tileOf: readTileColumn(view.tile, view.size),
    category,
    sectionOf: (place) => view.groups[group[place]!]?.[3] ?? -1,
    isArea: (place) => view.groups[group[place]!]?.[1] === AREA,
    sections: view.sections.length,
    categories: view.categories.length,
  });
  const columns = { x, y, tileOf: tiling.tileOf, spacing };
  const blocks = blocksOf(view, members, columns);
  const block = new Int32Array(view.size).fill(-1);
  for (const b of blocks) for (const place of b.places) block[place] = b.index;
  const groups = view.groups.map(([, kind, label, section, floor, whole, , shape], index) => ({
    index,
    kind,
    label,
    section,
    floor: floor || view.sections[section]?.floor || "",
    whole,
    rings: shape ? [ringOfShape(shape)] : [],
    places: members[index]!,
    block: members[index]!.length ? block[members[index]![0]!]! : -1,
  }));
  return {
    hash: view.hash,
    name: view.name,
    size: view.size,
    radius: view.radius,
    spacing,
    bounds: floorBounds({ blocks, decorations: view.decorations }, ""),
    x,
    y,
    category,
    flags,
    link: view.link.slice(),
    group,
    block,
    seatLabels: sharedLabels(view.seat_labels),
    categories: view.categories,
    floors: view.floors,
    groups,
    blocks,
    decorations: view.decorations,
    tiling,
    focus: { x: view.focal_point[0], y: view.focal_point[1] },
  };
}

/** What a place is called: "Stalls-B-12" in parts. Areas and booths have no row of their own. */
export interface PlaceName {
  readonly section: string;
  readonly row: string;
  readonly seat: string;
  readonly kind: number;
}

export function placeName(chart: ChartModel, place: number): PlaceName {
  const group = chart.groups[chart.group[place]!];
  if (!group) return { section: "", row: "", seat: "", kind: ROW };
  const block = chart.blocks[chart.block[place]!];
  const section = group.section >= 0 ? (block?.area === -1 ? block.label : sectionLabel(chart, group)) : "";
  if (group.kind === AREA || group.kind === BOOTH) {
    return { section, row: "", seat: group.label, kind: group.kind };
  }
  return { section, row: group.label, seat: chart.seatLabels[place] ?? "", kind: group.kind };
}

export function isOnFloor(floor: string, shown: string): boolean {
  return !shown || !floor || floor === shown;
}

function sectionLabel(chart: ChartModel, group: Group): string {
  return chart.blocks.find((b) => b.section === group.section && b.area === -1)?.label ?? "";
}

function deltaDecoded(bytes: Uint8Array): Int32Array {
  const values = new Int32Array(bytes.slice().buffer);
  for (let i = 1; i < values.length; i += 1) values[i]! += values[i - 1]!;
  return values;
}

function coordinates(bytes: Uint8Array, scale: number): Float32Array {
  const fixed = deltaDecoded(bytes);
  const values = new Float32Array(fixed.length);
  for (let i = 0; i < fixed.length; i += 1) values[i] = fixed[i]! / scale;
  return values;
}

function membersOf(views: readonly GroupView[], group: Int32Array, flags: Uint8Array): readonly Int32Array[] {
  const counts = new Int32Array(views.length);
  const counted = (place: number) => group[place]! >= 0 && !(flags[place]! & GONE);
  for (let i = 0; i < group.length; i += 1) if (counted(i)) counts[group[i]!]! += 1;
  const members = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < group.length; i += 1) {
    if (counted(i)) members[group[i]!]![counts[group[i]!]!++] = i;
  }
  return members;
}

interface Columns {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly tileOf: Int32Array;
  readonly spacing: number;
}

function blocksOf(view: ChartView, members: readonly Int32Array[], columns: Columns): Block[] {
  const bySection = new Map<string, number[]>();
  const areas: number[] = [];
  view.groups.forEach(([, kind, , section, floor], index) => {
    if (!members[index]!.length) return;
    if (kind === AREA) {
      areas.push(index);
      return;
    }
    const key = section >= 0 ? String(section) : `floor ${floor}`;
    const list = bySection.get(key);
    if (list) list.push(index);
    else bySection.set(key, [index]);
  });
  const blocks: Block[] = [];
  for (const groups of bySection.values()) {
    const first = view.groups[groups[0]!]!;
    const section = view.sections[first[3]];
    const places = joined(groups.map((g) => members[g]!));
    const rings = section?.outline?.length
      ? [ringOf(section.outline)]
      : outlinesOfSeats(pick(columns.x, places), pick(columns.y, places), columns.spacing);
    blocks.push({
      index: blocks.length,
      label: section?.label ?? "",
      section: section ? first[3] : -1,
      zoneIndex: section ? first[3] : view.sections.length,
      tiles: tilesOf(places, columns.tileOf),
      area: -1,
      zone: section?.zone ?? "",
      floor: section?.floor || first[4],
      entrance: section?.entrance ?? "",
      rings,
      outlined: Boolean(section?.outline?.length),
      bounds: boundsOf(rings),
      labelAt: labelPoint(rings),
      groups,
      places,
    });
  }
  for (const index of areas) {
    const [, , label, sectionIndex, floor, , , shape] = view.groups[index]!;
    const section = view.sections[sectionIndex];
    const rings = shape ? [ringOfShape(shape)] : [];
    blocks.push({
      index: blocks.length,
      label,
      section: section ? sectionIndex : -1,
      zoneIndex: section ? sectionIndex : view.sections.length,
      tiles: tilesOf(members[index]!, columns.tileOf),
      area: index,
      zone: section?.zone ?? "",
      floor: floor || section?.floor || "",
      entrance: section?.entrance ?? "",
      rings,
      outlined: true,
      bounds: boundsOf(rings),
      labelAt: labelPoint(rings),
      groups: [index],
      places: members[index]!,
    });
  }
  return blocks;
}

function tilesOf(places: Int32Array, tileOf: Int32Array): Int32Array {
  const tiles = new Set<number>();
  let before = -1;
  for (let i = 0; i < places.length; i += 1) {
    const tile = tileOf[places[i]!]!;
    if (tile !== before && tile >= 0) tiles.add(tile);
    before = tile;
  }
  return Int32Array.from(tiles).sort();
}

/** Labels repeat from row to row: each is kept once. */
function sharedLabels(text: string): string[] {
  const kept = new Map<string, string>();
  return text.split("\n").map((label) => {
    const known = kept.get(label);
    if (known !== undefined) return known;
    kept.set(label, label);
    return label;
  });
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function pick(column: Float32Array, places: Int32Array): Float32Array {
  return Float32Array.from(places, (place) => column[place]!);
}

/** What has to be in sight to see all of a floor; "" for all floors. */
export function floorBounds(chart: Pick<ChartModel, "blocks" | "decorations">, floor: string): Bounds {
  const parts = chart.blocks
    .filter((block) => block.rings.length && isOnFloor(block.floor, floor))
    .map((block) => block.bounds);
  for (const { kind, shape, floor: own } of chart.decorations) {
    const filled = kind === "stage" || kind === "shape" || kind === "screen";
    if (filled && isOnFloor(own, floor)) parts.push(boundsOf([ringOfShape(shape)]));
  }
  return parts.length ? parts.reduce(union) : { left: 0, top: 0, right: 1, bottom: 1 };
}
