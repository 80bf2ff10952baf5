/** The panel: filter, what was said, the list or what stands in for it, and how live it is. */
import { type ReactNode, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { type ActionName, possible } from "./actions";
import { Filters } from "./Filters";
import { Icon } from "./icons";
import { actionWord } from "./labels";
import type { RunsModel, View } from "./model";
import { Rows } from "./Rows";
import { Sql } from "./Sql";
import { Instead } from "./States";
import { none } from "./selection";
import { Tool } from "./Tool";

const WIDE = 720;
/** Pixels from which on runs are a table. */

/** What the panel asks of the application it stands in. */
export interface Outside {
  do(name: ActionName, id: string | null): void;
  deleteMatching(): void;
  copySql(): void;
  openCell(): void;
  /** Why no cell can be added now; empty when one can. */
  noCell(): string;
  newFlow(): void;
}

export function Panel({
  model,
  outside,
}: {
  readonly model: RunsModel;
  readonly outside: Outside;
}): ReactNode {
  const view = useSyncExternalStore(model.subscribe, model.look);
  const { trans } = model;
  const place = useRef<HTMLDivElement>(null);
  const wide = useWide(place);
  const { list } = view;
  const sql = (
    <Sql
      {...{ sql: view.sql, trans, noCell: outside.noCell() }}
      onCopy={() => outside.copySql()}
      onCell={() => outside.openCell()}
    />
  );
  return (
    <div className="fb-runs fb-history" ref={place} data-wide={wide} data-phase={list.phase}>
      <header className="fb-runs-top">
        <h2>{trans.__("Run History")}</h2>
        <LiveSign model={model} view={view} />
        <Tool
          icon="rerun"
          label={trans.__("Read the history anew")}
          data-action="reload"
          onClick={() => model.reload(true)}
        />
      </header>
      <Filters {...{ model, view, sql }} onDelete={() => outside.deleteMatching()} />
      <Notices model={model} view={view} />
      <Chosen model={model} view={view} outside={outside} />
      {list.held.length > 0 && (
        <button
          type="button"
          className="fb-runs-new"
          data-action="release"
          onClick={() => {
            model.release();
            place.current?.querySelector(".fb-runs-scroller")?.scrollTo({ top: 0 });
          }}
        >
          <Icon name="up" />
          {trans._n("%1 new run", "%1 new runs", list.held.length)}
        </button>
      )}
      {list.rows.length > 0 ? (
        <Rows {...{ model, view, wide }} onDo={(name, id) => outside.do(name, id)} />
      ) : (
        <Instead model={model} view={view} onNew={() => outside.newFlow()} />
      )}
      <p className="fb-runs-unseen" role="status" aria-live="polite">
        {view.said}
      </p>
    </div>
  );
}

function useWide(place: { readonly current: HTMLDivElement | null }): boolean {
  const [wide, setWide] = useState(false);
  useLayoutEffect(() => {
    const node = place.current;
    if (node === null) return;
    const observer = new ResizeObserver(() => setWide(node.clientWidth >= WIDE));
    observer.observe(node);
    return () => observer.disconnect();
  }, [place]);
  return wide;
}

/** Whether what is shown is what is: by a word as well as a dot. */
function LiveSign({ model, view }: { readonly model: RunsModel; readonly view: View }): ReactNode {
  const { trans } = model;
  const words = {
    on: trans.__("Live"),
    opening: trans.__("Connecting…"),
    broken: trans.__("Not live"),
    off: trans.__("Not live"),
  }[view.live];
  const why =
    view.live === "on"
      ? trans.__("Changes are shown as they happen")
      : trans.__("Changes are shown once the server can be heard again; it is tried by itself");
  return (
    <span className="fb-runs-live" data-live={view.live} title={why}>
      {words}
    </span>
  );
}

/** What was done, and what was refused that is of no one run. */
function Notices({ model, view }: { readonly model: RunsModel; readonly view: View }): ReactNode {
  const { trans } = model;
  // What was refused to a run that is not in the list any more is said here as well.
  const shown = new Set(view.list.rows.map(({ id }) => id));
  const homeless = [...view.refused].filter(([id]) => !shown.has(id));
  if (homeless.length === 0 && view.done === "") return null;
  return (
    <div className="fb-runs-notices">
      {homeless.map(([id, { message, hint }]) => (
        <p key={id} className="fb-runs-notice" data-bad="true">
          <Icon name="warn" />
          <span>
            {message} {hint}
          </span>
          <Dismiss trans={trans} onPress={() => model.forgive(id)} />
        </p>
      ))}
      {view.done !== "" && (
        <p className="fb-runs-notice">
          <span>{view.done}</span>
          <Dismiss trans={trans} onPress={() => model.report("")} />
        </p>
      )}
    </div>
  );
}

function Dismiss(props: { readonly trans: RunsModel["trans"]; readonly onPress: () => void }) {
  return <Tool icon="close" label={props.trans.__("Dismiss")} onClick={props.onPress} />;
}

const OF_MANY: readonly ActionName[] = ["compare", "pin", "cancel", "delete"];

/** What can be done with several runs at once. */
function Chosen({
  model,
  view,
  outside,
}: {
  readonly model: RunsModel;
  readonly view: View;
  readonly outside: Outside;
}): ReactNode {
  const { trans } = model;
  const count = view.selection.chosen.size;
  if (count < 2) return null;
  return (
    <div className="fb-runs-chosen" role="toolbar" aria-label={trans.__("Selected runs")}>
      <span>{trans.__("%1 selected", count)}</span>
      {OF_MANY.filter((name) => possible(name, model.chosen())).map((name) => (
        <button
          key={name}
          type="button"
          className="fb-runs-button"
          data-action={name}
          onClick={() => outside.do(name, null)}
        >
          <Icon name={name} />
          {shortWord(trans, name)}
        </button>
      ))}
      <Tool
        icon="close"
        label={trans.__("Clear the selection")}
        onClick={() => model.select(none(model.view.selection))}
      />
    </div>
  );
}

function shortWord(trans: RunsModel["trans"], name: ActionName): string {
  switch (name) {
    case "compare":
      return trans.__("Compare");
    case "pin":
      return trans.__("Pin");
    case "cancel":
      return trans.__("Cancel");
    case "delete":
      return trans.__("Delete…");
    default:
      return actionWord(trans, name);
  }
}
