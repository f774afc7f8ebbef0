/**
 * The names in one piece of Python: where each is bound, and which of them a use means, by Python's rules of scopes.
 *
 *     source ──parser of Lezer──► tree ──one walk──► scopes with their bindings, and what stands at each place
 *
 * The parser goes on behind errors, so half a cell is read as far as it makes sense. Magics and commands of the system are left out.
 */

import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@lezer/python";
import { pythonOf } from "./python_source.ts";

export type Kind = "function" | "class" | "import" | "parameter" | "variable";

export interface Binding {
  readonly name: string;
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  /** From here on a use in the same scope means it: the end of an assignment, so that `x = f(x)` asks for the `x` before. */
  readonly after: number;
  readonly scope: Scope;
  /** What is called to make the value, in `x = some.Name(...)`; empty when it is made in another way. */
  readonly maker: readonly string[];
  /** The scope that a function or a class opens. */
  readonly body: Scope | null;
}

/** What stands at a place: a name by itself, the last part of a dotted one, the name of an argument, or what an import names outside. */
export interface Spot {
  readonly form: "name" | "member" | "keyword" | "imported";
  readonly name: string;
  /** The dotted name up to this part; without its head when that is no plain name, as in `f().real`. */
  readonly chain: readonly string[];
  readonly hasHead: boolean;
  readonly from: number;
  readonly to: number;
  readonly scope: Scope;
}

export class Scope {
  readonly bindings: Binding[] = [];
  /** Names that `global` takes from here to the outermost scope. */
  readonly globals = new Set<string>();
  /** What a class is made from, as dotted names. */
  readonly parents: (readonly string[])[] = [];
  /** The attributes that methods give to `self`. */
  readonly attributes: Binding[] = [];

  constructor(
    readonly kind: "module" | "function" | "class" | "comprehension",
    readonly outer: Scope | null,
  ) {}

  named(name: string): Binding[] {
    return this.bindings.filter(one => one.name === name);
  }
}

const COMPREHENSION = /Comprehension/;

function children(node: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) all.push(child);
  return all;
}

export class Names {
  readonly module = new Scope("module", null);
  readonly #text: string;
  readonly #tree: Tree;
  /** The scope that each name stands in, by where it begins. */
  readonly #at = new Map<number, Scope>();
  readonly #bound = new Map<number, Binding>();
  /** Names in imports that are of the module outside, not bound here. */
  readonly #imported = new Set<number>();
  /** The names of arguments, each with the end of what is called. */
  readonly #keywords = new Map<number, number>();

  constructor(readonly source: string) {
    this.#text = pythonOf(source);
    this.#tree = parser.parse(this.#text);
    this.#visitAll(this.#tree.topNode, this.module);
  }

  // ---- asking

  /** What stands at a place, or just before it. */
  spotAt(pos: number): Spot | null {
    for (const side of [1, -1] as const) {
      const node = this.#tree.resolveInner(pos, side);
      if (node.name === "VariableName" || node.name === "PropertyName") return this.#spot(node);
    }
    return null;
  }

