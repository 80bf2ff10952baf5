/** What a run was performed in: asked for when somebody wants to see it. */
import { useState } from "react";
import { useAsked, usePage } from "./facts";
import { type Ran, sought } from "./model/environment";

export function Environment() {
  const [open, setOpen] = useState(false);
  return (
    <details
      className="fb-past-params fb-past-environment"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>environment</summary>
      {open && <Told />}
    </details>
  );
}

function Told() {
  const page = usePage();
  const { found, failure } = useAsked<{ readonly environment: Ran | null }>(
    `runs/${page.run}/environment`,
  );
  const [text, setText] = useState("");
  if (failure !== null && found === null)
    return (
      <div className="fb-past-around" role="alert">
        {failure.message}
      </div>
    );
  if (found === null)
    return (
      <div className="fb-past-around fb-faint" aria-busy="true">
        Looking…
      </div>
    );
  const ran = found.environment;
  if (ran === null) return <div className="fb-past-around fb-faint">It was not recorded.</div>;
  const packages = sought(ran, text);
  const all = Object.keys(ran.packages).length;
  return (
    <div className="fb-past-around">
      <dl>
        <Fact name="Python" value={ran.python} />
        <Fact name="flowbook" value={ran.flowbook} />
        <Fact name="Platform" value={ran.platform} />
      </dl>
      <input
        type="search"
        aria-label="Find a package"
        placeholder={`Find among ${all} packages`}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by keyboard */}
      <section aria-label="Packages" tabIndex={0}>
        {packages.length === 0 ? (
          <p className="fb-faint" role="status">
            No package is called so.
          </p>
        ) : (
          <dl>
            {packages.map(([name, version]) => (
              <Fact key={name} name={name} value={version} />
            ))}
          </dl>
        )}
      </section>
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
