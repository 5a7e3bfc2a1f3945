/**
 * Live state of every place in typed arrays, as far as the server has told it, and which places are
 * this viewer's. What was told of tiles that are not watched any more is *stale*: shown as it was,
 * never trusted.
 */

import { applyTiles, readTileRuns, tileRuns } from "../wire/tile_forms";
import { MAX_MESSAGE_BYTES, type Tiles, type View } from "../wire/messages";
import { ACCESSIBLE, COMPANION, GONE, ROW, TABLE, type ChartModel } from "./chart";

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

/** `places` null: anything may have changed. Else they are only lent: read them at once. */
export type SeatListener = (places: ArrayLike<number> | null) => void;

/** So many changed places at once are told as "anything". */
const MOST_NAMED = 20_000;

export class SeatStore {
  readonly statuses: Uint8Array;
  readonly mine: Uint8Array;
  /**
   * 0 for a free seat whose free neighbours are too few for the party. Free seats are told by this
   * bitmap alone: it is 1 for all others, and for places that seat no party side by side.
   */
  readonly fits: Uint8Array;
  /** Places left by tile; only of areas, -1 where never told. */
  readonly left: Int32Array;
  epoch = 0;
  seq = 0;
  partySize = 1;
  /** Whether the server said that it tells no tiles now, only zones. */
  onlyZones = false;
  private watched: Uint8Array;
  private readonly fresh: Uint8Array;
  /** Whether a place is of a row or an open table, and kept for nobody. */
  private readonly seatsParties: Uint8Array;
  private readonly log = new Int32Array(MOST_NAMED);
  private logged = 0;
  private readonly listeners = new Set<SeatListener>();

  constructor(private readonly chart: ChartModel) {
    const { size, tiling } = chart;
    this.statuses = new Uint8Array(size).fill(UNKNOWN);
    this.mine = new Uint8Array(size);
    this.fits = new Uint8Array(size).fill(1);
    this.left = new Int32Array(tiling.count).fill(-1);
    this.watched = new Uint8Array(tiling.count);
    this.fresh = new Uint8Array(tiling.count);
    this.seatsParties = new Uint8Array(size);
    for (const group of chart.groups) {
      if ((group.kind !== ROW && group.kind !== TABLE) || group.whole) continue;
      for (const place of group.places) {
        if (!(chart.flags[place]! & (ACCESSIBLE | COMPANION | GONE))) this.seatsParties[place] = 1;
      }
    }
  }

