/** How a seat looks: shape says as much as colour. Shared by the bitmaps and the moving layer. */

import { ACCESSIBLE, COMPANION, RESTRICTED_VIEW } from "../model/chart";
import { css } from "../model/colour";
import { BLOCKED, BOOKED, FREE, HELD, UNKNOWN } from "../model/seats";
import type { MapPalette } from "./palette";

export interface SeatLook {
  readonly status: number;
  readonly category: number;
  readonly flags: number;
  /** Filtered out: still there, but quiet. */
  readonly quiet: boolean;
}

const FULL_TURN = Math.PI * 2;
const SQUARE_BELOW_PX = 1.6;
const GLYPH_FROM_PX = 6.5;

/** A number equal for seats that are drawn alike, so that they share one path. */
export function lookKey(look: SeatLook): number {
  const shape = look.flags & (ACCESSIBLE | COMPANION | RESTRICTED_VIEW);
  const category = look.status === FREE || look.status === HELD ? look.category : 0;
  return ((category * 16 + shape) * 8 + look.status) * 2 + (look.quiet ? 1 : 0);
}

/** Draws all of `at` ([x0, y0, x1, y1, ...] in px) in one look with radius `r` px. */
export function drawSeats(
  ctx: CanvasRenderingContext2D,
  at: readonly number[],
  r: number,
  look: SeatLook,
  palette: MapPalette,
): void {
  const colour = palette.categories[look.category];
  if (!colour) return;
  ctx.globalAlpha *= look.quiet ? (palette.dark ? 0.34 : 0.24) : 1;
  switch (look.status) {
    case FREE:
      ctx.fillStyle = colour.fill;
      tracePath(ctx, at, r, look.flags);
      ctx.fill();
      if (look.flags & RESTRICTED_VIEW && r > 3) shadeHalf(ctx, at, r, palette);
      if (r >= GLYPH_FROM_PX && look.flags & ACCESSIBLE) {
        for (let i = 0; i < at.length; i += 2) wheelchair(ctx, at[i]!, at[i + 1]!, r, colour.ink);
      }
      break;
    case HELD:
      if (r < SQUARE_BELOW_PX) {
        ctx.globalAlpha *= 0.4;
        ctx.fillStyle = colour.fill;
        tracePath(ctx, at, r, 0);
        ctx.fill();
      } else {
        ctx.globalAlpha *= 0.55;
        ctx.strokeStyle = colour.fill;
        ctx.lineWidth = Math.max(1, r * 0.2);
        tracePath(ctx, at, r * 0.8, look.flags);
        ctx.stroke();
      }
      break;
    case BOOKED:
      ctx.fillStyle = palette.sold;
      tracePath(ctx, at, Math.max(0.6, r * 0.36), 0);
      ctx.fill();
      break;
    case UNKNOWN:
      ctx.globalAlpha *= 0.35;
      ctx.fillStyle = palette.sold;
      tracePath(ctx, at, r * 0.8, 0);
      ctx.fill();
      break;
    case BLOCKED:
      ctx.globalAlpha *= 0.5;
      ctx.fillStyle = palette.sold;
      tracePath(ctx, at, Math.max(0.4, r * 0.16), 0);
      ctx.fill();
      break;
  }
}

function tracePath(ctx: CanvasRenderingContext2D, at: readonly number[], r: number, flags: number): void {
  ctx.beginPath();
  if (r < SQUARE_BELOW_PX) {
    const side = r * 1.8;
    for (let i = 0; i < at.length; i += 2) ctx.rect(at[i]! - side / 2, at[i + 1]! - side / 2, side, side);
  } else if (flags & (ACCESSIBLE | COMPANION)) {
    const half = r * 0.94;
    for (let i = 0; i < at.length; i += 2) {
      ctx.roundRect(at[i]! - half, at[i + 1]! - half, half * 2, half * 2, r * 0.36);
    }
  } else {
    for (let i = 0; i < at.length; i += 2) {
      ctx.moveTo(at[i]! + r, at[i + 1]!);
      ctx.arc(at[i]!, at[i + 1]!, r, 0, FULL_TURN);
    }
  }
}

/** Restricted view: the lower half is veiled. */
function shadeHalf(
  ctx: CanvasRenderingContext2D,
  at: readonly number[],
  r: number,
  palette: MapPalette,
): void {
  ctx.fillStyle = css(palette.ground, 0.55);
  ctx.beginPath();
  for (let i = 0; i < at.length; i += 2) {
    ctx.moveTo(at[i]! + r, at[i + 1]!);
    ctx.arc(at[i]!, at[i + 1]!, r * 0.86, 0, Math.PI);
  }
  ctx.fill();
}

function wheelchair(ctx: CanvasRenderingContext2D, x: number, y: number, r: number, ink: string): void {
  const u = r / 10;
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(u, u);
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = 1.5;
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  ctx.beginPath();
  ctx.arc(-0.8, -5.6, 1.5, 0, FULL_TURN);
  ctx.fill();
  ctx.beginPath();
  ctx.moveTo(-0.8, -3.2);
  ctx.lineTo(-0.4, 0.6);
  ctx.lineTo(3, 0.6);
  ctx.lineTo(4.6, 4.8);
  ctx.moveTo(-0.6, -1.6);
  ctx.lineTo(2.4, -1.6);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(-0.8, 2.4, 3.6, -2.2, 1.1, true);
  ctx.stroke();
  ctx.restore();
}

export function drawTick(ctx: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  ctx.lineWidth = Math.max(1.4, r * 0.24);
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  ctx.beginPath();
  ctx.moveTo(x - r * 0.42, y + r * 0.04);
  ctx.lineTo(x - r * 0.1, y + r * 0.36);
  ctx.lineTo(x + r * 0.44, y - r * 0.32);
  ctx.stroke();
}
