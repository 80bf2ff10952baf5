import { useLayoutEffect, useRef } from "react";
import { bytes } from "../model/selectors";
import { type LiveStream, streamText } from "../model/stream";
import type { ArtefactView, PortPreview, StreamedView } from "../protocol/generated";
import { PreviewOf } from "./PreviewOf";

const NEAR_END = 24;

interface StreamTabProps {
  readonly details: StreamedView | null;
  readonly live: LiveStream | undefined;
  readonly running: boolean;
}

/** What a node gives before it is done: text as it comes, chunks of data, files. */
export function StreamTab({ details, live, running }: StreamTabProps) {
  const said = streamText(details, live);
  return (
    <>
      {said.tokens > 0 && (
        <Said text={said.text} tokens={said.tokens} cut={said.cut} running={running} />
      )}
      <Chunks details={details} live={live} />
      <Artefacts details={details} />
    </>
  );
}

interface SaidProps {
  readonly text: string;
  readonly tokens: number;
  readonly cut: boolean;
  readonly running: boolean;
}

function Said({ text, tokens, cut, running }: SaidProps) {
  const place = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new text moves the end
  useLayoutEffect(() => {
    const element = place.current;
    if (element !== null && follows.current) element.scrollTop = element.scrollHeight;
  }, [text]);
  const scrolled = () => {
    const element = place.current;
    if (element === null) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    follows.current = below < NEAR_END;
  };
  return (
    <section className="fb-section">
      <h3>
        <span>Text</span>
        <span className="fb-type">
          {tokens.toLocaleString("en")} {tokens === 1 ? "token" : "tokens"}
        </span>
      </h3>
      {cut && <p className="fb-faint">Only the end is shown.</p>}
      <div
        ref={place}
        className="fb-said"
        role="log"
        aria-label="Text of the node"
        aria-busy={running}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        tabIndex={0}
        onScroll={scrolled}
      >
        {text}
        {running && <i className="fb-caret" aria-hidden="true" />}
      </div>
    </section>
  );
}

interface ChunksProps {
  readonly details: StreamedView | null;
  readonly live: LiveStream | undefined;
}

function Chunks({ details, live }: ChunksProps) {
  const kept: readonly PortPreview[] = details?.data ?? [];
  const count = Math.max(live?.data?.count ?? 0, kept.length + (details?.more_data ?? 0));
  if (count === 0) return null;
  const more = details?.more_data ?? 0;
  return (
    <section className="fb-section">
      <h3>
        <span>Data</span>
        <span className="fb-type">
          {count.toLocaleString("en")} {count === 1 ? "chunk" : "chunks"}
        </span>
      </h3>
      {live?.data && <p className="fb-chunk">{live.data.text}</p>}
      {more > 0 && <p className="fb-faint">{more.toLocaleString("en")} earlier ones are kept.</p>}
      {[...kept].reverse().map((one) => (
        <details key={one.port} className="fb-chunk-kept">
          <summary>
            {one.port} <span className="fb-type">{one.type}</span>
          </summary>
          {one.preview === null ? (
            <p className="fb-faint">{one.note}</p>
          ) : (
            <PreviewOf preview={one.preview} />
          )}
        </details>
      ))}
    </section>
  );
}

function Artefacts({ details }: { readonly details: StreamedView | null }) {
  const artefacts = details?.artefacts ?? [];
  if (artefacts.length === 0) return null;
  const more = details?.more_artefacts ?? 0;
  return (
    <section className="fb-section">
      <h3>
        <span>Artefacts</span>
        <span className="fb-type">{artefacts.length + more}</span>
      </h3>
      {more > 0 && <p className="fb-faint">Only the last are shown.</p>}
      {artefacts.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may come twice
        <Artefact key={i} artefact={one} />
      ))}
    </section>
  );
}

function Artefact({ artefact }: { readonly artefact: ArtefactView }) {
  const { name, media_type, size, preview, note } = artefact;
  return (
    <figure className="fb-artefact">
      <figcaption>
        <span>{name}</span>
        <span className="fb-type">
          {media_type}, {bytes(size)}
        </span>
      </figcaption>
      {preview === null ? (
        note !== "" && <p className="fb-faint">{note}</p>
      ) : (
        <PreviewOf preview={preview} />
      )}
    </figure>
  );
}
