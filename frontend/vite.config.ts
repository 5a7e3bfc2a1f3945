import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin } from "vite";

const WORTH_PACKING = /\.(js|css|svg)$/;
const LEAST_BYTES = 1_024;

/** Leaves a .gz beside each text, for the server to send where the browser takes it. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir = "dist" }, bundle) {
      for (const fileName of Object.keys(bundle).filter((name) => WORTH_PACKING.test(name))) {
        const path = join(dir, fileName);
        const text = readFileSync(path);
        if (text.length >= LEAST_BYTES) writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
      }
    },
  };
}

export default defineConfig(({ mode }) => {
  const engine = loadEnv(mode, ".", "SEATENGINE_")["SEATENGINE_URL"] ?? "http://127.0.0.1:8000";
  return {
    plugins: [react(), packed()],
    build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false },
    server: { proxy: { "/api": engine, "/live": { target: engine, ws: true } } },
  };
});
