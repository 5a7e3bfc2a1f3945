import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => {
  const engine = loadEnv(mode, ".", "SEATENGINE_")["SEATENGINE_URL"] ?? "http://127.0.0.1:8000";
  return {
    plugins: [react()],
    build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false },
    server: { proxy: { "/api": engine, "/live": { target: engine, ws: true } } },
  };
});
