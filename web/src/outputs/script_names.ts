/**
 * The global names that the scripts of an output use and make. Pure; what a script does in truth is for it to say, so this is a guess that errs
 * on the side of names that are used.
 *
 *     window.a = 1; var b; function c() {}      makes a, b, c          (in a function, `var b` makes nothing)
 *     require.config({...}); d.push(1)          changes require, d     (as good as making them: who uses them sees it)
 *     Plotly.newPlot(...), root.Bokeh           uses Plotly, Bokeh
 *     <p id=p></p> ... p.hidden = true          neither: an element of the output has that name
 *
 * Source: ESTree. Rejected: scopes to the letter (a name that is local somewhere is taken for local everywhere in its script).
 */
import { type AnyNode, type Node, type Options, parse } from "acorn";
import { full } from "acorn-walk";

export interface Names {
  readonly makes: ReadonlySet<string>;
  readonly uses: ReadonlySet<string>;
  /** It brings whole libraries, whose names nobody reads out of it. */
  readonly isLibrary: boolean;
}

export interface Script {
  readonly text: string;
  /** Whether it loads a file whose names are not known. */
  readonly loads: boolean;
  /** The global that the file makes which it loads. */
  readonly loadedName?: string;
  readonly isModule: boolean;
  /** What it declares at its top is global. */
  readonly isGlobal: boolean;
}

/** A longer script is a library. */
const MOST_SIGNS = 200_000;
const WINDOWS = new Set(["window", "self", "globalThis", "root", "global", "top"]);
const CHANGES = new Set(["config", "push", "set", "register", "use", "extend", "define", "add"]);
const HANDLER = /\son[a-z]+\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;

/** What well-known files make. */
const LOADED: readonly (readonly [RegExp, string])[] = [
  [/plotly/i, "Plotly"],
  [/mathjax/i, "MathJax"],
  [/jquery/i, "jQuery"],
  [/require(?:\.min)?\.js/i, "require"],
];

