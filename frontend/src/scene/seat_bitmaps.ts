/**
 * The seats as bitmaps, one square for each cell of a zoom level: painted between frames, and only
 * copied in them. A place that changes is wiped and painted alone. Where a level is not ready yet,
 * another one stands in.
 */

import type { ChartModel } from "../model/chart";
import type { Camera, Viewport } from "../model/camera";
import { BitmapStore, keyOf, type Bitmap, type Cell, type Level } from "./bitmap_store";
import type { SeatPainter } from "./seat_painter";

const REPAINT_ALL_ABOVE = 200;
const ALL_ABOVE = 5_000;
const CELLS_AHEAD = 1;
const MOST_CELLS_STANDING_IN = 80;
const LEAST_SIDE_PX = 128;
const MOST_SIDE_PX = 256;
const SIDE_DEVICE_PX = 384;

interface Seen {
  readonly level: Level;
  readonly first: Cell;
  readonly last: Cell;
  /** The middle of the view, in cells. */
  readonly middle: Cell;
}

export class SeatBitmaps {
  /** How many bitmaps were painted, in whole or in part: what tests look at. */
  painted = 0;
  /** Something on the screen was painted since this was last set back. */
  freshened = false;
  private readonly store: BitmapStore;
  private readonly sidePx: number;
  private seen: Seen | null = null;
  private draws = 0;

  constructor(
    private readonly chart: ChartModel,
    private readonly painter: SeatPainter,
    private readonly pixelRatio: number,
    mostBytes: number,
  ) {
    const side = Math.min(MOST_SIDE_PX, Math.max(LEAST_SIDE_PX, Math.round(SIDE_DEVICE_PX / pixelRatio)));
    const device = Math.round(side * pixelRatio);
    this.sidePx = device / pixelRatio;
    this.store = new BitmapStore(device, mostBytes);
  }

  get bytes(): number {
    return this.store.bytes;
  }

  /** Nothing of what was painted can be shown any more. */
  forgetAll(): void {
    this.store.clear();
    this.seen = null;
  }

  /** Places changed: their bitmaps are behind until painted again. Null: all of them are. */
  changed(places: ArrayLike<number> | null): void {
    for (const level of this.store.levels) {
      if (places === null || places.length > ALL_ABOVE) {
        for (const bitmap of level.bitmaps.values()) bitmap.dirty = null;
        continue;
      }
      for (let n = 0; n < places.length; n += 1) {
        for (const bitmap of this.bitmapsOf(level, places[n]!)) bitmap.dirty?.add(places[n]!);
      }
    }
  }

  /** Whether anything on the screen is behind, or missing. */
  get behind(): boolean {
    return this.seen !== null && (this.visibleBehind() !== null || this.nearestMissing(0) !== null);
  }

  /** Whether what is on the screen of this place, if anything, shows it as it is. */
  shows(place: number): boolean {
    if (!this.seen) return true;
    const { level, first, last } = this.seen;
    for (const { dirty, i, j } of this.bitmapsOf(level, place)) {
      const visible = i >= first.i && i <= last.i && j >= first.j && j <= last.j;
      if (visible && (dirty === null || dirty.has(place))) return false;
    }
    return true;
  }

  /**
   * Copies what is visible of the level for `scale`, or what stands in for it, to `ctx` (in CSS
   * px). True where everything was there.
   */
  draw(ctx: CanvasRenderingContext2D, camera: Camera, viewport: Viewport, scale: number): boolean {
    this.draws += 1;
    const level = this.store.level(scale);
    const side = (this.sidePx * camera.scale) / scale;
    const at = (offset: number, px: number) => Math.floor((px - offset) / side);
    const first = { i: at(camera.x, 0), j: at(camera.y, 0) };
    const last = { i: at(camera.x, viewport.width - 0.01), j: at(camera.y, viewport.height - 0.01) };
    const middle = { i: (first.i + last.i) / 2, j: (first.j + last.j) / 2 };
    this.seen = { level, first, last, middle };
    const still = camera.scale === scale;
    ctx.imageSmoothingEnabled = !still;
    let complete = true;
    for (let j = first.j; j <= last.j; j += 1) {
      for (let i = first.i; i <= last.i; i += 1) {
        const bitmap = level.bitmaps.get(keyOf(i, j));
        if (bitmap) {
          bitmap.shownAt = this.draws;
          this.copy(ctx, bitmap, camera, side);
        } else {
          complete = false;
          this.standIn(ctx, level, { i, j }, camera);
        }
      }
    }
    return complete;
  }

  /** Paints what is most wanted; false when all is done. */
  work(): boolean {
    if (!this.seen) return false;
    const { level } = this.seen;
    const behind = this.visibleBehind();
    if (behind) {
      this.repaint(behind);
      this.freshened = true;
      return true;
    }
    const visible = this.nearestMissing(0);
    const cell = visible ?? this.nearestMissing(CELLS_AHEAD);
    const bitmap = cell && this.store.make(level, cell, this.draws, visible !== null);
    if (!bitmap) return false;
    this.paint(bitmap);
    if (visible) this.freshened = true;
    return true;
  }

  private visibleBehind(): Bitmap | null {
    const { level, first, last } = this.seen!;
    for (let j = first.j; j <= last.j; j += 1) {
      for (let i = first.i; i <= last.i; i += 1) {
        const bitmap = level.bitmaps.get(keyOf(i, j));
        if (bitmap && (bitmap.dirty === null || bitmap.dirty.size)) return bitmap;
      }
    }
    return null;
  }

