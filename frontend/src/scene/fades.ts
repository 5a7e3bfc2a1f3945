/**
 * Seats that somebody else took or gave back, on their way from one look to the other. Their bitmaps
 * keep the old look until the new one has faded in over it, and are painted once, afterwards.
 */

import type { ChartModel } from "../model/chart";
import { css } from "../model/colour";
import { NOT_MINE, type SeatStore } from "../model/seats";
import type { MapPalette } from "./palette";
import type { SeatBitmaps } from "./seat_bitmaps";
import { drawSeats, lookKey, type SeatLook } from "./seat_look";
import type { SeatPainter } from "./seat_painter";

const FADE_MS = 180;
const MOST_FADING = 400;

interface Fade {
  readonly places: Int32Array;
  readonly startedAt: number;
  /** The bitmaps have been told; they may not be painted yet. */
  told: boolean;
}

export class Fades {
  private fades: Fade[] = [];
  private fading = 0;

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    private readonly painter: SeatPainter,
    private readonly bitmaps: SeatBitmaps,
  ) {}

  get busy(): boolean {
    return this.fades.length > 0;
  }

  /** Takes on as many of `places` as it can; the others are left to be painted at once. */
  begin(places: readonly number[], now: number): readonly number[] {
    const room = Math.max(0, MOST_FADING - this.fading);
    const taken = Int32Array.from(places.slice(0, room));
    if (taken.length) {
      this.fades.push({ places: taken, startedAt: now, told: false });
      this.fading += taken.length;
    }
    return places.slice(room);
  }

  /** No fading any more: the bitmaps show what is so. */
  finish(): void {
    for (const { told, places } of this.fades) if (!told) this.bitmaps.changed(places);
    this.fades = [];
    this.fading = 0;
  }

  draw(
    ctx: CanvasRenderingContext2D,
    scale: number,
    at: (place: number) => readonly [number, number],
    palette: MapPalette,
    now: number,
  ): void {
    const r = this.painter.radiusPx(scale);
    for (const fade of this.fades) {
      const t = Math.min(1, Math.max(0, (now - fade.startedAt) / FADE_MS));
      this.drawOne(ctx, fade, r, t, at, palette);
      if (t < 1 || fade.told) continue;
      fade.told = true;
      this.bitmaps.changed(fade.places);
    }
    ctx.globalAlpha = 1;
    this.fades = this.fades.filter((fade) => {
      const over = fade.told && fade.places.every((place) => this.bitmaps.shows(place));
      if (over) this.fading -= fade.places.length;
      return !over;
    });
  }

  private drawOne(
    ctx: CanvasRenderingContext2D,
    { places }: Fade,
    r: number,
    t: number,
    at: (place: number) => readonly [number, number],
    palette: MapPalette,
  ): void {
    const looks = new Map<number, { look: SeatLook; at: number[] }>();
    const grounds: [number[], number[]] = [[], []];
    for (const place of places) {
      if (this.seats.mine[place] !== NOT_MINE || !this.painter.isDrawn(place)) continue;
      const [x, y] = at(place);
      const look = this.painter.lookOf(place);
      const key = lookKey(look);
      const same = looks.get(key);
      if (same) same.at.push(x, y);
      else looks.set(key, { look, at: [x, y] });
      grounds[this.chart.blocks[this.chart.block[place]!]?.outlined ? 1 : 0]!.push(x, y);
    }
    for (const [outlined, points] of grounds.entries()) {
      if (!points.length) continue;
      ctx.globalAlpha = t;
      ctx.fillStyle = css(outlined ? palette.surface : palette.ground);
      ctx.beginPath();
      for (let i = 0; i < points.length; i += 2) {
        ctx.moveTo(points[i]! + r + 0.75, points[i + 1]!);
        ctx.arc(points[i]!, points[i + 1]!, r + 0.75, 0, Math.PI * 2);
      }
      ctx.fill();
    }
    for (const { look, at: points } of looks.values()) {
      ctx.globalAlpha = t;
      drawSeats(ctx, points, r, look, palette);
    }
  }
}
