// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test, vi } from "vitest";
import { AccountDialog } from "../../src/people/AccountDialog.tsx";
import { connection } from "../../src/session/connection.ts";

const OWN = { id: "1", name: "bo", display_name: "Bo", role: "member", groups: [], has_password: true, identity_provider: null };

test.each([
  [0, null],
  [1, "1 token for scripts goes on working. To end it,"],
  [2, "2 tokens for scripts go on working. To end them,"],
])("after a change of password it says that %i tokens go on", async (tokens, words) => {
  const call = vi
    .spyOn(connection, "call")
    .mockImplementation((async (method: string) => (method === "account.get" ? OWN : { tokens })) as never);
  const root = document.createElement("div");
  document.body.append(root);
  await act(() => render(<AccountDialog onClose={() => undefined} />, root));
  const find = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>("input[type=password]")];
  await vi.waitFor(() => expect(find().length).toBe(3));
  const fields = find();
  for (const field of fields)
    await act(() => {
      field.value = "nine green lamps";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  const form = fields[0]?.closest("form");
  await act(async () => {
    form?.dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
    await vi.waitFor(() => expect(call).toHaveBeenCalledWith("account.change_password", expect.anything()));
  });
  const said = [...(form?.querySelectorAll("[role=status]") ?? [])].map(one => one.textContent);
  expect(said).toEqual(words === null ? [] : [expect.stringContaining(words)]);
  render(null, root);
  root.remove();
  vi.restoreAllMocks();
});
