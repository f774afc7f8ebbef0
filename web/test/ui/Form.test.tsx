// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { expect, test } from "vitest";
import { Form, useSending } from "../../src/ui/Form.tsx";

test("a form is sent once at a time, says what is wrong, and nothing when it is done", async () => {
  const answers: ((wrong: string | null | Error) => void)[] = [];
  const send = (): Promise<string | null> =>
    new Promise((resolve, reject) => answers.push(wrong => (wrong instanceof Error ? reject(wrong) : resolve(wrong))));
  const View = () => {
    const sending = useSending(send);
    return (
      <Form sending={sending} before="Sign in again.">
        <button type="submit" disabled={sending.busy}>
          Send
        </button>
      </Form>
    );
  };
  const root = document.createElement("div");
  document.body.append(root);
  await act(() => render(<View />, root));
  const words = (): string | null => root.querySelector("[role=alert]")?.textContent ?? null;
  const submit = (): Promise<void> =>
    act(() => {
      root.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    });
  const answer = (wrong: string | null | Error): Promise<void> =>
    act(async () => {
      answers.at(-1)?.(wrong);
      await new Promise(resolve => setTimeout(resolve));
    });
  expect(words()).toBe("Sign in again.");
  await submit();
  await submit();
  expect([answers.length, root.querySelector("button")?.disabled]).toEqual([1, true]);
  await answer("The two differ.");
  expect([words(), root.querySelector("button")?.disabled]).toEqual(["The two differ.", false]);
  await submit();
  await answer(new Error("Out of reach."));
  expect(words()).toBe("Out of reach.");
  await submit();
  await answer(null);
  expect(words()).toBe("Sign in again.");
  render(null, root);
});
