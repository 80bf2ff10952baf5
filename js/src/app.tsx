import "./canvas/canvas.css";
import "./panels/panels.css";
import "./panels/shell.css";
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useMemo,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { FlowCanvas } from "./canvas/FlowCanvas";
import type { Commands } from "./editor/commands";
import type { EditorState } from "./editor/editor";
import { inspectNode } from "./editor/turns";
import type { Store } from "./model/store";
import { Dialogs } from "./panels/Dialogs";
import { Drawers } from "./panels/Drawers";
import { EdgePreview } from "./panels/EdgePreview";
import { FilterStrip } from "./panels/FilterChips";
import { NodePanel } from "./panels/NodePanel";
import { Connecting, EmptyFlow, Notices, Toast, Unsaved } from "./panels/Notices";
import { OverlayStrip } from "./panels/OverlayStrip";
import { Part, usePartSoon } from "./panels/Part";
import { ProblemList, useProblemsSpoken } from "./panels/ProblemList";
import { Resizer } from "./panels/Resizer";
import { RunBar } from "./panels/RunBar";
import { Toolbar } from "./panels/Toolbar";
import { PastPart } from "./past/PastPart";
import { type Aside, usePlaceAside } from "./view/aside";
import { EdgeCardContext } from "./view/edgeCard";
import { useRemembered } from "./view/remembered";
import { ShellContext } from "./view/shell";
import { CommandsContext, useCommands, useEditorState } from "./view/useEditor";
import { useStandOut } from "./view/useStandOut";
import { selectFlow, useStore } from "./view/useStore";

/** Once details were opened the view stays tall enough for them: it must not jump to and fro. */
const ROOM_FOR_DETAILS = 480;
/** Narrower than this the details are below the canvas, as panels.css has it. */
const NARROW = 760;
const ROOM_FOR_BOTH = 640;
const DETAILS = { least: 280, most: 900, usual: 400 };
const PROBLEMS = { least: 90, most: 600, usual: 180 };

interface AppProps {
  readonly id: string;
  readonly commands: Commands;
  /** Where the page wants the details, if it does. */
  readonly aside: Aside;
}

/** One view of one flow: bars above, the canvas, and whatever is open beside it. */
export function App({ id, commands, aside }: AppProps) {
  const { editor } = commands;
  const root = useRef<HTMLDivElement>(null);
  const open = useCallback(
    (node: string) => {
      editor.select([node]);
      editor.change({ open: node });
      requestAnimationFrame(() =>
        (aside.place ?? root.current)
          ?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')
          ?.focus(),
      );
    },
    [editor, aside],
  );
  const close = useCallback(() => {
    const node = editor.state.open;
    editor.change(node === null ? { settings: false } : { open: null });
    if (node !== null) focusNode(root.current, node);
  }, [editor]);
  const shell = useMemo(() => ({ open, close }), [open, close]);
  return (
    <CommandsContext.Provider value={commands}>
      <EdgeCardContext.Provider value={EdgePreview}>
        <ShellContext.Provider value={shell}>
          <View id={id} root={root} aside={aside} onOpen={open} onClose={close} />
        </ShellContext.Provider>
      </EdgeCardContext.Provider>
    </CommandsContext.Provider>
  );
}

interface ViewProps {
  readonly id: string;
  readonly root: RefObject<HTMLDivElement>;
  readonly aside: Aside;
  readonly onOpen: (node: string) => void;
  readonly onClose: () => void;
}

