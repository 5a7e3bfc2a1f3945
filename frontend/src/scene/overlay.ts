/** What moves or is this viewer's own: drawn anew each frame, above the bitmaps. */

import { isOnFloor, type ChartModel } from "../model/chart";
import { css } from "../model/colour";
import { ASKED, LEAVING, MY_BOOKING, NOT_MINE, type SeatStore } from "../model/seats";
import type { Frame } from "./ground";
import type { Fades } from "./fades";
import { drawSeats, drawTick } from "./seat_look";
import type { SeatPainter } from "./seat_painter";

const FLASH_MS = 900;
const PIN_BELOW_PX = 3.2;
const PIN_RADIUS_PX = 11;

export class Overlay {
  hovered = -1;
  cursor = -1;
  private readonly own = new Set<number>();
  private readonly flashes = new Map<number, number>();

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    private readonly painter: SeatPainter,
    private readonly fades: Fades,
  ) {}

  get busy(): boolean {
    return this.fades.busy || this.flashes.size > 0;
  }

  /** Places changed: note which are the viewer's own. Null: anything may have. */
  changed(places: ArrayLike<number> | null): void {
    if (places === null) this.own.clear();
    const count = places === null ? this.chart.size : places.length;
    for (let n = 0; n < count; n += 1) {
      const place = places === null ? n : places[n]!;
      if (this.seats.mine[place] !== NOT_MINE) this.own.add(place);
      else this.own.delete(place);
    }
  }

  /** A short, honest flash where a place was lost. */
  flash(places: readonly number[], now: number): void {
    for (const place of places.slice(0, 50)) this.flashes.set(place, now);
  }

  draw(ctx: CanvasRenderingContext2D, frame: Frame, now: number, calm: boolean): void {
    const { camera, palette, far } = frame;
    const r = this.painter.radiusPx(camera.scale);
    const at = (place: number): [number, number] => [
      this.chart.x[place]! * camera.scale + camera.x,
      this.chart.y[place]! * camera.scale + camera.y,
    ];
    ctx.save();
    if (far < 1) this.fades.draw(ctx, camera.scale, at, palette, now);
    else this.fades.finish();
    if (far > 0.5 || r < PIN_BELOW_PX) this.drawPins(ctx, at, frame);
    else {
      for (const place of this.own) {
        if (this.painter.isDrawn(place)) this.drawOwn(ctx, place, at(place), r, frame, now, calm);
      }
    }
    for (const [place, startedAt] of this.flashes) {
      const t = (now - startedAt) / FLASH_MS;
      if (t >= 1) this.flashes.delete(place);
      else ring(ctx, at(place), Math.max(6, r) * (calm ? 1.4 : 1.2 + t), 2.5, css(palette.accent, 1 - t));
    }
    if (far < 0.6) {
      if (this.hovered >= 0 && this.painter.isDrawn(this.hovered)) {
        ring(ctx, at(this.hovered), r + 2, 1.5, css(palette.ink, 0.75));
      }
      if (this.cursor >= 0) ring(ctx, at(this.cursor), r + 4.5, 3, css(palette.accent));
    }
    ctx.restore();
  }

  private drawOwn(
    ctx: CanvasRenderingContext2D,
    place: number,
    [x, y]: [number, number],
    r: number,
    frame: Frame,
    now: number,
    calm: boolean,
  ): void {
    const { palette } = frame;
    const mark = this.seats.mine[place];
    const colour = palette.categories[this.chart.category[place]!]!;
    const look = { ...this.painter.lookOf(place), status: 0, quiet: false };
    ctx.globalAlpha = mark === LEAVING ? 0.45 : 1;
    ctx.fillStyle = css(palette.surface);
    ctx.beginPath();
    ctx.arc(x, y, r + 3.5, 0, Math.PI * 2);
    ctx.fill();
    if (mark === ASKED) {
      ctx.globalAlpha = 0.6;
      drawSeats(ctx, [x, y], r, { ...look, flags: 0 }, palette);
      ctx.globalAlpha = 1;
      ctx.setLineDash([Math.PI * 0.5 * (r + 2.5), Math.PI * 0.5 * (r + 2.5)]);
      ctx.lineDashOffset = calm ? 0 : -(now / 12) % 400;
      ring(ctx, [x, y], r + 2.5, 2, css(palette.ink));
      ctx.setLineDash([]);
      return;
    }
    const booked = mark === MY_BOOKING;
    ctx.fillStyle = booked ? css(palette.ink) : colour.fill;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, Math.PI * 2);
    ctx.fill();
    ctx.strokeStyle = booked ? css(palette.ground) : colour.ink;
    drawTick(ctx, x, y, r);
    ring(ctx, [x, y], r + 2.5, 2, css(palette.ink));
    ctx.globalAlpha = 1;
  }

  /** From afar: in which blocks one's own places are, and how many. */
  private drawPins(
    ctx: CanvasRenderingContext2D,
    at: (place: number) => [number, number],
    { palette, floor }: Frame,
  ): void {
    const byBlock = new Map<number, number[]>();
    for (const place of this.own) {
      const block = this.chart.block[place]!;
      if (!isOnFloor(this.chart.blocks[block]?.floor ?? "", floor)) continue;
      const places = byBlock.get(block);
      if (places) places.push(place);
      else byBlock.set(block, [place]);
    }
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.font = `650 12px ${palette.family}`;
    for (const places of byBlock.values()) {
      const points = places.map(at);
      const x = points.reduce((sum, point) => sum + point[0], 0) / points.length;
      const y = points.reduce((sum, point) => sum + point[1], 0) / points.length;
      ctx.fillStyle = css(palette.ink);
      ctx.beginPath();
      ctx.arc(x, y, PIN_RADIUS_PX, 0, Math.PI * 2);
      ctx.fill();
      ring(ctx, [x, y], PIN_RADIUS_PX, 2, css(palette.ground));
      ctx.fillStyle = css(palette.ground);
      ctx.fillText(String(places.length), x, y + 0.5);
    }
  }

  /** Whether something asked for is still turning. */
  get waiting(): boolean {
    for (const place of this.own) if (this.seats.mine[place] === ASKED) return true;
    return false;
  }
}

function ring(
  ctx: CanvasRenderingContext2D,
  [x, y]: [number, number],
  r: number,
  width: number,
  colour: string,
): void {
  ctx.lineWidth = width;
  ctx.strokeStyle = colour;
  ctx.beginPath();
  ctx.arc(x, y, r, 0, Math.PI * 2);
  ctx.stroke();
}
