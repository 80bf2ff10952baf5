/** At the left of the canvas: what happened, and which runs came of this one. */

import { Resizer } from "../panels/Resizer";
import { Tabs } from "../panels/Tabs";
import { useRemembered } from "../view/remembered";
import { Branches } from "./Branches";
import { CompareSide } from "./CompareSide";
import { EventList } from "./EventList";
import { usePage } from "./facts";
import { useDesk, usePast } from "./useDesk";

const WIDTH = { least: 220, most: 560, usual: 300 };
const TABS = ["Events", "Branches"] as const;

export function Beside() {
  const page = usePage();
  const [width, setWidth] = useRemembered("past", WIDTH.usual);
  const side = usePast((state) => state.side);
  const compares = page.against !== undefined;
  if (side === null && !compares) return null;
  const title = compares ? "What differs" : "What happened";
  return (
    <>
      <aside className="fb-drawer fb-past-side" aria-label={title} style={{ width }}>
        {compares ? <CompareSide /> : <RunSide />}
      </aside>
      <Resizer {...WIDTH} label={`Width of ${title}`} at="left" size={width} onSize={setWidth} />
    </>
  );
}

function RunSide() {
  const desk = useDesk();
  const side = usePast((state) => state.side);
  return (
    <Tabs
      tabs={TABS}
      counts={{}}
      current={side === "branches" ? "Branches" : "Events"}
      onChange={(tab) => desk.change({ side: tab === "Branches" ? "branches" : "events" })}
    >
      {side === "branches" ? <Branches /> : <EventList />}
    </Tabs>
  );
}
