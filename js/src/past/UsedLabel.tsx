import { bytes, duration } from "../model/selectors";
import type { Used } from "./model/used";

/** What had been used; nothing where nothing was measured. */
export function UsedLabel({ used }: { readonly used: Used }) {
  const parts = [
    used.cpu === null ? "" : `${duration(used.cpu)} CPU`,
    used.memory === null ? "" : `${used.estimate ? "about " : ""}${bytes(used.memory)} at most`,
    used.tokens === 0 ? "" : `${used.tokens.toLocaleString("en-US")} tokens`,
    used.cost === 0 ? "" : `$${used.cost.toFixed(4)}`,
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return <span title="Resources used up to this moment">{parts.join(" · ")}</span>;
}
