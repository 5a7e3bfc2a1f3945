/** The whole venue small, with the part in view framed; press or drag to go there. */

import { floorBounds, isOnFloor, type ChartModel } from "../model/chart";
import { fit, toWorld, type Camera, type Viewport } from "../model/camera";
import { css } from "../model/colour";
import { ringOfShape, type Bounds } from "../model/outline";
import type { Decoration } from "../wire/messages";
import { blockFill, decorationFill, pathOf, type Frame } from "./ground";

const PADDING_PX = 6;

export class Minimap {
  private readonly canvas: HTMLCanvasElement;
  private readonly blocks: readonly Path2D[];
  private readonly decorations: readonly { readonly decoration: Decoration; readonly path: Path2D }[];
  private backdrop: HTMLCanvasElement | null = null;
  private bounds: Bounds;
  private size: Viewport = { width: 0, height: 0 };
  private stale = true;
  private drawn = "";
  private readonly observer: ResizeObserver;
  private readonly abort = new AbortController();

  constructor(
    private readonly chart: ChartModel,
    container: HTMLElement,
    private readonly pixelRatio: number,
    private readonly onGo: (x: number, y: number) => void,
    private readonly onResize: () => void,
  ) {
    this.bounds = chart.bounds;
    this.canvas = document.createElement("canvas");
    container.append(this.canvas);
    this.observer = new ResizeObserver(() => {
      this.size = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
      this.backdrop = null;
      this.onResize();
    });
    this.observer.observe(this.canvas);
    this.blocks = chart.blocks.map((block) => pathOf(block.rings));
    this.decorations = chart.decorations
      .filter((d) => d.kind === "stage" || d.kind === "shape")
      .map((decoration) => ({ decoration, path: pathOf([ringOfShape(decoration.shape)]) }));
    const go = (event: PointerEvent) => {
      if (event.buttons === 0) return;
      const box = this.canvas.getBoundingClientRect();
      const at = toWorld(this.camera(), event.clientX - box.left, event.clientY - box.top);
      this.onGo(at.x, at.y);
    };
    const signal = this.abort.signal;
    this.canvas.addEventListener(
      "pointerdown",
      (event) => {
        this.canvas.setPointerCapture(event.pointerId);
        go(event);
      },
      { signal },
    );
    this.canvas.addEventListener("pointermove", go, { signal });
  }

  destroy(): void {
    this.abort.abort();
    this.observer.disconnect();
    this.canvas.remove();
  }

  useFloor(floor: string): void {
    this.bounds = floorBounds(this.chart, floor);
    this.backdrop = null;
  }

  forget(): void {
    this.stale = true;
  }

  /** A backdrop that is out of date stays while the map moves; true where it did. */
  draw(frame: Frame, moving: boolean): boolean {
    const { width, height } = this.size;
    if (!width) return false;
    const camera = this.camera();
    const { x, y, scale } = frame.camera;
    const drawn = `${x} ${y} ${scale} ${frame.viewport.width} ${frame.viewport.height}`;
    if (!this.backdrop || (this.stale && !moving)) {
      this.backdrop ??= document.createElement("canvas");
      this.paint(this.backdrop, frame, camera, width, height);
      if (this.canvas.width !== this.backdrop.width || this.canvas.height !== this.backdrop.height) {
        this.canvas.width = this.backdrop.width;
        this.canvas.height = this.backdrop.height;
      }
      this.stale = false;
    } else if (drawn === this.drawn) {
      return this.stale;
    }
    this.drawn = drawn;
    const ctx = this.canvas.getContext("2d")!;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.drawImage(this.backdrop, 0, 0);
    ctx.scale(this.pixelRatio, this.pixelRatio);
    const from = toWorld(frame.camera, 0, 0);
    const to = toWorld(frame.camera, frame.viewport.width, frame.viewport.height);
    const left = Math.max(1, from.x * camera.scale + camera.x);
    const top = Math.max(1, from.y * camera.scale + camera.y);
    const right = Math.min(width - 1, to.x * camera.scale + camera.x);
    const bottom = Math.min(height - 1, to.y * camera.scale + camera.y);
    ctx.fillStyle = css(frame.palette.ink, 0.08);
    ctx.strokeStyle = css(frame.palette.ink);
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.roundRect(left, top, Math.max(4, right - left), Math.max(4, bottom - top), 3);
    ctx.fill();
    ctx.stroke();
    return this.stale;
  }

  private camera(): Camera {
    const padding = { top: PADDING_PX, right: PADDING_PX, bottom: PADDING_PX, left: PADDING_PX };
    return fit(this.bounds, this.size, padding);
  }

  private paint(
    canvas: HTMLCanvasElement,
    frame: Frame,
    camera: Camera,
    width: number,
    height: number,
  ): void {
    canvas.width = Math.round(width * this.pixelRatio);
    canvas.height = Math.round(height * this.pixelRatio);
    const ctx = canvas.getContext("2d")!;
    ctx.scale(this.pixelRatio, this.pixelRatio);
    ctx.transform(camera.scale, 0, 0, camera.scale, camera.x, camera.y);
    for (const { decoration, path } of this.decorations) {
      if (!isOnFloor(decoration.floor, frame.floor)) continue;
      ctx.fillStyle = css(decorationFill(decoration, frame.palette));
      ctx.fill(path);
    }
    for (const block of this.chart.blocks) {
      if (!isOnFloor(block.floor, frame.floor)) continue;
      ctx.fillStyle = css(blockFill(block, frame));
      ctx.fill(this.blocks[block.index]!);
    }
  }
}
