/** The one thing on a page that has nothing else: under the name of the product, a title and what is shown or asked. */
import type { ComponentChildren } from "preact";
import { t } from "../text/en.ts";
import { Mark } from "./icons.tsx";

export function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <main class="center">
      <div class="card">
        <div class="brand">
          <Mark />
          {t.product}
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
