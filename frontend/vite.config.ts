import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type HtmlTagDescriptor, type Plugin } from "vite";

const WORTH_PACKING = /\.(js|css|svg)$/;
const LEAST_BYTES = 1_024;
const FIRST_FONT = /inter-latin-wght-normal.*\.woff2$/;

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

/** Puts src/early.ts into the head, with the names of the buyer's page's files, and the font. */
function early(): Plugin {
  return {
    name: "early",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle = {} }) {
        const tags: HtmlTagDescriptor[] = [];
        const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
        const viewer = chunks.find((chunk) => chunk.facadeModuleId?.endsWith("/viewer/ViewerPage.tsx"));
        const sender = chunks.find((chunk) => chunk.name === "early");
        const font = Object.keys(bundle).find((name) => FIRST_FONT.test(name));
        if (!viewer || !sender || !font) throw new Error("the build lacks a file that is sent for early");
        const files = [viewer.fileName, ...viewer.imports, ...(viewer.viteMetadata?.importedCss ?? [])];
        const missing = files.filter((name) => !_html.includes(name)).map((name) => `/${name}`);
        tags.push({
          tag: "script",
          attrs: {
            type: "module",
            async: true,
            src: `/${sender.fileName}`,
            "data-viewer": missing.join(" "),
          },
          injectTo: "head-prepend",
        });
        tags.push({
          tag: "link",
          attrs: { rel: "preload", href: `/${font}`, as: "font", type: "font/woff2", crossorigin: true },
          injectTo: "head",
        });
        return tags;
      },
    },
  };
}

export default defineConfig(({ mode }) => {
  const engine = loadEnv(mode, ".", "SEATENGINE_")["SEATENGINE_URL"] ?? "http://127.0.0.1:8000";
  return {
    plugins: [react(), early(), packed()],
    build: {
      target: "es2022",
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rollupOptions: { input: { index: "index.html", early: "src/early.ts" } },
    },
    server: { proxy: { "/api": engine, "/live": { target: engine, ws: true } } },
  };
});
