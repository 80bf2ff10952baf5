/** What stands in one line of a card seen from afar, and what is legible there at all. */
const LINE = 9;
const MOST = 20;

/** The name of a node seen from afar: in two lines where it is long, and cut where it is longer. */
export function FarName({ name }: { readonly name: string }) {
  return (
    <span className="fb-far-name" data-long={name.length > LINE || undefined}>
      {name.length > MOST ? `${name.slice(0, MOST - 1)}…` : name}
    </span>
  );
}
