/** What is to be known of a schedule before it goes wrong, and what it was refused. */
import type { ReactNode } from "react";
import type { Refusal } from "./schedule";

export function Warnings({ texts }: { readonly texts: readonly string[] }): ReactNode {
  return texts.map((text) => (
    <p key={text} className="fb-schedules-warn">
      {text}
    </p>
  ));
}

export interface RefusedProps {
  readonly refusal: Pick<Refusal, "message" | "hint">;
  /** What can be done about it here. */
  readonly children?: ReactNode;
}

/** A refusal in the server's words, said as soon as it is there. */
export function Refused({ refusal, children }: RefusedProps): ReactNode {
  return (
    <p className="fb-schedules-bad" role="alert">
      {refusal.message} {refusal.hint}
      {children !== undefined && <> {children}</>}
    </p>
  );
}