interface ScriptElement {
  readonly attributes: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The script elements of HTML, in one walk through it. */
function* scriptElements(html: string): Generator<ScriptElement> {
  const begin = /<script\b/gi;
  const end = /<\/script\s{0,9}>?/gi;
  for (let match = begin.exec(html); match !== null; match = begin.exec(html)) {
    const open = html.indexOf(">", begin.lastIndex);
    end.lastIndex = open + 1;
    const close = open < 0 ? null : end.exec(html);
    if (close === null) return;
    yield { attributes: html.slice(begin.lastIndex, open), text: html.slice(open + 1, close.index), from: match.index, to: end.lastIndex };
    begin.lastIndex = end.lastIndex;
  }
}

/** HTML without them. */
function withoutScripts(html: string): string {
  let rest = "";
  let at = 0;
  for (const { from, to } of scriptElements(html)) {
    rest += html.slice(at, from);
    at = to;
  }
  return rest + html.slice(at);
}

/** The scripts of HTML that run. */
export function scriptsOf(html: string): Script[] {
  const found: Script[] = [];
  for (const { attributes, text } of scriptElements(html)) {
    const type = /\btype\s*=\s*["']?([^"'\s>]*)/i.exec(attributes)?.[1] ?? "";
    if (!/^(?:|module|(?:text|application)\/(?:java|ecma)script)$/i.test(type)) continue;
    const isModule = type === "module";
    const source = /\bsrc\s*=\s*["']?([^"'\s>]+)/i.exec(attributes)?.[1];
    const named = source ?? (isModule ? /^\s*import\s*["']([^"']+)["'];?\s*$/.exec(text)?.[1] : undefined);
    const loadedName = named === undefined ? undefined : LOADED.find(([pattern]) => pattern.test(named))?.[1];
    const loads = loadedName === undefined && (source !== undefined || (isModule && /\bimport\b/.test(text)));
    found.push({ text, loads, isModule, isGlobal: !isModule, ...(loadedName === undefined ? {} : { loadedName }) });
  }
  const bare = html.length > MOST_SIGNS ? "" : withoutScripts(html);
  for (const [, double, single] of bare.matchAll(HANDLER))
    found.push({ text: (double ?? single ?? "").replaceAll("&quot;", '"'), loads: false, isModule: false, isGlobal: false });
  return found;
}

const ID = /\sid\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;

/** The names of the elements of HTML: they are globals of its own frame. */
export function idsOf(html: string): Set<string> {
  if (html.length > MOST_SIGNS) return new Set();
  return new Set([...withoutScripts(html).matchAll(ID)].map(([, double, single, bare]) => double ?? single ?? bare ?? ""));
}

/** Whether HTML is a library and nothing to look at: it is run where it is needed. */
export function isSilent(html: string): boolean {
  const scripts = scriptsOf(html);
  const isLibrary = ({ text, loadedName }: Script): boolean => loadedName !== undefined || text.length > MOST_SIGNS;
  if (!scripts.some(isLibrary) || !scripts.every(one => isLibrary(one) || (!one.loads && !/\bdocument\b/.test(one.text)))) return false;
  return withoutScripts(html).trim() === "";
}

class Reading {
  readonly makes = new Set<string>();
  readonly #used = new Set<string>();
  /** As `root.Bokeh`: whatever is local, this is not. */
  readonly #members = new Set<string>();
  readonly #local = new Set<string>();
  readonly #assigned = new Set<string>();
  /** Something of them is assigned or called. */
  readonly #changed = new Set<string>();

  constructor({ text, isModule, isGlobal }: Script, ids: ReadonlySet<string>) {
    const options: Options = {
      ecmaVersion: "latest",
      sourceType: isModule ? "module" : "script",
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
    };
    const program = parse(text, options);
    full(program, node => this.#visit(node as AnyNode));
    for (const one of program.body) if (isGlobal) this.#declareTop(one as AnyNode);
    for (const name of this.#assigned) if (!this.#local.has(name)) this.makes.add(name);
    for (const name of this.#changed) if (!this.#local.has(name) && !ids.has(name)) this.makes.add(name);
  }

  get uses(): string[] {
    return [...[...this.#used].filter(name => !this.#local.has(name)), ...this.#members];
  }

  #declareTop(node: AnyNode): void {
    const names = new Set<string>();
    if (node.type === "VariableDeclaration") for (const one of node.declarations) addNames(one.id, names);
    else if ((node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id !== null) names.add(node.id.name);
    for (const name of names) {
      this.makes.add(name);
      this.#local.add(name);
    }
  }

  #visit(node: AnyNode): void {
    switch (node.type) {
      case "Identifier":
        this.#used.add(node.name);
        return;
      case "VariableDeclarator":
        addNames(node.id, this.#local);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
      case "ClassDeclaration":
      case "ClassExpression":
        if (node.id != null) this.#local.add(node.id.name);
        if ("params" in node) for (const one of node.params) addNames(one, this.#local);
        return;
      case "CatchClause":
        if (node.param != null) addNames(node.param, this.#local);
        return;
      case "ImportDeclaration":
        for (const one of node.specifiers) this.#local.add(one.local.name);
        return;
      case "MemberExpression":
        if (node.object.type === "Identifier" && WINDOWS.has(node.object.name)) this.#members.add(memberName(node) ?? "");
        return;
      case "AssignmentExpression":
        this.#assign(node.left as AnyNode);
        return;
      case "UpdateExpression":
        this.#assign(node.argument as AnyNode);
        return;
      case "CallExpression":
        this.#call(node.callee as AnyNode, node.arguments[0] as AnyNode | undefined);
        return;
      default:
    }
  }

  #assign(target: AnyNode): void {
    if (target.type === "Identifier") this.#assigned.add(target.name);
    else if (target.type === "MemberExpression") {
      const at = rootOf(target);
      if (at !== null) (isOfWindow(target) ? this.#assigned : this.#changed).add(at);
    }
  }

  #call(callee: AnyNode, first: AnyNode | undefined): void {
    if (callee.type === "Identifier" && callee.name === "define" && first?.type === "Literal") this.#assigned.add("require");
    if (callee.type !== "MemberExpression" || !CHANGES.has(memberName(callee) ?? "")) return;
    const at = rootOf(callee);
    if (at !== null) this.#changed.add(at === "requirejs" ? "require" : at);
  }
}

function memberName(node: AnyNode & { type: "MemberExpression" }): string | null {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return node.property.type === "Literal" && typeof node.property.value === "string" ? node.property.value : null;
}

/** The global that `a.b.c` or `window.a.b` is part of. */
function rootOf(node: AnyNode & { type: "MemberExpression" }): string | null {
  const { object } = node;
  if (object.type === "Identifier") return WINDOWS.has(object.name) ? memberName(node) : object.name;
  return object.type === "MemberExpression" ? rootOf(object) : null;
}

/** Whether it is `window.a` itself. */
const isOfWindow = ({ object }: AnyNode & { type: "MemberExpression" }): boolean =>
  object.type === "Identifier" && WINDOWS.has(object.name);

/** Adds the names that a pattern binds. */
function addNames(pattern: Node, into: Set<string>): void {
  const node = pattern as AnyNode;
  if (node.type === "Identifier") into.add(node.name);
  else if (node.type === "AssignmentPattern") addNames(node.left, into);
  else if (node.type === "RestElement") addNames(node.argument, into);
  else if (node.type === "ArrayPattern") {
    for (const one of node.elements) if (one !== null) addNames(one, into);
  } else if (node.type === "ObjectPattern")
    for (const one of node.properties) addNames(one.type === "Property" ? one.value : one.argument, into);
}

/**
 * The names of some scripts.
 *
 * Args:
 *   scripts: of one output, in their order.
 *   isBuiltIn: whether every frame has a global of that name.
 *   ids: the names of the elements of the output.
 */
export function namesOf(scripts: readonly Script[], isBuiltIn: (name: string) => boolean, ids: ReadonlySet<string> = new Set()): Names {
  const makes = new Set<string>();
  const uses = new Set<string>();
  let isLibrary = false;
  for (const one of scripts) {
    if (one.loads || one.text.length > MOST_SIGNS) isLibrary = true;
    if (one.loadedName !== undefined) makes.add(one.loadedName);
    if (one.text.length > MOST_SIGNS) continue;
    try {
      const reading = new Reading(one, ids);
      for (const name of reading.makes) makes.add(name);
      for (const name of reading.uses)
        if (!isBuiltIn(name) && !ids.has(name)) uses.add(name === "requirejs" || name === "define" ? "require" : name);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error; // it will not run either
    }
  }
  return { makes, uses, isLibrary };
}
