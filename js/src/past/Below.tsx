/** Under the canvas: the line of time and, where wanted, what ran when. */
import { Resizer } from "../panels/Resizer";
import { useRemembered } from "../view/remembered";
import { usePage } from "./facts";
import { TimeBar } from "./TimeBar";
import { Trace } from "./Trace";
import { usePast } from "./useDesk";

const HEIGHT = { least: 110, most: 700, usual: 230 };

export function Below() {
  const page = usePage();
  const trace = usePast((state) => state.trace);
  const [height, setHeight] = useRemembered("trace", HEIGHT.usual);
  if (page.against !== undefined) return null;
  return (
    <>
      {trace !== null && (
        <>
          <Resizer
            {...HEIGHT}
            label="Height of the trace"
            at="bottom"
            size={height}
            onSize={setHeight}
          />
          <Trace height={height} shape={trace} />
        </>
      )}
      <TimeBar />
    </>
  );
}
