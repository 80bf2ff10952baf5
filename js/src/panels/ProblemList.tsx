import { type ReactNode, useEffect, useRef, useState } from "react";
import { problemGroups, problemsSpoken } from "../model/problems";
import type { ProblemView } from "../protocol/generated";
import { Icon } from "../view/icons";
import { rove } from "../view/roving";
import { useShell } from "../view/shell";
import { useEditor } from "../view/useEditor";
import { selectFlow, useStore } from "../view/useStore";

const NONE: readonly ProblemView[] = [];
/** So many can be seen at once. */
const FEW = 6;

/** Everything wrong with the definition, errors first; each leads to its node and its cell. */
export function ProblemList({ height }: { readonly height: number }) {
  const editor = useEditor();
  const problems = useStore(editor.store, selectFlow)?.problems ?? NONE;
  const [query, setQuery] = useState("");
  const groups = problemGroups(problems, query);
  const box = useRef<HTMLElement>(null);
  const close = () => editor.change({ problems: false });
  useEffect(() => {
    const first = box.current?.querySelector<HTMLElement>("li button") ?? box.current;
    first?.focus({ preventScroll: true });
  }, []);
  return (
    <section
      ref={box}
      className="fb-problems"
      aria-label={`Problems: ${problemsSpoken(problems)}`}
      style={{ height }}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
        else if ((event.target as Element).closest("li")) rove(event, "li button");
        else return;
        event.stopPropagation();
      }}
    >
      <header>
        <h2>
          Problems <span className="fb-count">{problems.length}</span>
        </h2>
        {problems.length > FEW && (
          <input
            className="fb-search"
            type="search"
            aria-label="Filter problems"
            placeholder="Filter"
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        )}
        <button type="button" className="fb-tool" aria-label="Close problems" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {groups.map((group) => (
        <section key={group.severity} aria-label={group.title}>
          <h3>
            {group.title} ({group.problems.length})
          </h3>
          <ProblemRows problems={group.problems} actions={(one) => <Ways problem={one} />} />
        </section>
      ))}
      {groups.length === 0 && (
        <p className="fb-none">
          {problems.length === 0 ? "No problems: the flow can run." : `No problem fits “${query}”.`}
        </p>
      )}
    </section>
  );
}

/** To the node, and to the line it is written in. */
function Ways({ problem: { node, cell, line } }: { readonly problem: ProblemView }) {
  const editor = useEditor();
  const shell = useShell();
  const there = node !== null && editor.node(node) !== undefined;
  return (
    <p className="fb-ways">
      {there && (
        <button
          type="button"
          className="fb-link"
          onClick={() => {
            editor.reveal(node);
            shell.open(node);
          }}
        >
          Show {node}
        </button>
      )}
      {cell !== null && editor.goToCell.size > 0 && (
        <button
          type="button"
          className="fb-link"
          onClick={() => {
            for (const go of editor.goToCell) go(cell, node ?? "", line ?? undefined);
          }}
        >
          {line === null ? "Go to its cell" : `Go to line ${line} of its cell`}
        </button>
      )}
      {line !== null && editor.goToCell.size === 0 && <span>line {line}</span>}
    </p>
  );
}

interface ProblemRowsProps {
  readonly problems: readonly ProblemView[];
  readonly actions?: (problem: ProblemView) => ReactNode;
}

export function ProblemRows({ problems, actions }: ProblemRowsProps) {
  return (
    <ul className="fb-problem-rows">
      {problems.map((problem, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two problems may read the same
        <li key={i} data-severity={problem.severity}>
          <Icon name="warning" size={14} />
          <div>
            <p>
              <span className="fb-unseen">{problem.severity}: </span>
              {problem.message}
            </p>
            {problem.hint && <p className="fb-hint">{problem.hint}</p>}
            {actions?.(problem)}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Say so when the number of problems is another than before. */
export function useProblemsSpoken(): void {
  const editor = useEditor();
  const problems = useStore(editor.store, selectFlow)?.problems;
  const said = useRef<string | null>(null);
  useEffect(() => {
    if (problems === undefined) return;
    const words = problemsSpoken(problems);
    if (said.current !== null && said.current !== words) editor.say(words);
    said.current = words;
  }, [editor, problems]);
}
