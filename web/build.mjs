/**
 * Builds the page into webipy/static/ (never committed; carried by the wheel).
 *
 *     index.html            the page; the server puts the nonce of each response in for {{nonce}}, the way to the base URL for {{base}}
 *     frame.html            the sealed frame, its script inside, because an opaque origin may load nothing of ours
 *     NAME-HASH.js|css|...  immutable assets, the compressible ones with a .gz beside them, those of the page itself with a .br too
 *     frame-NAME-HASH.js    what sealed frames need for figures and widgets; the page hands it to them
 *     exported.js           shows the texts of an exported document and lays it out for paper: the converter puts it into the document
 *     exported-formulas.js  the same with KaTeX, for a document that has formulas
 *     exported-all.js       the same with MathJax, too, for formulas that KaTeX cannot read
 *     exported.css          the style sheet of an exported document; exported-paper.css counts when it is printed
 *     formulas.css          that of formulas, with the fonts of KaTeX inside
 *     jupyter.js            what pages of JupyterLab and Notebook are given
 *     push-worker.js        the service worker, which shows what comes by Web Push
 *     help-NAME.txt         the texts of the guide
 *     notices.txt           the licences of what is bundled (notices.mjs)
 *
 * `node build.mjs [DIR]` builds into another directory.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import { holdTo, MOST_BYTES } from "./bytes.mjs";
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
      return { contents: (await jupyterColours()) + code, loader: "text" };
    });
  },
};

/** The variables of JupyterLab's theme with the colours that they stand for, for places that have no colours of the page. */
async function jupyterColours() {
  const [tokens, sheet] = await Promise.all(["tokens.css", "jupyter.css"].map(name => readFile(join(here, "src/css", name), "utf8")));
  const values = new Map();
  for (const [, name, value] of tokens.matchAll(/(--[\w-]+):\s*([^;]+);/g)) if (!values.has(name)) values.set(name, value);
  const resolved = sheet.replace(/var\((--[\w-]+)\)/g, (whole, name) => values.get(name) ?? whole);
  return (await esbuild.transform(resolved, { loader: "css", minify: true })).code;
}

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

