import { Icon } from "../view/icons";
import { useCommands } from "../view/useEditor";

const TOOLS = [
  ["plus", "zoom-in"],
  ["minus", "zoom-out"],
  ["fit", "fit"],
  ["tidy", "tidy-up"],
] as const;

/** The buttons that change how the flow is looked at. */
export function Tools() {
  const commands = useCommands();
  return (
    <div className="fb-tools" role="toolbar" aria-label="View">
      {TOOLS.filter(([, name]) => name !== "tidy-up" || !commands.editor.looks).map(
        ([icon, name]) => {
          const command = commands.get(name);
          const label = `${command.label(commands.editor)} (${command.keys?.[0] ?? ""})`;
          return (
            <button
              key={name}
              type="button"
              className="fb-tool"
              title={label}
              aria-label={label}
              onClick={() => commands.execute(name)}
            >
              <Icon name={icon} />
            </button>
          );
        },
      )}
    </div>
  );
}
