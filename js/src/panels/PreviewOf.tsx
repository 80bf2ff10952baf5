import type { Preview } from "../protocol/generated";
import type { Source } from "./grid/pages";
import { Part } from "./Part";

interface PreviewOfProps {
  readonly preview: Preview;
  /** Where it is; a table is then shown whole. */
  readonly source?: Source;
  /** Only to be glanced at: nothing on it can be pressed. */
  readonly glance?: boolean;
}

/** A value as something to look at, as `output/Output` draws it. */
export function PreviewOf(props: PreviewOfProps) {
  return <Part>{({ Output }) => <Output {...props} />}</Part>;
}
