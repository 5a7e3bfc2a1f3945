/** What lies under the seats: the stage and other decorations, section shapes, tables, areas. */

import { AREA, BOOTH, isOnFloor, TABLE, type Block, type ChartModel } from "../model/chart";
import type { Camera, Viewport } from "../model/camera";
import { css, inkOn, mix, parseColour, type Rgb } from "../model/colour";
import type { Survey } from "../model/survey";
import { boundsOf, ringOfShape, type Bounds, type Ring } from "../model/outline";
import { BOOKED, FREE, HELD, MINE, NOT_MINE, type SeatStore } from "../model/seats";
import type { Decoration } from "../wire/messages";
import { availabilityFill, type MapPalette } from "./palette";

/** Everything the painters need to know of one frame. */
export interface Frame {
  readonly camera: Camera;
  readonly viewport: Viewport;
  /** 1: blocks only, 0: seats only. */
  readonly far: number;
  readonly floor: string;
  readonly survey: Survey | null;
  readonly hovered: Block | null;
  readonly palette: MapPalette;
}

interface Drawn {
  readonly decoration: Decoration;
  readonly path: Path2D;
  readonly bounds: Bounds;
}

export class Ground {
  private readonly decorations: readonly Drawn[];
  private readonly blockPaths: readonly Path2D[];
  private readonly groupPaths: ReadonlyMap<number, Path2D>;

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
  ) {
    this.decorations = chart.decorations.map((decoration) => {
      const ring = ringOfShape(decoration.shape);
      return { decoration, path: pathOf([ring]), bounds: boundsOf([ring]) };
    });
    this.blockPaths = chart.blocks.map((block) => pathOf(block.rings));
    this.groupPaths = new Map(
      chart.groups
        .filter((group) => group.kind !== AREA && group.rings.length)
        .map((group) => [group.index, pathOf(group.rings)]),
    );
  }

  draw(ctx: CanvasRenderingContext2D, frame: Frame): void {
    const { camera } = frame;
    ctx.save();
    ctx.transform(camera.scale, 0, 0, camera.scale, camera.x, camera.y);
    for (const drawn of this.decorations) if (!drawn.decoration.foreground) this.decorate(ctx, drawn, frame);
    for (const block of this.chart.blocks) this.block(ctx, block, frame);
    if (frame.far < 1) this.groups(ctx, frame);
    for (const drawn of this.decorations) if (drawn.decoration.foreground) this.decorate(ctx, drawn, frame);
    ctx.restore();
    for (const drawn of this.decorations) this.text(ctx, drawn, frame);
  }

  private block(ctx: CanvasRenderingContext2D, block: Block, frame: Frame): void {
    if (!isOnFloor(block.floor, frame.floor) || !inSight(block.bounds, frame)) return;
    const { palette, camera } = frame;
    const path = this.blockPaths[block.index]!;
    const far = block.area >= 0 ? 1 : frame.far;
    if (far === 0 && !block.outlined) return;
    const near = mix(palette.ground, palette.surface, 1);
    const fill = mix(near, blockFill(block, frame), far);
    ctx.fillStyle = css(fill);
    ctx.fill(path);
    const hovered = frame.hovered?.index === block.index && far > 0.4;
    ctx.lineJoin = "round";
    ctx.lineWidth = (hovered ? 2.5 : 1) / camera.scale;
    ctx.strokeStyle = hovered ? css(palette.ink) : css(mix(palette.line, palette.ground, far * 0.75));
    ctx.stroke(path);
  }

  private groups(ctx: CanvasRenderingContext2D, frame: Frame): void {
    const { palette, camera } = frame;
    ctx.globalAlpha = 1 - frame.far;
    for (const [index, path] of this.groupPaths) {
      const group = this.chart.groups[index]!;
      if (!isOnFloor(group.floor, frame.floor)) continue;
      const place = group.places[0]!;
      if (group.kind === BOOTH) {
        const status = this.seats.statuses[place];
        const colour = palette.categories[this.chart.category[place]!]!;
        const mine = this.seats.mine[place] !== NOT_MINE;
        ctx.fillStyle =
          mine || status === FREE
            ? colour.fill
            : status === HELD
              ? css(palette.surface)
              : css(mix(palette.ground, palette.line, 0.8));
        ctx.fill(path);
        ctx.lineWidth = (mine ? 3 : 1.5) / camera.scale;
        ctx.strokeStyle = mine ? css(palette.ink) : status === BOOKED ? css(palette.line) : colour.fill;
        ctx.stroke(path);
      } else if (group.kind === TABLE) {
        const mine = this.seats.mine[place] === MINE;
        ctx.fillStyle = css(mix(palette.surface, palette.line, 0.55));
        ctx.fill(path);
        ctx.lineWidth = (mine ? 2 : 1) / camera.scale;
        ctx.strokeStyle = css(mine ? palette.ink : palette.line);
        ctx.stroke(path);
      }
    }
    ctx.globalAlpha = 1;
  }

  private decorate(ctx: CanvasRenderingContext2D, drawn: Drawn, frame: Frame): void {
    const { decoration, path } = drawn;
    const { palette, camera } = frame;
    if (!isOnFloor(decoration.floor, frame.floor) || !inSight(drawn.bounds, frame)) return;
    switch (decoration.kind) {
      case "line":
        ctx.strokeStyle = css(parseColour(decoration.stroke) ?? palette.line, 0.8);
        ctx.lineWidth = 1.5 / camera.scale;
        ctx.stroke(path);
        break;
      case "stage":
      case "screen":
      case "shape":
      case "bar":
      case "stairs":
        ctx.fillStyle = css(decorationFill(decoration, palette));
        ctx.fill(path);
        break;
      case "text":
      case "icon":
      case "exit":
      case "toilets":
        break;
    }
  }

  private text(ctx: CanvasRenderingContext2D, drawn: Drawn, frame: Frame): void {
    const { decoration, bounds } = drawn;
    const { palette, camera } = frame;
    const { text } = decoration;
    if (!text || !isOnFloor(decoration.floor, frame.floor) || !inSight(bounds, frame)) return;
    const width = (bounds.right - bounds.left) * camera.scale;
    const isStage = decoration.kind === "stage" || decoration.kind === "screen";
    const px = isStage
      ? Math.min(18, Math.max(10, width / 16))
      : Math.min(16, decoration.text_size ? decoration.text_size * camera.scale : 12);
    if (px < 8 || (isStage && width < 40)) return;
    ctx.font = `600 ${px}px ${palette.family}`;
    ctx.letterSpacing = isStage ? `${px * 0.18}px` : "0px";
    const filled = decoration.kind !== "text" && decoration.kind !== "icon";
    ctx.fillStyle = css(filled ? inkOn(decorationFill(decoration, palette)) : palette.inkSoft);
    if (filled && ctx.measureText(text).width > width) return;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const x = ((bounds.left + bounds.right) / 2) * camera.scale + camera.x;
    const y = ((bounds.top + bounds.bottom) / 2) * camera.scale + camera.y;
    ctx.fillText(isStage ? text.toLocaleUpperCase() : text, x, y);
    ctx.letterSpacing = "0px";
  }
}

