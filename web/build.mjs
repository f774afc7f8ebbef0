/**
 * Builds the page into webipy/static/ (never committed; carried by the wheel).
 *
 *     index.html            the page; the server puts the nonce of each response in for {{nonce}}
 *     frame.html            the sealed frame, its script inside, because an opaque origin may load nothing of ours
 *     NAME-HASH.js|css|...  immutable assets, the compressible ones with a .gz beside them
 *     licenses.txt          the licences of what is bundled
 *
 * `node build.mjs [DIR]` builds into another directory.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "..", "webipy", "static"));
const work = `${target}.new`;

const hashOf = bytes => createHash("sha256").update(bytes).digest("hex").slice(0, 10);

/** The style sheet of shadow roots is imported as text; others are built as style sheets. */
const sheetText = {
  name: "sheet-text",
  setup(build) {
    build.onLoad({ filter: /css[/\\]output\.css$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
};

async function styles() {
  const build = entry =>
    esbuild.build({
      ...shared,
      entryPoints: [entry],
      outdir: work,
      entryNames: "[name]-[hash]",
      assetNames: "[name]-[hash]",
      loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
      metafile: true,
    });
  const name = async result => basename(Object.keys((await result).metafile.outputs).find(path => path.endsWith(".css")));
  return { main: await name(build("src/css/main.css")), katex: await name(build("node_modules/katex/dist/katex.css")) };
}

async function scripts(katexCss) {
  const result = await esbuild.build({
    ...shared,
    entryPoints: ["src/main.tsx"],
    outdir: work,
    format: "esm",
    splitting: true,
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { KATEX_CSS: JSON.stringify(`/static/${katexCss}`) },
    plugins: [sheetText],
    metafile: true,
  });
  const main = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint === "src/main.tsx");
  const first = main[1].imports.filter(one => one.kind === "import-statement").map(one => basename(one.path));
  return { main: basename(main[0]), first, inputs: Object.keys(result.metafile.inputs) };
}

async function frame() {
  const result = await esbuild.build({ ...shared, entryPoints: ["src/frame/guest.ts"], format: "iife", write: false });
  const script = result.outputFiles[0].text.replaceAll("</script", "<\\/script").trim();
  const html = await readFile(join(here, "frame.html"), "utf8");
  await writeFile(
    join(work, "frame.html"),
    html.replace("@GUEST@", () => script),
  );
}

/** `first` are the chunks that `main` cannot start without: told to the browser, so that it does not find them one after the other. */
async function page(css, main, first) {
  const icon = await readFile(join(here, "src", "icon.svg"));
  const iconName = `icon-${hashOf(icon)}.svg`;
  await writeFile(join(work, iconName), icon);
  const html = await readFile(join(here, "index.html"), "utf8");
  const preload = first.map(name => `<link rel="modulepreload" href="/static/${name}">`).join("\n    ");
  const filled = html.replace("@ICON@", iconName).replace("@CSS@", css).replace("@MAIN@", main).replace("<!--PRELOAD-->", preload);
  await writeFile(join(work, "index.html"), filled);
}

/** The licence texts of the packages that are in the bundle. */
async function licences(inputs) {
  const names = new Set(["katex"]);
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match !== null) names.add(match[1]);
  }
  const parts = [];
  for (const name of [...names].sort()) {
    const folder = join(here, "node_modules", name);
    const facts = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find(one => /^licen[cs]e/i.test(one));
    const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
    parts.push(`${name} ${facts.version} (${facts.license})\n\n${text.trim()}\n`);
  }
  await writeFile(join(work, "licenses.txt"), parts.join(`\n${"-".repeat(80)}\n\n`));
}

async function compress() {
  for (const name of await readdir(work)) {
    if (!/\.(js|css|svg|txt)$/.test(name) && name !== "frame.html") continue;
    const bytes = await readFile(join(work, name));
    await writeFile(join(work, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

const started = performance.now();
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const { main: css, katex } = await styles();
const { main, first, inputs } = await scripts(katex);
await frame();
await page(css, main, first);
await licences(inputs);
await compress();
await rm(target, { recursive: true, force: true });
await rename(work, target);
console.log(`built ${target} in ${Math.round(performance.now() - started)} ms`);
