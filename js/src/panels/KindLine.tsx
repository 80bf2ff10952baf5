import type { KindView } from "../protocol/generated";
import { Icon } from "../view/icons";
import { lookOf } from "../view/kinds";

/** A kind of node in a list: what it looks like, what it is called, what it is for, or lacks. */
export function KindLine({ kind }: { readonly kind: KindView }) {
  const look = lookOf(kind.kind);
  return (
    <>
      <span className="fb-kind" data-kind={kind.kind} data-tone={look.tone}>
        <Icon name={look.icon} />
      </span>
      <span className="fb-line">
        <span className="fb-line-name">{kind.title}</span>
        <span className="fb-line-more">{kind.missing || kind.summary}</span>
      </span>
    </>
  );
}
