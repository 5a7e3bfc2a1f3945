/** A small chart as the server would send it: two sections, a whole table and a standing area. */

import { readChart, type ChartModel } from "../src/model/chart";
import type { ChartView, GroupView, Point } from "../src/wire/messages";

interface Place {
  readonly x: number;
  readonly y: number;
  readonly category: number;
  readonly group: number;
  readonly label: string;
  readonly flags?: number;
  readonly linked?: boolean;
}

const SCALE = 10;

function deltas(values: readonly number[]): Uint8Array {
  const coded = Int32Array.from(values, (value, i) => value - (i ? values[i - 1]! : 0));
  return new Uint8Array(coded.buffer);
}

function square(x: number, y: number, side: number): readonly Point[] {
  return [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
  ];
}

function row(group: number, y: number, category: number, count: number): Place[] {
  return Array.from({ length: count }, (_, i) => ({
    x: 10 + 10 * i,
    y,
    category,
    group,
    label: String(i + 1),
    linked: i < count - 1,
  }));
}

/** Row A 0-3, row B 4-7 (5 is accessible), table 8-9, floor 10-12. */
const PLACES: readonly Place[] = [
  ...row(0, 10, 0, 4),
  ...row(1, 20, 1, 4).map((place, i) => (i === 1 ? { ...place, flags: 1 } : place)),
  { x: 60, y: 60, category: 0, group: 2, label: "1" },
  { x: 70, y: 60, category: 0, group: 2, label: "2" },
  ...[0, 1, 2].map(() => ({ x: 30, y: 90, category: 2, group: 3, label: "" })),
];

const GROUPS: readonly GroupView[] = [
  ["ra", 0, "A", 0, "", false, [[0, 4]], null],
  ["rb", 0, "B", 0, "", false, [[4, 4]], null],
  [
    "t1",
    1,
    "1",
    1,
    "",
    true,
    [[8, 2]],
    { type: "ellipse", center: [65, 60], radius_x: 4, radius_y: 4, rotation: 0 },
  ],
  ["fl", 3, "Floor", -1, "", false, [[10, 3]], { type: "polygon", points: square(20, 80, 20) }],
];

const section = (id: string, label: string, outline: readonly Point[] | null) => ({
  id,
  label,
  zone: "",
  floor: "",
  entrance: "",
  outline,
  label_rotation: 0,
});

export const VIEW: ChartView = {
  format: 2,
  hash: "h",
  name: "Small",
  width: 100,
  height: 100,
  size: PLACES.length,
  scale: SCALE,
  radius: 4.2,
  focal_point: [25, 0],
  categories: [
    { key: "gold", label: "Gold", color: "#c90", price: 9_000, accessible: false },
    { key: "silver", label: "Silver", color: "#999", price: 5_000, accessible: false },
    { key: "standing", label: "Standing", color: "#369", price: 2_500, accessible: false },
  ],
  zones: [],
  floors: [],
  sections: [section("st", "Stalls", square(0, 0, 50)), section("bx", "Boxes", null)],
  groups: GROUPS,
  decorations: [],
  x: deltas(PLACES.map((p) => p.x * SCALE)),
  y: deltas(PLACES.map((p) => p.y * SCALE)),
  category: Uint8Array.from(PLACES, (p) => p.category),
  flags: Uint8Array.from(PLACES, (p) => p.flags ?? 0),
  link: Uint8Array.from(PLACES, (p) => (p.linked ? 1 : 0)),
  group: deltas(PLACES.map((p) => p.group)),
  // Rows A and B are tile 0, the table tile 1, the floor tile 2.
  tile: Uint8Array.of(2, 8, 2, 2, 2, 3),
  seat_labels: PLACES.map((p) => p.label).join("\n"),
};

export const PRICES = [9_000, 5_000, 2_500];
export const TABLE_PLACES = [8, 9];
export const FLOOR_GROUP = 3;

export function smallChart(): ChartModel {
  return readChart(VIEW);
}
