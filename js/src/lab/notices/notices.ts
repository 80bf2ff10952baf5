/**
 * Shows what rules of notification tell whoever has JupyterLab open.
 *
 * The server tells it on the line by which it tells of runs. Who has no rule that tells JupyterLab
 * has no such line: whether there is one is asked with `look`. What was told while no page was open
 * is asked for behind the last that was told, which is kept; who never had a page open begins with
 * what is told from then on.
 */
import { Live, type Socket } from "../runs/live";
import type { Delivery } from "./delivery";

/** What is asked of the server. */
export interface NoticesApi {
  /** True when a rule that is on tells JupyterLab. */
  anyRule(): Promise<boolean>;
  /** What JupyterLab was told behind that moment, or ever; the latest first. */
  told(since: string | null, limit: number): Promise<readonly Delivery[]>;
}

/** When the last one was written that is known here; null where no page ever was open. */
export interface Seen {
  read(): string | null;
  keep(writtenAt: string): void;
}

const EVER = "1970-01-01T00:00:00Z";
const MOST_ASKED = 100;

export class Notices {
  private readonly live: Live;
  private readonly shown = new Set<string>();
  private last: string | null = null;
  private looking = false;
  private begun = false;

  constructor(
    private readonly api: NoticesApi,
    private readonly seen: Seen,
    open: (since: number | null) => Socket,
    private readonly show: (told: readonly Delivery[]) => void,
  ) {
    this.live = new Live(open, {
      heard: ({ notices }) => this.tell(notices),
      lost: () => void this.catchUp(),
      turned: (state) => {
        if (state === "on") void this.catchUp();
      },
    });
  }

  /** Is there something to wait for by now? Once there is, it is waited for. */
  async look(): Promise<void> {
    if (this.begun || this.looking) return;
    this.looking = true;
    try {
      if (this.last === null) this.known(this.seen.read() ?? (await this.latest()));
      if (!(await this.api.anyRule())) return;
      this.begun = true;
      this.live.start();
    } catch {
      // The server cannot say; it is asked again.
    } finally {
      this.looking = false;
    }
  }

  /** The machine is back: do not wait any longer. */
  retry(): void {
    this.live.retry();
  }

  private async latest(): Promise<string> {
    const [latest] = await this.api.told(null, 1);
    if (latest !== undefined) this.shown.add(latest.id);
    return latest?.written_at ?? EVER;
  }

  private async catchUp(): Promise<void> {
    try {
      const told = await this.api.told(this.last, MOST_ASKED);
      this.tell([...told].reverse());
    } catch {
      // What is told now is heard all the same, and the rest once the line is opened again.
    }
  }

  /** `told`: the oldest first. */
  private tell(told: readonly Delivery[]): void {
    const fresh = told.filter(({ id }) => !this.shown.has(id));
    const newest = fresh.at(-1);
    if (newest === undefined) return;
    for (const { id } of fresh) this.shown.add(id);
    this.known(newest.written_at);
    this.show(fresh);
  }

  private known(writtenAt: string): void {
    if (this.last !== null && Date.parse(writtenAt) <= Date.parse(this.last)) return;
    this.last = writtenAt;
    this.seen.keep(writtenAt);
  }
}
