import { beforeEach, expect, it } from "vitest";
import { Gaze, type MapSight } from "../src/model/gaze";
import type { Look } from "../src/wire/messages";

let now: number;
let said: Look[];
let later: { at: number; act: () => void }[];
let gaze: Gaze;

beforeEach(() => {
  now = 1_000;
  said = [];
  later = [];
  gaze = new Gaze(
    {
      say: (look) => said.push(look),
      localNow: () => now,
      later: (ms, act) => later.push({ at: now + ms, act }),
    },
    20,
  );
});

function pass(ms: number): void {
  now += ms;
  const due = later.filter(({ at }) => at <= now);
  later = later.filter(({ at }) => at > now);
  for (const { act } of due) act();
}

const sight = (left: number, zoom = 0.5): MapSight => ({
  box: { left, top: 0.2, right: left + 100, bottom: 50.2 },
  zoom,
  floor: "",
});

it("says what the map shows, in whole units that hold all of it", () => {
  gaze.onMap(sight(10.7, 0.123456), false);
  expect(said).toEqual([{ type: "Look", x0: 10, y0: 0, x1: 111, y1: 51, zoom: 0.123, floor: "" }]);
  expect(gaze.look).toEqual(said[0]);
});

it("says the first move at once and the last of many a little later", () => {
  gaze.onMap(sight(0), false);
  for (let step = 1; step <= 10; step += 1) {
    now += 5;
    gaze.onMap(sight(step * 10), false);
  }
  expect(said).toHaveLength(1);
  pass(120);
  expect(said.map((look) => look.x0)).toEqual([0, 100]);
  expect(later).toEqual([]);
});

it("says at once where the map will rest", () => {
  gaze.onMap(sight(0), false);
  gaze.onMap(sight(500, 2), true);
  expect(said.map((look) => look.x0)).toEqual([0, 500]);
});

it("says nothing where it shows the same but for a hair", () => {
  gaze.onMap(sight(0), true);
  gaze.onMap(sight(1.3), true);
  gaze.onMap(sight(0), true);
  expect(said).toHaveLength(1);
  gaze.onMap(sight(0, 0.6), true);
  expect(said).toHaveLength(2);
});

it("does not say what was passed by already", () => {
  gaze.onMap(sight(0), true);
  gaze.onMap(sight(300), false);
  gaze.onMap(sight(0), false);
  pass(200);
  expect(said).toHaveLength(1);
});

it("says the list's sections instead, and the map again after it", () => {
  gaze.onMap(sight(0), true);
  gaze.onList([3, 1]);
  expect(said[1]).toMatchObject({ x0: 0, x1: 0, sections: [1, 3] });
  gaze.onMap(sight(900), true);
  expect(said).toHaveLength(2);
  gaze.onList(null);
  expect(said[2]).toMatchObject({ x0: 900 });
});

it("looks nowhere while the page is put away, and where it did when it is back", () => {
  gaze.onMap(sight(300), true);
  gaze.putAway(true);
  expect(said[1]).toMatchObject({ x0: 0, x1: 0, zoom: 0, sections: [] });
  expect(gaze.look).toEqual(said[1]);
  gaze.onMap(sight(320), true);
  expect(said).toHaveLength(2);
  gaze.putAway(false);
  expect(said[2]).toMatchObject({ x0: 320 });
  gaze.putAway(false);
  expect(said).toHaveLength(3);
});

it("is fine where chart units are coarse", () => {
  const coarse = new Gaze(
    { say: (look) => said.push(look), localNow: () => now, later: () => undefined },
    0.1,
  );
  coarse.onMap({ box: { left: 0.12, top: 0, right: 0.98, bottom: 0.5 }, zoom: 200, floor: "" }, true);
  expect(said[0]!.x0).toBeCloseTo(0.1);
  expect(said[0]!.x1).toBeCloseTo(1);
});
