/** How values are spread, at a glance. */
const WIDE = 3;
const HIGH = 16;

/** The height of each bar, at least a pixel where there is anything. */
export function heights(bars: readonly number[], high = HIGH): readonly number[] {
  const most = Math.max(...bars, 1);
  return bars.map((bar) => (bar === 0 ? 0 : Math.max(1, Math.round((bar / most) * high))));
}

export function Bars({
  bars,
  label,
}: {
  readonly bars: readonly number[];
  readonly label: string;
}) {
  if (bars.length === 0) return null;
  return (
    <svg
      className="fb-bars-of"
      width={bars.length * WIDE}
      height={HIGH}
      role="img"
      aria-label={label}
    >
      {heights(bars).map((height, i) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other identity
          key={i}
          x={i * WIDE}
          y={HIGH - height}
          width={WIDE - 1}
          height={height}
        />
      ))}
    </svg>
  );
}