  #spot(node: SyntaxNode): Spot | null {
    const { from, to } = node;
    const name = this.#text.slice(from, to);
    const whole = { name, from, to };
    if (node.name === "PropertyName") {
      const chain = this.#chain(node.parent);
      const head = this.#head(node.parent);
      const scope = head === null ? null : this.#at.get(head.from);
      if (chain === null || scope == null) return { ...whole, form: "member", chain: [name], hasHead: false, scope: this.module };
      return { ...whole, form: "member", chain, hasHead: true, scope };
    }
    const called = this.#keywords.get(from);
    if (called !== undefined) {
      const callee = this.spotAt(called);
      return callee === null ? null : { ...whole, form: "keyword", chain: callee.chain, hasHead: callee.hasHead, scope: callee.scope };
    }
    const scope = this.#at.get(from);
    const form = this.#imported.has(from) ? "imported" : "name";
    return scope === undefined ? null : { ...whole, form, chain: [name], hasHead: true, scope };
  }

  /** The binding that stands at a place itself. */
  bindingAt(from: number): Binding | null {
    return this.#bound.get(from) ?? null;
  }

  /**
   * The binding that a name means at a place, here; `null` when it comes from elsewhere. `later` is true when none stands before the place and one does
   * behind it, in straight code of the outermost scope: then it is meant only if nothing else is.
   */
  meaning(name: string, scope: Scope, at: number): { binding: Binding | null; later: boolean } {
    const nowhere = { binding: null, later: false };
    let straight = true;
    for (let here: Scope | null = scope; here !== null; here = here.outer) {
      if (here.globals.has(name)) return this.#pick(this.module, name, at, scope.kind === "module");
      if (here.kind === "class" && here !== scope) continue;
      const found = this.#pick(here, name, at, straight);
      if (found.binding !== null) return found;
      if (here.kind !== "comprehension") straight = false;
      if (here.kind === "class") straight = true; // the code of a class runs where it stands
    }
    return nowhere;
  }

  #pick(scope: Scope, name: string, at: number, straight: boolean): { binding: Binding | null; later: boolean } {
    const all = scope.named(name);
    const before = straight ? all.findLast(one => one.after <= at || one.from === at) : all.at(-1);
    if (before !== undefined) return { binding: before, later: false };
    return { binding: all[0] ?? null, later: scope.kind === "module" };
  }

  /** A method or an attribute of a class, its own one. */
  member(body: Scope, name: string): Binding | null {
    return body.named(name).at(-1) ?? body.attributes.find(one => one.name === name) ?? null;
  }

  /** All bindings of a name, in whatever scope. */
  everywhere(name: string): Binding[] {
    return [...this.#bound.values()].filter(one => one.name === name);
  }

  /** The class that a scope is the body of. */
  classWith(body: Scope): Binding | null {
    return [...this.#bound.values()].find(one => one.body === body) ?? null;
  }

  // ---- reading

  #name(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  /** `a.b.c` as its parts; null for what is no plain dotted name. */
  #chain(node: SyntaxNode | null): string[] | null {
    if (node?.name === "VariableName") return [this.#name(node)];
    const [before, dot, last] = node === null ? [] : children(node);
    if (node?.name !== "MemberExpression" || before === undefined || dot?.name !== "." || last === undefined) return null;
    const head = this.#chain(before);
    return head === null ? null : [...head, this.#name(last)];
  }

  #head(node: SyntaxNode | null): SyntaxNode | null {
    let at = node;
    while (at?.name === "MemberExpression") at = at.firstChild;
    return at?.name === "VariableName" ? at : null;
  }

  #bind(node: SyntaxNode, inside: Scope, kind: Kind, more: Partial<Pick<Binding, "after" | "maker" | "body">> = {}): void {
    const name = this.#name(node);
    const scope = inside.globals.has(name) ? this.module : inside;
    const binding = { name, kind, from: node.from, to: node.to, after: node.to, scope, maker: [], body: null, ...more };
    this.#at.set(node.from, inside);
    this.#bound.set(node.from, binding);
    scope.bindings.push(binding);
  }

  #visitAll(node: SyntaxNode, scope: Scope): void {
    for (const child of children(node)) this.#visit(child, scope);
  }

  #visit(node: SyntaxNode, scope: Scope): void {
    const read = READERS[node.name];
    if (node.name === "VariableName") this.#at.set(node.from, scope);
    else if (read !== undefined) read(this, node, scope);
    else if (COMPREHENSION.test(node.name)) this.comprehension(node, scope);
    else this.#visitAll(node, scope);
  }

  /** What stands left of `=`, behind `for`, behind `as`: names are bound, everything else is read. */
  #targets(nodes: readonly SyntaxNode[], scope: Scope, after: number, maker: readonly string[] = []): void {
    for (const node of nodes) {
      if (node.name === "VariableName") this.#bind(node, holder(scope), "variable", { after, maker: nodes.length === 1 ? maker : [] });
      else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.name)) this.#targets(children(node), scope, after);
      else if (node.name === "MemberExpression") this.#attribute(node, scope);
      else this.#visit(node, scope);
    }
  }

  /** `self.name = ...` in a method. */
  #attribute(node: SyntaxNode, scope: Scope): void {
    this.#visit(node, scope);
    const [self, dot, last] = children(node);
    if (self?.name !== "VariableName" || dot?.name !== "." || last === undefined) return;
    const owner = this.selfOf(this.#name(self), scope);
    if (owner === null) return;
    const { from, to } = last;
    const binding: Binding = { name: this.#name(last), kind: "variable", from, to, after: to, scope: owner, maker: [], body: null };
    owner.attributes.push(binding);
    this.#bound.set(from, binding);
  }

  /** The class whose method has this as its first parameter. */
  selfOf(name: string, scope: Scope): Scope | null {
    for (let here: Scope | null = scope; here !== null; here = here.outer) {
      if (here.kind !== "function" || here.named(name).length === 0) continue;
      return here.bindings[0]?.name === name && here.outer?.kind === "class" ? here.outer : null;
    }
    return null;
  }

  definition(node: SyntaxNode, scope: Scope): void {
    const isClass = node.name === "ClassDefinition";
    const body = new Scope(isClass ? "class" : "function", scope);
    for (const child of children(node)) {
      if (child.name === "VariableName") this.#bind(child, holder(scope), isClass ? "class" : "function", { body });
      else if (child.name === "ParamList") this.#parameters(child, scope, body);
      else if (child.name === "Body") this.#visitAll(child, body);
      else this.#visit(child, scope);
      if (isClass && child.name === "ArgList")
        body.parents.push(...children(child).flatMap(one => (one.nextSibling?.name === "AssignOp" ? [] : [this.#chain(one) ?? []])));
    }
  }

  #parameters(list: SyntaxNode, scope: Scope, body: Scope): void {
    for (const child of children(list)) {
      if (child.name === "VariableName" && child.prevSibling?.name !== "AssignOp") this.#bind(child, body, "parameter");
      else this.#visit(child, scope);
    }
  }

  lambda(node: SyntaxNode, scope: Scope): void {
    const body = new Scope("function", scope);
    for (const child of children(node)) {
      if (child.name === "ParamList") this.#parameters(child, scope, body);
      else this.#visit(child, body);
    }
  }

  comprehension(node: SyntaxNode, scope: Scope): void {
    const inner = new Scope("comprehension", scope);
    let part: "value" | "target" | "source" = "value";
    let first = true;
    for (const child of children(node)) {
      if (child.name === "for") part = "target";
      else if (child.name === "in" && part === "target") part = "source";
      else if (part === "target") this.#targetsWithin(child, inner);
      else {
        this.#visit(child, part === "source" && first ? scope : inner); // what is gone through first is worked out outside
        if (part === "source") first = false;
        if (part === "source") part = "value";
      }
    }
  }

  #targetsWithin(node: SyntaxNode, inner: Scope): void {
    if (node.name === "VariableName") this.#bind(node, inner, "variable", { after: 0 });
    else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.name))
      for (const child of children(node)) this.#targetsWithin(child, inner);
    else this.#visit(node, inner);
  }

  assignment(node: SyntaxNode, scope: Scope): void {
    const all = children(node);
    const last = all.findLastIndex(one => one.name === "AssignOp");
    const value = last < 0 ? undefined : all[last + 1];
    const maker = value?.name === "CallExpression" ? (this.#chain(value.firstChild) ?? []) : [];
    const isTarget = (at: number): boolean => at < last || (last < 0 && at === 0);
    const targets = all.filter((one, at) => isTarget(at) && one.name !== "TypeDef" && one.name !== "AssignOp");
    for (const one of all) if (!targets.includes(one)) this.#visit(one, scope);
    this.#targets(targets, scope, node.to, maker);
  }

  loop(node: SyntaxNode, scope: Scope): void {
    const all = children(node);
    const from = all.findIndex(one => one.name === "for");
    const to = all.findIndex(one => one.name === "in");
    for (const [at, one] of all.entries()) if (at <= from || at >= to) this.#visit(one, scope);
    this.#targets(all.slice(from + 1, to), scope, all[to]?.from ?? node.to);
  }

  /** `with ... as x` and `except ... as x`. */
  withAs(node: SyntaxNode, scope: Scope): void {
    for (const child of children(node)) {
      if (child.prevSibling?.name === "as") this.#targets([child], scope, child.to);
      else this.#visit(child, scope);
    }
  }

  imports(node: SyntaxNode, scope: Scope): void {
    let isModule = false;
    for (const child of children(node)) {
      if (child.name === "from") isModule = true;
      else if (child.name === "import") isModule = false;
      if (child.name !== "VariableName") continue;
      if (!isModule && child.prevSibling?.name !== "." && child.nextSibling?.name !== "as") this.#bind(child, holder(scope), "import");
      else {
        this.#at.set(child.from, scope);
        this.#imported.add(child.from);
      }
    }
  }

  global(node: SyntaxNode, scope: Scope): void {
    const isGlobal = node.firstChild?.name === "global";
    for (const child of children(node)) {
      if (child.name !== "VariableName") continue;
      this.#at.set(child.from, isGlobal ? this.module : (scope.outer ?? scope));
      if (isGlobal) scope.globals.add(this.#name(child));
    }
  }

  capture(node: SyntaxNode, scope: Scope): void {
    for (const child of children(node)) {
      if (child.name === "VariableName") this.#bind(child, holder(scope), "variable");
      else this.#visit(child, scope);
    }
  }

  named(node: SyntaxNode, scope: Scope): void {
    const [target, ...rest] = children(node);
    for (const one of rest) this.#visit(one, scope);
    if (target !== undefined) this.#targets([target], scope, node.to);
  }

  call(node: SyntaxNode, scope: Scope): void {
    const [callee, ...rest] = children(node);
    if (callee !== undefined) this.#visit(callee, scope);
    for (const list of rest) {
      const inside = children(list);
      if (inside.some(one => one.name === "for")) this.comprehension(list, scope);
      else this.#arguments(inside, callee ?? list, scope);
    }
  }

  #arguments(all: readonly SyntaxNode[], callee: SyntaxNode, scope: Scope): void {
    for (const child of all) {
      const isKeyword = child.name === "VariableName" && child.nextSibling?.name === "AssignOp";
      if (isKeyword) this.#keywords.set(child.from, callee.to);
      else this.#visit(child, scope);
    }
  }

  pattern(node: SyntaxNode, scope: Scope): void {
    for (const child of children(node)) if (child.name !== "VariableName" || child.prevSibling !== null) this.#visit(child, scope);
  }
}

/** The scope that an assignment binds in: a comprehension passes it on. */
function holder(scope: Scope): Scope {
  let here = scope;
  while (here.kind === "comprehension" && here.outer !== null) here = here.outer;
  return here;
}

type Reader = (names: Names, node: SyntaxNode, scope: Scope) => void;

const READERS: Readonly<Record<string, Reader>> = {
  FunctionDefinition: (names, node, scope) => names.definition(node, scope),
  ClassDefinition: (names, node, scope) => names.definition(node, scope),
  LambdaExpression: (names, node, scope) => names.lambda(node, scope),
  AssignStatement: (names, node, scope) => names.assignment(node, scope),
  NamedExpression: (names, node, scope) => names.named(node, scope),
  ForStatement: (names, node, scope) => names.loop(node, scope),
  WithStatement: (names, node, scope) => names.withAs(node, scope),
  TryStatement: (names, node, scope) => names.withAs(node, scope),
  ImportStatement: (names, node, scope) => names.imports(node, scope),
  ScopeStatement: (names, node, scope) => names.global(node, scope),
  CapturePattern: (names, node, scope) => names.capture(node, scope),
  AsPattern: (names, node, scope) => names.withAs(node, scope),
  KeywordPattern: (names, node, scope) => names.pattern(node, scope),
  CallExpression: (names, node, scope) => names.call(node, scope),
};
