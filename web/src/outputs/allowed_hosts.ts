/** The servers that a person lets outputs load from, in this browser. Each output gets only those of them that it asked for. */
import { signal } from "@preact/signals";
import { HOST } from "../frame/protocol.ts";

const KEY = "webipy.hosts";
const MOST = 50;

function kept(): readonly string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((one): one is string => typeof one === "string" && HOST.test(one)) : [];
  } catch {
    return []; // storage is off, or holds something else
  }
}

export const allowedHosts = signal(kept());

function keep(hosts: readonly string[]): void {
  allowedHosts.value = hosts;
  try {
    localStorage.setItem(KEY, JSON.stringify(hosts));
  } catch {
    // storage is off: it holds until the page is left
  }
}

export function allowHosts(hosts: readonly string[]): void {
  keep([...new Set([...allowedHosts.value, ...hosts])].slice(-MOST));
}

export function forbidHost(host: string): void {
  keep(allowedHosts.value.filter(one => one !== host));
}
