import type { Details } from "../protocol/generated";
import { Part } from "./Part";

/** What a node printed and logged, as `output/LogLines` draws it. */
export function LogsTab({ details }: { readonly details: Details }) {
  if (details.logs.length === 0 && !details.logs_cut)
    return <p className="fb-faint">Nothing was printed or logged.</p>;
  return <Part>{({ LogLines }) => <LogLines details={details} />}</Part>;
}
