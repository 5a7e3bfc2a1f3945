/** What the server tells of zones for the far view, and of the whole event for the near one. */

import type { Totals, Zones } from "../wire/messages";
import { applyZones, PARTY_SIZES } from "../wire/zone_forms";
import type { Tiling } from "./tiling";

/** `zone` -1: the totals, or everything. */
export type ZoneListener = (zone: number) => void;

export class ZoneStore {
  /** By pair of zone and category; see Tiling. */
  readonly left: Int32Array;
  /** By zone and party size; see `fit`. */
  private readonly fits: Int32Array;
  private readonly known: Uint8Array;
  /** By category index; empty where never told. */
  totals: readonly number[] = [];
  /** Whether zones are told now; if not, what is known of them is stale. */
  telling = false;
  private seq = 0;
  private readonly listeners = new Set<ZoneListener>();

  constructor(private readonly tiling: Tiling) {
    this.left = new Int32Array(tiling.pairCategory.length);
    this.fits = new Int32Array(tiling.zones * PARTY_SIZES);
    this.known = new Uint8Array(tiling.zones);
  }

  subscribe(listener: ZoneListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What to say of it in Hello. */
  get seen(): number {
    return this.telling ? this.seq : 0;
  }

  isKnown(zone: number): boolean {
    return this.known[zone] === 1;
  }

  /** How many runs of the zone seat `size` together. */
  fit(zone: number, size: number): number {
    return this.fits[zone * PARTY_SIZES + size - 1] ?? 0;
  }

  forget(): void {
    this.seq = 0;
  }

  watch(telling: boolean): void {
    if (telling && !this.telling) this.seq = 0;
    this.telling = telling;
  }

  /** Throws BadMessage. */
  applyZones({ seq, packed }: Zones): void {
    const changed: number[] = [];
    applyZones(packed, {
      pairStarts: this.tiling.pairStarts,
      left: this.left,
      fit: this.fits,
      told: (zone) => {
        this.known[zone] = 1;
        changed.push(zone);
      },
    });
    this.seq = seq;
    for (const listener of this.listeners) for (const zone of changed) listener(zone);
  }

  applyTotals({ left }: Totals): void {
    this.totals = left;
    for (const listener of this.listeners) listener(-1);
  }
}
