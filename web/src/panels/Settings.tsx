/** What a person can choose for this browser. */
import type { Signal } from "@preact/signals";
import { server } from "../session/connection.ts";
import { t } from "../text/en.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { dialog } from "../ui/page_state.ts";
import {
  besideOutputs,
  CODE_SIZES,
  codeSize,
  hoverHelp,
  KEY_SETS,
  keySet,
  lineNumbers,
  REMOTE_PICTURES,
  remotePictures,
  stopOnError,
  THEMES,
  theme,
  typingHelp,
  wrapLogs,
} from "../ui/settings.ts";

function Choice<T extends string>(props: {
  title: string;
  name: string;
  values: readonly T[];
  words: Readonly<Record<T, string>>;
  of: Signal<T>;
}) {
  return (
    <fieldset class="choice-row">
      <legend>{props.title}</legend>
      <span class="segments">
        {props.values.map(value => (
          <label key={value} class="segment">
            <input
              type="radio"
              class="vh"
              name={props.name}
              checked={props.of.value === value}
              onChange={() => {
                props.of.value = value;
              }}
            />
            <span>{props.words[value]}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}

function Switch({ title, note, of }: { title: string; note: string; of: Signal<boolean> }) {
  return (
    <label class="switch-row">
      <span>
        {title}
        {note !== "" && <span class="sub">{note}</span>}
      </span>
      <input
        type="checkbox"
        role="switch"
        class="switch"
        aria-checked={of.value}
        checked={of.value}
        onChange={event => {
          of.value = event.currentTarget.checked;
        }}
      />
    </label>
  );
}

/** Name, version and licence, with the notices of the packages that are built into the page. */
function About() {
  const version = server.value?.version ?? "";
  return (
    <p class="quiet">
      {t.settings.about(version)}{" "}
      <a href={`/static/notices.txt?${encodeURIComponent(version)}`} target="_blank" rel="noopener">
        {t.settings.notices}
      </a>
    </p>
  );
}

export function Settings() {
  const words = t.settings;
  const close = (): void => {
    dialog.value = null;
  };
  return (
    <Dialog title={words.title} onClose={close}>
      <Choice title={words.theme} name="theme" values={THEMES} words={words.themes} of={theme} />
      <Choice title={words.codeSize} name="code-size" values={CODE_SIZES} words={words.sizes} of={codeSize} />
      <Choice title={words.keys} name="keys" values={KEY_SETS} words={words.keySets} of={keySet} />
      <Choice title={words.pictures} name="pictures" values={REMOTE_PICTURES} words={words.remote} of={remotePictures} />
      <Switch title={words.lineNumbers} note="" of={lineNumbers} />
      <Switch title={words.beside} note="" of={besideOutputs} />
      <Switch title={words.wrap} note="" of={wrapLogs} />
      <Switch title={words.hover} note={words.hoverNote} of={hoverHelp} />
      <Switch title={words.typing} note={words.typingNote} of={typingHelp} />
      <Switch title={words.stop} note={words.stopNote} of={stopOnError} />
      <p class="quiet">{words.where}</p>
      <About />
    </Dialog>
  );
}
