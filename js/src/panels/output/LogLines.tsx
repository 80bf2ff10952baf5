/**
 * Lines of a log: all or one stream, as grave as one likes, with a text in them, the end as it comes.
 * Of a long one only the lines in sight are asked for.
 */
import { useEffect, useRef, useState } from "react";
import { type Wanted, wantedLines } from "../../model/logLines";
import type { Details, Level } from "../../protocol/generated";
import { useRemembered } from "../../view/remembered";
import { useEditor } from "../../view/useEditor";
import { counted, Line } from "./Line";
import { type LogProps, LogTools } from "./LogTools";
import { LongLog } from "./LongLog";
import { useCopy } from "./useCopy";
import "../logs.css";

export function LogLines({ details }: { readonly details: Details }) {
  const { still } = useEditor();
  const [stream, setStream] = useState("");
  const [level, setLevel] = useRemembered<Level>("log-level", "debug");
  const [find, setFind] = useState("");
  const change = (to: Partial<Wanted>) => {
    if (to.stream !== undefined) setStream(to.stream);
    if (to.level !== undefined) setLevel(to.level);
    if (to.find !== undefined) setFind(to.find);
  };
  const Log = details.logs_cut && !still ? LongLog : ShortLog;
  return <Log details={details} wanted={{ stream, level, find }} onWanted={change} />;
}

/** One that was told whole; or its end, where nobody can be asked for the rest. */
function ShortLog({ details, wanted, onWanted }: LogProps) {
  const [follow, setFollow] = useState(true);
  const copy = useCopy();
  const end = useRef<HTMLDivElement>(null);
  const { logs, logs_cut } = details;
  const seen = wantedLines(logs, wanted);
  const last = seen.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new is to be seen
  useEffect(() => {
    if (follow) end.current?.scrollIntoView?.({ block: "nearest" });
  }, [follow, seen.length, last?.at]);
  return (
    <>
      <LogTools
        wanted={wanted}
        onWanted={onWanted}
        follow={follow}
        onFollow={setFollow}
        onCopy={() => copy(seen.map((one) => one.text.replace(/\n$/, "")).join("\n"), "the lines")}
      />
      <p className="fb-faint" role="status">
        {logs_cut && "Only the last lines are shown. "}
        {counted(seen.length, logs.length)}
      </p>
      <section className="fb-logs" aria-label="Lines">
        {seen.map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity
          <Line key={i} line={line} find={wanted.find} />
        ))}
        {seen.length === 0 && <p className="fb-faint">No such lines.</p>}
        <div ref={end} />
      </section>
    </>
  );
}
