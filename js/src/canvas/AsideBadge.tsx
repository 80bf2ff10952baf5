import type { CSSProperties } from "react";
import type { Aside } from "../model/overlay";

/** What an overlay says of a node, on the edge of its card; how warm it is as a bar below. */
export function AsideBadge({ aside }: { readonly aside: Aside | undefined }) {
  if (aside === undefined || aside.text === "") return null;
  return (
    <>
      <span className="fb-aside">{aside.text}</span>
      {aside.tone === "heat" && (
        <span className="fb-aside-bar">
          <i />
        </span>
      )}
    </>
  );
}

/** How warm it is, for the style of its card. */
export function warmth(aside: Aside | undefined): CSSProperties {
  return aside === undefined ? {} : ({ "--fb-share": aside.share } as CSSProperties);
}