/** What xterm.js makes of styles, and how it is made under the content policy of the page: style sheets with the nonce, no style attributes in markup. */
const TERMINAL_STYLES = [
  [
    /([\w.]+)\.createElement\("style"\)/g,
    "Object.assign($1.createElement('style'),{nonce:document.querySelector('meta[name=csp-nonce]')?.content??''})",
    3,
  ],
  [/(\w+)\.setAttribute\("style",(`[^`]*`)\)/g, "$1.style.cssText=$2", 1],
];

const terminalStyles = {
  name: "terminal-styles",
  setup(build) {
    build.onLoad({ filter: /@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const [found, put, count] of TERMINAL_STYLES) {
        const there = [...contents.matchAll(found)].length;
        if (there !== count) throw new Error(`xterm.js makes styles in ${there} places that ${found} finds, and not in ${count}`);
        contents = contents.replace(found, put);
      }
      return { contents, loader: "js" };
    });
  },
};

/** RequireJS declares its globals at the top of its script: it is imported as text, and run as one. */
const scriptText = {
  name: "script-text",
  setup(build) {
    build.onLoad({ filter: /requirejs[/\\]require\.js$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(await readFile(path, "utf8"), { minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

/**
 * Of the font of icons of Bootstrap 3 the one form that browsers read today; and a style sheet with these icons alone, as its public servers have it.
 */
const oldIcons = {
  name: "old-icons",
  setup(build) {
    const folder = join(here, "node_modules/bootstrap-3/dist/css");
    const sheet = async () =>
      (await readFile(join(folder, "bootstrap.css"), "utf8")).replace(
        /@font-face\s*\{[^}]*\}/,
        '@font-face { font-family: "Glyphicons Halflings"; src: url("../fonts/glyphicons-halflings-regular.woff2") format("woff2") }',
      );
    build.onLoad({ filter: /bootstrap-3[/\\]dist[/\\]css[/\\]bootstrap\.css$/ }, async () => ({ contents: await sheet(), loader: "css" }));
    build.onLoad({ filter: /frame[/\\]glyphicons\.css$/ }, async () => {
      const rules = (await sheet()).match(/@font-face[^}]*\}|\.glyphicon[^{}]*\{[^}]*\}/g) ?? [];
      return { contents: rules.join("\n"), loader: "css", resolveDir: folder };
    });
  },
};

const IMPORT = /(?<!typeof )import\("(\.[^"]+)"\)/g;
/** What acts need says so (src/ui/lazy.ts). */
const FOR_ACTS = /forActs\((?:async )?\(\) => \(?(?:await )?import\("(\.[^"]+)"\)/g;
/** Rooms of which each part has what acts need: dialogs, menus. An editor has not. */
const WITH_ACTS = /[/\\]src[/\\](panels|people|home|app)[/\\]/;

/** The modules of the page that some module imports with `import()`, each with the modules that it is built together with. */
async function fetchedLater() {
  const root = join(here, "src");
  const files = (await readdir(root, { recursive: true })).filter(name => /\.tsx?$/.test(name)).map(name => join(root, name));
  const sources = await Promise.all(files.map(async file => [file, await readFile(file, "utf8")]));
  const found = pattern =>
    sources.flatMap(([file, source]) => [...source.matchAll(pattern)].map(([, path]) => ({ file, module: resolve(dirname(file), path) })));
  const acts = [...new Set(found(FOR_ACTS).map(({ module }) => module))].sort();
  const main = join(root, "app", "main.tsx");
  const later = new Map();
  for (const { file, module } of found(IMPORT)) {
    const withActs = acts.includes(module) || (WITH_ACTS.test(file) && WITH_ACTS.test(module)) || module.endsWith("OutputPage.tsx");
    later.set(module, withActs || later.get(module)?.length > 1 ? [main, ...acts.filter(one => one !== module)] : [main]);
  }
  return later;
}

/**
 * What is loaded later shares modules with the page. Left alone, each set of sharers gets a file of its own, a dozen small ones; told that all of
 * them need the whole page, which is there anyway, what is shared becomes one file. The same holds for what acts need: it is one file, which is there
 * soon after the cells.
 */
const onePage = {
  name: "one-page",
  async setup(build) {
    const later = await fetchedLater();
    build.onLoad({ filter: /[/\\]src[/\\].*\.tsx?$/ }, async ({ path }) => {
      const together = later.get(path);
      if (together === undefined) return undefined;
      const imports = together.map(one => `import ${JSON.stringify(one)};`).join("\n");
      const contents = `${imports}\n${await readFile(path, "utf8")}`;
      return { contents, loader: path.endsWith("x") ? "tsx" : "ts", resolveDir: dirname(path) };
    });
  },
};

/**
 * A package is one module, and a module stands in one file: who needs a little of it would fetch what all others need of it, too. These modules get
 * a copy of the package that they name, with nothing in it but what they name of it.
 */
const ownParts = {
  name: "own-parts",
  setup(build) {
    build.onResolve({ filter: /^@codemirror[/\\]/ }, async ({ path, importer, namespace, resolveDir, kind, pluginData }) => {
      const owner = /[/\\]src[/\\]code[/\\](brackets|occurrences|python_language)\.ts$/.exec(importer)?.[1];
      const isPart = owner !== undefined || (namespace === "own" && path === "@codemirror/autocomplete");
      if (pluginData === "own" || !isPart) return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind, pluginData: "own" });
      return { path: `${relative(here, found.path)}?${owner ?? importer.split("?")[1]}`, namespace: "own", sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: "own" }, async ({ path }) => {
      const file = join(here, path.split("?")[0]);
      return { contents: await readFile(file, "utf8"), loader: "js", resolveDir: dirname(file) };
    });
  },
};

/** MathJax's own font is twice as large as the one that is given to it here. */
const oneFont = {
  name: "one-font",
  setup(build) {
    build.onResolve({ filter: /^#default-font\// }, () => ({
      path: join(here, "node_modules/@mathjax/mathjax-tex-font/mjs/svg/default.js"),
    }));
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
  const start = build("src/css/main.css");
  holdTo((await start).metafile, "src/css/main.css", MOST_BYTES.sheet);
  return {
    main: await name(start),
    katex: await name(build("node_modules/katex/dist/katex.css")),
    later: await name(build("src/css/later.css")),
    files: await name(build("src/css/files.css")),
    terminal: await name(build("src/css/terminal.css")),
  };
}

/** What the page hands to sealed frames, by name: `plotly` is built with the bundle of the usual charts and, as `plotly-all`, with everything. */
const LIBRARIES = {
  plotly: { entry: "src/frame/plotly.ts", alias: { plotly: "plotly.js-cartesian-dist-min" } },
  "plotly-all": { entry: "src/frame/plotly.ts", alias: { plotly: "plotly.js-dist-min" } },
  vega: { entry: "src/frame/vega.ts" },
  widgets: { entry: "src/frame/widgets/widgets.ts" },
  math: { entry: "src/frame/math.ts" },
  mermaid: { entry: "src/frame/mermaid.ts" },
  jquery: { entry: "src/frame/jquery.ts" },
  require: { entry: "src/frame/require.ts" },
  icons: { entry: "src/frame/widgets/icons.css" },
  leaflet: { entry: "src/frame/leaflet.ts" },
  "leaflet-css": { entry: "src/frame/leaflet.css" },
  "leaflet-markers": { entry: "src/frame/leaflet_markers.css" },
  bootstrap: { entry: "src/frame/bootstrap.ts" },
  "bootstrap-css": { entry: "node_modules/bootstrap/dist/css/bootstrap.css" },
  "bootstrap-3": { entry: "node_modules/bootstrap-3/dist/js/bootstrap.js" },
  "bootstrap-3-css": { entry: "node_modules/bootstrap-3/dist/css/bootstrap.css" },
  "bootstrap-3-theme": { entry: "node_modules/bootstrap-3/dist/css/bootstrap-theme.css" },
  glyphicons: { entry: "src/frame/glyphicons.css" },
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
      loader: { ".woff2": "dataurl", ".ttf": "empty", ".svg": "dataurl", ".png": "dataurl" },
      plugins: [frameSheet, scriptText, oldIcons],
    });
    const [output] = Object.keys(result.metafile.outputs);
    addresses[name] = `/static/${basename(output)}`;
  }
  return addresses;
}

async function scripts({ katex, later, files, terminal }, libraryAddresses) {
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
    define: {
      KATEX_CSS: JSON.stringify(`/static/${katex}`),
      LATER_CSS: JSON.stringify(`/static/${later}`),
      FILES_CSS: JSON.stringify(`/static/${files}`),
      TERMINAL_CSS: JSON.stringify(`/static/${terminal}`),
      FRAME_LIBRARIES: JSON.stringify(JSON.stringify(libraryAddresses)),
    },
    plugins: [sheetText, onePage, ownParts, oneFont, terminalStyles],
  });
  holdTo(result.metafile, "src/app/main.tsx", MOST_BYTES.script);
  const main = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint === "src/app/main.tsx");
  const first = main[1].imports.filter(one => one.kind === "import-statement").map(one => basename(one.path));
  return { main: basename(main[0]), first };
}

async function frame() {
  const result = await bundle({ ...shared, entryPoints: ["src/frame/guest.ts"], format: "iife", write: false });
  const script = result.outputFiles[0].text.replaceAll("</script", "<\\/script").trim();
  const html = await readFile(join(here, "frame.html"), "utf8");
  const colours = (await jupyterColours()).trim();
  await writeFile(
    join(work, "frame.html"),
    html.replace("@COLOURS@", () => colours).replace("@GUEST@", () => script),
  );
}

/** Leaves MathJax out: what KaTeX cannot read stays as it was written. */
const noMathJax = {
  name: "no-mathjax",
  setup(build) {
    build.onLoad({ filter: /outputs[/\\]mathjax\.ts$/ }, () => ({
      contents: "export function showSvg() { throw new Error(); }",
      loader: "ts",
    }));
  },
};

/** Leaves KaTeX out, where no document has a formula. */
const noFormulas = {
  name: "no-formulas",
  setup(build) {
    build.onLoad({ filter: /[/\\]katex[/\\].*\.m?js$/ }, () => ({
      contents: "export default { render() { throw new Error(); } };",
      loader: "js",
    }));
  },
};

/** What an exported document needs to show its texts and formulas without a network. */
async function exported() {
  const script = (name, plugins) =>
    bundle({
      ...shared,
      entryPoints: ["src/outputs/exported_texts.ts"],
      format: "iife",
      outfile: join(work, `${name}.js`),
      define: { KATEX_CSS: JSON.stringify("data:text/css,") },
      plugins,
    });
  await script("exported", [sheetText, noMathJax, noFormulas]);
  await script("exported-formulas", [sheetText, noMathJax]);
  await script("exported-all", [sheetText, oneFont]);
  const sheet = (entry, name) =>
    bundle({
      ...shared,
      entryPoints: [`src/outputs/${entry}.css`],
      outfile: join(work, `${name}.css`),
      loader: { ".woff2": "dataurl", ".woff": "empty", ".ttf": "empty" },
    });
  await sheet("exported_texts", "exported");
  await sheet("exported_paper", "exported-paper");
  await sheet("exported_formulas", "formulas");
}

/** What pages of JupyterLab and Notebook are given: the server puts it into their documents. */
async function jupyter() {
  await bundle({ ...shared, entryPoints: ["src/jupyter/lab.ts"], format: "iife", outfile: join(work, "jupyter.js") });
}

/** The service worker: one file with a name that stays, which the server has at the base URL. */
async function worker() {
  await bundle({ ...shared, entryPoints: ["src/worker/start.ts"], format: "iife", outfile: join(work, "push-worker.js") });
}

/**
 * What makes the page an app that browsers install: a window of its own, and on an iPhone or iPad the only way to Web Push. Its addresses are relative
 * to `static/`, so they are right below every base URL. Source: Web Application Manifest (W3C).
 */
function manifestWith(icon) {
  const icons = [{ src: icon, sizes: "any", type: "image/svg+xml" }];
  return { name: "webipy", short_name: "webipy", id: "../", start_url: "../", scope: "../", display: "standalone", icons };
}

/** `first` are the chunks that `main` cannot start without: told to the browser, so that it does not find them one after the other. */
async function page(css, main, first) {
  const icon = await readFile(join(here, "src", "icon.svg"));
  const iconName = `icon-${hashOf(icon)}.svg`;
  await writeFile(join(work, iconName), icon);
  const manifest = JSON.stringify(manifestWith(iconName));
  const manifestName = `app-${hashOf(manifest)}.webmanifest`;
  await writeFile(join(work, manifestName), manifest);
  const html = await readFile(join(here, "index.html"), "utf8");
  const preload = first.map(name => `<link rel="modulepreload" href="{{base}}static/${name}">`).join("\n    ");
  const filled = html
    .replace("@ICON@", iconName)
    .replace("@MANIFEST@", manifestName)
    .replace("@CSS@", css)
    .replace("@MAIN@", main)
    .replace("<!--PRELOAD-->", preload);
  await writeFile(join(work, "index.html"), filled);
}

/** The guide that Help shows, with or without a network: texts of the repository, by the names that the page has for them. */
const GUIDE = {
  guide: "README.md",
  changes: "CHANGELOG.md",
  words: "docs/glossary.md",
  protocol: "docs/protocol.md",
  security: "docs/security.md",
  jupyterhub: "docs/jupyterhub.md",
};

async function guide() {
  for (const [name, path] of Object.entries(GUIDE)) await writeFile(join(work, `help-${name}.txt`), await readFile(join(here, "..", path)));
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
const sheets = await styles();
const { main, first } = await scripts(sheets, await libraries());
await frame();
await jupyter();
await worker();
await guide();
await page(sheets.main, main, first);
await compress();
await exported(); // after that: it goes into documents, never over the line by itself
const text = await notices.text();
await writeFile(join(work, "notices.txt"), text);
await writeFile(join(work, "notices.txt.gz"), await packed.gzip(text, { level: 9 }));
await rm(target, { recursive: true, force: true });
await rename(work, target);
console.log(`built ${target} in ${Math.round(performance.now() - started)} ms`);
