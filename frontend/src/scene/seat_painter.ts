/** Paints single seats, their numbers and their rows' names, at one scale, from their live state. */

import KDBush from "kdbush";
import { AREA, BOOTH, GONE, isOnFloor, ROW, type ChartModel } from "../model/chart";
import { css } from "../model/colour";
import { FREE, NOT_MINE, type SeatStore } from "../model/seats";
import type { MapPalette } from "./palette";
import { SeatIndex } from "./seat_index";
import { drawSeats, lookKey, type SeatLook } from "./seat_look";

const NUMBERS_FROM_PX = 8.5;
const ROW_NAMES_FROM_PX = 6;

type Box = readonly [left: number, top: number, right: number, bottom: number];

interface RowName {
  readonly text: string;
  readonly floor: string;
  readonly x: number;
  readonly y: number;
}

export class SeatPainter {
  floor = "";
  quiet: (place: number) => boolean = () => false;
  private readonly seatIndex: SeatIndex;
  private rowNames: readonly RowName[] | null = null;
  private nameIndex: KDBush | null = null;

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    public palette: MapPalette,
  ) {
    this.seatIndex = new SeatIndex(chart);
  }

  radiusPx(scale: number): number {
    return this.chart.radius * scale;
  }

  /** The place drawn nearest to a point of the chart within `reach`; -1 for none. */
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

  lookOf(place: number): SeatLook {
    return {
      status: this.seats.statuses[place]!,
      category: this.chart.category[place]!,
      flags: this.chart.flags[place]!,
      quiet: this.quiet(place) || !this.seats.fits[place],
    };
  }

  /** All of a box of the chart; `ctx` has the chart's origin at its own, in px of `scale`. */
  paint(ctx: CanvasRenderingContext2D, scale: number, [left, top, right, bottom]: Box): void {
    const margin = this.chart.spacing;
    const box: Box = [left - margin, top - margin, right + margin, bottom + margin];
    this.paintPlaces(ctx, scale, this.seatIndex.range(...box));
    if (this.radiusPx(scale) >= ROW_NAMES_FROM_PX) this.paintRowNames(ctx, scale, box);
  }

  /** These places anew, over what stood there. */
  repaint(ctx: CanvasRenderingContext2D, scale: number, places: Iterable<number>): void {
    const r = this.radiusPx(scale) + 0.75;
    ctx.globalCompositeOperation = "destination-out";
    ctx.beginPath();
    for (const place of places) {
      const [x, y] = [this.chart.x[place]! * scale, this.chart.y[place]! * scale];
      ctx.moveTo(x + r, y);
      ctx.arc(x, y, r, 0, Math.PI * 2);
    }
    ctx.fill();
    ctx.globalCompositeOperation = "source-over";
    this.paintPlaces(ctx, scale, places);
  }

  private paintPlaces(ctx: CanvasRenderingContext2D, scale: number, places: Iterable<number>): void {
    const r = this.radiusPx(scale);
    const batches = new Map<number, { look: SeatLook; at: number[] }>();
    const numbered: number[] = [];
    for (const place of places) {
      if (!this.isDrawn(place) || this.seats.mine[place] !== NOT_MINE) continue;
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

  private paintNumbers(ctx: CanvasRenderingContext2D, scale: number, r: number, places: number[]): void {
    if (!places.length) return;
    ctx.font = `600 ${Math.min(13, r * 0.86)}px ${this.palette.family}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const place of places) {
      const label = this.chart.seatLabels[place]!;
      if (label.length > 3) continue;
      ctx.fillStyle = this.palette.categories[this.chart.category[place]!]?.ink ?? "#fff";
      ctx.globalAlpha = this.lookOf(place).quiet ? 0.25 : 0.94;
      ctx.fillText(label, this.chart.x[place]! * scale, this.chart.y[place]! * scale + r * 0.06);
    }
    ctx.globalAlpha = 1;
  }

  private paintRowNames(ctx: CanvasRenderingContext2D, scale: number, box: Box): void {
    const names = (this.rowNames ??= rowNamesOf(this.chart));
    if (!names.length) return;
    this.nameIndex ??= indexed(names);
    ctx.font = `500 ${Math.min(12, Math.max(9, this.radiusPx(scale)))}px ${this.palette.family}`;
    ctx.fillStyle = css(this.palette.inkSoft, 0.9);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const at of this.nameIndex.range(...box)) {
      const name = names[at]!;
      if (isOnFloor(name.floor, this.floor)) ctx.fillText(name.text, name.x * scale, name.y * scale);
    }
  }
}

function indexed(names: readonly RowName[]): KDBush {
  const index = new KDBush(names.length, 64, Float32Array);
  for (const { x, y } of names) index.add(x, y);
  return index.finish();
}

/**
 * A row's name stands one seat beyond either end. Where rows of the same name meet across an aisle
 * it stands once, between them; where others meet too closely, one of them keeps its name.
 */
function rowNamesOf(chart: ChartModel): readonly RowName[] {
  const names = namesAtEnds(chart);
  if (!names.length) return names;
  const index = indexed(names);
  const gone = new Set<number>();
  return names.flatMap((name, n) => {
    if (gone.has(n)) return [];
    for (const other of index.within(name.x, name.y, chart.spacing * 1.1)) {
      const met = names[other]!;
      if (other <= n || gone.has(other) || met.floor !== name.floor) continue;
      gone.add(other);
      if (met.text === name.text) return [{ ...name, x: (name.x + met.x) / 2, y: (name.y + met.y) / 2 }];
    }
    return [name];
  });
}

function namesAtEnds(chart: ChartModel): RowName[] {
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
