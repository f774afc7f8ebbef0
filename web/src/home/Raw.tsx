/**
 * The address of a file, opened by a person: the browser sends no key there, so the server answers with the page. It makes a ticket and goes to the
 * file with it. A file that is downloaded leaves this behind.
 */
import { useEffect, useState } from "preact/hooks";
import { decoded, nameOf } from "../model/paths.ts";
import { outOf } from "../rpc/base_url.ts";
import { ticketed } from "../rpc/http.ts";
import { homeAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { Card } from "../ui/Card.tsx";

const TRIED = "webipy-tried";

/** The same address with a fresh ticket. Rejects when one was made just now and did not count. */
async function withTicket(): Promise<string> {
  const [address, at] = [(outOf(location.pathname) ?? "/") + location.search, performance.timeOrigin];
  const before = Number(sessionStorage.getItem(TRIED) ?? 0);
  if (location.search.includes("ticket=") && at - before < 10_000) throw new Error(t.fileNotOpened);
  sessionStorage.setItem(TRIED, String(at));
  return await ticketed(address);
}

/** The last part of the address, in letters where it can be. */
const nameHere = (): string => decoded(nameOf(location.pathname));

export function Raw() {
  const [fault, setFault] = useState("");
  useEffect(() => {
    withTicket().then(
      address => location.replace(address),
      (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
    );
  }, []);
  return (
    <Card title={nameHere()}>
      {fault === "" ? (
        <p class="card-text">{t.fileOpens}</p>
      ) : (
        <p class="form-error" role="alert">
          {fault}
        </p>
      )}
      <a class="btn main" href={homeAddress("")}>
        {t.toHome}
      </a>
    </Card>
  );
}
