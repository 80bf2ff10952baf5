import { useEffect, useState } from "react";
import { chooseTurn, turnOf } from "../editor/turns";
import { duration } from "../model/selectors";
import type { Turns } from "../protocol/generated";
import { useEditor } from "../view/useEditor";

/** In which turn of its container a node is looked at, those that failed first. */
export function TurnPicker({ node, run }: { readonly node: string; readonly run: string }) {
  const editor = useEditor();
  const [turns, setTurns] = useState<Turns | null>(null);
  const [chosen, setChosen] = useState(turnOf(editor, node) ?? "");
  const ask = () =>
    editor.session
      .request<"TURNS">({ type: "TURNS", node })
      .then(setTurns)
      .catch(() => setTurns(null));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run has other turns
  useEffect(() => void ask(), [node, run]);
  if (turns === null || turns.turns.length === 0) return null;
  return (
    <label className="fb-turn-picker">
      <span>Turn</span>
      <select
        value={chosen}
        onFocus={() => void ask()}
        onChange={(event) => {
          const { value } = event.currentTarget;
          setChosen(value);
          chooseTurn(editor, node, value === "" ? null : value);
        }}
      >
        <option value="">latest</option>
        {turns.turns.map(({ scope, status, ms }) => (
          <option key={scope} value={scope}>
            {scope} · {status}
            {ms === null ? "" : `, ${duration(ms)}`}
          </option>
        ))}
      </select>
      {turns.more > 0 && <span className="fb-faint">{turns.more} more</span>}
    </label>
  );
}
