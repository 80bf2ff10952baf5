/** Plain data as a tree one goes through by keys, filters, and copies from. */
import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import {
  branchesOf,
  copied,
  MOST_ROWS,
  type Opened,
  pathText,
  type TreeRow,
  treeRows,
} from "../../model/jsonTree";
import { useCopy } from "./useCopy";

/** Fewer rows than these need no filter. */
const FEW = 6;

interface JsonTreeProps {
  readonly value: unknown;
  /** What the whole is called in an expression. */
  readonly name: string;
  /** Some of it was left out. */
  readonly cut?: boolean;
}

export function JsonTree({ value, name, cut = false }: JsonTreeProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<Opened>(new Map());
  const [find, setFind] = useState("");
  const [at, setAt] = useState("");
  const rows = useMemo(() => treeRows(value, opened, find), [value, opened, find]);
  const current = rows.find((row) => row.id === at) ?? rows[0];
  const copy = useCopy();
  const branches = useMemo(() => branchesOf(value), [value]);

  const open = (row: TreeRow, on: boolean) => setOpened(new Map(opened).set(row.id, on));
  const openAll = (on: boolean) =>
    setOpened(new Map(branches.map((one) => [one, on || one === ""])));
  const go = (row: TreeRow | undefined) => {
    if (row === undefined) return;
    setAt(row.id);
    box.current?.querySelector(`[data-row="${CSS.escape(row.id)}"]`)?.scrollIntoView({
      block: "nearest",
    });
  };
  const copyPath = (row: TreeRow) => copy(pathText(name, row.path), pathText(name, row.path));
  const keys = (event: KeyboardEvent) => {
    if (current === undefined || event.altKey) return;
    const held = event.ctrlKey || event.metaKey;
    if (held && event.key === "c") copy(copied(current.value), "the value");
    else if (held) return;
    else if (event.shiftKey && event.key === "Enter") copyPath(current);
    else if (!steered(event.key, { rows, current, go, open })) return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (current !== undefined && current.size === null && rows.length === 1 && find === "")
    return (
      <div className="fb-output-tools">
        <code className="fb-scalar">
          <Leaf value={value} />
        </code>
        <button type="button" className="fb-small" onClick={() => copy(copied(value), "the value")}>
          Copy
        </button>
      </div>
    );
  return (
    <>
      <div className="fb-output-tools" role="toolbar" aria-label="Data">
        {branches.length + rows.length > FEW && (
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter by name or value"
            value={find}
            onInput={(event) => setFind(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape" && event.key !== "ArrowDown") return;
              if (event.key === "Escape" && find === "") return;
              if (event.key === "Escape") setFind("");
              else box.current?.focus();
              event.preventDefault();
              event.stopPropagation();
            }}
          />
        )}
        {branches.length > 1 && (
          <>
            <button type="button" className="fb-small" onClick={() => openAll(true)}>
              Open all
            </button>
            <button type="button" className="fb-small" onClick={() => openAll(false)}>
              Close all
            </button>
          </>
        )}
        <button
          type="button"
          className="fb-small"
          disabled={current === undefined}
          title="Copy the value (Ctrl+C)"
          onClick={() => current && copy(copied(current.value), "the value")}
        >
          Copy value
        </button>
        <button
          type="button"
          className="fb-small"
          disabled={current === undefined}
          title="Copy what one writes for it in an expression (Shift+Enter)"
          onClick={() => current && copyPath(current)}
        >
          Copy path
        </button>
      </div>
      {rows.length === 0 || (find !== "" && !rows.some((row) => row.hit)) ? (
        <p className="fb-faint">Nothing here has “{find.trim()}”.</p>
      ) : (
        <div
          ref={box}
          className="fb-tree"
          role="tree"
          tabIndex={0}
          aria-label={`Data of ${name}`}
          aria-activedescendant={current === undefined ? undefined : `${id}${current.id}`}
          onKeyDown={keys}
        >
          {rows.slice(0, MOST_ROWS).map((row) => (
            <Row
              key={row.id}
              row={row}
              id={`${id}${row.id}`}
              current={row === current}
              onPress={() => {
                setAt(row.id);
                if (row.size !== null) open(row, !row.open);
              }}
            />
          ))}
        </div>
      )}
      {current !== undefined && (
        <p className="fb-path">
          <code>{pathText(name, current.path)}</code>
        </p>
      )}
      {rows.length > MOST_ROWS && (
        <p className="fb-faint">Only the first rows are shown: filter, or close some.</p>
      )}
      {cut && <p className="fb-faint">Long or deep parts were left out.</p>}
    </>
  );
}

interface RowProps {
  readonly row: TreeRow;
  readonly id: string;
  readonly current: boolean;
  readonly onPress: () => void;
}

function Row({ row, id, current, onPress }: RowProps) {
  const { name, value, level, size, open, place, of, hit } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus
    <div
      role="treeitem"
      id={id}
      data-row={row.id}
      className="fb-tree-row"
      aria-level={level}
      aria-posinset={place}
      aria-setsize={of}
      aria-expanded={size === null ? undefined : open}
      aria-selected={current}
      data-hit={hit || undefined}
      style={{ paddingInlineStart: (level - 1) * 14 + 2 }}
      onClick={onPress}
    >
      <i aria-hidden="true">{size === null ? "" : open ? "▾" : "▸"}</i>
      {name !== null && <span className="fb-key">{name}</span>}
      {size === null ? (
        <Leaf value={value} />
      ) : (
        <span className="fb-shape">{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      )}
    </div>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  return (
    <span className="fb-leaf" data-type={value === null ? "null" : typeof value}>
      {typeof value === "string" ? `"${value}"` : String(value)}
    </span>
  );
}

interface Steering {
  readonly rows: readonly TreeRow[];
  readonly current: TreeRow;
  readonly go: (row: TreeRow | undefined) => void;
  readonly open: (row: TreeRow, on: boolean) => void;
}

/** What keys do in a tree, as the pattern for trees has it; true when it was one of them. */
function steered(key: string, { rows, current, go, open }: Steering): boolean {
  const at = rows.indexOf(current);
  switch (key) {
    case "ArrowDown":
      go(rows[at + 1]);
      return true;
    case "ArrowUp":
      go(rows[at - 1]);
      return true;
    case "Home":
      go(rows[0]);
      return true;
    case "End":
      go(rows.at(-1));
      return true;
    case "ArrowRight":
      if (current.size !== null && !current.open) open(current, true);
      else if (current.open) go(rows[at + 1]);
      return true;
    case "ArrowLeft":
      if (current.open) open(current, false);
      else go(rows.slice(0, at).findLast((row) => row.level < current.level));
      return true;
    case "Enter":
    case " ":
      if (current.size !== null) open(current, !current.open);
      return true;
    default:
      return false;
  }
}
