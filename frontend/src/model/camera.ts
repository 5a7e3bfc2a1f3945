/** Where the map is looked at from: screen = world * scale + (x, y), in CSS pixels. Pure. */

import type { Bounds } from "./outline";

export interface Camera {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export const NO_INSETS: Insets = { top: 0, right: 0, bottom: 0, left: 0 };

const LEVELS_PER_DOUBLING = 4;
const MOST_SEAT_PX = 56;

export function toWorld(camera: Camera, px: number, py: number): { x: number; y: number } {
  return { x: (px - camera.x) / camera.scale, y: (py - camera.y) / camera.scale };
}

export function toScreen(camera: Camera, x: number, y: number): { x: number; y: number } {
  return { x: x * camera.scale + camera.x, y: y * camera.scale + camera.y };
}

/** Shows all of `bounds` in the middle of what the insets leave free. */
export function fit(bounds: Bounds, viewport: Viewport, insets: Insets = NO_INSETS): Camera {
  const width = Math.max(1, viewport.width - insets.left - insets.right);
  const height = Math.max(1, viewport.height - insets.top - insets.bottom);
  const scale = Math.min(
    width / Math.max(1e-6, bounds.right - bounds.left),
    height / Math.max(1e-6, bounds.bottom - bounds.top),
  );
  return {
    scale,
    x: insets.left + width / 2 - ((bounds.left + bounds.right) / 2) * scale,
    y: insets.top + height / 2 - ((bounds.top + bounds.bottom) / 2) * scale,
  };
}

/** The same world point stays under (px, py). */
export function zoomTo(camera: Camera, scale: number, px: number, py: number): Camera {
  const factor = scale / camera.scale;
  return { scale, x: px - (px - camera.x) * factor, y: py - (py - camera.y) * factor };
}

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** From all of the chart to seats `MOST_SEAT_PX` apart; a tiny chart is not blown up further. */
export function scaleRange(fitScale: number, spacing: number): Range {
  const most = MOST_SEAT_PX / spacing;
  return { least: Math.min(fitScale, most), most };
}

/** The nearest scale at which the map rests: quarter doublings above the fitting one. */
export function restingScale(scale: number, range: Range): number {
  const level = Math.round(Math.log2(scale / range.least) * LEVELS_PER_DOUBLING);
  const resting = range.least * 2 ** (level / LEVELS_PER_DOUBLING);
  return Math.min(range.most, Math.max(range.least, resting));
}

export function clampScale(scale: number, range: Range): number {
  return Math.min(range.most, Math.max(range.least, scale));
}

/** Keeps the chart in sight: it never leaves the middle of the viewport. */
export function clamp(
  camera: Camera,
  bounds: Bounds,
  viewport: Viewport,
  insets: Insets = NO_INSETS,
): Camera {
  const width = viewport.width - insets.left - insets.right;
  const height = viewport.height - insets.top - insets.bottom;
  return {
    scale: camera.scale,
    x: clampAxis(camera.x, bounds.left, bounds.right, camera.scale, insets.left, width),
    y: clampAxis(camera.y, bounds.top, bounds.bottom, camera.scale, insets.top, height),
  };
}

function clampAxis(
  offset: number,
  low: number,
  high: number,
  scale: number,
  start: number,
  length: number,
): number {
  const size = (high - low) * scale;
  const slack = size <= length ? 0 : length * 0.45;
  const middle = start + length / 2 - ((low + high) / 2) * scale;
  const room = Math.max(0, (size - length) / 2) + slack;
  return Math.min(middle + room, Math.max(middle - room, offset));
}

/** A camera on the way: scale moves evenly in doublings, and the path is straight on screen. */
export function between(from: Camera, to: Camera, t: number): Camera {
  if (t >= 1) return to;
  if (Math.abs(from.scale - to.scale) < 1e-9 * to.scale) {
    return { scale: to.scale, x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
  }
  const scale = from.scale * (to.scale / from.scale) ** t;
  const share = (scale - from.scale) / (to.scale - from.scale);
  return {
    scale,
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
  };
}

/** Whole device pixels, so that bitmaps are copied and not resampled. */
export function settled(camera: Camera, pixelRatio: number): Camera {
  return {
    scale: camera.scale,
    x: Math.round(camera.x * pixelRatio) / pixelRatio,
    y: Math.round(camera.y * pixelRatio) / pixelRatio,
  };
}

export function easeOut(t: number): number {
  return 1 - (1 - t) ** 3;
}
