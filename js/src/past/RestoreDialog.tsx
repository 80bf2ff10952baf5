/** Take the run up again from a checkpoint, as a new one: which, and what is known there. */
import { useState } from "react";
import { bytes } from "../model/selectors";
import { DialogFrame } from "../panels/dialogs/DialogFrame";
import { Icon } from "../view/icons";
import { moment, type RunRow, shortId, useAsked, usePage } from "./facts";
import { type Checkpoint, offered, pointSaid } from "./model/checkpoints";
import { useDesk } from "./useDesk";
import { sentence } from "./usePlan";

export function RestoreDialog({ row }: { readonly row: RunRow }) {
  const page = usePage();
  const desk = useDesk();
  const { found, failure } = useAsked<{ readonly checkpoints: readonly Checkpoint[] }>(
    `runs/${page.run}/checkpoints`,
  );
  const [chosen, setChosen] = useState<number | null>(null);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const points = found?.checkpoints ?? [];
  const shown = desk.isNow ? null : (desk.events[desk.state.count - 1]?.seq ?? null);
  const point = chosen ?? offered(points, shown);
  const close = () => desk.change({ asking: null });
  const start = async () => {
    setBusy(true);
    setRefusal("");
    try {
      const path = `runs/${page.run}/restore`;
      const { run } = (await page.ask("POST", path, { checkpoint: point })) as { run: string };
      close();
      await page.act({ do: "open", run });
    } catch (reason) {
      setRefusal(sentence(reason));
      setBusy(false);
    }
  };
  const wrong = refusal || (failure === null ? "" : sentence(failure));
  return (
    <DialogFrame title={`Restore run ${shortId(row.id)}`} shape="wide" onClose={close}>
      <form
        className="fb-dialog-body fb-replay"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && point !== null) void start();
        }}
      >
        <p className="fb-faint">
          A new run begins with what was known at the checkpoint, and goes on from there. This one
          stays as it is.
        </p>
        {found === null && wrong === "" && (
          <p className="fb-faint" aria-busy="true">
            Looking for its checkpoints…
          </p>
        )}
        {found !== null && points.length === 0 && (
          <p role="status">It has no checkpoint: no node of it was done.</p>
        )}
        {points.length > 0 && (
          <fieldset className="fb-restore-points">
            <legend>Checkpoint</legend>
            {points.map((one) => (
              <Point
                key={one.seq}
                point={one}
                checked={one.seq === point}
                onChoose={() => setChosen(one.seq)}
              />
            ))}
          </fieldset>
        )}
        {wrong !== "" && (
          <p className="fb-replay-problem" role="alert">
            {wrong}
          </p>
        )}
        <div className="fb-past-ask-foot">
          <button type="button" className="fb-button" onClick={close}>
            Not now
          </button>
          <button
            type="submit"
            className="fb-button fb-primary"
            data-action="restore-now"
            disabled={busy || point === null}
          >
            <Icon name="play" size={14} /> Restore
          </button>
        </div>
      </form>
    </DialogFrame>
  );
}

interface PointProps {
  readonly point: Checkpoint;
  readonly checked: boolean;
  readonly onChoose: () => void;
}

function Point({ point, checked, onChoose }: PointProps) {
  return (
    <label>
      <input
        type="radio"
        name="checkpoint"
        value={point.seq}
        checked={checked}
        data-focus={checked || undefined}
        onChange={onChoose}
      />
      <span>{point.node === "" ? "the run" : point.node}</span>
      <small>
        event {point.seq}, {moment(point.at)}; {pointSaid(point, bytes)}
      </small>
    </label>
  );
}
