/**
 * Addresses that a person opens and that are not of this page: the browser sends no key there. For a file the server answers with the page, which makes a
 * ticket and goes to the file with it; a file that is downloaded leaves this behind. A page of JupyterLab leads here when nobody is signed in, and back.
 */
import { useEffect, useState } from "preact/hooks";
import { decoded, nameOf } from "../model/paths.ts";
import { inside, outOf } from "../rpc/base_url.ts";
import { ticketed } from "../rpc/http.ts";
import { homeAddress } from "../session/route.ts";
import { t } from "../text/en.ts";
import { homeWords } from "../text/home.ts";
import { Card } from "../ui/Card.tsx";

const TRIED = "webipy-tried";

/** Whether this was tried just now; it is from now on. */
function triedBefore(): boolean {
  const at = performance.timeOrigin;
  const before = Number(sessionStorage.getItem(TRIED) ?? 0);
  sessionStorage.setItem(TRIED, String(at));
  return at - before < 10_000;
}

/** The same address with a fresh ticket. Rejects when one was made just now and did not count. */
async function withTicket(): Promise<string> {
  if (triedBefore() && location.search.includes("ticket=")) throw new Error(homeWords.fileNotOpened);
  return await ticketed((outOf(location.pathname) ?? "/") + location.search);
}

/** The page of JupyterLab that led here. Rejects when it was gone to just now, and led here again: its browser keeps no key. */
async function backToJupyter(address: string): Promise<string> {
  if (triedBefore()) throw new Error(homeWords.jupyterNotOpened);
  return inside(address);
}

/** The last part of the address, in letters where it can be. */
const nameHere = (): string => decoded(nameOf(location.pathname));

export function Raw({ jupyter = null }: { jupyter?: string | null }) {
  const [fault, setFault] = useState("");
  useEffect(() => {
    (jupyter === null ? withTicket() : backToJupyter(jupyter)).then(
      address => location.replace(address),
      (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
    );
  }, []);
  return (
    <Card title={jupyter === null ? nameHere() : "JupyterLab"}>
      {fault === "" ? (
        <p class="card-text">{jupyter === null ? homeWords.fileOpens : homeWords.jupyterOpens}</p>
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
