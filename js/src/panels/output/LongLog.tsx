/** A log that is too long to be told whole: a window on it, which begins at its end. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { sliceOf } from "../../model/windowing";
import { useEditor } from "../../view/useEditor";
import { selectMoment, useStore } from "../../view/useStore";
import { counted, Line } from "./Line";
import { type LogProps, LogTools } from "./LogTools";
import { LogPages } from "./logPages";
import { useCopy } from "./useCopy";

/** As high as logs.css has a line. */
const ROW = 18;
/** While one types, or drags the time, nothing is asked for. */
const REST_MS = 120;

export function LongLog({ details, wanted, onWanted }: LogProps) {
  const editor = useEditor();
  const until = useStore(editor.store, selectMoment)?.seq ?? null;
  const { node, scope, run } = details;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run has another log
  const pages = useMemo(
    () =>
      new LogPages({ node, scope, until }, (question) => editor.session.request<"LINES">(question)),
    [editor, node, scope, until, run],
  );
  const { total, of, asking, note } = useSyncExternalStore(pages.subscribe, pages.read);
  const [follow, setFollow] = useState(true);
  const copy = useCopy();
  const { stream, level, find } = wanted;
  useEffect(() => {
    const timer = setTimeout(() => pages.want({ stream, level, find }), REST_MS);
    return () => clearTimeout(timer);
  }, [pages, stream, level, find]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the log grew
  useEffect(() => {
    if (pages.known.total !== null) pages.renew();
  }, [pages, details.lines, details.logs.at(-1)?.text]);
  const copyAll = async () => {
    const [text, count] = await pages.text();
    copy(text, counted(count, total ?? count));
  };
  return (
    <>
      <LogTools
        wanted={wanted}
        onWanted={onWanted}
        follow={follow}
        onFollow={setFollow}
        onCopy={() => void copyAll().catch((failure) => editor.say(String(failure.message)))}
      />
      <p className="fb-faint" role="status">
        {note !== "" ? (
          <>
            {note}{" "}
            <button type="button" className="fb-small" onClick={() => pages.want(wanted)}>
              Try again
            </button>
          </>
        ) : total === null ? (
          "Looking for the lines…"
        ) : (
          counted(total, of)
        )}
      </p>
      <Window
        pages={pages}
        total={total ?? 0}
        asking={asking}
        find={find}
        follow={follow}
        onFollow={setFollow}
      />
      {total === 0 && (
        <p className="fb-faint">
          {of > 0 ? "No such lines." : "Nothing was printed or logged by this moment."}
        </p>
      )}
    </>
  );
}

interface WindowProps {
  readonly pages: LogPages;
  readonly total: number;
  readonly asking: boolean;
  readonly find: string;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
}

function Window({ pages, total, asking, find, follow, onFollow }: WindowProps) {
  const box = useRef<HTMLElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const slice = sliceOf(total, ROW, view.top, view.height);
  useEffect(() => pages.look(slice.from, slice.to - slice.from));
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || typeof ResizeObserver === "undefined") return;
    const watch = new ResizeObserver(([entry]) => {
      const height = entry?.contentRect.height ?? 0;
      if (height > 0) setView((before) => ({ ...before, height }));
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end is further down
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && follow) element.scrollTop = element.scrollHeight;
  }, [follow, total, view.height]);
  const scrolled = () => {
    const element = box.current;
    if (element === null) return;
    const { scrollTop, clientHeight, scrollHeight } = element;
    setView({ top: scrollTop, height: clientHeight });
    const atEnd = scrollHeight - scrollTop - clientHeight < 2 * ROW;
    if (atEnd !== follow) onFollow(atEnd);
  };
  return (
    <section
      ref={box}
      className="fb-logs fb-logs-long"
      aria-label="Lines"
      aria-busy={asking}
      hidden={total === 0}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      onScroll={scrolled}
    >
      <div style={{ height: total * ROW }}>
        {Array.from({ length: slice.to - slice.from }, (_, i) => {
          const index = slice.from + i;
          const line = pages.line(index);
          return line === undefined ? null : (
            <Line key={index} line={line} find={find} top={index * ROW} />
          );
        })}
      </div>
    </section>
  );
}
