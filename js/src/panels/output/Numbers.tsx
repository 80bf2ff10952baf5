/** What is in an array or a series: its figures, how its values are spread, the first of them. */
import type { ArrayPreview } from "../../protocol/generated";
import { heights } from "../Bars";
import { cellText, decimalsOf } from "../grid/cells";
import type { Cell } from "../grid/pages";

const WIDE = 14;
const HIGH = 64;

export function Numbers({ array }: { readonly array: ArrayPreview }) {
  const { values, summarized, sampled, bars } = array;
  const size = array.shape.reduce((product, side) => product * side, 1);
  const decimals = decimalsOf(values);
  return (
    <>
      <Figures array={array} />
      {values.length > 0 && (
        <ol
          className="fb-values"
          aria-label="First values"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reachable
          tabIndex={0}
          data-wordy={values.some((value) => typeof value === "string") || undefined}
        >
          {values.map((value, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: values have no other identity
            <li key={i} title={String(value)} data-none={value === null || undefined}>
              {cellText(value, decimals)}
            </li>
          ))}
        </ol>
      )}
      <p className="fb-faint">
        {values.length < size ? `first ${values.length} of ` : ""}
        {countOf(size, "value")}
        {summarized !== null && `; the figures are of the first ${countOf(summarized, "value")}`}
        {sampled !== null && bars.length > 0 && `; ${sampledSaid(sampled)}`}
      </p>
    </>
  );
}

/** The same of a series, whose values are in a table. */
export function SeriesFigures({ array }: { readonly array: ArrayPreview }) {
  return (
    <>
      <Figures array={array} />
      {array.sampled !== null && array.bars.length > 0 && (
        <p className="fb-faint">{sampledSaid(array.sampled)}</p>
      )}
    </>
  );
}

function Figures({ array }: { readonly array: ArrayPreview }) {
  return (
    <>
      <dl className="fb-figures">
        {figuresOf(array).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Histogram array={array} />
    </>
  );
}

function Histogram({ array: { bars, min, max } }: { readonly array: ArrayPreview }) {
  if (bars.length === 0) return null;
  const width = bars.length * WIDE;
  const most = Math.max(...bars);
  return (
    <figure className="fb-histogram">
      <svg
        viewBox={`0 0 ${width} ${HIGH}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`How the values are spread from ${figure(min)} to ${figure(max)}: ${bars.join(", ")}`}
      >
        {heights(bars, HIGH - 2).map((height, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other identity
          <rect key={i} x={i * WIDE} y={HIGH - height} width={WIDE - 2} height={height}>
            <title>{countOf(bars[i] ?? 0, "value")}</title>
          </rect>
        ))}
      </svg>
      <figcaption>
        <span>{figure(min)}</span>
        <span>up to {countOf(most, "value")} a bar</span>
        <span>{figure(max)}</span>
      </figcaption>
    </figure>
  );
}

function sampledSaid(sampled: number): string {
  return `median and bars are of ${countOf(sampled, "value")} that lie evenly in it`;
}

/** What is known of the whole array, in words; what is not known is left out. */
function figuresOf(array: ArrayPreview): ReadonlyArray<readonly [name: string, text: string]> {
  const { dtype, shape, min, median, max, mean, nulls } = array;
  const found: [string, string][] = [
    ["shape", shape.length === 0 ? "one value" : shape.map(grouped).join(" × ")],
    ["type", dtype],
  ];
  if (min !== null) found.push(["min", figure(min)]);
  if (median !== null) found.push(["median", figure(median)]);
  if (mean !== null) found.push(["mean", figure(mean)]);
  if (max !== null) found.push(["max", figure(max)]);
  if (nulls !== null && nulls > 0) found.push(["missing", grouped(nulls)]);
  return found;
}

function figure(value: Cell): string {
  return cellText(value, decimalsOf([value]));
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

function countOf(count: number, one: string): string {
  return `${grouped(count)} ${one}${count === 1 ? "" : "s"}`;
}
