/** What has been written, read back: in words, and as the moments that it means. */
import type { ReactNode } from "react";
import type { Words } from "../runs/words";
import { Fires } from "./Fires";
import { Refused, Warnings } from "./Notices";
import type { Checked } from "./schedule";

export interface ReadingProps {
  readonly checked: Checked;
  readonly trans: Words;
}

/** Nothing where the server could not read it, and says so at the field that it is of. */
export function Reading({ checked, trans }: ReadingProps): ReactNode {
  const { words, warnings, next, refused } = checked;
  const elsewhere = refused !== null && refused.field === null;
  if (words === "" && !elsewhere) return null;
  return (
    <section className="fb-schedules-reading" aria-label={trans.__("What this means")}>
      {words !== "" && <p role="status">{words}</p>}
      <Warnings texts={warnings} />
      {words !== "" && <Fires fires={next} trans={trans} />}
      {elsewhere && <Refused refusal={refused} />}
    </section>
  );
}
