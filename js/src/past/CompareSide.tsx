/** What differs between two runs: where they part, what was different, and what came of it. */
import "./compare.css";
import { type ReactNode, useEffect, useState } from "react";
import type { EditorState } from "../editor/editor";
import { Lines } from "../panels/dialogs/Lines";
import { useEditor, useEditorState } from "../view/useEditor";
import { shortId, useAsked, usePage } from "./facts";
import {
  type Cells,
  type Diff,
  differing,
  endedSummary,
  inShort,
  type NodeDiff,
  type OutputDiff,
  outputSummary,
  overlayOf,
  type Setting,
  type TableChange,
} from "./model/diff";
import { around } from "./model/environment";

const selectOpen = (state: EditorState) => [...state.nodes][0] ?? null;

export function CompareSide() {
  const page = usePage();
  const editor = useEditor();
  const { found, failure } = useAsked<Diff>(`diff?a=${page.against}&b=${page.run}`);
  useEffect(() => {
    if (found !== null) editor.change({ overlay: overlayOf(found) });
  }, [editor, found]);
  if (failure !== null && found === null)
    return (
      <p className="fb-events-none fb-replay-problem" role="alert">
        {failure.message} {failure.hint}
      </p>
    );
  if (found === null)
    return (
      <p className="fb-faint fb-events-none" aria-busy="true">
        Comparing the runs…
      </p>
    );
  return <Differences diff={found} />;
}

