/** wire <- model <- scene <- pages: nobody imports from a layer above, and one file owns sockets. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, it } from "vitest";

const SOURCES = resolve(import.meta.dirname, "../src");
const LAYERS = ["wire", "model", "scene", "viewer", "landing"];
const PURE = ["model"];

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

const layerOf = (path: string) => relative(SOURCES, path).split("/")[0]!;

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g)].map((m) => resolve(dirname(path), m[1]!));
}

it("imports point one way", () => {
  const upward = files(SOURCES).flatMap((path) => {
    const own = LAYERS.indexOf(layerOf(path));
    return importsOf(path)
      .filter((target) => own >= 0 && LAYERS.indexOf(layerOf(target)) > own)
      .map((target) => `${relative(SOURCES, path)} imports ${relative(SOURCES, target)}`);
  });
  expect(upward).toEqual([]);
});

it("only the connection names WebSocket", () => {
  const naming = files(SOURCES).filter((path) =>
    /\bWebSocket\b/.test(readFileSync(path, "utf8").replace(/\/\*[^]*?\*\//g, "")),
  );
  expect(naming.map((path) => relative(SOURCES, path))).toEqual(["wire/connection.ts"]);
});

it("the model has no DOM, no clock and no chance", () => {
  const impure = files(SOURCES)
    .filter((path) => PURE.includes(layerOf(path)))
    .filter((path) =>
      /\b(document|window|localStorage|Date\.now|Math\.random|performance|setTimeout)\b/.test(
        readFileSync(path, "utf8").replace(/\/\*[^]*?\*\//g, ""),
      ),
    );
  expect(impure.map((path) => relative(SOURCES, path))).toEqual([]);
});

it("no file is longer than 600 lines", () => {
  const long = files(SOURCES).filter(
    (path) => !path.endsWith("messages.ts") && readFileSync(path, "utf8").split("\n").length > 600,
  );
  expect(long).toEqual([]);
});
