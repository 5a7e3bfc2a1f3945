/** Square bitmaps by zoom level and cell. The least recently shown give way when bytes run out. */

export interface Cell {
  readonly i: number;
  readonly j: number;
}

export interface Bitmap extends Cell {
  readonly canvas: HTMLCanvasElement;
  readonly level: Level;
  /** Places to repaint; null where all of it is out of date. */
  dirty: Set<number> | null;
  shownAt: number;
}

export interface Level {
  /** CSS px for each chart unit. */
  readonly scale: number;
  readonly bitmaps: Map<number, Bitmap>;
}

const SPARE_CANVASES = 8;
const MOST_CELLS_APART = 2 ** 20;

export class BitmapStore {
  private readonly byScale = new Map<string, Level>();
  private readonly spare: HTMLCanvasElement[] = [];
  private count = 0;

  /** `side` and `mostBytes` are of device pixels, four bytes each. */
  constructor(
    private readonly side: number,
    private readonly mostBytes: number,
  ) {}

  get bytes(): number {
    return (this.count + this.spare.length) * this.side * this.side * 4;
  }

  get levels(): Iterable<Level> {
    return this.byScale.values();
  }

  level(scale: number): Level {
    const key = scale.toPrecision(9);
    const found = this.byScale.get(key);
    if (found) return found;
    for (const [other, { bitmaps }] of this.byScale) if (!bitmaps.size) this.byScale.delete(other);
    const made = { scale, bitmaps: new Map<number, Bitmap>() };
    this.byScale.set(key, made);
    return made;
  }

  /**
   * An empty bitmap in a cell; room is made by dropping what was not shown at `now`. Null where
   * there is none to drop, unless it `must` be.
   */
  make(level: Level, { i, j }: Cell, now: number, must: boolean): Bitmap | null {
    const most = Math.floor(this.mostBytes / (this.side * this.side * 4));
    let room = this.count < most;
    while (!room && this.dropOldest(now)) room = this.count < most;
    if (!room && !must) return null;
    const canvas = this.spare.pop() ?? document.createElement("canvas");
    if (canvas.width === this.side) canvas.getContext("2d")!.reset();
    else canvas.width = canvas.height = this.side;
    const made = { i, j, canvas, level, dirty: new Set<number>(), shownAt: now };
    level.bitmaps.set(keyOf(i, j), made);
    this.count += 1;
    return made;
  }

  clear(): void {
    this.byScale.clear();
    this.spare.length = 0;
    this.count = 0;
  }

  private dropOldest(now: number): boolean {
    let oldest: Bitmap | null = null;
    for (const level of this.byScale.values()) {
      for (const bitmap of level.bitmaps.values()) {
        if (bitmap.shownAt < now && bitmap.shownAt < (oldest?.shownAt ?? Infinity)) oldest = bitmap;
      }
    }
    if (!oldest) return false;
    const { level, i, j, canvas } = oldest;
    level.bitmaps.delete(keyOf(i, j));
    this.count -= 1;
    if (this.spare.length < SPARE_CANVASES) this.spare.push(canvas);
    return true;
  }
}

export function keyOf(i: number, j: number): number {
  return i * MOST_CELLS_APART + j;
}
