import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Editor, type EditorState, edgeName } from "../editor/editor";
import { above, jumpTo, outlineRows, type Row } from "../model/outline";
import { spoken, standingLabel, standingOf } from "../model/selectors";
import type { CanvasState } from "../model/state";
import { FEW, scrollTo, sliceOf } from "../model/windowing";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";
import { useShell } from "../view/shell";
import { useEditor, useEditorState } from "../view/useEditor";
import { selectFlow, useStore } from "../view/useStore";

const ROW = 30;
/** Letters that are typed in one go belong to one name. */
const WORD_MS = 800;
const selectNodes = (state: EditorState) => state.nodes;
const selectFound = (state: EditorState) => state.found;

/**
 * The flow as a tree to go through with arrow keys: everything that can be done with a node or a
 * wire can be done with its row, by keys and by the menu, without the canvas.
 */
export function Outline() {
  const editor = useEditor();
  const shell = useShell();
  const id = useId();
  const flow = useStore(editor.store, selectFlow);
  const selected = useEditorState(selectNodes);
  const found = useEditorState(selectFound);
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState("");
  const [view, setView] = useState({ top: 0, height: 400 });
  const tree = useRef<HTMLDivElement>(null);
  const last = useRef(0);
  const word = useRef({ letters: "", until: 0 });
  const rows = useMemo(() => (flow === null ? [] : outlineRows(flow, turned)), [flow, turned]);
  const there = rows.findIndex((row) => row.key === active);
  // What had the focus went away: the row that took its place has it now.
  const at = there >= 0 ? there : Math.min(last.current, rows.length - 1);
  last.current = Math.max(0, at);
  const slice = sliceOf(rows.length, ROW, view.top, view.height);

  useLayoutEffect(() => tree.current?.focus(), []);
  useEffect(() => {
    const [only] = [...selected];
    if (only !== undefined && selected.size === 1 && tree.current !== document.activeElement)
      setActive(only);
  }, [selected]);
  useLayoutEffect(() => {
    const box = tree.current;
    if (box !== null && at >= 0)
      box.scrollTop = scrollTo(at, ROW, box.scrollTop, box.clientHeight || view.height);
  }, [at, view.height]);
  const measure = useCallback(() => {
    const box = tree.current;
    if (box !== null) setView({ top: box.scrollTop, height: box.clientHeight });
  }, []);
  useLayoutEffect(measure, [measure]);

  const go = (index: number, more = false) => {
    const row = rows[index];
    if (row === undefined) return;
    setActive(row.key);
    if (more) editor.select([...selected, row.node.name]);
    else look(editor, row);
  };
  const turn = (row: Row) => {
    const next = new Set(turned);
    if (!next.delete(row.key)) next.add(row.key);
    setTurned(next);
  };
  const enter = (row: Row) => {
    if (row.wire === null) shell.open(row.node.name);
    else if (row.open !== null) turn(row);
    else go(rows.findIndex((one) => one.key === row.wire?.to));
  };
  const keys = (event: KeyboardEvent) => {
    const row = rows[at];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = /^[\p{L}\p{N}_]$/u.test(event.key);
    if (event.key === "ArrowDown") go(at + 1, event.shiftKey);
    else if (event.key === "ArrowUp") go(at - 1, event.shiftKey);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(rows.length - 1);
    else if (event.key === "ArrowRight") row.open === false ? turn(row) : row.open && go(at + 1);
    else if (event.key === "ArrowLeft") row.open ? turn(row) : go(above(rows, at));
    else if (event.key === "Enter") enter(row);
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) menu(at);
    else if (letter) go(jumpTo(rows, at, typed(word.current, event.key)));
    else {
      const passing = ["Tab", "Shift", "Escape"].includes(event.key);
      if (!passing && selected.size < 2) look(editor, row); // a command is about this row
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const menu = (index: number) => {
    const row = rows[index];
    const box = tree.current?.querySelector(`#${CSS.escape(`${id}-${index}`)}`);
    if (row === undefined || !box) return;
    look(editor, row);
    const { left, bottom } = box.getBoundingClientRect();
    editor.change({ dialog: { kind: "menu", x: left + 24, y: bottom } });
  };
  return (
    <div
      ref={tree}
      className="fb-tree-rows"
      role="tree"
      aria-label="The flow, node by node"
      aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      aria-multiselectable="true"
      tabIndex={0}
      onKeyDown={keys}
      onFocus={() => {
        const row = rows[at];
        if (row !== undefined && selected.size === 0) look(editor, row);
      }}
      onScroll={rows.length > FEW ? measure : undefined}
      onContextMenu={(event) => {
        const index = Number(
          (event.target as Element).closest<HTMLElement>("[data-row]")?.dataset.row,
        );
        if (Number.isNaN(index)) return;
        go(index);
        menu(index);
        event.preventDefault();
      }}
    >
      <div style={{ height: slice.before }} role="presentation" />
      {rows.slice(slice.from, slice.to).map((row, i) => (
        <RowOf
          key={row.key}
          row={row}
          id={`${id}-${slice.from + i}`}
          index={slice.from + i}
          active={slice.from + i === at}
          selected={row.wire === null && selected.has(row.node.name)}
          dim={found !== null && !found.has(row.node.name)}
          onGo={() => go(slice.from + i)}
          onTurn={() => turn(row)}
          onEnter={() => enter(row)}
        />
      ))}
      <div style={{ height: slice.behind }} role="presentation" />
    </div>
  );
}

/** Select what a row is of, and bring it into view. */
function look(editor: Editor, row: Row): void {
  const edge = row.wire?.edge ?? null;
  if (edge !== null) editor.select([], [edgeName(edge)]);
  else if (!(editor.state.nodes.size === 1 && editor.state.nodes.has(row.node.name)))
    editor.reveal(row.node.name);
}

function typed(word: { letters: string; until: number }, letter: string): string {
  const now = performance.now();
  word.letters = now < word.until ? word.letters + letter : letter;
  word.until = now + WORD_MS;
  return word.letters;
}

interface RowProps {
  readonly row: Row;
  readonly id: string;
  readonly index: number;
  readonly active: boolean;
  readonly selected: boolean;
  readonly dim: boolean;
  readonly onGo: () => void;
  readonly onTurn: () => void;
  readonly onEnter: () => void;
}

function RowOf({ row, id, index, active, selected, dim, onGo, onTurn, onEnter }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus, and says which row
    <div
      id={id}
      data-row={index}
      className="fb-row"
      role="treeitem"
      aria-level={row.level}
      aria-setsize={row.of}
      aria-posinset={row.place}
      aria-expanded={row.open ?? undefined}
      aria-selected={selected}
      data-active={active || undefined}
      data-dim={dim || undefined}
      style={{ paddingInlineStart: 6 + (row.level - 1) * 16 }}
      onClick={onGo}
      onDoubleClick={onEnter}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys do the same */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys do the same */}
      <span
        className="fb-turn"
        data-open={row.open ?? undefined}
        onClick={(event) => {
          if (row.open === null) return;
          event.stopPropagation();
          onTurn();
        }}
      >
        {row.open !== null && <Icon name="chevron" size={12} />}
      </span>
      {row.wire === null ? <NodeRow row={row} /> : <span className="fb-wire">{row.text}</span>}
    </div>
  );
}

