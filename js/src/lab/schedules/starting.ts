/** A run at once with other parameters than the schedule has: its rows, and what was refused. */
import type { Ask } from "../run/api";
import type { Words } from "../runs/words";
import type { Schedule, Trouble } from "./schedule";

/** A parameter as it is being written. */
export interface Row {
  readonly name: string;
  readonly text: string;
  /** The schedule has it: its name stands. */
  readonly given: boolean;
}

export interface Starting {
  /** The name of the schedule. */
  readonly of: string;
  readonly rows: readonly Row[];
  readonly sending: boolean;
  readonly refused: Trouble | null;
}

type Values = Readonly<Record<string, unknown>>;

export const BLANK: Row = { name: "", text: "", given: false };

/** The parameters of a schedule as rows; where it has none, one to be filled in. */
export function rowsOf({ settings }: Schedule): readonly Row[] {
  const rows = Object.entries(settings.input_data ?? {}).map(([name, value]) => ({
    ...{ name, text: textOf(value), given: true },
  }));
  return rows.length > 0 ? rows : [BLANK];
}

/** What a row's name is at fault in, by the place of the row. */
export function faultsOf(rows: readonly Row[], trans: Words): ReadonlyMap<number, string> {
  const faults = new Map<number, string>();
  const seen = new Set<string>();
  rows.forEach(({ name, text }, place) => {
    const wanted = name.trim();
    if (wanted === "" && text !== "") faults.set(place, trans.__("Give it a name."));
    if (seen.has(wanted)) faults.set(place, trans.__("There is one of that name."));
    if (wanted !== "") seen.add(wanted);
  });
  return faults;
}

/** The parameters that are not as the schedule has them. */
export function paramsOf(rows: readonly Row[], { settings }: Schedule): Values {
  const before: Values = settings.input_data ?? {};
  const changed = rows.filter(
    ({ name, text, given }) => name.trim() !== "" && !(given && text === textOf(before[name])),
  );
  return Object.fromEntries(
    changed.map(({ name, text, given }) => [
      name.trim(),
      given && typeof before[name] === "string" ? text : parsed(text),
    ]),
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** JSON where it is some, else the text that it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What starting needs of the panel it stands in. */
export interface Home {
  readonly ask: Ask;
  readonly trans: Words;
  readonly look: () => {
    readonly schedules: readonly Schedule[];
    readonly starting: Starting | null;
  };
  readonly change: (made: { starting?: Starting | null; said?: string }) => void;
  readonly reload: () => Promise<void>;
  readonly troubleOf: (thrown: unknown) => Trouble;
}

export class Starter {
  constructor(private readonly home: Home) {}

  open(of: string): void {
    const found = this.schedule(of);
    if (found === undefined) return;
    const starting = { of, rows: rowsOf(found), sending: false, refused: null };
    this.home.change({ starting });
  }

  write(place: number, change: Partial<Row>): void {
    this.rows((rows) => rows.map((row, at) => (at === place ? { ...row, ...change } : row)));
  }

  more(): void {
    this.rows((rows) => [...rows, BLANK]);
  }

  close(): void {
    this.home.change({ starting: null });
  }

  /** Start it; what is refused keeps what was written. */
  async run(): Promise<void> {
    const { starting } = this.home.look();
    const found = starting === null ? undefined : this.schedule(starting.of);
    if (starting === null || found === undefined || starting.sending) return;
    if (faultsOf(starting.rows, this.home.trans).size > 0) return;
    const sent: Starting = { ...starting, sending: true, refused: null };
    this.home.change({ starting: sent });
    const answered = (starting: Starting | null) => {
      if (this.home.look().starting === sent) this.home.change({ starting });
    };
    try {
      const params = paramsOf(starting.rows, found);
      await this.home.ask("POST", `schedules/${encodeURIComponent(starting.of)}/run`, { params });
      answered(null);
      this.home.change({ said: this.home.trans.__("%1 runs now", starting.of) });
      await this.home.reload();
    } catch (thrown) {
      answered({ ...starting, sending: false, refused: this.home.troubleOf(thrown) });
    }
  }

  private schedule(name: string): Schedule | undefined {
    return this.home.look().schedules.find((one) => one.name === name);
  }

  private rows(change: (rows: readonly Row[]) => readonly Row[]): void {
    const { starting } = this.home.look();
    if (starting === null || starting.sending) return;
    this.home.change({ starting: { ...starting, rows: change(starting.rows), refused: null } });
  }
}