/** The organizer's own colour, a little quieter than what is for sale. */
export function decorationFill({ kind, fill }: Decoration, palette: MapPalette): Rgb {
  const own = parseColour(fill);
  if (own) return mix(own, palette.ground, palette.dark ? 0.42 : 0.12);
  return kind === "stage" || kind === "screen" ? palette.stage : mix(palette.ground, palette.line, 0.45);
}

/** How much room a block looks to have from afar: its category's hue, deeper where more is left
 * that seats this buyer's party and passes the filter. */
export function blockFill(block: Block, { palette, survey }: Pick<Frame, "palette" | "survey">): Rgb {
  const own = survey?.blocks[block.index];
  if (!own || own.shade === null) return mix(palette.ground, palette.line, 0.6);
  if (own.free && !own.shade) return mix(palette.ground, palette.line, 0.45);
  return availabilityFill(palette, own.category, own.shade);
}

export function inSight(bounds: Bounds, { camera, viewport }: Pick<Frame, "camera" | "viewport">): boolean {
  return (
    bounds.right * camera.scale + camera.x > 0 &&
    bounds.left * camera.scale + camera.x < viewport.width &&
    bounds.bottom * camera.scale + camera.y > 0 &&
    bounds.top * camera.scale + camera.y < viewport.height
  );
}

export function pathOf(rings: readonly Ring[]): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      if (i === 0) path.moveTo(ring[0]!, ring[1]!);
      else path.lineTo(ring[i]!, ring[i + 1]!);
    }
    path.closePath();
  }
  return path;
}
