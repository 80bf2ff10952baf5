import { keyLabel } from "../../view/keyLabel";
import { useCommandInfo } from "../../view/useCommandInfo";
import { DialogFrame } from "./DialogFrame";

const TITLES: Readonly<Record<string, string>> = {
  add: "Add",
  edit: "Edit",
  arrange: "Arrange",
  view: "View",
  run: "Run",
  flow: "Flow",
};

/** Keys that move about and belong to no command. */
const MOVING: readonly (readonly [keys: readonly string[], label: string])[] = [
  [["Tab"], "Next node, or part of the window"],
  [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "Nearest node that way"],
  [["Shift+ArrowRight"], "Move the node"],
  [["Home", "End"], "First and last node"],
  [["Enter"], "Open the details"],
  [["Escape"], "Close what is open"],
];

export function groupTitle(group: string): string {
  return TITLES[group] ?? group;
}

/** Every key and what it does. */
export function KeysDialog() {
  const infos = useCommandInfo().filter((one) => one.keys.length > 0);
  const groups = [...new Set(infos.map((one) => one.group))];
  return (
    <DialogFrame title="Keys" shape="wide">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to take the focus */}
      <div className="fb-keys" role="document" aria-label="Keys" tabIndex={0} data-focus>
        <Section title="Move about" rows={MOVING} />
        {groups.map((group) => (
          <Section
            key={group}
            title={groupTitle(group)}
            rows={infos
              .filter((one) => one.group === group)
              .map((one) => [one.keys, one.label] as const)}
          />
        ))}
      </div>
    </DialogFrame>
  );
}

interface SectionProps {
  readonly title: string;
  readonly rows: typeof MOVING;
}

function Section({ title, rows }: SectionProps) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {rows.map(([keys, label]) => (
          <div key={label}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{keyLabel(key)}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
