/** Asks for the name of a new folder, and makes it. */
import { connection } from "../session/connection.ts";
import { fileWords } from "../text/files.ts";
import { AskText } from "../ui/Dialog.tsx";
import { complain } from "../ui/notices.ts";

interface Props {
  /** The folder that it is made in. */
  readonly folder: string;
  onClose(): void;
  /** Called with its path when it is there. */
  onMade?(path: string): void;
}

export function NewFolder({ folder, onClose, onMade }: Props) {
  const make = (name: string): void => {
    const path = folder === "" ? name : `${folder}/${name}`;
    connection.call("file.create", { path, kind: "folder" }).then(made => onMade?.(made.path), complain);
  };
  return (
    <AskText
      title={fileWords.newFolderAsk}
      label={fileWords.folderName}
      initial=""
      most={255}
      act={fileWords.create}
      onClose={onClose}
      onAct={make}
    />
  );
}
