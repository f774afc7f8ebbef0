/**
 * Builds the page into webipy/static/ (never committed; carried by the wheel).
 *
 *     index.html            the page; the server puts the nonce of each response in for {{nonce}}
 *     frame.html            the sealed frame, its script inside, because an opaque origin may load nothing of ours
 *     NAME-HASH.js|css|...  immutable assets, the compressible ones with a .gz beside them, those of the page itself with a .br too
 *     frame-NAME-HASH.js    what sealed frames need for figures and widgets; the page hands it to them
 *     formulas.js|css       KaTeX with its fonts inside, for exported documents: the converter puts them into a page that has formulas
 *     notices.txt           the licences of what is bundled (notices.mjs)
 *
 * `node build.mjs [DIR]` builds into another directory.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import { Notices } from "./notices.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "..", "webipy", "static"));
const work = `${target}.new`;

const notices = new Notices(here);

/** Builds, and notes what is bundled. */
async function bundle(options) {
  const result = await esbuild.build({ ...options, metafile: true });
  notices.add(result.metafile);
  return result;
}

const packed = { gzip: promisify(gzip), brotli: promisify(brotliCompress) };

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

/** The style sheets of widgets are imported as text, with what they import and the pictures inside. */
const frameSheet = {
  name: "frame-sheet",
  setup(build) {
    build.onLoad({ filter: /frame[/\\](widgets[/\\]widgets|math)\.css$/ }, async ({ path }) => {
      const built = await bundle({
        ...shared,
        entryPoints: [path],
        write: false,
        loader: { ".svg": "dataurl", ".woff2": "dataurl", ".woff": "empty", ".ttf": "empty" },
      });
      return { contents: built.outputFiles[0].text, loader: "text" };
    });
  },
};

/** The modules of the page that some module imports with `import()`. */
async function fetchedLater() {
  const root = join(here, "src");
  const files = (await readdir(root, { recursive: true })).filter(name => /\.tsx?$/.test(name)).map(name => join(root, name));
  const found = files.map(async file => {
    const source = await readFile(file, "utf8");
    return [...source.matchAll(/(?<!typeof )import\("(\.[^"]+)"\)/g)].map(([, path]) => resolve(dirname(file), path));
  });
  return new Set((await Promise.all(found)).flat());
}

/**
 * What is loaded later shares modules with the page. Left alone, each set of sharers gets a file of its own, a dozen small ones; told that all of
 * them need the whole page, which is there anyway, what is shared becomes one file.
 */
const onePage = {
  name: "one-page",
  async setup(build) {
    const later = await fetchedLater();
    build.onLoad({ filter: /[/\\]src[/\\].*\.tsx?$/ }, async ({ path }) => {
      if (!later.has(path)) return undefined;
      const source = await readFile(path, "utf8");
      const whole = `import ${JSON.stringify(join(here, "src", "app", "main.tsx"))};\n${source}`;
      return { contents: whole, loader: path.endsWith("x") ? "tsx" : "ts", resolveDir: dirname(path) };
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
    bundle({
      ...shared,
      entryPoints: [entry],
      outdir: work,
      entryNames: "[name]-[hash]",
      assetNames: "[name]-[hash]",
      loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
    });
  const name = async result => basename(Object.keys((await result).metafile.outputs).find(path => path.endsWith(".css")));
  return { main: await name(build("src/css/main.css")), katex: await name(build("node_modules/katex/dist/katex.css")) };
}

/** What the page hands to sealed frames, by name: `plotly` is built with the bundle of the usual charts and, as `plotly-all`, with everything. */
const LIBRARIES = {
  plotly: { entry: "src/frame/plotly.ts", alias: { plotly: "plotly.js-cartesian-dist-min" } },
  "plotly-all": { entry: "src/frame/plotly.ts", alias: { plotly: "plotly.js-dist-min" } },
  vega: { entry: "src/frame/vega.ts" },
  widgets: { entry: "src/frame/widgets/widgets.ts" },
  math: { entry: "src/frame/math.ts" },
  icons: { entry: "src/frame/widgets/icons.css" },
};

/** Builds them; returns the addresses by their names. */
async function libraries() {
  const addresses = {};
  for (const [name, { entry, alias = {} }] of Object.entries(LIBRARIES)) {
    const result = await bundle({
      ...shared,
      entryPoints: { [`frame-${name}`]: entry },
      outdir: work,
      entryNames: "[name]-[hash]",
      format: "iife",
      alias,
      define: { PLOTLY_NAME: JSON.stringify(name), "process.env.NODE_ENV": '"production"' },
      loader: { ".woff2": "dataurl", ".ttf": "empty", ".svg": "dataurl" },
      plugins: [frameSheet],
    });
    const [output] = Object.keys(result.metafile.outputs);
    addresses[name] = `/static/${basename(output)}`;
  }
  return addresses;
}

async function scripts(katexCss, libraryAddresses) {
  const result = await bundle({
    ...shared,
    entryPoints: ["src/app/main.tsx"],
    outdir: work,
    format: "esm",
    splitting: true,
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { KATEX_CSS: JSON.stringify(`/static/${katexCss}`), FRAME_LIBRARIES: JSON.stringify(libraryAddresses) },
    plugins: [sheetText, onePage],
  });
  const main = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint === "src/app/main.tsx");
  const first = main[1].imports.filter(one => one.kind === "import-statement").map(one => basename(one.path));
  return { main: basename(main[0]), first };
}

async function frame() {
  const result = await bundle({ ...shared, entryPoints: ["src/frame/guest.ts"], format: "iife", write: false });
  const script = result.outputFiles[0].text.replaceAll("</script", "<\\/script").trim();
  const html = await readFile(join(here, "frame.html"), "utf8");
  await writeFile(
    join(work, "frame.html"),
    html.replace("@GUEST@", () => script),
  );
}

/** What an exported document needs to show its formulas without a network. */
async function formulas() {
  await bundle({ ...shared, entryPoints: ["src/frame/exported_formulas.ts"], format: "iife", outfile: join(work, "formulas.js") });
  await bundle({
    ...shared,
    entryPoints: ["node_modules/katex/dist/katex.css"],
    outfile: join(work, "formulas.css"),
    loader: { ".woff2": "dataurl", ".woff": "empty", ".ttf": "empty" },
  });
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

/** Brotli at its best takes ten seconds for a megabyte: what sealed frames are handed goes without. */
async function compress() {
  const pack = async name => {
    const bytes = await readFile(join(work, name));
    await writeFile(join(work, `${name}.gz`), await packed.gzip(bytes, { level: 9 }));
    if (!name.startsWith("frame")) await writeFile(join(work, `${name}.br`), await packed.brotli(bytes));
  };
  const names = (await readdir(work)).filter(name => /\.(js|css|svg|txt)$/.test(name) || name === "frame.html");
  await Promise.all(names.map(pack));
}

const started = performance.now();
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const { main: css, katex } = await styles();
const { main, first } = await scripts(katex, await libraries());
await frame();
await page(css, main, first);
await compress();
await formulas(); // after that: it goes into documents, never over the line by itself
const text = await notices.text();
await writeFile(join(work, "notices.txt"), text);
await writeFile(join(work, "notices.txt.gz"), await packed.gzip(text, { level: 9 }));
await rm(target, { recursive: true, force: true });
await rename(work, target);
console.log(`built ${target} in ${Math.round(performance.now() - started)} ms`);
