/** A page for what is not there: a session that was closed, a wrong address. */

import { goTo, homeAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { Card } from "../ui/Card.tsx";

export function Nothing({ title, body }: { title: string; body: string }) {
  return (
    <Card title={title}>
      <p class="card-text">{body}</p>
      <a
        class="btn main"
        href={homeAddress("")}
        onClick={event => {
          event.preventDefault();
          goTo(homeAddress(""));
        }}
      >
        {t.toHome}
      </a>
    </Card>
  );
}
