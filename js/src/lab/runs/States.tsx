/** What is shown where there are no rows, and at the end of them: each in words, with a next step. */
import type { ReactNode } from "react";
import { EVERYTHING } from "./filter";
import { Icon } from "./icons";
import type { Failure } from "./list";
import type { RunsModel, View } from "./model";
import type { Words } from "./words";

/** The state that stands in for the list; null while there are rows. */
export function Instead({
  model,
  view,
  onNew,
}: {
  readonly model: RunsModel;
  readonly view: View;
  readonly onNew: () => void;
}): ReactNode {
  const { list } = view;
  if (list.rows.length > 0) return null;
  if (list.phase === "failed" && list.failure !== null)
    return <Failed failure={list.failure} model={model} />;
  if (!list.known) return <Skeleton trans={model.trans} />;
  return <Empty model={model} onNew={onNew} />;
}

function Empty({ model, onNew }: { readonly model: RunsModel; readonly onNew: () => void }) {
  const { trans } = model;
  if (model.nothingToAsk)
    return (
      <State title={trans.__("This notebook has not run yet")}>
        <p>{trans.__("Run it as a flow, or look at the runs of all notebooks.")}</p>
        <button type="button" className="fb-runs-button" onClick={() => model.setOnly(false)}>
          {trans.__("Show All Notebooks")}
        </button>
      </State>
    );
  if (model.narrowed)
    return (
      <State title={trans.__("No run matches")}>
        <p>{trans.__("There may be runs that the filter leaves out.")}</p>
        <button
          type="button"
          className="fb-runs-button"
          onClick={() => {
            model.setOnly(false);
            model.setFilter(EVERYTHING);
          }}
        >
          {trans.__("Clear the Filter")}
        </button>
      </State>
    );
  return (
    <State title={trans.__("No runs yet")}>
      <p>
        {trans.__("Press Run on the canvas of a flow, or run its notebook as a job:")}
        <br />
        <code>flowbook run notebook.ipynb</code>
      </p>
      <p>{trans.__("Each run stays here, with its events and values.")}</p>
      <button type="button" className="fb-runs-button" onClick={onNew}>
        {trans.__("New Flow")}
      </button>
    </State>
  );
}

function Failed({ failure, model }: { readonly failure: Failure; readonly model: RunsModel }) {
  const { trans } = model;
  const [title, message, hint] = failureWords(trans, failure);
  return (
    <State title={title} alarm>
      <p>{message}</p>
      {hint && <p>{hint}</p>}
      <button type="button" className="fb-runs-button" onClick={() => model.reload(false)}>
        {trans.__("Try Again")}
      </button>
    </State>
  );
}

export function failureWords(
  trans: Words,
  failure: Failure,
): [title: string, message: string, hint: string | null] {
  switch (failure.kind) {
    case "absent":
      return [
        trans.__("No flowbook on this server"),
        trans.__("The Jupyter server does not know flowbook, which keeps the history of runs."),
        trans.__("Install flowbook where the server runs, and restart the server."),
      ];
    case "busy":
      return [trans.__("The history is busy"), failure.message, failure.hint];
    case "offline":
      return [
        trans.__("The server does not answer"),
        trans.__("It may have been stopped, or the network is down."),
        trans.__("See whether it runs, and try again."),
      ];
    case "refused":
      return [trans.__("The history could not be read"), failure.message, failure.hint];
  }
}

function State(props: {
  readonly title: string;
  readonly alarm?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className="fb-runs-state" role={props.alarm ? "alert" : undefined}>
      {props.alarm && <Icon name="warn" />}
      <h3>{props.title}</h3>
      {props.children}
    </div>
  );
}

export function Skeleton({ trans }: { readonly trans: Words }): ReactNode {
  return (
    <div className="fb-runs-skeleton">
      <p className="fb-runs-unseen">{trans.__("Reading the history…")}</p>
      {Array.from({ length: 8 }, (_, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <div key={n} aria-hidden="true">
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}

/** Below the last row: more comes, could not come, or there is none. */
export function Foot({ model, view }: { readonly model: RunsModel; readonly view: View }) {
  const { trans } = model;
  const { list } = view;
  if (list.phase === "failed" && list.failure !== null) {
    const [title, message] = failureWords(trans, list.failure);
    return (
      <div className="fb-runs-foot" role="alert">
        <Icon name="warn" />
        <span>
          {title}: {message}
        </span>
        <button
          type="button"
          className="fb-runs-button"
          onClick={() => (list.known && list.next !== null ? model.more() : model.reload(true))}
        >
          {trans.__("Try Again")}
        </button>
      </div>
    );
  }
  if (list.next !== null)
    return (
      <div className="fb-runs-foot" aria-hidden="true">
        {trans.__("Older runs…")}
      </div>
    );
  if (list.rows.length < 20) return null;
  return (
    <div className="fb-runs-foot">{trans._n("%1 run", "%1 runs: no more", list.rows.length)}</div>
  );
}
