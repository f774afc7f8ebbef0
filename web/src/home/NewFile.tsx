/** Asks for the name of a new text file, makes it, and opens it. */

import { connection } from "../session/connection.ts";
import { goTo, textAddress } from "../session/route.ts";
import { fileWords } from "../text/files.ts";
import { x } from "../text/textfile.ts";
import { AskText } from "../ui/Dialog.tsx";
import { complain } from "../ui/notices.ts";

async function make(path: string): Promise<void> {
  try {
    const file = await connection.call("file.create", { path, kind: "file" });
    goTo(textAddress(file.path));
  } catch (error) {
    complain(error);
  }
}

export function NewFile({ folder, onClose }: { folder: string; onClose(): void }) {
  return (
    <AskText
      title={x.newFileAsk}
      label={x.nameOfFile}
      initial="untitled.txt"
      stem
      most={255}
      act={fileWords.create}
      onClose={onClose}
      onAct={name => void make(`${folder === "" ? "" : `${folder}/`}${name}`)}
    />
  );
}
