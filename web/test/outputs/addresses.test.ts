import { expect, test } from "vitest";
import { type Address, addressOf } from "../../src/outputs/addresses.ts";

const file = (path: string, fragment = ""): Address => ({ kind: "file", path, fragment });
const OTHER: Address = { kind: "other" };

test.each<[string, Address]>([
  ["other.ipynb", file("a/b/other.ipynb")],
  ["./img/a%20b.png", file("a/b/img/a b.png")],
  ["../data.csv?x=1#row", file("a/data.csv", "row")],
  ["../../../../etc/passwd", file("etc/passwd")],
  ["/img/a.png", file("img/a.png")],
  ["/files/img/a.png", file("img/a.png")],
  ["http://here:1/files/x.csv", file("x.csv")],
  ["data/", file("a/b/data/")],
  ["100%.txt", file("a/b/100%.txt")],
  ["#Heading%20here", { kind: "fragment", id: "Heading here" }],
  ["attachment:a%20b.png", { kind: "attachment", name: "a b.png" }],
  ["data:image/png;base64,AA", { kind: "content" }],
  ["https://x.org/a", { kind: "remote", url: new URL("https://x.org/a") }],
  ["//x.org/a", { kind: "remote", url: new URL("http://x.org/a") }],
  ["/s/1f", OTHER],
  ["mailto:a@b.org", OTHER],
  ["javascript:alert(1)", OTHER],
  ["?in=x", OTHER],
  ["", OTHER],
  ["..", file("a/")],
])("%s", (written, address) => expect(addressOf(written, "a/b/", "http://here:1")).toEqual(address));
