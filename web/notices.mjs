/**
 * The notices of what is bundled: the licences of the packages, and those of third parties whose code a package carries inside.
 *
 * Data flow: each build's metafile names its inputs (`add`); an input below node_modules belongs to the innermost package of its path; `text` reads
 * that package's licence file, or its package.json where it has none, and the legal comments (`/*!`, `@license`, `@preserve`) of the inputs.
 *
 * Rejected: esbuild's `legalComments: "external"` (a file beside each bundle, and no licence texts).
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const PACKAGE = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//;
const LEGAL = /\/\*(?:!|[^*]*(?:\*(?!\/)[^*]*)*@(?:license|preserve))[\s\S]*?\*\//g;
const LINE = "-".repeat(80);

export class Notices {
  /** Folders of packages, with the inputs that are bundled of each. */
  #packages = new Map();

  /** @param {string} root the folder that the paths of metafiles start in */
  constructor(root) {
    this.root = root;
  }

  /** Adds what a build has bundled. */
  add(metafile) {
    for (const name of Object.keys(metafile.inputs)) {
      const input = name.replace(/^own:/, "").replace(/\?.*$/, ""); // a copy of a module has the name of its owner behind its path
      const found = PACKAGE.exec(input);
      if (found === null) continue;
      const inputs = this.#packages.get(found[1]) ?? new Set();
      this.#packages.set(found[1], inputs.add(input));
    }
  }

  /** All notices, by the name of the package. */
  async text() {
    const parts = await Promise.all([...this.#packages].map(([folder, inputs]) => this.#part(folder, inputs)));
    return parts.sort().join(`\n${LINE}\n\n`);
  }

  async #part(folder, inputs) {
    const facts = JSON.parse(await readFile(join(this.root, folder, "package.json"), "utf8"));
    const files = (await readdir(join(this.root, folder))).filter(name => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
    const texts = await Promise.all(files.map(name => readFile(join(this.root, folder, name), "utf8")));
    if (texts.length === 0) texts.push([facts.license, facts.author?.name ?? facts.author, facts.homepage].filter(Boolean).join("\n"));
    const inside = await this.#comments(inputs);
    const named = facts.license === undefined ? "" : ` (${facts.license})`;
    return [`${facts.name} ${facts.version}${named}`, ...texts.map(text => text.trim()), ...inside].join("\n\n").concat("\n");
  }

  async #comments(inputs) {
    const found = new Set();
    for (const input of inputs) {
      if (!/\.(m?js|cjs|css)$/.test(input)) continue;
      for (const [comment] of (await readFile(join(this.root, input), "utf8")).matchAll(LEGAL)) found.add(comment);
    }
    return found;
  }
}
