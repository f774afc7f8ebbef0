// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test } from "vitest";
import { Groups, groupsOf, type Regroup } from "../../src/people/Groups.tsx";
import type { User } from "../../src/rpc/schema.ts";

const user = (id: string, ...groups: string[]): User => ({ id, name: id, display_name: id.toUpperCase(), groups }) as User;
const USERS = [user("ada", "lab"), user("bo", "lab", "class"), user("cy")];

test("groups stand by name, with who is in each", () => {
  expect(groupsOf(USERS).map(([name, members]) => [name, members.map(one => one.id)])).toEqual([
    ["class", ["bo"]],
    ["lab", ["ada", "bo"]],
  ]);
});

test("somebody is taken out, put in, and the first of a new group", async () => {
  const done: unknown[] = [];
  const regroup: Regroup = (one, change) => done.push([one.id, change]);
  const root = document.createElement("div");
  document.body.append(root);
  await act(() => render(<Groups users={USERS} regroup={regroup} />, root));
  const labelled = <E extends HTMLElement>(label: string): E => root.querySelector<E>(`[aria-label="${label}"]`) as E;
  labelled("Take BO out of lab").click();
  const choose = (label: string, value: string): Promise<void> =>
    act(() => {
      const field = labelled<HTMLSelectElement>(label);
      field.value = value;
      field.dispatchEvent(new Event(field.localName === "select" ? "change" : "input", { bubbles: true }));
    });
  const others = [...labelled<HTMLSelectElement>("Whom to add to lab").options].map(one => one.value);
  expect(others).toEqual(["", "cy"]);
  await choose("Whom to add to lab", "cy");
  labelled("Whom to add to lab")
    .closest("form")
    ?.dispatchEvent(new Event("submit", { cancelable: true }));
  await choose("Name of a new group", " new ");
  await choose("Who is in it first", "ada");
  labelled("Name of a new group")
    .closest("form")
    ?.dispatchEvent(new Event("submit", { cancelable: true }));
  expect(done).toEqual([
    ["bo", { leave: ["lab"] }],
    ["cy", { join: ["lab"] }],
    ["ada", { join: ["new"] }],
  ]);
  render(null, root);
});
