/** Outlines of things: rings of flat [x0, y0, x1, y1, ...] coordinates. */

import type { Ellipse, Point, Polygon, Rectangle } from "../wire/messages";

export type Ring = Float32Array;

export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const ELLIPSE_CORNERS = 48;
const MOST_LABEL_CORNERS = 64;

export function ringOf(points: readonly Point[]): Ring {
  const ring = new Float32Array(points.length * 2);
  points.forEach(([x, y], i) => {
    ring[i * 2] = x;
    ring[i * 2 + 1] = y;
  });
  return ring;
}

export function ringOfShape(shape: Polygon | Rectangle | Ellipse): Ring {
  if (shape.type === "polygon") return ringOf(shape.points);
  const [cx, cy] = shape.center;
  const turn = (shape.rotation * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const corners: [number, number][] =
    shape.type === "rectangle"
      ? [
          [-shape.width / 2, -shape.height / 2],
          [shape.width / 2, -shape.height / 2],
          [shape.width / 2, shape.height / 2],
          [-shape.width / 2, shape.height / 2],
        ]
      : Array.from({ length: ELLIPSE_CORNERS }, (_, i) => {
          const angle = (i / ELLIPSE_CORNERS) * 2 * Math.PI;
          return [shape.radius_x * Math.cos(angle), shape.radius_y * Math.sin(angle)];
        });
  return ringOf(corners.map(([x, y]) => [cx + x * cos - y * sin, cy + x * sin + y * cos]));
}

export function boundsOf(rings: readonly Ring[]): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      left = Math.min(left, ring[i]!);
      right = Math.max(right, ring[i]!);
      top = Math.min(top, ring[i + 1]!);
      bottom = Math.max(bottom, ring[i + 1]!);
    }
  }
  return { left, top, right, bottom };
}

export function union(a: Bounds, b: Bounds): Bounds {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** Even-odd rule over all rings together. */
export function contains(rings: readonly Ring[], x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const yi = ring[i + 1]!;
      const yj = ring[j + 1]!;
      if (yi > y === yj > y) continue;
      if (x < ((ring[j]! - ring[i]!) * (y - yi)) / (yj - yi) + ring[i]!) inside = !inside;
    }
  }
  return inside;
}

/**
 * Where a label has most room: the middle of the shape where that is nearly as deep inside as any
 * point, else the deepest point. `depth` is its distance to the edge.
 */
export function labelPoint(whole: readonly Ring[]): { x: number; y: number; depth: number } {
  const rings = whole.map(thinned);
  const deepest = deepestPoint(rings);
  const middle = centroid(rings);
  const depth = (contains(rings, middle.x, middle.y) ? 1 : -1) * edgeDistance(rings, middle.x, middle.y);
  return depth >= deepest.depth * 0.75 ? { ...middle, depth } : deepest;
}

/** Every so many corners of a ring: an outline made from seats has hundreds that say nothing. */
function thinned(ring: Ring): Ring {
  const corners = ring.length / 2;
  const every = Math.ceil(corners / MOST_LABEL_CORNERS);
  if (every <= 1) return ring;
  return new Float32Array(Math.ceil(corners / every) * 2).map(
    (_, i) => ring[(i >> 1) * every * 2 + (i & 1)]!,
  );
}

function centroid(rings: readonly Ring[]): { x: number; y: number } {
  let [x, y, area] = [0, 0, 0];
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const cross = ring[j]! * ring[i + 1]! - ring[i]! * ring[j + 1]!;
      x += (ring[j]! + ring[i]!) * cross;
      y += (ring[j + 1]! + ring[i + 1]!) * cross;
      area += cross * 3;
    }
  }
  if (area) return { x: x / area, y: y / area };
  return { x: rings[0]?.[0] ?? 0, y: rings[0]?.[1] ?? 0 };
}

function deepestPoint(rings: readonly Ring[]): { x: number; y: number; depth: number } {
  const { left, top, right, bottom } = boundsOf(rings);
  let best = { x: (left + right) / 2, y: (top + bottom) / 2, depth: -Infinity };
  let [x0, y0, width, height] = [left, top, right - left, bottom - top];
  for (let round = 0; round < 4; round += 1) {
    const steps = round === 0 ? 12 : 4;
    for (let i = 0; i <= steps; i += 1) {
      for (let j = 0; j <= steps; j += 1) {
        const x = x0 + (width * i) / steps;
        const y = y0 + (height * j) / steps;
        const depth = (contains(rings, x, y) ? 1 : -1) * edgeDistance(rings, x, y);
        if (depth > best.depth) best = { x, y, depth };
      }
    }
    width /= steps / 2;
    height /= steps / 2;
    x0 = best.x - width / 2;
    y0 = best.y - height / 2;
  }
  return { ...best, depth: Math.max(0, best.depth) };
}

