/** What a run was performed in, as the server tells it. */
export interface Ran {
  readonly digest: string;
  readonly python: string;
  readonly platform: string;
  readonly flowbook: string;
  readonly packages: Readonly<Record<string, string>>;
}

/** The packages whose name has the text in it, in the order of their names. */
export function sought(ran: Ran, text: string): ReadonlyArray<readonly [string, string]> {
  const wanted = text
    .trim()
    .toLowerCase()
    .replaceAll(/[-_.]+/g, "-");
  return Object.entries(ran.packages)
    .filter(([name]) => name.includes(wanted))
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** What was different around two runs, for one that nothing else tells apart. */
export function around(settings: ReadonlyArray<{ readonly name: string }>, most = 5): string {
  const names = settings.map(({ name }) => `environment ${name}`);
  const rest = names.length - most;
  if (rest <= 0) return names.join(", ");
  return [...names.slice(0, most), `${rest} more of the environment`].join(", ");
}
