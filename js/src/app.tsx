import "./canvas/canvas.css";
import "./panels/panels.css";
import { type CSSProperties, type KeyboardEvent, useCallback, useRef, useState } from "react";
import { FlowCanvas } from "./canvas/FlowCanvas";
import type { Session } from "./host/session";
import type { Store } from "./model/store";
import { NodePanel } from "./panels/NodePanel";
import { Connecting, EmptyFlow, LostNotice, RefusedNotice } from "./panels/Notices";
import { ProblemList } from "./panels/ProblemList";
import { RunBar } from "./panels/RunBar";
import { selectConnection, selectFlow, selectRefused, useStore } from "./view/useStore";

/** Once details were opened the view stays tall enough for them: it must not jump to and fro. */
const ROOM_FOR_DETAILS = 480;
/** Narrower than this the details are below the canvas, as panels.css has it. */
const NARROW = 760;
const ROOM_FOR_BOTH = 640;

interface AppProps {
  readonly id: string;
  readonly session: Session;
}

/** One view of one flow: run bar above, canvas and whatever is open beside it. */
export function App({ id, session }: AppProps) {
  const { store } = session;
  const [selected, setSelected] = useState<string | null>(null);
  const [problemsOpen, setProblemsOpen] = useState(false);
  const [wanted, setWanted] = useState(0);
  const details = useRef(0);
  const root = useRef<HTMLDivElement>(null);
  const alone = selected === null && !problemsOpen;
  if (!alone && details.current === 0)
    details.current = (root.current?.clientWidth ?? 0) < NARROW ? ROOM_FOR_BOTH : ROOM_FOR_DETAILS;
  const height = Math.max(wanted, details.current);

  const inspect = useCallback((node: string) => session.inspect(node), [session]);
  const move = useCallback(
    (places: Parameters<Session["move"]>[0]) => session.move(places),
    [session],
  );
  const open = useCallback((node: string) => {
    setSelected(node);
    requestAnimationFrame(() =>
      root.current?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus(),
    );
  }, []);
  const close = useCallback(() => {
    setSelected((node) => {
      if (node !== null) focusNode(root.current, node);
      return null;
    });
  }, []);

  return (
    <div
      ref={root}
      className="fb-root jp-ThemedContainer"
      role="application"
      aria-label="Flow canvas"
      style={wanted > 0 ? ({ "--fb-fit-height": `${height}px` } as CSSProperties) : undefined}
      onKeyDown={(event) => keys(event, root.current, close)}
    >
      <RunBar
        store={store}
        problemsOpen={problemsOpen}
        onRun={(params) => session.run(params)}
        onCancel={() => session.cancel()}
        onProblems={() => setProblemsOpen(!problemsOpen)}
      />
      <Notices session={session} />
      <div className="fb-work">
        <Stage
          id={id}
          store={store}
          selected={selected}
          alone={alone}
          onWantHeight={setWanted}
          onSelect={setSelected}
          onOpen={open}
          onMove={move}
          onTidyUp={() => session.tidyUp()}
        />
        <Side
          store={store}
          problemsOpen={problemsOpen}
          selected={selected}
          inspect={inspect}
          onShow={open}
          onCloseProblems={() => setProblemsOpen(false)}
          onClose={close}
        />
      </div>
    </div>
  );
}

function Notices({ session }: { readonly session: Session }) {
  const connection = useStore(session.store, selectConnection);
  const refused = useStore(session.store, selectRefused);
  return (
    <>
      {connection === "lost" && <LostNotice onRetry={() => session.hello()} />}
      {refused !== null && <RefusedNotice refused={refused} onDismiss={() => session.dismiss()} />}
    </>
  );
}

type StageProps = Omit<Parameters<typeof FlowCanvas>[0], "flow">;

function Stage(props: StageProps) {
  const flow = useStore(props.store, selectFlow);
  if (flow === null) return <Connecting />;
  if (flow.nodes.length === 0) return <EmptyFlow />;
  return <FlowCanvas {...props} flow={flow} />;
}

interface SideProps {
  readonly store: Store;
  readonly problemsOpen: boolean;
  readonly selected: string | null;
  readonly inspect: (node: string) => void;
  readonly onShow: (node: string) => void;
  readonly onCloseProblems: () => void;
  readonly onClose: () => void;
}

function Side(props: SideProps) {
  const flow = useStore(props.store, selectFlow);
  const problems = flow?.problems ?? [];
  const exists = flow?.nodes.some((node) => node.name === props.selected) ?? false;
  return (
    <>
      {props.problemsOpen && problems.length > 0 && (
        <ProblemList problems={problems} onShow={props.onShow} onClose={props.onCloseProblems} />
      )}
      {props.selected !== null && exists && (
        <NodePanel
          key={props.selected}
          store={props.store}
          name={props.selected}
          inspect={props.inspect}
          onClose={props.onClose}
        />
      )}
    </>
  );
}

function focusNode(root: HTMLElement | null, name: string): void {
  root?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(name)}"]`)?.focus();
}

/** Keys of the whole view. They stop here, or the notebook around would take them for its own. */
function keys(event: KeyboardEvent, root: HTMLElement | null, close: () => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation();
  if ((event.target as Element).closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "Escape") close();
  if (event.key === "r") root?.querySelector<HTMLElement>('[data-action="run"]')?.click();
  if (event.key === "c") root?.querySelector<HTMLElement>('[data-action="cancel"]')?.click();
  if (event.key === "p") root?.querySelector<HTMLElement>('[data-action="params"]')?.click();
}
