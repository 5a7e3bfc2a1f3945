/** A venue drawn small, for a card: stage and blocks in their categories' colours. */

import { floorBounds, isOnFloor, type Block, type ChartModel } from "../model/chart";
import { fit, zoomTo } from "../model/camera";
import { css, mix } from "../model/colour";
import { ringOfShape } from "../model/outline";
import { decorationFill, pathOf } from "./ground";
import { readPalette, type MapPalette } from "./palette";

const PADDING_PX = 20;
const MOST_SEATS = 3_000;
const MOST_SEAT_PX = 24;

export function drawSilhouette(canvas: HTMLCanvasElement, chart: ChartModel): void {
  const ratio = Math.min(3, devicePixelRatio);
  const viewport = { width: canvas.clientWidth, height: canvas.clientHeight };
  canvas.width = Math.round(viewport.width * ratio);
  canvas.height = Math.round(viewport.height * ratio);
  const palette = readPalette(
    canvas,
    chart.categories.map((c) => c.color),
  );
  const padding = { top: PADDING_PX, right: PADDING_PX, bottom: PADDING_PX, left: PADDING_PX };
  const floor = chart.floors[0]?.id ?? "";
  const whole = fit(floorBounds(chart, floor), viewport, padding);
  const most = MOST_SEAT_PX / chart.spacing;
  const camera = zoomTo(whole, Math.min(whole.scale, most), viewport.width / 2, viewport.height / 2);
  const ctx = canvas.getContext("2d")!;
  ctx.scale(ratio, ratio);
  ctx.transform(camera.scale, 0, 0, camera.scale, camera.x, camera.y);
  for (const decoration of chart.decorations) {
    if (decoration.kind !== "stage" && decoration.kind !== "shape") continue;
    if (!isOnFloor(decoration.floor, floor)) continue;
    ctx.fillStyle = css(decorationFill(decoration, palette));
    ctx.fill(pathOf([ringOfShape(decoration.shape)]));
  }
  const asSeats = chart.size <= MOST_SEATS;
  for (const block of chart.blocks) {
    if (!isOnFloor(block.floor, floor)) continue;
    const path = pathOf(block.rings);
    if (asSeats && block.area < 0) {
      ctx.fillStyle = css(palette.surface);
      ctx.fill(path);
      drawDots(ctx, chart, block, palette);
      continue;
    }
    const category = chart.category[block.places[0] ?? 0] ?? 0;
    const own = palette.categories[category]?.rgb ?? palette.inkSoft;
    ctx.fillStyle = css(mix(palette.ground, own, palette.dark ? 0.75 : 0.82));
    ctx.fill(path);
    ctx.lineWidth = 1 / camera.scale;
    ctx.strokeStyle = css(palette.ground);
    ctx.stroke(path);
  }
}

function drawDots(ctx: CanvasRenderingContext2D, chart: ChartModel, block: Block, palette: MapPalette): void {
  for (const place of block.places) {
    ctx.fillStyle = palette.categories[chart.category[place]!]?.fill ?? css(palette.inkSoft);
    ctx.beginPath();
    ctx.arc(chart.x[place]!, chart.y[place]!, chart.radius, 0, Math.PI * 2);
    ctx.fill();
  }
}
