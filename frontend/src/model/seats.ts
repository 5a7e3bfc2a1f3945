/** Live state of every place in typed arrays, and which of them are this viewer's. */

import type { Delta, View } from "../wire/messages";

export const FREE = 0;
export const HELD = 1;
export const BOOKED = 2;
export const BLOCKED = 3;
/** Not told by the server yet: only ever drawn. */
export const UNKNOWN = 4;

/** What this viewer has to do with a place. */
export const NOT_MINE = 0;
export const MINE = 1;
export const ASKED = 2;
export const LEAVING = 3;
export const MY_BOOKING = 4;

/** `places` null: anything may have changed. */
export type SeatListener = (places: ArrayLike<number> | null) => void;

export class SeatStore {
  readonly statuses: Uint8Array;
  readonly mine: Uint8Array;
  epoch = 0;
  seq = 0;
  known = false;
  private readonly listeners = new Set<SeatListener>();

  constructor(size: number) {
    this.statuses = new Uint8Array(size);
    this.mine = new Uint8Array(size);
  }

  subscribe(listener: SeatListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  applyView(view: View): void {
    const count = Math.min(view.count, this.statuses.length);
    for (let i = 0; i < count; i += 1) {
      this.statuses[i] = (view.statuses[i >> 2]! >> ((i & 3) * 2)) & 3;
    }
    this.epoch = view.epoch;
    this.seq = view.seq;
    this.known = true;
    this.tell(null);
  }

  /** False where something was missed: say Hello again. What is known already is passed over. */
  applyDelta(delta: Delta): boolean {
    if (!this.known || this.seq < delta.after_seq) return false;
    if (this.seq >= delta.seq) return true;
    const bytes = new DataView(delta.places.buffer, delta.places.byteOffset, delta.places.byteLength);
    const count = delta.places.byteLength >> 2;
    const places = new Uint32Array(count);
    for (let i = 0; i < count; i += 1) {
      const place = bytes.getUint32(i * 4, true);
      places[i] = place;
      if (place < this.statuses.length) this.statuses[place] = delta.statuses[i]!;
    }
    this.seq = delta.seq;
    this.tell(places);
    return true;
  }

  mark(places: Iterable<number>, mark: number): void {
    const changed = Array.from(places);
    for (const place of changed) this.mine[place] = mark;
    if (changed.length) this.tell(changed);
  }

  private tell(places: ArrayLike<number> | null): void {
    for (const listener of this.listeners) listener(places);
  }
}
