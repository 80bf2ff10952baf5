/** A value as something to look at: tables as tables, pictures as pictures, data as a tree. */
import { memo } from "react";
import type { Preview } from "../../protocol/generated";
import { Grid } from "../grid/Grid";
import type { Source } from "../grid/pages";
import { JsonTree } from "./JsonTree";
import { Numbers, SeriesFigures } from "./Numbers";
import { Picture } from "./Picture";
import { Rich } from "./Rich";
import { Table } from "./Table";
import { TextBox } from "./TextBox";
import "./output.css";

interface OutputProps {
  readonly preview: Preview;
  /** Where it is; a table is then shown whole, and more of a text can be asked for. */
  readonly source?: Source;
  /** Only to be glanced at: nothing on it can be pressed. */
  readonly glance?: boolean;
}

export const Output = memo(function Output({ preview, source, glance = false }: OutputProps) {
  switch (preview.show) {
    case "table":
      return (
        <>
          {preview.series !== null && <SeriesFigures array={preview.series} />}
          {source === undefined ? (
            <Table table={preview} />
          ) : (
            <Grid preview={preview} source={source} />
          )}
        </>
      );
    case "array":
      return <Numbers array={preview} />;
    case "image":
      return glance ? <Glanced preview={preview} /> : <Picture image={preview} />;
    case "tree":
      return glance ? (
        <Glanced preview={preview} />
      ) : (
        <JsonTree value={preview.value} name={nameOf(source)} cut={preview.cut} />
      );
    case "text":
      return glance ? <Glanced preview={preview} /> : <TextBox preview={preview} source={source} />;
    case "rich":
      return glance ? (
        <Glanced preview={preview} />
      ) : (
        <Rich preview={preview} name={nameOf(source)} />
      );
  }
});

/** The same without anything to press. */
function Glanced({ preview }: { readonly preview: Preview }) {
  switch (preview.show) {
    case "image":
      return (
        <div className="fb-picture">
          <img
            src={`data:${preview.mime};base64,${preview.content}`}
            alt={preview.alt || "Output of the node"}
          />
        </div>
      );
    case "tree":
      return <pre className="fb-code">{JSON.stringify(preview.value, null, 2)}</pre>;
    case "text":
      return <pre className="fb-code">{preview.text}</pre>;
    case "rich":
      if (preview.image !== null) return <Glanced preview={preview.image} />;
      return <pre className="fb-code">{glanced(preview.data)}</pre>;
    default:
      return null;
  }
}

const GLANCE = 600;

function glanced(data: unknown): string {
  const text = typeof data === "string" ? data : JSON.stringify(data, null, 2);
  return text.length > GLANCE ? `${text.slice(0, GLANCE)}…` : text;
}

/** What a value is called in an expression: an input by its name, an output by its node. */
function nameOf(source: Source | undefined): string {
  if (source === undefined) return "value";
  const { node, port, side } = source;
  return side === "in" || port === node ? port : `${node}.${port}`;
}
