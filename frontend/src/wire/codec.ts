/** Messages as msgpack arrays of a tag and fields in order, by the generated layouts. */

import { decode as unpack, Encoder } from "@msgpack/msgpack";
import { BadMessage } from "./bad_message";
import {
  CLIENT_LAYOUTS,
  SERVER_LAYOUTS,
  type ClientMessage,
  type FieldLayout,
  type ServerMessage,
  type StructLayout,
} from "./messages";

const encoder = new Encoder();

const serverTypes = new Map<number, [string, StructLayout]>(
  Object.entries(SERVER_LAYOUTS).map(([name, layout]) => [layout.tag, [name, layout]]),
);

export function encodeMessage(message: ClientMessage): Uint8Array<ArrayBuffer> {
  const layout: StructLayout = CLIENT_LAYOUTS[message.type];
  const values = message as unknown as Readonly<Record<string, unknown>>;
  return encoder.encode([layout.tag, ...layout.fields.map((f) => values[f.name] ?? f.fallback)]);
}

/** Throws BadMessage on anything but a message of the server; unknown tags give null. */
export function decodeMessage(bytes: Uint8Array): ServerMessage | null {
  let row: unknown;
  try {
    row = unpack(bytes);
  } catch (error) {
    throw new BadMessage(String(error));
  }
  if (!Array.isArray(row) || typeof row[0] !== "number") throw new BadMessage("not a message");
  const found = serverTypes.get(row[0]);
  if (!found) return null;
  const [type, layout] = found;
  return { type, ...structOf(row.slice(1), layout) } as unknown as ServerMessage;
}

function structOf(row: readonly unknown[], layout: StructLayout): Record<string, unknown> {
  const struct: Record<string, unknown> = {};
  layout.fields.forEach((field, i) => {
    const value = i < row.length ? row[i] : field.fallback;
    if (value === undefined) throw new BadMessage(`${field.name} is missing`);
    if (!field.struct) struct[field.name] = plain(value, field);
    else if (field.list) struct[field.name] = asRows(value).map((r) => nested(r, field.struct!));
    else struct[field.name] = nested(value, field.struct);
  });
  return struct;
}

function plain(value: unknown, { name, kind }: FieldLayout): unknown {
  const sound =
    kind === "bytes"
      ? value instanceof Uint8Array
      : kind === "numbers"
        ? Array.isArray(value) && value.every((item) => typeof item === "number")
        : typeof value === kind;
  if (!sound) throw new BadMessage(`${name} is no ${kind}`);
  return value;
}

function nested(value: unknown, layout: StructLayout): Record<string, unknown> {
  const row = asRows(value);
  return structOf(layout.tag === null ? row : row.slice(1), layout);
}

function asRows(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadMessage("an array was expected");
  return value;
}
