import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { KATEX_CSS: JSON.stringify("/static/katex.css"), FRAME_LIBRARIES: {} },
  test: { include: ["test/**/*.test.ts", "test/**/*.test.tsx"], environment: "node" },
});
