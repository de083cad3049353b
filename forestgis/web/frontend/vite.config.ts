import { defineConfig } from "vite";

// Relative base: the bundles find each other and the map worker wherever STATIC_URL points.
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    outDir: "../static/build",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    rollupOptions: {
      input: [
        "src/styles/main.css",
        "src/styles/map.css",
        "src/styles/draw.css",
        "src/styles/register.css",
        "src/base.ts",
        "src/map/main.ts",
        "src/draw/main.ts",
      ],
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        // Some servers have no media type for .mjs, and a worker without one does not start.
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith(".mjs"))
            ? "[name]-[hash].js"
            : "[name]-[hash][extname]",
      },
    },
  },
});
