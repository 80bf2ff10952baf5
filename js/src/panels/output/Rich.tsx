/** Charts, HTML, Markdown and LaTeX: drawn by the page around if it can, else as well as it goes. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { formOf, framed, hasScripts, undrawn } from "../../model/rich";
import type { RichPreview } from "../../protocol/generated";
import { Markdown } from "../../view/Markdown";
import { useEditor } from "../../view/useEditor";
import { JsonTree } from "./JsonTree";
import { Picture } from "./Picture";

interface RichProps {
  readonly preview: RichPreview;
  readonly name: string;
}

export function Rich({ preview, name }: RichProps) {
  if (formOf(preview.mime) === "html") return <Page html={String(preview.data)} />;
  return <Hosted preview={preview} name={name} />;
}

/** Drawn by the host; by what is here where it cannot, or fails. */
function Hosted({ preview, name }: RichProps) {
  const { mime, data } = preview;
  const { session } = useEditor();
  const { render } = session.transport;
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"drawing" | "drawn" | "own">("drawing");
  const [failure, setFailure] = useState("");
  useEffect(() => {
    const element = place.current;
    setFailure("");
    const one = element === null ? null : (render?.(mime, data, element) ?? null);
    if (one === null) {
      setState("own");
      return;
    }
    setState("drawing");
    let wanted = true;
    one.done.then(
      () => wanted && setState("drawn"),
      (reason: unknown) => {
        if (!wanted) return;
        setFailure(reason instanceof Error ? reason.message : String(reason));
        setState("own");
      },
    );
    return () => {
      wanted = false;
      one.dispose();
    };
  }, [render, mime, data]);
  return (
    <>
      <div
        ref={place}
        className="fb-hosted"
        hidden={state === "own"}
        aria-busy={state === "drawing"}
      />
      {state === "own" && <Own preview={preview} name={name} failure={failure} />}
      {state === "drawn" && formOf(mime) === "chart" && <Description data={data} name={name} />}
    </>
  );
}

interface OwnProps extends RichProps {
  readonly failure: string;
}

function Own({ preview, name, failure }: OwnProps) {
  const { mime, data, image } = preview;
  if (formOf(mime) === "markdown")
    return (
      <div className="fb-marked">
        <Markdown text={String(data)} />
      </div>
    );
  if (formOf(mime) === "latex")
    return (
      <>
        <pre className="fb-code">{String(data)}</pre>
        <p className="fb-faint">
          {failure || "This is LaTeX; in JupyterLab it is set as a formula."}
        </p>
      </>
    );
  const why = <p className="fb-faint">{undrawn(mime, image !== null, failure)}</p>;
  if (image === null)
    return (
      <>
        {why}
        <JsonTree value={data} name={name} />
      </>
    );
  return (
    <>
      <Picture image={image} />
      {why}
      <Description data={data} name={name} />
    </>
  );
}

function Description({ data, name }: { readonly data: unknown; readonly name: string }) {
  return (
    <details className="fb-description">
      <summary>Its description</summary>
      <JsonTree value={data} name={name} />
    </details>
  );
}

/** HTML in a frame of its own that reaches nothing: no script runs, nothing is loaded. */
function Page({ html }: { readonly html: string }) {
  const place = useRef<HTMLDivElement>(null);
  const colors = useColors(place);
  return (
    <>
      <div ref={place} className="fb-page">
        {/* Not before its text is known: a frame that is filled twice may show the first filling. */}
        {colors !== null && (
          <iframe title="HTML that the node gave" sandbox="" srcDoc={framed(html, ...colors)} />
        )}
      </div>
      {hasScripts(html) && (
        <p className="fb-faint">
          It has scripts, which are not run here. In the notebook, show it with display(…).
        </p>
      )}
    </>
  );
}

/** Those of the theme, for a page that knows none: ink, ground, and whether it is light or dark. */
function useColors(
  element: RefObject<HTMLElement>,
): readonly [ink: string, ground: string, scheme: string] | null {
  const [colors, setColors] = useState<readonly [string, string, string] | null>(null);
  useEffect(() => {
    if (element.current === null) return;
    const { color, backgroundColor } = getComputedStyle(element.current);
    setColors([color, backgroundColor, isDark(backgroundColor) ? "dark" : "light"]);
  }, [element]);
  return colors;
}

function isDark(color: string): boolean {
  const parts = (color.match(/[\d.]+/g) ?? []).map(Number);
  const full = color.startsWith("color(") ? 1 : 255;
  const [red = full, green = full, blue = full] = parts;
  return (red + green + blue) / full < 1.5;
}
