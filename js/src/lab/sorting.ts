/** What is heard of who answers, sorted by whom it is for. */
import { decodeLink } from "../protocol/decodeLink";
import { type Patch, SHAPES, UNIONS } from "../protocol/generated";

export type Sorted =
  | { readonly to: "canvases"; readonly content: unknown }
  | { readonly to: "document"; readonly patch: Patch }
  | { readonly to: "user"; readonly notice: string }
  | { readonly to: "nobody"; readonly reason: string };

/** For the canvases, for the document, for the user; or for nobody, where it cannot be read. */
export function sorted(content: unknown): Sorted {
  if (OF_CANVASES.has(typeOf(content))) return { to: "canvases", content };
  const decoded = decodeLink(content);
  if (!decoded.ok) return { to: "nobody", reason: decoded.reason };
  const { message } = decoded;
  return message.type === "NOTICE"
    ? { to: "user", notice: message.message }
    : { to: "document", patch: message };
}

const typeOf = (content: unknown) => (content as { readonly type?: unknown } | null)?.type;

function tags(union: string): ReadonlySet<unknown> {
  return new Set((UNIONS[union] ?? []).map((name) => SHAPES[name]?.tag?.[1]));
}

const OF_CANVASES = tags("KernelMessage");
