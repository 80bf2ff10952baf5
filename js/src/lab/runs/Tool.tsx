/** A button that is a sign: its word is its name, and shown where it is pointed at. */
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Icon, type IconName } from "./icons";

type Native = ButtonHTMLAttributes<HTMLButtonElement>;

export interface ToolProps
  extends Pick<Native, "aria-expanded" | "aria-haspopup" | "disabled" | "tabIndex" | "onClick"> {
  readonly icon: IconName;
  readonly label: string;
  /** What is shown where it is pointed at, when more is to be said than its name. */
  readonly title?: string;
  readonly "data-action"?: string;
}

export function Tool({ icon, label, title = label, ...rest }: ToolProps): ReactNode {
  return (
    <button type="button" className="fb-runs-tool" aria-label={label} title={title} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
