import { useState } from "react";
import { ranked } from "../../model/ranking";
import { keyLabel } from "../../view/keyLabel";
import { useCommandInfo } from "../../view/useCommandInfo";
import { useCommands } from "../../view/useEditor";
import { Chooser } from "./Chooser";
import { closed, DialogFrame } from "./DialogFrame";
import { groupTitle } from "./KeysDialog";

/** Everything that can be done, by typing what it is called. */
export function CommandsDialog() {
  const commands = useCommands();
  const infos = useCommandInfo();
  const [query, setQuery] = useState("");
  const found = ranked(query, infos, (one) => [
    [one.label, 0],
    [one.name, 1],
    [groupTitle(one.group), 4],
  ]);
  return (
    <DialogFrame title="All commands" shape="wide">
      <Chooser
        label="What do you want to do?"
        query={query}
        onQuery={setQuery}
        items={found}
        keyOf={(one) => one.name}
        heading={(one) => (query.trim() === "" ? groupTitle(one.group) : "")}
        row={(one) => (
          <>
            <span className="fb-line-name">{one.label}</span>
            {one.disabled !== "" && <span className="fb-line-more">{one.disabled}</span>}
            {one.keys[0] !== undefined && <kbd>{keyLabel(one.keys[0])}</kbd>}
          </>
        )}
        disabled={(one) => one.disabled}
        onChoose={async (one) => {
          await closed(commands.editor);
          commands.execute(one.name);
        }}
        empty={`No command fits “${query}”.`}
      />
    </DialogFrame>
  );
}
