/** The packed bytes of Zones: the browser's side of gateway/live/zone_forms.py, which says the format. */

import { BadMessage } from "./bad_message";
import { ByteReader } from "./byte_reader";

/** Party fit is told for parties of 1 to so many. */
export const PARTY_SIZES = 8;

/** What zones are written into; `left` by pair of zone and category, `fit` by zone and party size. */
export interface ZoneTarget {
  /** Where the pairs of zone z begin; one more at the end. */
  readonly pairStarts: Int32Array;
  readonly left: Int32Array;
  /** fit[z * PARTY_SIZES + k - 1]: how many runs of zone z seat k together. */
  readonly fit: Int32Array;
  readonly told: (zone: number) => void;
}

const MOST = 0x7fff_ffff;

/** Throws BadMessage on bytes that are no zones; what came before them is written then. */
export function applyZones(packed: Uint8Array, target: ZoneTarget): void {
  const reader = new ByteReader(packed);
  const zones = target.pairStarts.length - 1;
  let zone = 0;
  while (!reader.done) {
    zone += reader.varint();
    if (zone >= zones) throw new BadMessage(`there is no zone ${zone}`);
    const end = target.pairStarts[zone + 1]!;
    for (let pair = target.pairStarts[zone]!; pair < end; pair += 1) {
      target.left[pair] = Math.min(reader.varint(), MOST);
    }
    readFit(reader, target.fit, zone * PARTY_SIZES);
    target.told(zone);
    zone += 1;
  }
}

function readFit(reader: ByteReader, fit: Int32Array, first: number): void {
  const differs = reader.byte();
  let count = 0;
  for (let k = 0; k < PARTY_SIZES; k += 1) {
    if ((differs >> k) & 1) {
      const step = reader.varint();
      count = k === 0 ? Math.min(step, MOST) : count - step;
      if (count < 0) throw new BadMessage("fewer than no parties find room");
    }
    fit[first + k] = count;
  }
}
