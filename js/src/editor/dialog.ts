/** What may be asked in a window over the canvas; one at a time. */
import type { EdgeRef, PortRef } from "../protocol/generated";

export type Dialog =
  /** Which node to add, where; `on`: into that edge, `after`: fed by that output. */
  | {
      readonly kind: "add";
      readonly at: { readonly x: number; readonly y: number } | null;
      readonly on?: EdgeRef;
      readonly after?: PortRef;
    }
  /** Where an output of this node is to lead. */
  | { readonly kind: "connect"; readonly node: string }
  | { readonly kind: "rename"; readonly node: string }
  | { readonly kind: "find" }
  /** Everything that can be done, to choose by typing. */
  | { readonly kind: "commands" }
  | { readonly kind: "keys" }
  /** What the flow was, what is published, and what differs. */
  | { readonly kind: "versions" }
  /** What to take away, and with what in it. */
  | { readonly kind: "export" }
  /** What can be done with what is selected, at a place of the page. */
  | { readonly kind: "menu"; readonly x: number; readonly y: number };
