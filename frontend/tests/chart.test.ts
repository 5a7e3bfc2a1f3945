import { describe, expect, it } from "vitest";
import { placeName } from "../src/model/chart";
import { freeBeside, placeNearest, placeTowards } from "../src/model/neighbours";
import { contains, labelPoint, outlinesOfSeats, ringOfShape } from "../src/model/outline";
import { HELD } from "../src/model/seats";
import { groupName, labels, shortName, spokenName } from "../src/viewer/words";
import { FLOOR_GROUP, smallChart, TABLE_PLACES } from "./small_chart";

const chart = smallChart();

describe("readChart", () => {
  it("undoes the delta coding", () => {
    expect([...chart.x.slice(0, 4)]).toEqual([10, 20, 30, 40]);
    expect(chart.y[4]).toBe(20);
  });

  it("makes a block of each section and each area", () => {
    expect(chart.blocks.map((b) => [b.label, b.places.length])).toEqual([
      ["Stalls", 8],
      ["Boxes", 2],
      ["Floor", 3],
    ]);
    expect(chart.block[0]).toBe(0);
    expect(chart.blocks[chart.block[12]!]!.area).toBe(FLOOR_GROUP);
  });

  it("draws an outline around seats that have none", () => {
    const boxes = chart.blocks[1]!;
    expect(boxes.outlined).toBe(false);
    for (const place of TABLE_PLACES) {
      expect(contains(boxes.rings, chart.x[place]!, chart.y[place]!)).toBe(true);
    }
  });
});

describe("names", () => {
  it("says places in full, in short and aloud", () => {
    expect(placeName(chart, 5)).toEqual({ section: "Stalls", row: "B", seat: "2", kind: 0 });
    expect(shortName(chart, 5)).toBe("Row B · Seat 2");
    expect(spokenName(chart, 5)).toBe("Stalls, row B, seat 2");
    expect(shortName(chart, 8)).toBe("Table 1 · Seat 1");
    expect(shortName(chart, 10)).toBe("Floor");
    expect(groupName(1, "Royal box")).toBe("Royal box");
  });

  it("names the section once", () => {
    expect(labels(chart, [4, 5])).toBe("B-1 and B-2");
    expect(labels(chart, [4, 5], true)).toBe("B-1 and B-2 in Stalls");
    expect(labels(chart, [4, 8])).toBe("Stalls-B-1 and Boxes-1-1");
  });
});

describe("neighbours", () => {
  const statuses = new Uint8Array(chart.size);
  statuses[2] = HELD;

  it("offers the nearest free places of the row", () => {
    expect(freeBeside(chart, statuses, 2, 2).sort()).toEqual([1, 3]);
    expect(freeBeside(chart, statuses, 10, 2)).toEqual([]);
  });

  it("walks by direction", () => {
    const from = { x: chart.x[1]!, y: chart.y[1]! };
    expect(placeTowards(chart, from, { x: 1, y: 0 }, "", 1)).toBe(2);
    expect(placeTowards(chart, from, { x: 0, y: 1 }, "", 1)).toBe(5);
    expect(placeTowards(chart, from, { x: 0, y: -1 }, "", 1)).toBe(-1);
    expect(placeNearest(chart, 0, 0, "")).toBe(0);
  });
});

describe("outlines", () => {
  it("keeps clouds of seats apart that are apart", () => {
    const rings = outlinesOfSeats([0, 10, 200, 210], [0, 0, 0, 0], 10);
    expect(rings).toHaveLength(2);
    expect(contains(rings, 5, 0)).toBe(true);
    expect(contains(rings, 100, 0)).toBe(false);
  });

  it("turns a rectangle", () => {
    const ring = ringOfShape({
      type: "rectangle",
      center: [0, 0],
      width: 20,
      height: 10,
      rotation: 90,
      corner_radius: 0,
    });
    expect(contains([ring], 0, 9)).toBe(true);
    expect(contains([ring], 9, 0)).toBe(false);
  });

  it("puts a label inside, even into a hook", () => {
    const hook = Float32Array.from([0, 0, 100, 0, 100, 20, 20, 20, 20, 100, 0, 100]);
    const { x, y, depth } = labelPoint([hook]);
    expect(contains([hook], x, y)).toBe(true);
    expect(depth).toBeGreaterThan(5);
  });

  it("puts a label into the middle of an outline of any number of corners", () => {
    const circle = Float32Array.from({ length: 2_000 }, (_, i) => {
      const angle = ((i >> 1) / 1_000) * 2 * Math.PI;
      return 50 + 40 * (i & 1 ? Math.sin(angle) : Math.cos(angle));
    });
    const { x, y, depth } = labelPoint([circle]);
    expect(Math.hypot(x - 50, y - 50)).toBeLessThan(1);
    expect(depth).toBeGreaterThan(39);
  });
});
