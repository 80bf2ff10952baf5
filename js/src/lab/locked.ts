/** Whether a document may be changed, which more decides than JupyterLab's own views ask. */
import type { Context } from "./links";
import { trans } from "./words";

/** Why it may not; empty when it may. */
export function whyLocked({ model, contentsModel }: Context): string {
  if (model.readOnly) return trans.__("this notebook is shown for reading only");
  return contentsModel?.writable === false
    ? trans.__("the file of this notebook may not be written")
    : "";
}
