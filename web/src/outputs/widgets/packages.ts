/** What packages of widgets bring along, fetched from the server (`/widgets/SESSION/...`) and handed to sealed frames: once for all frames of a session. */
import { parseSources, type Source } from "../../frame/protocol.ts";
import { ask } from "../../rpc/http.ts";

/** What has been fetched is kept; what could not be is asked for again when the next frame wants it. */
function kept<Value>(fetched: (name: string) => Promise<Value>): (name: string) => Promise<Value | null> {
  const known = new Map<string, Promise<Value | null>>();
  return name => {
    let one = known.get(name);
    if (one === undefined) {
      one = fetched(name).catch(() => {
        known.delete(name);
        return null;
      });
      known.set(name, one);
    }
    return one;
  };
}

async function answered(address: string): Promise<Response> {
  const response = await ask(address);
  if (!response.ok) throw new Error(String(response.status));
  return response;
}

/** The packages in the environment of a session's kernel. */
export class Packages {
  /** Where the JavaScript of a module may be; null when the server cannot be asked. */
  readonly sources: (module: string) => Promise<readonly Source[] | null>;
  /** A file of a package; null when there is none. */
  readonly file: (path: string) => Promise<Blob | null>;

  constructor(session: string) {
    const below = `/widgets/${encodeURIComponent(session)}`;
    this.sources = async module => {
      try {
        return parseSources(await (await answered(`${below}?module=${encodeURIComponent(module)}`)).json());
      } catch {
        return null; // out of reach
      }
    };
    this.file = kept(async path => (await answered(`${below}/${path.split("/").map(encodeURIComponent).join("/")}`)).blob());
  }
}
