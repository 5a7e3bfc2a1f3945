/** Pointers, wheel and pinch on one element, told as pans, zooms, taps and hovers in its own px. */

export interface GestureHandlers {
  readonly onPan: (dx: number, dy: number) => void;
  /** Fingers left the map while it moved: speed in px a second. */
  readonly onFling: (vx: number, vy: number) => void;
  readonly onZoom: (factor: number, x: number, y: number) => void;
  /** A pinch or a burst of wheel turns is over. */
  readonly onZoomEnd: (x: number, y: number) => void;
  /** True where it did something: then a second tap soon after is a tap of its own. */
  readonly onTap: (x: number, y: number, coarse: boolean) => boolean;
  /** A second tap where the first did nothing. */
  readonly onDoubleTap: (x: number, y: number) => void;
  readonly onHover: (x: number, y: number) => void;
  readonly onLeave: () => void;
}

const TAP_SLOP_PX = 6;
const DOUBLE_TAP_MS = 300;
const WHEEL_REST_MS = 140;
const FLING_WINDOW_MS = 80;

interface Finger {
  x: number;
  y: number;
}

export class Gestures {
  private readonly fingers = new Map<number, Finger>();
  private readonly trail: { x: number; y: number; at: number }[] = [];
  private travelled = 0;
  private pinched = false;
  private lastTap = { at: 0, x: 0, y: 0 };
  private wheelTimer = 0;
  private readonly abort = new AbortController();

  constructor(
    private readonly element: HTMLElement,
    private readonly handlers: GestureHandlers,
  ) {
    const signal = this.abort.signal;
    element.addEventListener("pointerdown", this.down, { signal });
    element.addEventListener("pointermove", this.move, { signal });
    element.addEventListener("pointerup", this.up, { signal });
    element.addEventListener("pointercancel", this.cancel, { signal });
    element.addEventListener("pointerleave", this.leave, { signal });
    element.addEventListener("wheel", this.wheel, { passive: false, signal });
  }

  destroy(): void {
    this.abort.abort();
    clearTimeout(this.wheelTimer);
  }

  private at(event: MouseEvent): Finger {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 1) {
      this.travelled = 0;
      this.pinched = false;
      this.trail.length = 0;
    } else {
      this.pinched = true;
    }
  };

  private readonly move = (event: PointerEvent): void => {
    const at = this.at(event);
    const finger = this.fingers.get(event.pointerId);
    if (!finger) {
      if (event.pointerType === "mouse") this.handlers.onHover(at.x, at.y);
      return;
    }
    const [dx, dy] = [at.x - finger.x, at.y - finger.y];
    if (this.fingers.size === 2) this.pinch(event.pointerId, at);
    finger.x = at.x;
    finger.y = at.y;
    if (this.fingers.size > 1) return;
    this.travelled += Math.hypot(dx, dy);
    if (this.travelled <= TAP_SLOP_PX) return;
    this.trail.push({ ...at, at: event.timeStamp });
    if (this.trail.length > 12) this.trail.shift();
    this.handlers.onPan(dx, dy);
  };

  private pinch(moved: number, at: Finger): void {
    const [a, b] = [...this.fingers.entries()] as [[number, Finger], [number, Finger]];
    const still = a[0] === moved ? b[1] : a[1];
    const before = a[0] === moved ? a[1] : b[1];
    const spread = Math.hypot(before.x - still.x, before.y - still.y) || 1;
    const middle = { x: (at.x + still.x) / 2, y: (at.y + still.y) / 2 };
    this.handlers.onPan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.handlers.onZoom(Math.hypot(at.x - still.x, at.y - still.y) / spread, middle.x, middle.y);
  }

  private readonly up = (event: PointerEvent): void => {
    if (!this.fingers.delete(event.pointerId)) return;
    const at = this.at(event);
    if (this.fingers.size > 0) return;
    if (this.pinched) {
      this.handlers.onZoomEnd(at.x, at.y);
    } else if (this.travelled > TAP_SLOP_PX) {
      this.fling(event.timeStamp);
    } else {
      this.tap(at, event);
    }
  };

  private tap(at: Finger, event: PointerEvent): void {
    const near = Math.hypot(at.x - this.lastTap.x, at.y - this.lastTap.y) < 24;
    const quick = event.timeStamp - this.lastTap.at < DOUBLE_TAP_MS;
    this.lastTap = { at: event.timeStamp, ...at };
    if (near && quick) {
      this.lastTap.at = 0;
      this.handlers.onDoubleTap(at.x, at.y);
      return;
    }
    if (this.handlers.onTap(at.x, at.y, event.pointerType !== "mouse")) this.lastTap.at = 0;
  }

  private fling(now: number): void {
    const recent = this.trail.filter((step) => now - step.at < FLING_WINDOW_MS);
    const first = recent[0];
    const last = recent[recent.length - 1];
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    if (!first || !last || seconds < 0.01) this.handlers.onFling(0, 0);
    else this.handlers.onFling((last.x - first.x) / seconds, (last.y - first.y) / seconds);
  }

  private readonly cancel = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId);
  };

  private readonly leave = (): void => {
    if (!this.fingers.size) this.handlers.onLeave();
  };

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { x, y } = this.at(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = Math.max(-240, Math.min(240, event.deltaY * lines));
    this.handlers.onZoom(2 ** (-delta * (event.ctrlKey ? 0.012 : 0.0035)), x, y);
    clearTimeout(this.wheelTimer);
    this.wheelTimer = window.setTimeout(() => this.handlers.onZoomEnd(x, y), WHEEL_REST_MS);
  };
}
