import { useLayoutEffect, useMemo, useRef, useState } from "react";
import type { EditorState } from "../editor/editor";
import type { CommandInfo } from "../protocol/handle";
import { Icon } from "../view/icons";
import { keyLabel } from "../view/keyLabel";
import { rove } from "../view/roving";
import { useCommandInfo } from "../view/useCommandInfo";
import { useCommands, useEditorState } from "../view/useEditor";
import { useHosted } from "../view/useHosted";

/** What has a button, those that are needed most first; without room for all, the last but one goes. */
const BUTTONS: readonly string[] = [
  "add",
  "undo",
  "redo",
  "remove",
  "find",
  "outline",
  "palette",
  "group",
  "tidy-up",
  "commands",
];
const ICONS: Readonly<Record<string, string>> = {
  add: "plus",
  undo: "undo",
  redo: "redo",
  remove: "trash",
  find: "search",
  outline: "outline",
  palette: "palette",
  group: "group",
  "tidy-up": "tidy",
  commands: "more",
};
const BUTTON = 32;
const selectDrawer = (state: EditorState) => state.drawer;

/** The commands one needs all the time, and behind the last button all; but those the page has. */
export function Toolbar() {
  const hosted = useHosted();
  const own = useMemo(() => BUTTONS.filter((name) => !hosted.has(name)), [hosted]);
  return own.length === 0 ? null : <Bar own={own} />;
}

function Bar({ own }: { readonly own: readonly string[] }) {
  const commands = useCommands();
  const infos = useCommandInfo(own);
  const open = useEditorState(selectDrawer);
  const [fits, setFits] = useState(BUTTONS.length);
  const [stop, setStop] = useState(own[0]);
  const bar = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const box = bar.current;
    if (box === null) return;
    const watch = new ResizeObserver(() => setFits(Math.floor(box.clientWidth / BUTTON)));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  const more = infos.slice(-1);
  const shown = infos.length <= fits ? infos : [...infos.slice(0, Math.max(1, fits - 1)), ...more];
  return (
    <div
      ref={bar}
      className="fb-toolbar"
      role="toolbar"
      aria-label="Edit"
      style={{ maxWidth: infos.length * BUTTON + 8 }}
      onKeyDown={(event) => void rove(event, ".fb-tool")}
      onFocus={(event) => {
        const name = (event.target as HTMLElement).dataset.command;
        if (name !== undefined) setStop(name);
      }}
    >
      {shown.map((one) => (
        <ToolButton
          key={one.name}
          info={one}
          stop={one.name === stop || (one === shown[0] && !shown.some((s) => s.name === stop))}
          pressed={open === one.name}
          toggles={TOGGLES.has(one.name)}
          onPress={() => commands.execute(one.name)}
        />
      ))}
    </div>
  );
}

const TOGGLES = new Set(["outline", "palette"]);

interface ToolButtonProps {
  readonly info: CommandInfo;
  /** The Tab key stops here. */
  readonly stop: boolean;
  readonly pressed: boolean;
  readonly toggles: boolean;
  readonly onPress: () => void;
}

function ToolButton({ info, stop, pressed, toggles, onPress }: ToolButtonProps) {
  const { name, label, disabled, keys } = info;
  const key = keys[0] === undefined ? "" : ` (${keyLabel(keys[0])})`;
  return (
    <button
      type="button"
      className="fb-tool"
      data-command={name}
      aria-label={label}
      aria-pressed={toggles ? pressed : undefined}
      aria-disabled={disabled !== "" || undefined}
      title={disabled === "" ? `${label}${key}` : `${label}: ${disabled}`}
      tabIndex={stop ? 0 : -1}
      onClick={onPress}
    >
      <Icon name={ICONS[name] ?? ""} />
    </button>
  );
}