function NodeRow({ row: { node, text } }: { readonly row: Row }) {
  const { store } = useEditor();
  const status = useStore(
    store,
    useCallback((state: CanvasState) => standingOf(state, node.name), [node.name]),
  );
  const problems = useStore(store, selectFlow)?.problems.filter((one) => one.node === node.name);
  const stale = useStore(store, selectFlow)?.stale.includes(node.name) ?? false;
  const count = problems?.length ?? 0;
  const look = lookOf(node.kind);
  const wrong = problems?.some((one) => one.severity === "error");
  return (
    <>
      <span className="fb-row-kind" data-tone={look.tone}>
        <Icon name={look.icon} size={14} />
      </span>
      <span className="fb-row-name" aria-hidden="true">
        {node.name}
        {text !== "" && <small> in {text}</small>}
      </span>
      <span className="fb-unseen">
        {spoken(node, store.state.run?.nodes[node.name], store.now(), count, stale, status)}
      </span>
      {count > 0 && (
        <span
          className="fb-badge"
          data-severity={wrong ? "error" : "warning"}
          aria-hidden="true"
          title={problems?.map((one) => one.message).join("\n")}
        >
          <Icon name="warning" size={11} /> {count}
        </span>
      )}
      <span className="fb-state" data-status={status} aria-hidden="true">
        <i className="fb-state-icon" />
        {stale ? "Stale" : standingLabel(status)}
      </span>
    </>
  );
}
