import { useState } from "react";
import { MARK_WORDS } from "../../model/divergence";
import { counted, differing } from "../../model/versions";
import type { Compared, NodeDiff, VersionView } from "../../protocol/generated";
import { DiffDrawing } from "./DiffDrawing";
import { Lines } from "./Lines";

interface ComparisonProps {
  readonly compared: Compared;
  readonly versions: readonly VersionView[];
  readonly onCompare: (before: string, after: string) => Promise<void>;
  readonly onBack: () => void;
}

/** Two versions in one drawing, and beside it what differs, line by line. */
export function Comparison({ compared, versions, onCompare, onBack }: ComparisonProps) {
  const changes = differing(compared.nodes);
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = compared.nodes.find((one) => one.node === chosen) ?? changes[0] ?? null;
  return (
    <div className="fb-compare">
      <div className="fb-compare-bar">
        <button type="button" className="fb-button" onClick={onBack}>
          All versions
        </button>
        <Which
          name="Before"
          value={compared.before}
          versions={versions}
          onChange={(before) => void onCompare(before, compared.after)}
        />
        <Which
          name="After"
          value={compared.after}
          versions={versions}
          onChange={(after) => void onCompare(compared.before, after)}
        />
        <span role="status">{compared.summary}</span>
      </div>
      <div className="fb-compare-work">
        <DiffDrawing compared={compared} chosen={shown?.node ?? null} onChoose={setChosen} />
        <div className="fb-compare-side">
          <ul aria-label="What differs">
            {changes.map((one) => (
              <li key={one.node}>
                <Row one={one} chosen={one === shown} onChoose={setChosen} />
              </li>
            ))}
          </ul>
          {shown !== null && (
            <section aria-label={`Text of ${shown.node}`}>
              <h3>{shown.was === null ? shown.node : `${shown.was} → ${shown.node}`}</h3>
              <Lines lines={shown.lines} />
            </section>
          )}
          {compared.about.some(([mark]) => mark !== " ") && (
            <section aria-label="Parameters, options and setup">
              <h3>The flow itself</h3>
              <Lines lines={compared.about} />
            </section>
          )}
        </div>
      </div>
    </div>
  );
}

interface WhichProps {
  readonly name: string;
  readonly value: string;
  readonly versions: readonly VersionView[];
  readonly onChange: (version: string) => void;
}

function Which({ name, value, versions, onChange }: WhichProps) {
  return (
    <label>
      {name}{" "}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">as it is now</option>
        {versions.map((one) => (
          <option key={one.version} value={one.version}>
            version {one.number}
            {one.published ? " (published)" : ""}
          </option>
        ))}
      </select>
    </label>
  );
}

interface RowProps {
  readonly one: NodeDiff;
  readonly chosen: boolean;
  readonly onChoose: (node: string) => void;
}

function Row({ one, chosen, onChoose }: RowProps) {
  const { more, less } = counted(one.lines);
  return (
    <button
      type="button"
      className="fb-diff-row"
      data-mark={one.mark}
      aria-pressed={chosen}
      onClick={() => onChoose(one.node)}
    >
      <strong>{one.node}</strong>
      <span>{one.was === null ? MARK_WORDS[one.mark] : `was ${one.was}`}</span>
      <span className="fb-diff-count">
        +{more} −{less}
      </span>
    </button>
  );
}