  subscribe(listener: SeatListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whether what is known of a tile is as of `seq`. */
  isTileFresh(tile: number): boolean {
    return this.fresh[tile] === 1;
  }

  /** Whether the status of a place is as of `seq`, and not only what it was last. */
  isFresh(place: number): boolean {
    return this.fresh[this.chart.tiling.tileOf[place]!] === 1;
  }

  /** Whether a party sits side by side here: rows and open tables, but no places that are kept. */
  isForParties(place: number): boolean {
    return this.seatsParties[place] === 1;
  }

  /** The tiles of which everything is known as of `seq`, as TileRuns; none where that is too long. */
  freshRuns(): Uint8Array {
    const runs = tileRuns(this.fresh.length, (tile) => this.fresh[tile] === 1);
    return runs.length > MAX_MESSAGE_BYTES / 2 ? new Uint8Array() : runs;
  }

  /** Nothing that is known may be relied on any more. */
  forget(): void {
    this.seq = 0;
    this.fresh.fill(0);
  }

  greeted(epoch: number): void {
    if (epoch !== this.epoch) this.forget();
    this.epoch = epoch;
  }

  /** From now on these tiles are told. Throws BadMessage. */
  watch(runs: Uint8Array): void {
    this.watched = readTileRuns(runs, this.watched.length);
    this.onlyZones = !this.watched.includes(1);
    for (let tile = 0; tile < this.watched.length; tile += 1) this.fresh[tile]! &= this.watched[tile]!;
  }

  /** Throws BadMessage. */
  applyTiles({ seq, packed }: Tiles): void {
    const { tiling } = this.chart;
    applyTiles(packed, tiling, {
      statuses: this.statuses,
      left: this.left,
      changed: this.note,
      told: (tile, whole) => {
        // A break may come between Watching and the tiles it brings: only what was told whole is known.
        if (whole) this.fresh[tile] = this.watched[tile]!;
        if (tiling.counted[tile]) this.note(tiling.places[tiling.starts[tile]!]!);
      },
    });
    this.seq = seq;
    this.tellNoted();
  }

  applyView({ epoch, seq, count, statuses }: View): void {
    const { tiling } = this.chart;
    const told = Math.min(count, this.statuses.length, statuses.length * 4);
    for (let i = 0; i < told; i += 1) {
      this.statuses[i] = (statuses[i >> 2]! >> ((i & 3) * 2)) & 3;
    }
    for (let tile = 0; tile < tiling.count; tile += 1) {
      if (!tiling.counted[tile]) continue;
      let left = 0;
      for (let at = tiling.starts[tile]!; at < tiling.starts[tile + 1]!; at += 1) {
        if (this.statuses[tiling.places[at]!] === FREE) left += 1;
      }
      this.left[tile] = left;
    }
    this.epoch = epoch;
    this.seq = seq;
    this.watched.fill(1);
    this.onlyZones = false;
    this.fresh.fill(1);
    this.fitAll();
    this.tell(null);
  }

  mark(places: Iterable<number>, mark: number): void {
    for (const place of places) {
      this.mine[place] = mark;
      this.note(place);
    }
    this.tellNoted();
  }

  /** How many want to sit together: `fits` follows. */
  usePartySize(size: number): void {
    if (size === this.partySize) return;
    this.partySize = size;
    this.fitAll();
    this.tell(null);
  }

  private readonly note = (place: number): void => {
    if (this.logged < MOST_NAMED) this.log[this.logged] = place;
    this.logged += 1;
  };

  private tellNoted(): void {
    if (!this.logged) return;
    const count = this.logged;
    if (count <= MOST_NAMED && this.partySize > 1) {
      for (let i = 0; i < count; i += 1) this.fitAround(this.log[i]!);
    } else if (count > MOST_NAMED) this.fitAll();
    const named = this.logged <= MOST_NAMED ? this.log.subarray(0, this.logged) : null;
    this.logged = 0;
    this.tell(named);
  }

  /** Free for the party, as far as is known: one's own seats count, and so do unknown ones. */
  private isOpen(place: number): boolean {
    if (!this.seatsParties[place]) return false;
    const status = this.statuses[place]!;
    const mark = this.mine[place]!;
    return status === FREE || status === UNKNOWN || mark === MINE || mark === ASKED;
  }

  private fitAll(): void {
    this.fits.fill(1);
    if (this.partySize <= 1) return;
    const { size, link } = this.chart;
    for (let first = 0; first < size; first += 1) {
      if (!this.isOpen(first)) continue;
      let last = first;
      while (link[last] && last + 1 < size && this.isOpen(last + 1)) last += 1;
      if (last - first + 1 < this.partySize) this.fits.fill(0, first, last + 1);
      first = last;
    }
  }

  /** A place changed: the run it is in, or those it parts, fit or do not. */
  private fitAround(place: number): void {
    if (!this.seatsParties[place]) return;
    const { link } = this.chart;
    if (this.isOpen(place)) {
      this.fitRun(place);
      return;
    }
    this.setFits(place, 1);
    if (place > 0 && link[place - 1] && this.isOpen(place - 1)) this.fitRun(place - 1);
    if (link[place] && place + 1 < this.chart.size && this.isOpen(place + 1)) this.fitRun(place + 1);
  }

  private fitRun(within: number): void {
    const { link, size } = this.chart;
    let first = within;
    let last = within;
    while (first > 0 && link[first - 1] && this.isOpen(first - 1)) first -= 1;
    while (link[last] && last + 1 < size && this.isOpen(last + 1)) last += 1;
    const fits = last - first + 1 >= this.partySize ? 1 : 0;
    for (let place = first; place <= last; place += 1) this.setFits(place, fits);
  }

  private setFits(place: number, fits: number): void {
    if (this.fits[place] === fits) return;
    this.fits[place] = fits;
    this.note(place);
  }

  private tell(places: ArrayLike<number> | null): void {
    for (const listener of this.listeners) listener(places);
  }
}
