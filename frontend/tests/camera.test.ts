import { describe, expect, it } from "vitest";
import {
  between,
  clamp,
  fit,
  restingScale,
  scaleRange,
  settled,
  toScreen,
  toWorld,
  zoomTo,
} from "../src/model/camera";

const BOUNDS = { left: 0, top: 0, right: 200, bottom: 100 };
const SCREEN = { width: 800, height: 600 };

describe("camera", () => {
  it("fits the chart between the insets", () => {
    const camera = fit(BOUNDS, SCREEN, { top: 0, right: 0, bottom: 200, left: 0 });
    expect(camera.scale).toBe(4);
    expect(toScreen(camera, 100, 50)).toEqual({ x: 400, y: 200 });
  });

  it("zooms to the pointer", () => {
    const camera = fit(BOUNDS, SCREEN);
    const under = toWorld(camera, 100, 120);
    const nearer = zoomTo(camera, camera.scale * 3, 100, 120);
    expect(toScreen(nearer, under.x, under.y).x).toBeCloseTo(100);
    expect(toScreen(nearer, under.x, under.y).y).toBeCloseTo(120);
  });

  it("rests on quarter doublings, within its range", () => {
    const range = scaleRange(4, 1);
    expect(range).toEqual({ least: 4, most: 56 });
    expect(restingScale(7.9, range)).toBeCloseTo(8);
    expect(restingScale(1, range)).toBe(4);
    expect(restingScale(1_000, range)).toBe(56);
  });

  it("does not blow a tiny chart up", () => {
    expect(scaleRange(30, 10).least).toBe(5.6);
  });

  it("keeps the chart in sight", () => {
    const camera = clamp({ scale: 40, x: 1e6, y: -1e6 }, BOUNDS, SCREEN);
    const middle = toWorld(camera, SCREEN.width / 2, SCREEN.height / 2);
    expect(middle.x).toBeGreaterThanOrEqual(BOUNDS.left);
    expect(middle.y).toBeLessThanOrEqual(BOUNDS.bottom);
  });

  it("moves straight on screen and ends where it should", () => {
    const from = fit(BOUNDS, SCREEN);
    const to = zoomTo(from, from.scale * 4, 200, 200);
    const under = toWorld(from, 200, 200);
    for (const t of [0.25, 0.5, 0.75]) {
      expect(toScreen(between(from, to, t), under.x, under.y).x).toBeCloseTo(200);
    }
    expect(between(from, to, 1)).toEqual(to);
  });

  it("settles on whole device pixels", () => {
    expect(settled({ scale: 1, x: 10.3, y: 7.8 }, 2)).toEqual({ scale: 1, x: 10.5, y: 8 });
  });
});
