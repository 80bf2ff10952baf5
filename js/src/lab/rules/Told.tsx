/** What a rule told, and what it would have told. */
import type { ReactNode } from "react";
import { exact, type Words } from "../runs/words";
import { Refused } from "../schedules/Notices";
import type { Trouble } from "../schedules/schedule";
import { shortly } from "../schedules/words";
import type { Delivery, Notice, Tried } from "./rule";
import { channelWord, deliveryWord, triedWords } from "./words";

/** More runs than these are only counted. */
const MOST = 10;

export interface ToldProps {
  readonly told: readonly Delivery[];
  /** The ids of those that are being sent again, and why others are not. */
  readonly again: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, Trouble>;
  readonly trans: Words;
  readonly onOpen: (run: string) => void;
  readonly onAgain: (delivery: Delivery) => void;
}

/** The last deliveries, the latest first. */
export function Told(props: ToldProps): ReactNode {
  const { told, again, refusals, trans, onOpen, onAgain } = props;
  if (told.length === 0)
    return <p className="fb-schedules-faint">{trans.__("It has told nobody yet.")}</p>;
  return (
    <table className="fb-schedules-slots">
      <caption>{trans.__("What it told")}</caption>
      <tbody>
        {told.map((one) => (
          <tr key={one.id} data-status={one.status}>
            <th scope="row">
              <time dateTime={one.written_at} title={exact(one.written_at)}>
                {shortly(one.written_at)}
              </time>
            </th>
            <td title={one.message}>
              <Run run={one.run_id} flow={one.flow} {...{ trans, onOpen }} />
            </td>
            <td>
              {channelWord(trans, one.channel)}: {deliveryWord(trans, one)}
              <Attempts delivery={one} trans={trans} />
              <SendAgain
                delivery={one}
                busy={again.has(one.id)}
                refusal={refusals.get(one.id)}
                {...{ trans, onAgain }}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Why it did not get through, and when it is tried again. */
function Attempts({ delivery, trans }: { readonly delivery: Delivery; readonly trans: Words }) {
  const { status, attempts, last_error, next_at } = delivery;
  if (status === "sent" || last_error === null) return null;
  const times = trans._n("%1 attempt", "%1 attempts", attempts);
  const again = next_at === null ? "" : ` · ${trans.__("again at %1", shortly(next_at))}`;
  return (
    <small className="fb-schedules-bad">
      {last_error} ({times}
      {again})
    </small>
  );
}

interface SendAgainProps extends Pick<ToldProps, "trans" | "onAgain"> {
  readonly delivery: Delivery;
  readonly busy: boolean;
  readonly refusal: Trouble | undefined;
}

/** The way to send what failed for good once more; it stays at hand while that goes on. */
function SendAgain({ delivery, busy, refusal, trans, onAgain }: SendAgainProps): ReactNode {
  const { status, channel, flow, written_at } = delivery;
  const offered = status === "failed" || busy;
  const label = busy ? trans.__("Sending again…") : trans.__("Send again");
  const which = trans.__("%1, %2, %3", channelWord(trans, channel), flow, shortly(written_at));
  return (
    <>
      {offered && (
        <button
          type="button"
          className="fb-runs-link fb-rules-again"
          data-action="again"
          aria-label={`${label}: ${which}`}
          aria-disabled={busy}
          onClick={() => {
            if (!busy) onAgain(delivery);
          }}
        >
          {label}
        </button>
      )}
      {refusal !== undefined && <Refused refusal={refusal} />}
    </>
  );
}

interface RunProps {
  readonly run: string | null | undefined;
  readonly flow: string;
  readonly trans: Words;
  readonly onOpen: (run: string) => void;
}

function Run({ run, flow, trans, onOpen }: RunProps): ReactNode {
  if (!run) return flow;
  return (
    <button
      type="button"
      className="fb-runs-link"
      aria-label={trans.__("Open the run of %1", flow)}
      onClick={() => onOpen(run)}
    >
      {flow}
    </button>
  );
}

export interface WouldProps {
  readonly tried: Tried;
  readonly trans: Words;
  readonly onOpen: (run: string) => void;
}

/** What a draft would have told, the latest first. */
export function Would({ tried, trans, onOpen }: WouldProps): ReactNode {
  const { fired, days, notices } = tried;
  const more = fired - MOST;
  return (
    <section className="fb-schedules-reading" aria-label={trans.__("On history")}>
      <p role="status">{triedWords(trans, fired, days)}</p>
      {notices.length > 0 && (
        <ul className="fb-rules-would">
          {[...notices]
            .reverse()
            .slice(0, MOST)
            .map((notice) => (
              <li key={notice.id}>
                <At notice={notice} />{" "}
                <Run run={notice.run} flow={notice.flow} {...{ trans, onOpen }} />{" "}
                <small>{firstLine(notice.error || notice.message)}</small>
              </li>
            ))}
        </ul>
      )}
      {more > 0 && <small>{trans._n("and %1 more", "and %1 more", more)}</small>}
    </section>
  );
}

function At({ notice }: { readonly notice: Notice }): ReactNode {
  const iso = new Date(notice.happened_at * 1000).toISOString();
  return (
    <time dateTime={iso} title={exact(iso)}>
      {shortly(iso)}
    </time>
  );
}

function firstLine(text = ""): string {
  return text.split("\n", 1)[0] ?? "";
}
