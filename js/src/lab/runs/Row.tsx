// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which a table's cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are placed one by one, which a table's cannot be
/** One run: two or three lines where there is little room, cells of a table where there is more. */
import { memo, type MouseEvent as Press, type ReactNode } from "react";
import { type ActionName, possible } from "./actions";
import { Icon } from "./icons";
import { actionHelp, actionWord } from "./labels";
import type { Failure } from "./list";
import { going, type RunRow, shortId } from "./run";
import { Tool } from "./Tool";
import { ago, detail, duration, exact, standing, triggerWord, type Words } from "./words";

export interface RowProps {
  readonly run: RunRow;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly wide: boolean;
  readonly now: number;
  readonly active: boolean;
  readonly chosen: boolean;
  readonly open: boolean;
  readonly refused: Failure | undefined;
  readonly trans: Words;
  readonly onChoose: (id: string, event: Press) => void;
  readonly onDo: (name: ActionName, id: string) => void;
  readonly onMenu: (id: string, event: Press) => void;
  readonly onOpen: (id: string) => void;
  readonly onForgive: (id: string) => void;
}

export const LINE = { wide: 34, two: 46, three: 64, error: 132, refused: 64 } as const;

/** How high a row is: known from what it says, before it is drawn. */
export function heightOf(
  run: RunRow,
  { wide, open, refused }: { wide: boolean; open: boolean; refused: boolean },
): number {
  const third = run.error || run.waiting_for || run.current;
  const lines = wide ? LINE.wide : third ? LINE.three : LINE.two;
  const whole = open && run.error ? heightOfError(run.error, wide) : 0;
  return lines + whole + (refused ? LINE.refused : 0);
}

/** As much as its text takes, roughly, up to where it scrolls. */
function heightOfError(error: string, wide: boolean): number {
  const [letters, pixels, around] = [wide ? 80 : 26, 18, 32];
  const lines = error.split("\n").map((line) => Math.max(1, Math.ceil(line.length / letters)));
  return Math.min(LINE.error, around + pixels * lines.reduce((sum, one) => sum + one, 0));
}

export const Row = memo(function Row(props: RowProps): ReactNode {
  const { run, index, top, height, active, chosen, trans, now } = props;
  const place = { transform: `translateY(${top}px)`, height };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the grid's
    <div
      role="row"
      className="fb-runs-row"
      data-run={run.id}
      data-status={run.status}
      tabIndex={active ? 0 : -1}
      aria-rowindex={index + (props.wide ? 2 : 1)}
      aria-selected={chosen}
      aria-label={spoken(trans, run, now)}
      style={place}
      onClick={(event) => props.onChoose(run.id, event)}
      onContextMenu={(event) => props.onMenu(run.id, event)}
      onDoubleClick={(event) => {
        if (!(event.target as Element).closest("button, pre")) props.onDo("view", run.id);
      }}
    >
      {props.wide ? <WideCells {...props} /> : <NarrowCells {...props} />}
      {props.open && run.error && (
        <div
          role="gridcell"
          className="fb-runs-whole"
          style={{ height: heightOfError(run.error, props.wide) }}
        >
          <pre tabIndex={active ? 0 : -1}>{run.error}</pre>
        </div>
      )}
      {props.refused && <Refusal {...props} failure={props.refused} />}
    </div>
  );
});

function NarrowCells(props: RowProps): ReactNode {
  const { run, trans, now } = props;
  const status = standing(trans, run);
  return (
    <>
      <div role="gridcell" className="fb-runs-main">
        <span className="fb-runs-line">
          <Icon name={run.status} />
          <span className="fb-runs-flow" title={run.flow}>
            {run.flow}
          </span>
          {run.origin && <Branch {...props} />}
          {run.pinned && <Pinned trans={trans} />}
          <Started run={run} now={now} />
        </span>
        <span className="fb-runs-line fb-runs-soft">
          <span className="fb-runs-status">{status}</span>
          <span className="fb-runs-trigger">{triggerWord(trans, run.trigger)}</span>
          <span className="fb-runs-took">{duration(run, now)}</span>
          <span className="fb-runs-id">{shortId(run.id)}</span>
        </span>
        <About {...props} />
      </div>
      <Buttons {...props} />
    </>
  );
}

