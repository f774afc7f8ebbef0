/** What a person can choose for this browser. */

import type { Signal } from "@preact/signals";
import { allowedHosts, forbidHost, notebookHosts } from "../outputs/allowed_hosts.ts";
import { inside } from "../rpc/base_url.ts";
import { server } from "../session/connection.ts";
import { guestOf } from "../session/permissions.ts";
import { settingWords } from "../text/settings.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { dialog } from "../ui/page_state.ts";
import {
  besideOutputs,
  CODE_SIZES,
  closesBrackets,
  codeSize,
  fullWidth,
  hoverHelp,
  INDENT_WIDTHS,
  indentWidth,
  KEY_SETS,
  keySet,
  lineNumbers,
  REMOTE_PICTURES,
  remotePictures,
  stopOnError,
  THEMES,
  theme,
  typingCompletion,
  typingHelp,
  wrapLogs,
} from "../ui/settings.ts";
import { PushBrowsers } from "./PushBrowsers.tsx";

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

/** The servers that outputs may load from, and what takes that back. */
function Servers() {
  const words = settingWords;
  const always = allowedHosts.value.map(host => ({ host, notebook: null }));
  const some = Object.entries(notebookHosts.value).flatMap(([notebook, hosts]) => hosts.map(host => ({ host, notebook })));
  const all = [...always, ...some];
  return (
    <fieldset class="choice-row servers">
      <legend>{words.servers}</legend>
      {all.length === 0 && <p class="quiet">{words.noServers}</p>}
      <ul>
        {all.map(({ host, notebook }) => (
          <li key={`${host} ${notebook ?? ""}`}>
            <span>
              {host}
              <span class="sub">{notebook === null ? words.serverAlways : words.serverIn(notebook)}</span>
            </span>
            <button type="button" class="btn" aria-label={words.forbidServer(host)} onClick={() => forbidHost(host, notebook)}>
              {words.forbid}
            </button>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

/** Name, version and licence, with the notices of the packages that are built into the page. */
export function About() {
  const version = server.value?.version ?? "";
  return (
    <p class="quiet">
      {settingWords.about(version)}{" "}
      <a href={inside(`/static/notices.txt?${encodeURIComponent(version)}`)} target="_blank" rel="noopener">
        {settingWords.notices}
      </a>
    </p>
  );
}

export function Settings() {
  const words = settingWords;
  const close = (): void => {
    dialog.value = null;
  };
  return (
    <Dialog title={words.title} onClose={close}>
      <Choice title={words.theme} name="theme" values={THEMES} words={words.themes} of={theme} />
      <Choice title={words.codeSize} name="code-size" values={CODE_SIZES} words={words.sizes} of={codeSize} />
      <Choice title={words.keys} name="keys" values={KEY_SETS} words={words.keySets} of={keySet} />
      <Choice title={words.pictures} name="pictures" values={REMOTE_PICTURES} words={words.remote} of={remotePictures} />
      <Servers />
      <Switch title={words.lineNumbers} note="" of={lineNumbers} />
      <Switch title={words.fullWidth} note="" of={fullWidth} />
      <Switch title={words.beside} note="" of={besideOutputs} />
      <Switch title={words.wrap} note="" of={wrapLogs} />
      <Switch title={words.hover} note={words.hoverNote} of={hoverHelp} />
      <Switch title={words.typing} note={words.typingNote} of={typingHelp} />
      <Switch title={words.completion} note={words.completionNote} of={typingCompletion} />
      <Switch title={words.brackets} note="" of={closesBrackets} />
      <Choice title={words.indent} name="indent" values={INDENT_WIDTHS} words={words.indents} of={indentWidth} />
      <Switch title={words.stop} note={words.stopNote} of={stopOnError} />
      {guestOf.value === null && server.value !== null && server.value.account == null && <PushBrowsers />}
      <p class="quiet">{words.where}</p>
      <About />
    </Dialog>
  );
}
