/** A venue drawn small, for a card: stage and blocks in their categories' colours. */

import type { ChartModel } from "../model/chart";
import { fit } from "../model/camera";
import { css, mix } from "../model/colour";
import { ringOfShape } from "../model/outline";
import { pathOf } from "./ground";
import { readPalette } from "./palette";

const PADDING_PX = 20;

export function drawSilhouette(canvas: HTMLCanvasElement, chart: ChartModel): void {
  const ratio = Math.min(3, devicePixelRatio);
  const viewport = { width: canvas.clientWidth, height: canvas.clientHeight };
  canvas.width = Math.round(viewport.width * ratio);
  canvas.height = Math.round(viewport.height * ratio);
  const palette = readPalette(canvas, chart.categories.map((c) => c.color));
  const padding = { top: PADDING_PX, right: PADDING_PX, bottom: PADDING_PX, left: PADDING_PX };
  const camera = fit(chart.bounds, viewport, padding);
  const ctx = canvas.getContext("2d")!;
  ctx.scale(ratio, ratio);
  ctx.transform(camera.scale, 0, 0, camera.scale, camera.x, camera.y);
  ctx.fillStyle = palette.stage;
  for (const decoration of chart.decorations) {
    if (decoration.kind === "stage" || decoration.kind === "screen") {
      ctx.fill(pathOf([ringOfShape(decoration.shape)]));
    }
  }
  const floor = chart.floors[0]?.id;
  for (const block of chart.blocks) {
    if (floor && block.floor && block.floor !== floor) continue;
    const category = chart.category[block.places[0] ?? 0] ?? 0;
    const own = palette.categories[category]?.rgb ?? palette.inkSoft;
    const path = pathOf(block.rings);
    ctx.fillStyle = css(mix(palette.ground, own, palette.dark ? 0.75 : 0.82));
    ctx.fill(path);
    ctx.lineWidth = 1 / camera.scale;
    ctx.strokeStyle = css(palette.surface);
    ctx.stroke(path);
  }
}