function WideCells(props: RowProps): ReactNode {
  const { run, trans, now } = props;
  return (
    <>
      <span role="gridcell" className="fb-runs-cell">
        <Icon name={run.status} />
        <span className="fb-runs-status">{standing(trans, run)}</span>
      </span>
      <span role="gridcell" className="fb-runs-cell">
        <span className="fb-runs-flow" title={run.flow}>
          {run.flow}
        </span>
        {run.origin && <Branch {...props} />}
        {run.pinned && <Pinned trans={trans} />}
        <span className="fb-runs-id">{shortId(run.id)}</span>
      </span>
      <span role="gridcell" className="fb-runs-cell">
        {triggerWord(trans, run.trigger)}
      </span>
      <span role="gridcell" className="fb-runs-cell">
        <Started run={run} now={now} />
      </span>
      <span role="gridcell" className="fb-runs-cell fb-runs-took">
        {duration(run, now)}
      </span>
      <span role="gridcell" className="fb-runs-cell fb-runs-about-cell">
        <About {...props} />
      </span>
      <Buttons {...props} />
    </>
  );
}

/** The error, on demand as a whole; or what it waits for, or where it is. */
function About({ run, trans, open, active, onOpen }: RowProps): ReactNode {
  const text = detail(trans, run);
  if (text === "") return null;
  return (
    <span className="fb-runs-line fb-runs-about" data-error={run.error !== null || undefined}>
      <span className="fb-runs-text" title={run.error ? undefined : text}>
        {text.split("\n", 1)[0]}
      </span>
      {run.error && (
        <Tool
          icon={open ? "up" : "down"}
          label={open ? trans.__("Show less of the error") : trans.__("Show the whole error")}
          tabIndex={active ? 0 : -1}
          aria-expanded={open}
          onClick={(event) => {
            event.stopPropagation();
            onOpen(run.id);
          }}
        />
      )}
    </span>
  );
}

function Branch({ run, trans }: RowProps): ReactNode {
  const from = shortId(run.origin ?? "");
  const words = run.origin_node
    ? trans.__("Replay of %1 from %2", from, run.origin_node)
    : trans.__("Replay of %1", from);
  return (
    <span className="fb-runs-mark" title={words}>
      <Icon name="replay" />
    </span>
  );
}

function Pinned({ trans }: { readonly trans: Words }): ReactNode {
  return (
    <span className="fb-runs-mark" title={trans.__("Pinned")}>
      <Icon name="pin" />
    </span>
  );
}

function Started({ run, now }: { readonly run: RunRow; readonly now: number }): ReactNode {
  return (
    <time className="fb-runs-started" dateTime={run.started_at} title={exact(run.started_at)}>
      {ago(run.started_at, now)}
    </time>
  );
}

function Buttons({ run, trans, active, onDo, onMenu }: RowProps): ReactNode {
  const alive = going(run);
  const names: ActionName[] = [
    ...(["view", "rerun"] as const),
    run.pinned ? "unpin" : "pin",
    alive ? "cancel" : "delete",
  ];
  return (
    <div role="gridcell" className="fb-runs-buttons">
      {names
        .filter((name) => possible(name, [run]))
        .map((name) => (
          <Tool
            key={name}
            icon={name}
            label={actionWord(trans, name)}
            title={`${actionWord(trans, name)}: ${actionHelp(trans, name)}`}
            data-action={name}
            tabIndex={active ? 0 : -1}
            onClick={(event) => {
              event.stopPropagation();
              onDo(name, run.id);
            }}
          />
        ))}
      <Tool
        icon="more"
        label={trans.__("More Actions")}
        data-action="more"
        tabIndex={active ? 0 : -1}
        aria-haspopup="menu"
        onClick={(event) => {
          event.stopPropagation();
          onMenu(run.id, event);
          openMenuAt(event.currentTarget);
        }}
      />
    </div>
  );
}

/** The row's context menu, where the button is: one menu, opened in two ways. */
function openMenuAt(button: Element): void {
  const { left, bottom } = button.getBoundingClientRect();
  const where = { bubbles: true, cancelable: true, clientX: left, clientY: bottom };
  button.dispatchEvent(new MouseEvent("contextmenu", where));
}

function Refusal({ run, failure, active, trans, onForgive }: RowProps & { failure: Failure }) {
  return (
    <div role="gridcell" className="fb-runs-refused">
      <Icon name="warn" />
      <span>
        {failure.message} {failure.hint}
      </span>
      <Tool
        icon="close"
        label={trans.__("Dismiss")}
        tabIndex={active ? 0 : -1}
        onClick={(event) => {
          event.stopPropagation();
          onForgive(run.id);
        }}
      />
    </div>
  );
}

function spoken(trans: Words, run: RunRow, now: number): string {
  const about = detail(trans, run);
  return [
    run.flow,
    standing(trans, run),
    triggerWord(trans, run.trigger),
    trans.__("started %1, %2", ago(run.started_at, now), exact(run.started_at)),
    // Of one that goes on it would be said anew each second.
    run.duration_ms === null ? "" : trans.__("took %1", duration(run, now)),
    run.pinned ? trans.__("pinned") : "",
    run.origin === null ? "" : trans.__("a replay"),
    about.split("\n", 1)[0],
  ]
    .filter(Boolean)
    .join(", ");
}