function View({ id, root, aside, onOpen, onClose }: ViewProps) {
  const commands = useCommands();
  const { editor } = commands;
  usePartSoon(editor);
  const { store } = editor;
  const { open, drawer, problems, dialog, said, edgeLabels } = useEditorState(selectAll);
  const [wanted, setWanted] = useState(0);
  const [under, setUnder] = useRemembered("problems", PROBLEMS.usual);
  const details = useRef(0);
  const apart = usePlaceAside(aside);
  const alone = (open === null || apart !== null) && drawer === null;
  if ((!alone || problems || dialog !== null) && details.current === 0)
    details.current = (root.current?.clientWidth ?? 0) < NARROW ? ROOM_FOR_BOTH : ROOM_FOR_DETAILS;
  const height = Math.max(wanted, details.current);
  const select = useCallback(
    (node: string | null) => {
      editor.select(node === null ? [] : [node]);
      editor.change({ open: node });
    },
    [editor],
  );
  useStandOut();
  useProblemsSpoken();
  return (
    <div
      ref={root}
      className="fb-root jp-ThemedContainer"
      role="application"
      aria-label="Flow canvas"
      data-edge-labels={edgeLabels || undefined}
      tabIndex={-1}
      style={wanted > 0 ? ({ "--fb-fit-height": `${height}px` } as CSSProperties) : undefined}
      onKeyDown={(event) => keys(event, commands, onClose)}
    >
      <div className="fb-bars">
        {editor.page === undefined ? (
          <>
            <RunBar problemsOpen={problems} />
            <Unsaved />
          </>
        ) : (
          <PastPart>{({ Head }) => <Head />}</PastPart>
        )}
        <Toolbar />
      </div>
      <Notices />
      <div className="fb-work">
        {editor.page !== undefined && <PastPart>{({ Beside }) => <Beside />}</PastPart>}
        <Drawers />
        <div className="fb-middle">
          <FilterStrip />
          <OverlayStrip />
          <Stage
            id={id}
            store={store}
            selected={open}
            alone={alone}
            onWantHeight={setWanted}
            onSelect={select}
            onOpen={onOpen}
          />
          <Toast />
          {problems && (
            <>
              <Resizer
                {...PROBLEMS}
                label="Height of problems"
                at="bottom"
                size={under}
                onSize={setUnder}
              />
              <ProblemList height={under} />
            </>
          )}
        </div>
        <Side
          store={store}
          selected={open}
          apart={apart}
          inspect={(node) => inspectNode(editor, node)}
          onClose={onClose}
        />
      </div>
      {editor.page !== undefined && <PastPart>{({ Below }) => <Below />}</PastPart>}
      <Dialogs />
      <p className="fb-unseen" role="status" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

const selectAll = (state: EditorState) => state;

type StageProps = Omit<Parameters<typeof FlowCanvas>[0], "flow">;

function Stage(props: StageProps) {
  const flow = useStore(props.store, selectFlow);
  if (flow === null) return <Connecting />;
  if (flow.nodes.length === 0) return <EmptyFlow />;
  return <FlowCanvas {...props} flow={flow} />;
}

interface SideProps {
  readonly store: Store;
  readonly selected: string | null;
  /** The page shows the details there. */
  readonly apart: HTMLElement | null;
  readonly inspect: (node: string) => void;
  readonly onClose: () => void;
}

/** The details at the right of the canvas, or below it where that is narrow, or where the page wants. */
function Side({ store, selected, apart, inspect, onClose }: SideProps) {
  const flow = useStore(store, selectFlow);
  const { settings, nodes } = useEditorState(selectAll);
  const [width, setWidth] = useRemembered("details", DETAILS.usual);
  const only = apart !== null && nodes.size === 1 ? [...nodes][0] : selected;
  const node = flow?.nodes.some((one) => one.name === only) ? (only ?? null) : null;
  const shown =
    node !== null ? (
      <NodePanel key={node} store={store} name={node} inspect={inspect} onClose={onClose} />
    ) : flow !== null && (settings || apart !== null) && flow.locked === "" ? (
      <Part>{({ FlowSettings }) => <FlowSettings onClose={onClose} />}</Part>
    ) : null;
  if (apart !== null) return createPortal(<Apart onClose={onClose}>{shown}</Apart>, apart);
  if (shown === null) return null;
  return (
    <>
      <Resizer {...DETAILS} label="Width of details" at="right" size={width} onSize={setWidth} />
      <div className="fb-side" style={{ width }}>
        {shown}
      </div>
    </>
  );
}

interface ApartProps {
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The details somewhere else on the page, with the looks and the keys of the canvas. */
function Apart({ onClose, children }: ApartProps) {
  const commands = useCommands();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is inside has the roles
    <div
      className="fb-root fb-apart jp-ThemedContainer"
      onKeyDown={(event) => keys(event, commands, onClose)}
    >
      {children ?? <p className="fb-faint">Select a node to see its details.</p>}
    </div>
  );
}

function focusNode(root: HTMLElement | null, name: string): void {
  root?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(name)}"]`)?.focus();
}

/** Commands whose keys work in a field, too. */
const ANYWHERE: ReadonlySet<string> = new Set(["find", "commands"]);

/** Keys of the whole view. They stop here, or the notebook around would take them for its own. */
function keys(event: KeyboardEvent, commands: Commands, close: () => void): void {
  // A window over the canvas has the keys for itself; those that leave it are the page's.
  if (commands.editor.state.dialog !== null) return;
  const typing = (event.target as Element).closest("input, textarea, select, [contenteditable]");
  const command = commands.ofKey(event);
  const held = event.ctrlKey || event.metaKey;
  if (command !== null && (!typing || (held && ANYWHERE.has(command.name)))) {
    commands.execute(command.name);
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation();
  // In a field of the details Escape leaves those: what was typed is kept. Other fields have their own.
  if (typing && typing.closest(".fb-panel") === null) return;
  if (event.key === "Escape") close();
}
