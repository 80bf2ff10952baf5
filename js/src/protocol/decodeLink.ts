/** What the kernel asks of a notebook, as a `LinkMessage`, or the reason why it is none. */
import { misfitOf } from "./decode";
import type { LinkMessage } from "./generated";

export type DecodedLink =
  | { readonly ok: true; readonly message: LinkMessage }
  | { readonly ok: false; readonly reason: string };

export function decodeLink(content: unknown): DecodedLink {
  const reason = misfitOf(content, "LinkMessage");
  return reason === null ? { ok: true, message: content as LinkMessage } : { ok: false, reason };
}
