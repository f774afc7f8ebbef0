/** Numbers, times and sizes as a person reads them. */
const number = new Intl.NumberFormat("en");
/** A number with its thousands apart. */
export const n = (value: number): string => number.format(value);
/** A number with the word for what is counted. */
export const many = (value: number, one: string, more: string): string => `${n(value)} ${value === 1 ? one : more}`;

/** `1st`, `2nd`. */
export function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
  return `${n(value)}${ending}`;
}

/** A duration in seconds, as short as it stays exact enough: `3 ms`, `0.8 s`, `41.7 s`, `2 m 14 s`, `3 h 12 m`. */
export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

const TODAY = "Today";
const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const yearTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** The time of day, with the date when it was not today. */
export function clock(at: number): string {
  if (!Number.isFinite(at)) return "";
  const date = day(at);
  return date === TODAY ? clockTime.format(at) : `${clockTime.format(at)}, ${date}`;
}

/** The date in words, short where it can be. */
export function day(at: number): string {
  if (!Number.isFinite(at)) return "";
  const [then, today] = [new Date(at), new Date()];
  if (then.toDateString() === today.toDateString()) return TODAY;
  return then.getFullYear() === today.getFullYear() ? dayTime.format(then) : yearTime.format(then);
}

/** How long ago, in words. */
export function ago(seconds: number): string {
  if (seconds < 10) return "just now";
  if (seconds < 60) return "less than a minute ago";
  if (seconds < 3600) return `${many(Math.floor(seconds / 60), "minute", "minutes")} ago`;
  if (seconds < 86_400) return `${many(Math.floor(seconds / 3600), "hour", "hours")} ago`;
  return `${many(Math.floor(seconds / 86_400), "day", "days")} ago`;
}

/** A size in bytes: `812 B`, `6.1 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