  /** The cell without a bitmap nearest to the middle of the view, which is `ahead` cells larger. */
  private nearestMissing(ahead: number): Cell | null {
    const { level, first, last, middle } = this.seen!;
    let [best, least]: [Cell | null, number] = [null, Infinity];
    for (let j = first.j - ahead; j <= last.j + ahead; j += 1) {
      for (let i = first.i - ahead; i <= last.i + ahead; i += 1) {
        if (level.bitmaps.has(keyOf(i, j))) continue;
        const distance = Math.hypot(i - middle.i, j - middle.j);
        if (distance < least) [best, least] = [{ i, j }, distance];
      }
    }
    return best;
  }

  /** Bitmaps are laid to whole device pixels, so that no seam shows between them. */
  private copy(ctx: CanvasRenderingContext2D, bitmap: Bitmap, camera: Camera, side: number): void {
    const left = this.whole(camera.x + bitmap.i * side);
    const top = this.whole(camera.y + bitmap.j * side);
    const right = this.whole(camera.x + (bitmap.i + 1) * side);
    const bottom = this.whole(camera.y + (bitmap.j + 1) * side);
    ctx.drawImage(bitmap.canvas, left, top, right - left, bottom - top);
  }

  /** Fills a cell's place on the screen from the level nearest in scale that covers most of it. */
  private standIn(ctx: CanvasRenderingContext2D, missing: Level, cell: Cell, camera: Camera): void {
    const unit = this.sidePx / missing.scale;
    const [left, top] = [cell.i * unit, cell.j * unit];
    let best: { parts: Bitmap[]; covers: number; apart: number } | null = null;
    for (const level of this.store.levels) {
      if (level === missing || !level.bitmaps.size) continue;
      const own = this.sidePx / level.scale;
      const from = { i: Math.floor(left / own), j: Math.floor(top / own) };
      const to = { i: Math.ceil((left + unit) / own), j: Math.ceil((top + unit) / own) };
      const cells = (to.i - from.i) * (to.j - from.j);
      if (cells > MOST_CELLS_STANDING_IN) continue;
      const parts: Bitmap[] = [];
      for (let j = from.j; j < to.j; j += 1) {
        for (let i = from.i; i < to.i; i += 1) {
          const bitmap = level.bitmaps.get(keyOf(i, j));
          if (bitmap) parts.push(bitmap);
        }
      }
      const covers = parts.length / cells;
      const apart = Math.abs(Math.log2(level.scale / missing.scale));
      if (!covers || (best && (best.covers > covers || (best.covers === covers && best.apart <= apart)))) continue;
      best = { parts, covers, apart };
    }
    if (!best) return;
    const { scale } = camera;
    const x0 = this.whole(left * scale + camera.x);
    const y0 = this.whole(top * scale + camera.y);
    const x1 = this.whole((left + unit) * scale + camera.x);
    const y1 = this.whole((top + unit) * scale + camera.y);
    ctx.save();
    ctx.beginPath();
    ctx.rect(x0, y0, x1 - x0, y1 - y0);
    ctx.clip();
    ctx.imageSmoothingEnabled = true;
    for (const bitmap of best.parts) {
      bitmap.shownAt = this.draws;
      this.copy(ctx, bitmap, camera, (this.sidePx * scale) / bitmap.level.scale);
    }
    ctx.restore();
  }

  private whole(px: number): number {
    return Math.round(px * this.pixelRatio) / this.pixelRatio;
  }

  private paint(bitmap: Bitmap): void {
    const { level, i, j } = bitmap;
    const unit = this.sidePx / level.scale;
    const ctx = this.contextOf(bitmap);
    this.painter.paint(ctx, level.scale, [i * unit, j * unit, (i + 1) * unit, (j + 1) * unit]);
    bitmap.dirty = new Set();
    this.painted += 1;
  }

  private repaint(bitmap: Bitmap): void {
    const { dirty } = bitmap;
    if (dirty === null || dirty.size > REPAINT_ALL_ABOVE) {
      bitmap.canvas.getContext("2d")!.reset();
      this.paint(bitmap);
      return;
    }
    this.painter.repaint(this.contextOf(bitmap), bitmap.level.scale, dirty);
    dirty.clear();
    this.painted += 1;
  }

  private contextOf({ canvas, i, j }: Bitmap): CanvasRenderingContext2D {
    const ctx = canvas.getContext("2d")!;
    const ratio = this.pixelRatio;
    ctx.setTransform(ratio, 0, 0, ratio, -i * this.sidePx * ratio, -j * this.sidePx * ratio);
    return ctx;
  }

  private *bitmapsOf(level: Level, place: number): Iterable<Bitmap> {
    const r = this.painter.radiusPx(level.scale) + 1;
    const [x, y] = [this.chart.x[place]! * level.scale, this.chart.y[place]! * level.scale];
    const cell = (px: number) => Math.floor(px / this.sidePx);
    for (let j = cell(y - r); j <= cell(y + r); j += 1) {
      for (let i = cell(x - r); i <= cell(x + r); i += 1) {
        const bitmap = level.bitmaps.get(keyOf(i, j));
        if (bitmap) yield bitmap;
      }
    }
  }
}
