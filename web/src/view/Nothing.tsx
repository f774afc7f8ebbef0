/** A page for what is not there: a session that was closed, a wrong address. */
import { t } from "../text/en.ts";
import { goTo } from "./app.ts";
import { Mark } from "./icons.tsx";

export function Nothing({ title, body }: { title: string; body: string }) {
  return (
    <main class="center">
      <div class="card">
        <div class="brand">
          <Mark />
          {t.product}
        </div>
        <h1>{title}</h1>
        <p class="card-text">{body}</p>
        <a
          class="btn main"
          href="/"
          onClick={event => {
            event.preventDefault();
            goTo("/");
          }}
        >
          {t.toHome}
        </a>
      </div>
    </main>
  );
}
