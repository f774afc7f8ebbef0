/**
 * The tests of a module stand in test/ under the path that the module has in src/ (test/model/lines.test.ts), so that builds never see them. What is a
 * law of the whole page (floors, linear) and what tests share stands in test/ itself.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  define: {
    KATEX_CSS: JSON.stringify("/static/katex.css"),
    LATER_CSS: JSON.stringify("/static/later.css"),
    FILES_CSS: JSON.stringify("/static/files.css"),
    FRAME_LIBRARIES: JSON.stringify("{}"),
  },
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    environment: "node",
    environmentOptions: { happyDOM: { settings: { handleDisabledFileLoadingAsSuccess: true } } },
    setupFiles: ["test/fresh.ts"],
    pool: "threads",
    isolate: false,
  },
});