function Differences({ diff }: { readonly diff: Diff }) {
  const page = usePage();
  const editor = useEditor();
  const chosen = useEditorState(selectOpen);
  const changed = differing(diff);
  const shown = diff.nodes.find((one) => one.node === chosen) ?? null;
  return (
    <div className="fb-diffs">
      <section aria-label="Where they part">
        <h3>Where they part</h3>
        {diff.first.length === 0 ? (
          <p role="status">
            {changed.length === 0
              ? "Nowhere: all nodes gave the same."
              : "No node gave something else."}
          </p>
        ) : (
          <ul>
            {diff.first.map((name) => (
              <li key={name}>
                <NodeLink name={name} onGo={() => editor.reveal(name)} />{" "}
                <span className="fb-faint">
                  {diff.nodes.find((one) => one.node === name)?.causes.join(", ") ||
                    around(diff.environment) ||
                    "nothing that is recorded was different for it"}
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <Settings title="Parameters" settings={diff.params} />
      <Settings title="Environment" settings={diff.environment} />
      {!diff.definition.known ? (
        <p className="fb-faint">The definitions are not there to be compared.</p>
      ) : (
        !diff.definition.same && (
          <section aria-label="Definition">
            <h3>Definition</h3>
            <p>{diff.definition.summary}</p>
            {diff.definition.about.some(([mark]) => mark !== " ") && (
              <Lines lines={diff.definition.about} />
            )}
          </section>
        )
      )}
      <Paths diff={diff} before={shortId(page.against ?? "")} after={shortId(page.run)} />
      <section aria-label="Nodes that differ">
        <h3>
          Nodes{" "}
          <span className="fb-faint">{`${changed.length} of ${diff.nodes.length} differ`}</span>
        </h3>
        <ul className="fb-diff-nodes">
          {changed.map((one) => (
            <li key={one.node}>
              <NodeLink
                name={one.node}
                pressed={one.node === chosen}
                onGo={() => editor.reveal(one.node)}
              />
              <span className="fb-faint">{briefly(one)}</span>
              {one === shown && <Close node={one} />}
            </li>
          ))}
        </ul>
        {shown !== null && !changed.includes(shown) && (
          <p className="fb-faint" role="status">
            {shown.node} is the same in both.
          </p>
        )}
      </section>
    </div>
  );
}

function NodeLink(props: {
  readonly name: string;
  readonly pressed?: boolean;
  readonly onGo: () => void;
}) {
  return (
    <button type="button" className="fb-link" aria-pressed={props.pressed} onClick={props.onGo}>
      {props.name}
    </button>
  );
}

function briefly(one: NodeDiff): string {
  const outputs = one.outputs.map(outputSummary).filter(Boolean);
  return [endedSummary(one), ...outputs, ...one.causes].filter(Boolean).join("; ");
}

function Settings(props: { readonly title: string; readonly settings: readonly Setting[] }) {
  const { title, settings } = props;
  if (settings.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <table>
        <thead className="fb-unseen">
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {settings.map(({ name, a, b }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td data-line="-">{a === null ? "–" : inShort(a)}</td>
              <td data-line="+">{b === null ? "–" : inShort(b)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface PathsProps {
  readonly diff: Diff;
  readonly before: string;
  readonly after: string;
}

function Paths({ diff, before, after }: PathsProps) {
  const { only_a, only_b } = diff.path;
  if (only_a.length + only_b.length === 0) return null;
  const line = (run: string, names: readonly string[]) =>
    names.length > 0 && (
      <p>
        Only {run} reached {names.join(", ")}.
      </p>
    );
  return (
    <section aria-label="Ways taken">
      <h3>Ways taken</h3>
      {line(before, only_a)}
      {line(after, only_b)}
    </section>
  );
}

/** One node: its text, how it ended, and what it gave. */
function Close({ node }: { readonly node: NodeDiff }) {
  const { definition, a, b, turns } = node;
  return (
    <div className="fb-diff-close">
      {definition.lines.some(([mark]) => mark !== " ") && (
        <Folding title="Code" open>
          <Lines lines={definition.lines} />
        </Folding>
      )}
      {[a, b].map(
        (ended, i) =>
          ended?.error && (
            <p key={i === 0 ? "a" : "b"} className="fb-replay-problem">
              {i === 0 ? "Before" : "After"}: {ended.error}
            </p>
          ),
      )}
      {turns !== null && turns.differing + turns.only_a + turns.only_b > 0 && (
        <p>
          {turns.differing} of {turns.compared} turns differ
          {turns.only_a > 0 && `, ${turns.only_a} only before`}
          {turns.only_b > 0 && `, ${turns.only_b} only after`}
          {turns.first.length > 0 && `: ${turns.first.join(", ")}`}
        </p>
      )}
      {node.outputs.map((one) => (
        <Output key={one.port} output={one} />
      ))}
    </div>
  );
}

function Folding(props: {
  readonly title: string;
  readonly open?: boolean;
  readonly children: ReactNode;
}) {
  const [open, setOpen] = useState(props.open ?? false);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.title}</summary>
      {open && props.children}
    </details>
  );
}

function Output({ output }: { readonly output: OutputDiff }) {
  const { port, difference, change } = output;
  if (difference === "same") return null;
  return (
    <section className="fb-diff-output" aria-label={`Output ${port}`}>
      <h3>
        {port} <span className="fb-faint">{outputSummary(output)}</span>
      </h3>
      {change !== null && output.kind === "table" && <Rows change={output.change as TableChange} />}
      {change !== null && output.kind === "text" && <Lines lines={output.change?.lines ?? []} />}
      {change !== null && output.kind === "plain" && (
        <Settings
          title={`Places of ${port}`}
          settings={(output.change?.places ?? []).map(({ path, before, after }) => ({
            name: path || "the value",
            a: before,
            b: after,
          }))}
        />
      )}
    </section>
  );
}

/** Some of the rows that are new, gone and different. */
function Rows({ change }: { readonly change: TableChange }) {
  const { columns, added, removed, changed } = change.samples;
  const rows: ReadonlyArray<readonly [mark: string, row: Cells, other: Cells | null]> = [
    ...changed.flatMap(
      ({ before, after }) =>
        [
          ["-", before, after],
          ["+", after, before],
        ] as const,
    ),
    ...removed.map((row) => ["-", row, null] as const),
    ...added.map((row) => ["+", row, null] as const),
  ];
  const other = change.columns.map(
    ({ name, before, after }) => `${name}: ${before || "none"} → ${after || "none"}`,
  );
  return (
    <>
      <p className="fb-faint">
        {change.rows[0].toLocaleString("en-US")} rows before,{" "}
        {change.rows[1].toLocaleString("en-US")} after
        {change.key.length > 0 &&
          `, known by ${change.key.join(", ")}${change.guessed ? " (guessed)" : ""}`}
      </p>
      {other.length > 0 && <p>Columns: {other.join("; ")}</p>}
      {rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: wide tables are scrolled by keyboard
        <section className="fb-diff-rows" tabIndex={0} aria-label="Some of the rows that differ">
          <table>
            <thead>
              <tr>
                <th scope="col">
                  <span className="fb-unseen">Mark</span>
                </th>
                {columns.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([mark, row, against], i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
                <tr key={i} data-line={mark}>
                  <th scope="row">
                    <span aria-hidden="true">{mark === "-" ? "−" : "+"}</span>
                    <span className="fb-unseen">{mark === "-" ? "before" : "after"}</span>
                  </th>
                  {row.map((cell, j) => (
                    <td
                      key={columns[j] ?? j}
                      data-other={(against !== null && cell !== against[j]) || undefined}
                    >
                      {cell === null ? "" : inShort(cell)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