function edgeDistance(rings: readonly Ring[], x: number, y: number): number {
  let nearest = Infinity;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const ax = ring[j]!;
      const ay = ring[j + 1]!;
      const dx = ring[i]! - ax;
      const dy = ring[i + 1]! - ay;
      const length = dx * dx + dy * dy;
      const t = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
      const px = x - ax - t * dx;
      const py = y - ay - t * dy;
      nearest = Math.min(nearest, px * px + py * py);
    }
  }
  return Math.sqrt(nearest);
}

/**
 * The outlines of a cloud of seats, where the chart drew none: seats are spread over a grid of
 * less than half of `spacing`, grown by almost one spacing so that rows join, and the edge is walked and its corners cut.
 */
export function outlinesOfSeats(xs: ArrayLike<number>, ys: ArrayLike<number>, spacing: number): Ring[] {
  if (!xs.length) return [];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < xs.length; i += 1) {
    left = Math.min(left, xs[i]!);
    right = Math.max(right, xs[i]!);
    top = Math.min(top, ys[i]!);
    bottom = Math.max(bottom, ys[i]!);
  }
  const cell = Math.max(spacing * 0.4, (right - left) / 600, (bottom - top) / 600);
  const reach = Math.max(1, Math.round((spacing * 0.95) / cell));
  const border = reach + 1;
  const columns = Math.ceil((right - left) / cell) + 2 * border + 1;
  const rows = Math.ceil((bottom - top) / cell) + 2 * border + 1;
  const filled = new Uint8Array(columns * rows);
  for (let i = 0; i < xs.length; i += 1) {
    const column = Math.round((xs[i]! - left) / cell) + border;
    const row = Math.round((ys[i]! - top) / cell) + border;
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        if (dx * dx + dy * dy <= reach * reach + 1) filled[(row + dy) * columns + column + dx] = 1;
      }
    }
  }
  return edgeRings(filled, columns, rows).map((ring) => {
    for (let i = 0; i < ring.length; i += 2) {
      ring[i] = left + (ring[i]! - border - 0.5) * cell;
      ring[i + 1] = top + (ring[i + 1]! - border - 0.5) * cell;
    }
    return Float32Array.from(cutCorners(cutCorners(straightened(ring))));
  });
}

/** Walks the border between filled and empty cells, filled on the right hand. */
function edgeRings(filled: Uint8Array, columns: number, rows: number): number[][] {
  const next = new Map<number, number[]>();
  const corner = (x: number, y: number) => y * (columns + 1) + x;
  const edge = (x0: number, y0: number, x1: number, y1: number) => {
    const from = corner(x0, y0);
    const ends = next.get(from);
    if (ends) ends.push(corner(x1, y1));
    else next.set(from, [corner(x1, y1)]);
  };
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!filled[y * columns + x]) continue;
      if (!filled[(y - 1) * columns + x]) edge(x, y, x + 1, y);
      if (!filled[y * columns + x + 1]) edge(x + 1, y, x + 1, y + 1);
      if (!filled[(y + 1) * columns + x]) edge(x + 1, y + 1, x, y + 1);
      if (!filled[y * columns + x - 1]) edge(x, y + 1, x, y);
    }
  }
  const rings: number[][] = [];
  for (const start of next.keys()) {
    const ring: number[] = [];
    let at = start;
    for (let ends = next.get(at); ends?.length; ends = next.get(at)) {
      ring.push(at % (columns + 1), Math.floor(at / (columns + 1)));
      at = ends.pop()!;
    }
    if (ring.length >= 8) rings.push(ring);
  }
  return rings;
}

function straightened(ring: readonly number[]): number[] {
  const kept: number[] = [];
  const n = ring.length / 2;
  for (let i = 0; i < n; i += 1) {
    const [ax, ay] = [ring[((i + n - 1) % n) * 2]!, ring[((i + n - 1) % n) * 2 + 1]!];
    const [bx, by] = [ring[i * 2]!, ring[i * 2 + 1]!];
    const [cx, cy] = [ring[((i + 1) % n) * 2]!, ring[((i + 1) % n) * 2 + 1]!];
    if ((bx - ax) * (cy - by) !== (by - ay) * (cx - bx)) kept.push(bx, by);
  }
  return kept;
}

/** Chaikin: each corner becomes two points a quarter along its edges. */
function cutCorners(ring: readonly number[]): number[] {
  const cut: number[] = [];
  const n = ring.length / 2;
  for (let i = 0; i < n; i += 1) {
    const j = (i + 1) % n;
    const [ax, ay, bx, by] = [ring[i * 2]!, ring[i * 2 + 1]!, ring[j * 2]!, ring[j * 2 + 1]!];
    cut.push(ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25);
    cut.push(ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75);
  }
  return cut;
}
