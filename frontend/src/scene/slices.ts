/**
 * Work done between frames in slices of a few milliseconds, so that no frame waits for it. Nothing
 * runs while the page is hidden.
 */

/** Does a piece of the work; false when there is none left. */
export type Piece = () => boolean;

const LATEST_MS = 60;
const LEAST_MS = 2;

export class Slices {
  private waiting = 0;

  /** After each slice `after` is told. `budgetMs` is asked anew for each: it is the most. */
  constructor(
    private readonly piece: Piece,
    private readonly after: () => void,
    private readonly budgetMs: () => number,
  ) {}

  /** There is work: go on with it as soon as the browser has time. */
  wake(): void {
    if (this.waiting || document.hidden) return;
    this.waiting = later(this.slice);
  }

  stop(): void {
    if (this.waiting) forget(this.waiting);
    this.waiting = 0;
  }

  private readonly slice = (roomMs: number): void => {
    this.waiting = 0;
    const until = performance.now() + Math.max(LEAST_MS, Math.min(roomMs, this.budgetMs()));
    let more = this.piece();
    while (more && performance.now() < until) more = this.piece();
    this.after();
    if (more) this.wake();
  };
}

// Safari has no idle callbacks, nor a word on how much room there is.
const idle = "requestIdleCallback" in window;

function later(act: (roomMs: number) => void): number {
  return idle
    ? requestIdleCallback((room) => act(room.timeRemaining()), { timeout: LATEST_MS })
    : window.setTimeout(act, 0, Infinity);
}

function forget(handle: number): void {
  if (idle) cancelIdleCallback(handle);
  else clearTimeout(handle);
}
