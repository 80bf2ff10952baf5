import { originHelp, sourcesOf } from "../model/sources";
import type { NodeView } from "../protocol/generated";

/** Where each input and each setting of a node comes from, one line each with a badge. */
export function Sources({ node }: { readonly node: NodeView }) {
  const rows = sourcesOf(node);
  if (rows.length === 0) return null;
  return (
    <dl className="fb-sources" aria-label="Where it comes from">
      {rows.map((row) => (
        <div key={`${row.setting ? "setting" : "input"} ${row.name}`}>
          <dt>{row.name}</dt>
          <dd>
            <span className="fb-origin" data-origin={row.origin} title={originHelp(row.origin)}>
              {row.origin}
            </span>
            <span className="fb-origin-text" title={row.text}>
              {row.text}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
