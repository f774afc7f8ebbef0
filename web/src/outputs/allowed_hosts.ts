/**
 * The servers that a person lets outputs load from, in this browser: for one notebook or always. Each output gets only those of them that it asks for.
 * What is allowed once is kept by the view of the output.
 */

import { signal } from "@preact/signals";
import { HOST } from "../frame/protocol.ts";
import { keyHere } from "../rpc/base_url.ts";
import { open } from "../session/open_session.ts";

export type Span = "once" | "notebook" | "always";
export const SPANS: readonly Span[] = ["once", "notebook", "always"];

const KEY = keyHere("webipy.hosts");
const NOTEBOOKS_KEY = keyHere("webipy.notebook-hosts");
const MOST = 50;
const MOST_NOTEBOOKS = 100;

type Notebooks = { readonly [notebook: string]: readonly string[] };

function kept(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // storage is off, or holds something else
  }
}

function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // storage is off: it holds until the page is left
  }
}

const hostsIn = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((one): one is string => typeof one === "string" && HOST.test(one)) : [];

function notebooksIn(stored: unknown): Notebooks {
  if (typeof stored !== "object" || stored === null) return {};
  return Object.fromEntries(Object.entries(stored).map(([name, list]) => [name, hostsIn(list)]));
}

/** The servers that are always allowed. */
export const allowedHosts = signal(hostsIn(kept(KEY)));
/** Those of notebooks, by their paths; of a session without a file by its id. */
export const notebookHosts = signal(notebooksIn(kept(NOTEBOOKS_KEY)));

const here = (): string => open.value?.store.model.file?.path ?? open.value?.store.id ?? "";

/** The servers that outputs of the notebook that is open may load from. */
export const hostsHere = (): readonly string[] => [...allowedHosts.value, ...(notebookHosts.value[here()] ?? [])];

function setAlways(hosts: readonly string[]): void {
  allowedHosts.value = hosts;
  keep(KEY, hosts);
}

function setNotebook(name: string, hosts: readonly string[]): void {
  const { [name]: _, ...others } = notebookHosts.value;
  const left = Object.entries(others).slice(1 - MOST_NOTEBOOKS);
  notebookHosts.value = Object.fromEntries(hosts.length === 0 ? left : [...left, [name, hosts]]);
  keep(NOTEBOOKS_KEY, notebookHosts.value);
}

const joined = (old: readonly string[], more: readonly string[]): readonly string[] => [...new Set([...old, ...more])].slice(-MOST);

/** Allows servers for the notebook that is open, or always. */
export function allowHosts(hosts: readonly string[], span: "notebook" | "always"): void {
  if (span === "always") setAlways(joined(allowedHosts.value, hosts));
  else setNotebook(here(), joined(notebookHosts.value[here()] ?? [], hosts));
}

/** Takes back what was allowed always, or for one notebook. */
export function forbidHost(host: string, notebook: string | null): void {
  if (notebook === null) setAlways(allowedHosts.value.filter(one => one !== host));
  else
    setNotebook(
      notebook,
      (notebookHosts.value[notebook] ?? []).filter(one => one !== host),
    );
}

/** Takes back what was allowed for the notebook that is open, and what is allowed always. */
export function forbidHere(host: string): void {
  forbidHost(host, null);
  forbidHost(host, here());
}
