/** What a replay would do, asked for anew whenever something else is wanted of it. */
import { useEffect, useState } from "react";
import { asPageError, usePage } from "./facts";
import type { Plan } from "./model/replaying";

/** One asks when one has stopped typing. */
const STOPPED_MS = 250;

export interface Planned {
  /** The last one that was told; it may be of what was wanted before. */
  readonly plan: Plan | null;
  /** Why there is none. */
  readonly failure: string;
  /** It is of what is wanted now. */
  readonly current: boolean;
}

interface Told {
  readonly plan: Plan | null;
  readonly failure: string;
  readonly of: string;
}

const NOTHING: Told = { plan: null, failure: "", of: "" };

/** The plan for a body of `POST replay`; null where nothing can be asked. */
export function usePlan(body: object | null): Planned {
  const page = usePage();
  const [told, setTold] = useState(NOTHING);
  const wanted = body === null ? "" : JSON.stringify(body);

  useEffect(() => {
    if (wanted === "") return;
    let listening = true;
    const tell = (plan: Plan | null, failure: string) => {
      if (listening) setTold({ plan, failure, of: wanted });
    };
    const timer = setTimeout(() => {
      page.ask("POST", `runs/${page.run}/replay`, { ...JSON.parse(wanted), check: true }).then(
        (found) => tell(found as Plan, ""),
        (reason) => tell(null, sentence(reason)),
      );
    }, STOPPED_MS);
    return () => {
      listening = false;
      clearTimeout(timer);
    };
  }, [page, wanted]);

  return { plan: told.plan, failure: told.failure, current: wanted !== "" && told.of === wanted };
}

/** A refusal and what to do about it. */
export function sentence(reason: unknown): string {
  const { message, hint } = asPageError(reason);
  return [message, hint].filter(Boolean).join(" ");
}
