import { originHelp, type SourceRow, sourcesOf } from "../model/sources";
import type { NodeView } from "../protocol/generated";

/** Where each input and each setting of a node comes from, one line each with a badge. */
export function Sources({ node }: { readonly node: NodeView }) {
  const rows = sourcesOf(node);
  const settings = rows.filter((row) => row.setting);
  if (rows.length === 0) return null;
  return (
    <div className="fb-sources">
      <Rows rows={rows.filter((row) => !row.setting)} label="Inputs" />
      <Rows rows={settings} label="Settings" />
    </div>
  );
}

function Rows({ rows, label }: { readonly rows: readonly SourceRow[]; readonly label: string }) {
  if (rows.length === 0) return null;
  return (
    <section className="fb-section" aria-label={label}>
      <h3>{label}</h3>
      <dl>
        {rows.map((row) => (
          <div key={row.name}>
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
    </section>
  );
}
