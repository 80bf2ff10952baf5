/**
 * One line to the server for all open pages of runs: it tells which runs changed, and of those that
 * are watched what happened in them. When it breaks it is opened again from where it was; nothing is
 * lost, and nothing told twice.
 */
import { URLExt } from "@jupyterlab/coreutils";
import type { ServerConnection } from "@jupyterlab/services";
import type { Event } from "../../protocol/generated";

export interface Follower {
  /** Events behind those that were told; called while `watch` is on. */
  readonly happened: (events: readonly Event[]) => void;
  /** Runs are other than they were; all may be, where it is null. */
  readonly changed: (runs: readonly string[] | null) => void;
  readonly gone: () => void;
}

interface Watched {
  readonly run: string;
  readonly follower: Follower;
  /** The last event that is known; null: only the run itself is followed. */
  after: number | null;
}

interface Told {
  readonly position?: number;
  readonly runs?: ReadonlyArray<{ readonly id: string }>;
  readonly gone?: readonly string[];
  readonly reset?: boolean;
  readonly events?: Readonly<Record<string, readonly Event[]>>;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

export class Following {
  private readonly watched = new Set<Watched>();
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT;
  private position: number | null = null;
  private broken = false;
  /** The server has begun to tell, and may be asked. */
  private begun = false;

  constructor(private readonly open: (since: number | null) => WebSocket) {}

  follow(run: string, follower: Follower): Followed {
    const one: Watched = { run, follower, after: null };
    this.watched.add(one);
    if (this.socket === null && this.timer === undefined) this.connect();
    return {
      watch: (after) => {
        one.after = after;
        this.ask([one]);
      },
      stop: () => {
        this.watched.delete(one);
        const others = [...this.watched].some((other) => other.run === run);
        if (!others) this.say({ unwatch: [run] });
        if (this.watched.size === 0) this.close();
      },
    };
  }

  /** The machine is back: do not wait any longer. */
  retry(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT;
    this.connect();
  }

  private connect(): void {
    this.timer = undefined;
    this.begun = false;
    const socket = this.open(this.position);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      if (this.socket === socket) this.hear(String(data));
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.begun = false;
      this.broken = true;
      this.timer = setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    };
  }

  private close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { socket } = this;
    this.socket = null;
    this.begun = false;
    this.position = null;
    socket?.close();
  }

  private hear(text: string): void {
    let told: Told;
    try {
      told = JSON.parse(text) as Told;
    } catch {
      return; // from a proxy
    }
    if (told.position !== undefined) this.position = told.position;
    if (!this.begun && told.position !== undefined) {
      this.begun = true;
      this.wait = FIRST_WAIT;
      this.ask([...this.watched]);
      if (this.broken) for (const { follower } of [...this.watched]) follower.changed([]);
      this.broken = false;
    }
    const gone = new Set(told.gone);
    const changed = told.reset ? null : (told.runs ?? []).map((run) => run.id);
    for (const { run, follower } of [...this.watched]) {
      if (gone.has(run)) follower.gone();
      else if (changed === null || changed.length > 0 || gone.size > 0) follower.changed(changed);
    }
    for (const [run, events] of Object.entries(told.events ?? {}))
      for (const one of [...this.watched]) if (one.run === run) this.tell(one, events);
  }

  private tell(one: Watched, events: readonly Event[]): void {
    const { after } = one;
    if (after === null) return;
    const fresh = events.filter(({ seq }) => seq > after);
    one.after = fresh.at(-1)?.seq ?? after;
    // What nodes print is asked for node by node.
    const told = fresh.filter(({ kind }) => kind !== "NODE_LOGGED");
    if (told.length > 0) one.follower.happened(told);
  }

  private ask(some: readonly Watched[]): void {
    const watch = some.flatMap(({ run, after }) => (after === null ? [] : [{ run, after }]));
    if (watch.length > 0) this.say({ watch });
  }

  private say(said: object): void {
    if (this.begun && this.socket !== null) this.socket.send(JSON.stringify(said));
  }
}

export interface Followed {
  /** Tell of events behind this one from now on. */
  watch(after: number): void;
  stop(): void;
}

export function lineTo(settings: ServerConnection.ISettings): (since: number | null) => WebSocket {
  return (since) => {
    const query: Record<string, string> = {};
    if (since !== null) query.since = String(since);
    if (settings.appendToken && settings.token) query.token = settings.token;
    const place = URLExt.join(settings.wsUrl, "flowbook", "api", "v1", "live");
    return new settings.WebSocket(place + URLExt.objectToQueryString(query));
  };
}
