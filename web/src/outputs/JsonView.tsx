/** A JSON value as a tree: branches are made when they are opened, and drawn in parts when they are long; it can be searched, and places in it copied. */
import { createContext } from "preact";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Json } from "../rpc/schema.ts";
import { t } from "../text/en.ts";
import { r } from "../text/rich.ts";
import { Icon } from "../ui/icons.tsx";
import { complain, toast } from "../ui/notices.ts";
import { printing } from "../ui/page_state.ts";
import { entries, found, isLarge, keyOf, type Place, type Step, size, written } from "./json_tree.ts";

const PART = 100;
/** Branches that stand open at first. */
const OPEN_DEPTH = 1;
/** A value with fewer leaves needs no search. */
const SEARCHED_FROM = 20;
const LONG_TEXT = 500;

interface Tree {
  isOpen(place: Place): boolean;
  toggle(place: Place, open: boolean): void;
  /** The place that the search is at. */
  readonly at: Place | null;
}

const TreeContext = createContext<Tree>({ isOpen: () => false, toggle: () => {}, at: null });

function copyPath(place: Place): void {
  const path = written(place);
  navigator.clipboard.writeText(path).then(() => toast(r.pathCopied(path)), complain);
}

function Head({ place }: { place: Place }) {
  const step = place.at(-1);
  if (step === undefined) return null;
  return (
    <>
      <span class={typeof step === "number" ? "json-name json-index" : "json-name"}>{step}</span>
      <span class="json-colon">: </span>
    </>
  );
}

function CopyButton({ place }: { place: Place }) {
  return (
    <button
      type="button"
      class="json-copy"
      aria-label={`${r.copyPath} ${written(place)}`}
      title={r.copyPath}
      onClick={event => {
        event.preventDefault();
        copyPath(place);
      }}
    />
  );
}

function Leaf({ value, place, current }: { value: Json; place: Place; current: boolean }) {
  const [whole, setWhole] = useState(false);
  const text = JSON.stringify(value);
  const long = text.length > LONG_TEXT && !whole;
  return (
    <div class={current ? "json-leaf json-hit" : "json-leaf"}>
      <Head place={place} />
      <span class={typeof value === "string" ? "s" : "n"}>{long ? `${text.slice(0, LONG_TEXT)}…` : text}</span>
      {long && (
        <button type="button" class="btn ghost" onClick={() => setWhole(true)}>
          {t.loadAll}
        </button>
      )}
    </div>
  );
}

const isAbove = (place: Place, other: Place | null): boolean =>
  other !== null && place.length < other.length && place.every((step, at) => other[at] === step);

/** The items of an open branch: a part of them at a time, the one with what was searched for if there is one. */
function Items({ inside, place }: { inside: readonly [Step, Json][]; place: Place }) {
  const { at } = useContext(TreeContext);
  const [[from, to], setPart] = useState([0, PART]);
  const wanted = isAbove(place, at) ? inside.findIndex(([step]) => step === at?.[place.length]) : -1;
  useEffect(() => {
    if (wanted < 0 || (wanted >= from && wanted < to)) return;
    const start = Math.floor(wanted / PART) * PART;
    setPart([start, start + PART]);
  }, [wanted, at]);
  const rest = inside.length - to;
  return (
    <>
      {from > 0 && (
        <button type="button" class="btn json-more" onClick={() => setPart([Math.max(0, from - PART), to])}>
          {r.earlier(from)}
        </button>
      )}
      {inside.slice(from, to).map(([step, one]) => (
        <Branch key={step} value={one} place={[...place, step]} />
      ))}
      {rest > 0 && (
        <button type="button" class="btn json-more" onClick={() => setPart([from, to + (to - from < 5 * PART ? PART : 5 * PART)])}>
          {r.later(rest)}
        </button>
      )}
    </>
  );
}

function Branch({ value, place }: { value: Json; place: Place }) {
  const tree = useContext(TreeContext);
  const element = useRef<HTMLDivElement>(null);
  const current = tree.at !== null && keyOf(tree.at) === keyOf(place);
  useEffect(() => {
    if (current) element.current?.scrollIntoView({ block: "nearest" });
  }, [current, tree.at]);
  const open = tree.isOpen(place);
  const inside = useMemo(() => (open ? entries(value) : null), [value, open]);
  const count = size(value);
  const branch = typeof value === "object" && value !== null;
  return (
    <div class="json-branch" ref={element}>
      {branch && count > 0 ? (
        <details class="json" open={open} onToggle={event => tree.toggle(place, event.currentTarget.open)}>
          <summary class={current ? "json-hit" : ""}>
            <Head place={place} />
            <span class="sub">
              {Array.isArray(value) ? "[…]" : "{…}"} {t.items(count)}
            </span>
          </summary>
          {inside !== null && <Items inside={inside} place={place} />}
        </details>
      ) : (
        <Leaf value={value} place={place} current={current} />
      )}
      {place.length > 0 && <CopyButton place={place} />}
    </div>
  );
}

function Search({ root, onPlace }: { root: Json; onPlace(place: Place | null): void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const { places, more } = useMemo(() => found(root, text.trim()), [root, text]);
  const go = (to: number): void => {
    if (places.length === 0) return;
    const next = (to + places.length) % places.length;
    setAt(next);
    onPlace(places[next] ?? null);
  };
  return (
    <search class="search-in">
      <input
        type="search"
        value={text}
        placeholder={r.search}
        aria-label={r.searchJson}
        spellcheck={false}
        onInput={event => {
          setText(event.currentTarget.value);
          setAt(0);
          const { places: first } = found(root, event.currentTarget.value.trim());
          onPlace(first[0] ?? null);
        }}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === "Enter") go(at + (event.shiftKey ? -1 : 1));
        }}
      />
      {text.trim() !== "" && (
        <>
          <span class="sub" role="status">
            {r.found(at + 1, places.length, more)}
          </span>
          <button type="button" class="btn ghost" aria-label={r.previous} onClick={() => go(at - 1)}>
            <Icon name="up" />
          </button>
          <button type="button" class="btn ghost" aria-label={r.next} onClick={() => go(at + 1)}>
            <Icon name="down" />
          </button>
        </>
      )}
    </search>
  );
}

export function JsonView({ value }: { value: Json }) {
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [at, setAt] = useState<Place | null>(null);
  const large = useMemo(() => isLarge(value, SEARCHED_FROM), [value]);
  const tree: Tree = {
    at,
    isOpen: place => changed.get(keyOf(place)) ?? (isAbove(place, at) || place.length < OPEN_DEPTH),
    toggle: (place, open) => {
      if (tree.isOpen(place) !== open) setChanged(new Map(changed).set(keyOf(place), open));
    },
  };
  const onPlace = (place: Place | null): void => {
    setAt(place);
    if (place === null) return;
    const open = new Map(changed);
    for (let depth = 0; depth < place.length; depth++) open.delete(keyOf(place.slice(0, depth)));
    setChanged(open);
  };
  if (printing.value) return <pre class="text">{JSON.stringify(value, null, 2)}</pre>;
  return (
    <div class="json-tree">
      {large && <Search root={value} onPlace={onPlace} />}
      <TreeContext.Provider value={tree}>
        <Branch value={value} place={[]} />
      </TreeContext.Provider>
    </div>
  );
}
