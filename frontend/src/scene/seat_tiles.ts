/**
 * The seats as bitmaps: square tiles of one zoom level, painted once and then only copied. A place
 * that changes is repainted alone; a level that is not ready yet is stood in for by the last one.
 */

import KDBush from "kdbush";
import { AREA, BOOTH, GONE, isOnFloor, ROW, type ChartModel } from "../model/chart";
import type { Camera, Viewport } from "../model/camera";
import { css } from "../model/colour";
import { FREE, NOT_MINE, type SeatStore } from "../model/seats";
import type { MapPalette } from "./palette";
import { drawSeats, lookKey, type SeatLook } from "./seat_look";

const TILE_PX = 256;
const MOST_TILES = 160;
const REPAINT_ALL_ABOVE = 200;
const NUMBERS_FROM_PX = 8.5;
const ROW_NAMES_FROM_PX = 6;

interface Tile {
  readonly canvas: HTMLCanvasElement;
  readonly dirty: Set<number>;
}

interface Level {
  readonly scale: number;
  readonly tiles: Map<string, Tile>;
}

interface RowName {
  readonly text: string;
  readonly floor: string;
  readonly x: number;
  readonly y: number;
}

export class SeatTiles {
  /** Places drawn elsewhere for now, because they are moving. */
  readonly lifted = new Set<number>();
  quiet: (place: number) => boolean = () => false;
  private readonly seatIndex: KDBush;
  private readonly nameIndex: KDBush;
  private readonly rowNames: readonly RowName[];
  private level: Level | null = null;
  private previous: Level | null = null;
  private floor = "";

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    private palette: MapPalette,
    private readonly pixelRatio: number,
  ) {
    this.seatIndex = new KDBush(chart.size);
    for (let i = 0; i < chart.size; i += 1) this.seatIndex.add(chart.x[i]!, chart.y[i]!);
    this.seatIndex.finish();
    this.rowNames = rowNamesOf(chart);
    this.nameIndex = new KDBush(Math.max(1, this.rowNames.length));
    for (const { x, y } of this.rowNames) this.nameIndex.add(x, y);
    if (!this.rowNames.length) this.nameIndex.add(0, 0);
    this.nameIndex.finish();
  }

  usePalette(palette: MapPalette): void {
    this.palette = palette;
    this.forgetAll();
  }

  useFloor(floor: string): void {
    this.floor = floor;
    this.forgetAll();
  }

  forgetAll(): void {
    this.level = null;
    this.previous = null;
  }

  /** The place drawn nearest to a world point within `reach`; -1 for none. */
  placeAt(x: number, y: number, reach: number): number {
    let best = -1;
    let least = Infinity;
    for (const place of this.seatIndex.within(x, y, reach)) {
      if (!this.isDrawn(place)) continue;
      const distance = Math.hypot(this.chart.x[place]! - x, this.chart.y[place]! - y);
      if (distance < least) {
        least = distance;
        best = place;
      }
    }
    return best;
  }

  isDrawn(place: number): boolean {
    const group = this.chart.groups[this.chart.group[place]!];
    return (
      group !== undefined &&
      group.kind !== AREA &&
      !(group.kind === BOOTH && group.rings.length > 0) &&
      !(this.chart.flags[place]! & GONE) &&
      isOnFloor(group.floor, this.floor)
    );
  }

  /** Places changed; their tiles are repainted when next seen. Null: all of them. */
  changed(places: ArrayLike<number> | null): void {
    for (const level of [this.level, this.previous]) {
      if (!level) continue;
      if (places === null || places.length > 4 * REPAINT_ALL_ABOVE) {
        level.tiles.clear();
        continue;
      }
      for (let i = 0; i < places.length; i += 1) {
        for (const key of this.tilesOf(level, places[i]!)) level.tiles.get(key)?.dirty.add(places[i]!);
      }
    }
  }

  /**
   * Copies what is visible to `ctx` (in CSS px). Paints missing tiles for at most `budgetMs`;
   * true where some are still missing.
   */
  draw(
    ctx: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    moving: boolean,
    budgetMs: number,
  ): boolean {
    const level = this.levelFor(camera, moving);
    const until = performance.now() + budgetMs;
    const factor = camera.scale / level.scale;
    const side = TILE_PX * factor;
    const first = { i: Math.floor(-camera.x / side), j: Math.floor(-camera.y / side) };
    const last = {
      i: Math.floor((viewport.width - camera.x) / side),
      j: Math.floor((viewport.height - camera.y) / side),
    };
    const missing: [number, number][] = [];
    ctx.imageSmoothingEnabled = factor !== 1;
    const wanted: [number, number][] = [];
    for (let j = first.j; j <= last.j; j += 1) {
      for (let i = first.i; i <= last.i; i += 1) wanted.push([i, j]);
    }
    if (wanted.some(([i, j]) => !level.tiles.has(`${i},${j}`))) {
      this.drawPrevious(ctx, camera, viewport, level, wanted);
    }
    for (const [i, j] of wanted) {
      const key = `${i},${j}`;
      let tile = level.tiles.get(key);
      if (!tile) {
        if (performance.now() > until) {
          missing.push([i, j]);
          continue;
        }
        tile = this.painted(level.scale, i, j);
        level.tiles.set(key, tile);
        ctx.clearRect(camera.x + i * side, camera.y + j * side, side, side);
      } else if (tile.dirty.size) {
        this.repaint(tile, level.scale, i, j);
      }
      ctx.drawImage(tile.canvas, camera.x + i * side, camera.y + j * side, side, side);
    }
    this.trim(level);
    return missing.length > 0;
  }

  private levelFor(camera: Camera, moving: boolean): Level {
    if (this.level && (moving || Math.abs(this.level.scale / camera.scale - 1) < 1e-6)) {
      const factor = camera.scale / this.level.scale;
      if (!moving || (factor < 1.9 && factor > 0.55)) return this.level;
    }
    if (this.level?.tiles.size) this.previous = this.level;
    this.level = { scale: camera.scale, tiles: new Map() };
    return this.level;
  }

  private drawPrevious(
    ctx: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    level: Level,
    wanted: readonly (readonly [number, number])[],
  ): void {
    if (!this.previous || this.previous === level) return;
    const holes = wanted.filter(([i, j]) => !level.tiles.has(`${i},${j}`));
    const side = (TILE_PX * camera.scale) / level.scale;
    ctx.save();
    ctx.beginPath();
    for (const [i, j] of holes) ctx.rect(camera.x + i * side, camera.y + j * side, side, side);
    ctx.clip();
    ctx.imageSmoothingEnabled = true;
    const old = (TILE_PX * camera.scale) / this.previous.scale;
    for (const [key, tile] of this.previous.tiles) {
      const [i, j] = key.split(",").map(Number) as [number, number];
      const [x, y] = [camera.x + i * old, camera.y + j * old];
      if (x > viewport.width || y > viewport.height || x + old < 0 || y + old < 0) continue;
      ctx.drawImage(tile.canvas, x, y, old, old);
    }
    ctx.restore();
  }

  private painted(scale: number, i: number, j: number): Tile {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.round(TILE_PX * this.pixelRatio);
    const tile = { canvas, dirty: new Set<number>() };
    this.paint(tile, scale, i, j);
    return tile;
  }

  private repaint(tile: Tile, scale: number, i: number, j: number): void {
    if (tile.dirty.size > REPAINT_ALL_ABOVE) {
      tile.canvas.getContext("2d")!.clearRect(0, 0, tile.canvas.width, tile.canvas.height);
      this.paint(tile, scale, i, j);
    } else {
      const ctx = this.contextOf(tile, i, j);
      const places = [...tile.dirty];
      ctx.globalCompositeOperation = "destination-out";
      ctx.beginPath();
      for (const place of places) {
        const [x, y] = [this.chart.x[place]! * scale, this.chart.y[place]! * scale];
        const r = this.radiusPx(scale) + 0.75;
        ctx.moveTo(x + r, y);
        ctx.arc(x, y, r, 0, Math.PI * 2);
      }
      ctx.fill();
      ctx.globalCompositeOperation = "source-over";
      this.paintPlaces(ctx, scale, places);
    }
    tile.dirty.clear();
  }

  private contextOf(tile: Tile, i: number, j: number): CanvasRenderingContext2D {
    const ctx = tile.canvas.getContext("2d")!;
    const ratio = this.pixelRatio;
    ctx.setTransform(ratio, 0, 0, ratio, -i * TILE_PX * ratio, -j * TILE_PX * ratio);
    return ctx;
  }

  private paint(tile: Tile, scale: number, i: number, j: number): void {
    const ctx = this.contextOf(tile, i, j);
    const margin = this.chart.spacing;
    const box = [
      (i * TILE_PX) / scale - margin,
      (j * TILE_PX) / scale - margin,
      ((i + 1) * TILE_PX) / scale + margin,
      ((j + 1) * TILE_PX) / scale + margin,
    ] as const;
    this.paintPlaces(ctx, scale, this.seatIndex.range(...box));
    if (this.radiusPx(scale) >= ROW_NAMES_FROM_PX) this.paintRowNames(ctx, scale, box);
  }

  private paintPlaces(ctx: CanvasRenderingContext2D, scale: number, places: Iterable<number>): void {
    const r = this.radiusPx(scale);
    const batches = new Map<number, { look: SeatLook; at: number[] }>();
    const numbered: number[] = [];
    for (const place of places) {
      if (!this.isDrawn(place) || this.lifted.has(place) || this.seats.mine[place] !== NOT_MINE) continue;
      const look = this.lookOf(place);
      const key = lookKey(look);
      let batch = batches.get(key);
      if (!batch) batches.set(key, (batch = { look, at: [] }));
      batch.at.push(this.chart.x[place]! * scale, this.chart.y[place]! * scale);
      if (r >= NUMBERS_FROM_PX && look.status === FREE && !(look.flags & 1)) numbered.push(place);
    }
    for (const { look, at } of batches.values()) {
      ctx.globalAlpha = 1;
      drawSeats(ctx, at, r, look, this.palette);
    }
    ctx.globalAlpha = 1;
    this.paintNumbers(ctx, scale, r, numbered);
  }

  lookOf(place: number): SeatLook {
    return {
      status: this.seats.statuses[place]!,
      category: this.chart.category[place]!,
      flags: this.chart.flags[place]!,
      quiet: this.quiet(place) || !this.seats.fits[place],
    };
  }

  radiusPx(scale: number): number {
    return this.chart.radius * scale;
  }

  private paintNumbers(ctx: CanvasRenderingContext2D, scale: number, r: number, places: number[]): void {
    if (!places.length) return;
    ctx.font = `600 ${Math.min(13, r * 0.86)}px ${this.palette.family}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const place of places) {
      const label = this.chart.seatLabels[place]!;
      if (label.length > 3) continue;
      ctx.fillStyle = this.palette.categories[this.chart.category[place]!]?.ink ?? "#fff";
      ctx.globalAlpha = this.quiet(place) || !this.seats.fits[place] ? 0.25 : 0.94;
      ctx.fillText(label, this.chart.x[place]! * scale, this.chart.y[place]! * scale + r * 0.06);
    }
    ctx.globalAlpha = 1;
  }

  private paintRowNames(
    ctx: CanvasRenderingContext2D,
    scale: number,
    box: readonly [number, number, number, number],
  ): void {
    ctx.font = `500 ${Math.min(12, Math.max(9, this.radiusPx(scale)))}px ${this.palette.family}`;
    ctx.fillStyle = css(this.palette.inkSoft, 0.9);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const index of this.nameIndex.range(...box)) {
      const name = this.rowNames[index];
      if (name && isOnFloor(name.floor, this.floor)) ctx.fillText(name.text, name.x * scale, name.y * scale);
    }
  }

  private tilesOf(level: Level, place: number): string[] {
    const r = this.radiusPx(level.scale) + 1;
    const [x, y] = [this.chart.x[place]! * level.scale, this.chart.y[place]! * level.scale];
    const keys: string[] = [];
    for (let j = Math.floor((y - r) / TILE_PX); j <= Math.floor((y + r) / TILE_PX); j += 1) {
      for (let i = Math.floor((x - r) / TILE_PX); i <= Math.floor((x + r) / TILE_PX); i += 1) {
        keys.push(`${i},${j}`);
      }
    }
    return keys;
  }

  private trim(level: Level): void {
    for (const key of level.tiles.keys()) {
      if (level.tiles.size <= MOST_TILES) break;
      level.tiles.delete(key);
    }
  }
}

/** A row's name stands one seat beyond either end. */
function rowNamesOf(chart: ChartModel): RowName[] {
  const names: RowName[] = [];
  for (const group of chart.groups) {
    if (group.kind !== ROW || group.places.length < 2 || !group.label) continue;
    const { places, label } = group;
    for (const [end, inner] of [
      [places[0]!, places[1]!],
      [places[places.length - 1]!, places[places.length - 2]!],
    ] as const) {
      const dx = chart.x[end]! - chart.x[inner]!;
      const dy = chart.y[end]! - chart.y[inner]!;
      const length = Math.hypot(dx, dy) || 1;
      names.push({
        text: label,
        floor: group.floor,
        x: chart.x[end]! + (dx / length) * chart.spacing * 0.95,
        y: chart.y[end]! + (dy / length) * chart.spacing * 0.95,
      });
    }
  }
  return names;
}
