/** Names, prices and places left on the blocks of the far view, as small bitmaps. */

import { isOnFloor, type Block, type ChartModel } from "../model/chart";
import { css, inkOn } from "../model/colour";
import { blockFill, inSight, type Frame } from "./ground";

export interface BlockWords {
  readonly price: (minor: number) => string;
  readonly left: (count: number) => string;
  readonly soldOut: string;
}

interface Label {
  readonly key: string;
  readonly canvas: HTMLCanvasElement;
  readonly width: number;
  readonly height: number;
}

const NAME_PX = 13;
const LINE_PX = 16;

export class BlockLabels {
  private readonly labels = new Map<number, Label | null>();

  constructor(
    private readonly chart: ChartModel,
    private words: BlockWords,
    private readonly pixelRatio: number,
  ) {}

  useWords(words: BlockWords): void {
    this.words = words;
    this.labels.clear();
  }

  forgetAll(): void {
    this.labels.clear();
  }

  draw(ctx: CanvasRenderingContext2D, frame: Frame, moving: boolean): void {
    for (const block of this.chart.blocks) {
      const alpha = block.area >= 0 ? 1 : Math.max(0, frame.far * 2 - 1);
      if (alpha <= 0 || !isOnFloor(block.floor, frame.floor) || !inSight(block.bounds, frame)) continue;
      const label = this.labelOf(block, frame, moving);
      if (!label) continue;
      const { x, y } = block.labelAt;
      ctx.globalAlpha = alpha;
      ctx.drawImage(
        label.canvas,
        Math.round(x * frame.camera.scale + frame.camera.x - label.width / 2),
        Math.round(y * frame.camera.scale + frame.camera.y - label.height / 2),
        label.width,
        label.height,
      );
    }
    ctx.globalAlpha = 1;
  }

  private labelOf(block: Block, frame: Frame, moving: boolean): Label | null {
    const kept = this.labels.get(block.index);
    if (moving && kept !== undefined) return kept;
    const lines = this.linesOf(block, frame);
    const ink = inkOn(blockFill(block, frame));
    const key = `${lines.join("|")} ${ink.r} ${frame.palette.dark}`;
    if (kept && kept.key === key) return kept;
    const label = lines.length ? this.painted(key, lines, css(ink), frame) : null;
    this.labels.set(block.index, label);
    return label;
  }

  /** As many lines as the block has room for. */
  private linesOf(block: Block, frame: Frame): string[] {
    const room = block.labelAt.depth * frame.camera.scale;
    const wide = ((block.bounds.right - block.bounds.left) * frame.camera.scale) / 2;
    const own = frame.survey?.blocks[block.index];
    const width = Math.min(wide, room * 2.2);
    const fits = (text: string) => text.length * NAME_PX * 0.29 <= width;
    const lines: string[] = [];
    if (room >= 8 && block.label && fits(block.label)) lines.push(block.label);
    if (!own) return lines;
    const price = own.from >= 0 ? this.words.price(own.from) : this.words.soldOut;
    if (room >= 17 && fits(price)) lines.push(price);
    const left = this.words.left(own.fitting);
    if (room >= 27 && own.fitting > 0 && fits(left)) lines.push(left);
    return lines;
  }

  private painted(key: string, lines: readonly string[], ink: string, frame: Frame): Label {
    const canvas = document.createElement("canvas");
    const height = lines.length * LINE_PX;
    const measure = canvas.getContext("2d")!;
    const fontOf = (line: number) =>
      line === 0 ? `650 ${NAME_PX}px ${frame.palette.family}` : `500 12px ${frame.palette.family}`;
    const widths = lines.map((text, line) => {
      measure.font = fontOf(line);
      return measure.measureText(text).width;
    });
    const width = Math.ceil(Math.max(...widths)) + 4;
    canvas.width = Math.round(width * this.pixelRatio);
    canvas.height = Math.round(height * this.pixelRatio);
    const ctx = canvas.getContext("2d")!;
    ctx.scale(this.pixelRatio, this.pixelRatio);
    ctx.fillStyle = ink;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    lines.forEach((text, line) => {
      ctx.font = fontOf(line);
      ctx.globalAlpha = line === 2 ? 0.82 : 1;
      ctx.fillText(text, width / 2, LINE_PX * (line + 0.5));
    });
    return { key, canvas, width, height };
  }
}
