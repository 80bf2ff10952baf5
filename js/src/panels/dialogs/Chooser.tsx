import {
  type KeyboardEvent,
  type ReactNode,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

/** More than these nobody reads: one types another letter. */
const MOST = 200;
const PAGE = 8;

interface ChooserProps<T> {
  readonly label: string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly row: (item: T) => ReactNode;
  /** Stands over the first item of its kind. */
  readonly heading?: (item: T) => string;
  /** Why it cannot be chosen; empty when it can. */
  readonly disabled?: (item: T) => string;
  readonly onChoose: (item: T) => void;
  /** Somebody went to this item with a key. */
  readonly onLook?: (item: T) => void;
  /** What to say instead of an empty list. */
  readonly empty: ReactNode;
  /** Between the field and the list. */
  readonly children?: ReactNode;
}

/** A field to type in, and what fits under it: arrows go through the list while one types. */
export function Chooser<T>(props: ChooserProps<T>) {
  const { label, query, onQuery, items, keyOf, onChoose, onLook, disabled, empty } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState(0);
  const shown = items.slice(0, MOST);
  const at = Math.min(wanted, shown.length - 1);
  const choose = (item: T | undefined) => {
    if (item !== undefined && !disabled?.(item)) onChoose(item);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list has another row there
  useLayoutEffect(() => {
    const box = list.current;
    const row = box?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!box || !row) return;
    const head = row.previousElementSibling?.matches('[role="presentation"]') ? 30 : 0;
    if (row.offsetTop - head < box.scrollTop) box.scrollTop = row.offsetTop - head;
    else if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
  }, [at, items]);

  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = stepOf(event.key);
    if (event.key === "Enter") choose(shown[at]);
    else if (step !== 0 && shown.length > 0) {
      const next =
        Math.abs(step) === 1
          ? (at + step + shown.length) % shown.length
          : Math.min(shown.length - 1, Math.max(0, at + step));
      setWanted(next);
      const item = shown[next];
      if (item !== undefined) onLook?.(item);
    } else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        data-focus
        className="fb-search"
        type="search"
        role="combobox"
        aria-label={label}
        placeholder={label}
        aria-expanded={shown.length > 0}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={shown.length > 0 ? `${id}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={query}
        onInput={(event) => {
          setWanted(0);
          onQuery(event.currentTarget.value);
        }}
        onKeyDown={keys}
      />
      {props.children}
      <div ref={list} id={id} className="fb-choices" role="listbox" aria-label={label}>
        {shown.map((item, i) => {
          const heading = props.heading?.(item) ?? "";
          const before = shown[i - 1];
          const first = before === undefined || props.heading?.(before) !== heading;
          const why = disabled?.(item) ?? "";
          return [
            heading !== "" && first ? (
              <div key={`= ${heading}`} role="presentation" className="fb-choices-head">
                {heading}
              </div>
            ) : null,
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
            <div
              key={keyOf(item)}
              id={`${id}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              aria-disabled={why !== "" || undefined}
              onClick={() => choose(item)}
            >
              {props.row(item)}
            </div>,
          ];
        })}
      </div>
      {shown.length === 0 && <div className="fb-none">{empty}</div>}
      {items.length > MOST && (
        <p className="fb-none">{items.length - MOST} more: type another letter.</p>
      )}
      <p className="fb-unseen" role="status">
        {items.length === 1 ? "1 result" : `${items.length} results`}
      </p>
    </>
  );
}

function stepOf(key: string): number {
  if (key === "ArrowDown") return 1;
  if (key === "ArrowUp") return -1;
  if (key === "PageDown") return PAGE;
  return key === "PageUp" ? -PAGE : 0;
}
