/** Names, prices and places left on the blocks of the far view, as small bitmaps. */

import { isOnFloor, type Block, type ChartModel } from "../model/chart";
import { contains } from "../model/outline";
import { css, inkOn } from "../model/colour";
import type { BlockSurvey } from "../model/survey";
import { blockFill, inSight, type Frame } from "./ground";

export interface BlockWords {
  /** What may stand under a block's name, the fullest set of lines first. */
  readonly lines: (own: BlockSurvey, partySize: number) => readonly (readonly string[])[];
}

interface Label {
  readonly key: string;
  /** What it was made for. */
  readonly cause: Cause;
  /** Null where nothing fits in. */
  readonly canvas: HTMLCanvasElement | null;
  readonly width: number;
  readonly height: number;
}

interface Cause {
  readonly own: unknown;
  readonly partySize: number;
  readonly scale: number;
  readonly dark: boolean;
}

interface Size {
  readonly name: number;
  readonly words: number;
  readonly line: number;
}

const NORMAL: Size = { name: 13, words: 12, line: 16 };
const COMPACT: Size = { name: 12, words: 10.5, line: 13 };
const SMALL: Size = { name: 10, words: 10, line: 11 };
/** What a name alone takes to be written large: where few blocks have that, all names are small. */
const ROOMY: Size = { name: 15, words: 12, line: 30 };
/** Around more than a name and a price, so that many words do not crowd a block. */
const AIR_PX = 2;
const MOST_WIDTHS = 2_000;
/** Labels are made for so long in a frame, then in the next ones. */
const BUDGET_MS = 8;
const BUDGET_WHILE_MOVING_MS = 3;

export class BlockLabels {
  private readonly labels = new Map<number, Label>();
  private begun = false;
  private readonly widths = new Map<string, number>();
  private readonly ruler = document.createElement("canvas").getContext("2d")!;

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

  /** True where all of them are as they should be. The first frame goes without: it is awaited. */
  draw(ctx: CanvasRenderingContext2D, frame: Frame, moving: boolean): boolean {
    if (!this.begun) {
      this.begun = true;
      return false;
    }
    const until = performance.now() + (moving ? BUDGET_WHILE_MOVING_MS : BUDGET_MS);
    let complete = true;
    for (const block of this.chart.blocks) {
      const alpha = block.area >= 0 ? 1 : Math.max(0, frame.far * 2 - 1);
      if (alpha <= 0 || !isOnFloor(block.floor, frame.floor) || !inSight(block.bounds, frame)) continue;
      let label = this.labels.get(block.index);
      if (!label || (!moving && !this.isCurrent(label, block, frame))) {
        if (performance.now() < until) label = this.labelOf(block, frame, label);
        else complete = false;
      }
      if (!label?.canvas) continue;
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
    return complete;
  }

  private causeOf(block: Block, frame: Frame): Cause {
    return {
      own: frame.survey?.blocks[block.index],
      partySize: frame.survey?.partySize ?? 1,
      scale: frame.camera.scale,
      dark: frame.palette.dark,
    };
  }

  private isCurrent({ cause }: Label, block: Block, frame: Frame): boolean {
    const now = this.causeOf(block, frame);
    return (
      cause.own === now.own &&
      cause.partySize === now.partySize &&
      cause.scale === now.scale &&
      cause.dark === now.dark
    );
  }

  private labelOf(block: Block, frame: Frame, before: Label | undefined): Label {
    const { lines, size } = this.linesOf(block, frame);
    const ink = inkOn(blockFill(block, frame));
    const key = `${lines.join("|")} ${size.name} ${ink.r} ${frame.palette.dark}`;
    const cause = this.causeOf(block, frame);
    const label =
      before?.key === key
        ? { ...before, cause }
        : lines.length
          ? this.painted(key, cause, lines, css(ink), frame, size, before?.canvas)
          : { key, cause, canvas: null, width: 0, height: 0 };
    this.labels.set(block.index, label);
    return label;
  }

  /** As many lines as the block has room for. */
  private linesOf(block: Block, frame: Frame): { lines: string[]; size: Size } {
    const own = frame.survey?.blocks[block.index];
    const name = block.label ? [block.label] : [];
    for (const under of [...(own ? this.words.lines(own, frame.survey!.partySize) : []), []]) {
      const lines = [...name, ...under];
      if (!lines.length) continue;
      const least = under.length ? NORMAL : ROOMY;
      if (this.hasRoom(block, lines, frame, least)) return { lines, size: NORMAL };
      if (under.length > 1 && this.hasRoom(block, lines, frame, COMPACT)) return { lines, size: COMPACT };
    }
    return this.hasRoom(block, name, frame, SMALL)
      ? { lines: name, size: SMALL }
      : { lines: [], size: SMALL };
  }

  private hasRoom(block: Block, lines: readonly string[], frame: Frame, size: Size): boolean {
    const { scale } = frame.camera;
    const { x, y } = block.labelAt;
    const halfHeight = (lines.length * size.line) / 2 - 1;
    const air = lines.length > 2 ? AIR_PX : 0;
    return lines.every((text, line) => {
      const half = (this.widthOf(text, fontOf(line, frame.palette.family, size)) / 2 + 1.5 + air) / scale;
      const top = y + (line * size.line - halfHeight - air) / scale;
      const bottom = top + (size.line - 2 + 2 * air) / scale;
      return [x - half, x + half].every(
        (side) => contains(block.rings, side, top) && contains(block.rings, side, bottom),
      );
    });
  }

  private widthOf(text: string, font: string): number {
    const key = `${font} ${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      this.ruler.font = font;
      width = this.ruler.measureText(text).width;
      if (this.widths.size > MOST_WIDTHS) this.widths.clear();
      this.widths.set(key, width);
    }
    return width;
  }

  private painted(
    key: string,
    cause: Cause,
    lines: readonly string[],
    ink: string,
    frame: Frame,
    size: Size,
    spare: HTMLCanvasElement | null | undefined,
  ): Label {
    const canvas = spare ?? document.createElement("canvas");
    const height = lines.length * size.line;
    const { family } = frame.palette;
    const width =
      Math.ceil(Math.max(...lines.map((text, line) => this.widthOf(text, fontOf(line, family, size))))) + 4;
    canvas.width = Math.round(width * this.pixelRatio);
    canvas.height = Math.round(height * this.pixelRatio);
    const ctx = canvas.getContext("2d")!;
    ctx.scale(this.pixelRatio, this.pixelRatio);
    ctx.fillStyle = ink;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    lines.forEach((text, line) => {
      ctx.font = fontOf(line, family, size);
      ctx.globalAlpha = line >= 2 ? 0.82 : 1;
      ctx.fillText(text, width / 2, size.line * (line + 0.5));
    });
    return { key, cause, canvas, width, height };
  }
}

function fontOf(line: number, family: string, size: Size): string {
  return line === 0 ? `650 ${size.name}px ${family}` : `500 ${size.words}px ${family}`;
}
