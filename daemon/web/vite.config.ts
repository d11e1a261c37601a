// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** What the page is made of, into the service worker: it keeps exactly that. */
function shellList(): Plugin {
  return {
    name: "partyline-shell-list",
    generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("there is no sw.js");
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/")).sort();
      const version = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 12);
      worker.code = worker.code
        .replace("__SHELL_FILES__", files.map((name) => `/${name}`).join(" "))
        .replace("__SHELL_VERSION__", version);
    },
  };
}

const NO_HASH = new Set(["login", "sw"]); // strangers may have the one, the other's address must not change

export default defineConfig({
  plugins: [shellList()],
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    target: ["chrome100", "firefox100", "safari15.4"],
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: but for pictures
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: {
        docs: resolve(__dirname, "docs.html"),
        index: resolve(__dirname, "index.html"),
        login: resolve(__dirname, "login.html"),
        sw: resolve(__dirname, "src/sw/sw.ts"),
      },
      output: {
        entryFileNames: (chunk) => (NO_HASH.has(chunk.name) ? "[name].js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        // what never changes in a piece of its own: browsers keep it over an upgrade
        manualChunks: { react: ["react", "react-dom", "react-dom/client"] },
        assetFileNames: (asset) => (asset.names.includes("login.css") ? "login.css" : "assets/[name]-[hash][extname]"),
      },
    },
  },
  server: {
    proxy: {
      "^/(api|state|ptt|channel|tablet|matrix|config|health|openapi.json|whep|whip)": "http://127.0.0.1:8000",
      "/ws": { target: "ws://127.0.0.1:8000", ws: true },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
