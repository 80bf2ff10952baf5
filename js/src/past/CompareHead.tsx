/** Two runs, in one line. */
import { duration } from "../model/selectors";
import { Icon } from "../view/icons";
import { moment, type RunRow, shortId, useAsked, usePage } from "./facts";
import { STATUS } from "./status";

export function CompareHead() {
  const page = usePage();
  return (
    <div className="fb-runbar fb-past-head">
      <span className="fb-title">
        <Icon name="flow" />
        <span>Compare</span>
      </span>
      <Side name="Before" run={page.against ?? ""} />
      <span aria-hidden="true">→</span>
      <Side name="After" run={page.run} />
    </div>
  );
}

function Side({ name, run }: { readonly name: string; readonly run: string }) {
  const page = usePage();
  const { found } = useAsked<{ readonly run: RunRow }>(`runs/${run}`);
  const row = found?.run;
  return (
    <button
      type="button"
      className="fb-button fb-compare-run"
      title={`Open ${run}`}
      onClick={() => void page.act({ do: "open", run })}
    >
      <span className="fb-faint">{name}</span>
      <code>{shortId(run)}</code>
      {row !== undefined && (
        <span className="fb-state fb-past-status" data-status={row.status}>
          <i className="fb-state-icon" aria-hidden="true" />
          {STATUS[row.status] ?? row.status}
        </span>
      )}
      {row !== undefined && (
        <small>
          {moment(row.started_at)}
          {row.duration_ms === null ? "" : `, ${duration(row.duration_ms)}`}
        </small>
      )}
    </button>
  );
}
