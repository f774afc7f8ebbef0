/**
 * What the page costs before its first cell: the script that it starts with, all that this one cannot start without, and its style sheet. The build
 * fails when it grows beyond what is set here, and names what it is made of.
 *
 * Counted are the bytes of the minified files, which are the same on every machine; on the line they are a third of that.
 */

/** So many bytes may the script and the style sheet have. Whoever needs more looks first for what the first cell does not need. */
export const MOST_BYTES = { script: 172_000, sheet: 31_500 };

const SHOWN = 15;

/** The outputs that one cannot start without, with itself. */
function closureOf(outputs, path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const one of outputs[path].imports) if (one.kind === "import-statement" && one.path in outputs) closureOf(outputs, one.path, found);
  return found;
}

/**
 * What an entry point costs.
 *
 * @param metafile that of esbuild
 * @param entry the path of the entry point, as the metafile has it
 * @returns the bytes, and those of each input in it, the largest first
 */
export function costOf(metafile, entry) {
  const { outputs } = metafile;
  const start = Object.keys(outputs).find(path => outputs[path].entryPoint === entry);
  if (start === undefined) throw new Error(`${entry} is no entry point of this build.`);
  const inputs = new Map();
  let bytes = 0;
  for (const path of closureOf(outputs, start)) {
    bytes += outputs[path].bytes;
    for (const [name, { bytesInOutput }] of Object.entries(outputs[path].inputs)) inputs.set(name, (inputs.get(name) ?? 0) + bytesInOutput);
  }
  return { bytes, inputs: [...inputs].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)) };
}

/** Throws when an entry point costs more than `most` bytes, and names its largest inputs. */
export function holdTo(metafile, entry, most) {
  const { bytes, inputs } = costOf(metafile, entry);
  if (bytes <= most) return;
  const largest = inputs.slice(0, SHOWN).map(([name, size]) => `${String(size).padStart(8)}  ${name}`);
  throw new Error(
    `${entry} costs ${bytes} bytes before the first cell, and ${most} are allowed (bytes.mjs). ` +
      `Import later what the first cell does not need (src/ui/lazy.ts). The largest parts:\n${largest.join("\n")}`,
  );
}
