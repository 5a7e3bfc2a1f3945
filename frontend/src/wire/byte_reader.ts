/** Reads bytes, varints and parts of them in order. Throws BadMessage where they end too early. */

import { BadMessage } from "./bad_message";

const LONGEST_VARINT_BYTES = 5;

export class ByteReader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new BadMessage("the bytes end too early");
    return this.bytes[this.at++]!;
  }

  /** LEB128: seven bits a byte, lowest first. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < LONGEST_VARINT_BYTES; i += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new BadMessage("a number is too long");
  }

  /** Where the next `count` bytes begin; they are passed over. */
  take(count: number): number {
    const from = this.at;
    if (from + count > this.bytes.length) throw new BadMessage("the bytes end too early");
    this.at = from + count;
    return from;
  }
}

export function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
