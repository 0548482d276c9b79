import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { notices } from "./build-web/notices";

// `npm run dev` and `vite preview` talk to a server that runs elsewhere: FLOWCRATE_URL, or the default address.
const server = process.env.FLOWCRATE_URL ?? "http://127.0.0.1:7700";
const proxy = { "/api": server, "/git": server, "/hooks": server, "/healthz": server, "^/index/": server };

export default defineConfig({
  plugins: [react(), notices()],
  build: { target: "es2022", cssTarget: ["chrome123", "firefox121", "safari17.5"], chunkSizeWarningLimit: 900, assetsInlineLimit: 0 },
  server: { proxy },
  preview: { proxy },
});
