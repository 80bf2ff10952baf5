/**
 * News of runs, as the server sends them: never asked for twice, never missed.
 *
 * Each message has a position. When the line breaks it is opened again from there, later each time
 * it fails. Where the position is of no use (none was told, or the server begins anew), `lost` says
 * that what is shown has to be read again.
 */
import type { Delivery } from "../notices/delivery";
import type { RunRow } from "./run";

/** The part of a WebSocket that is used here. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface News {
  readonly runs: readonly RunRow[];
  readonly gone: readonly string[];
  /** What rules have told whoever has JupyterLab open; the oldest first. */
  readonly notices: readonly Delivery[];
}

export interface Hearer {
  heard(news: News): void;
  lost(): void;
  turned(state: LiveState): void;
}

export type LiveState = "off" | "opening" | "on" | "broken";

export interface Clock {
  set(callback: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

export const FIRST_WAIT = 500;
export const LONGEST_WAIT = 30_000;

const CLOCK: Clock = {
  set: (callback, ms) => setTimeout(callback, ms),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

export class Live {
  state: LiveState = "off";
  private socket: Socket | null = null;
  private position: number | null = null;
  private wait = FIRST_WAIT;
  private timer: unknown = null;
  private opened = false;

  constructor(
    private readonly open: (since: number | null) => Socket,
    private readonly hearer: Hearer,
    private readonly clock: Clock = CLOCK,
  ) {}

  start(): void {
    if (this.state === "off") this.connect();
  }

  stop(): void {
    this.clock.clear(this.timer);
    this.timer = null;
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.turn("off");
  }

  /** The machine is back: do not wait any longer. */
  retry(): void {
    if (this.state !== "broken" || this.timer === null) return;
    this.wait = FIRST_WAIT;
    this.clock.clear(this.timer);
    this.connect();
  }

  private connect(): void {
    this.timer = null;
    if (this.state !== "broken") this.turn("opening");
    const socket = this.open(this.position);
    this.socket = socket;
    const mine = () => this.socket === socket;
    socket.onopen = () => {
      if (mine()) this.begun();
    };
    socket.onmessage = ({ data }) => {
      if (mine()) this.hear(data);
    };
    socket.onclose = () => {
      if (mine()) this.closed();
    };
  }

  private begun(): void {
    this.wait = FIRST_WAIT;
    this.turn("on");
    if (this.opened && this.position === null) this.hearer.lost();
    this.opened = true;
  }

  private hear(data: unknown): void {
    const said = understood(data);
    if (said === null) return;
    const back = this.position !== null && said.position < this.position;
    this.position = said.position;
    if (back || said.reset) this.hearer.lost();
    else if (said.runs.length + said.gone.length + said.notices.length > 0) this.hearer.heard(said);
  }

  private closed(): void {
    this.socket = null;
    this.turn("broken");
    // A little apart from others that lost the same server.
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.timer = this.clock.set(() => this.connect(), wait);
  }

  private turn(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    this.hearer.turned(state);
  }
}

interface Said extends News {
  readonly position: number;
  /** More has changed than is told. */
  readonly reset: boolean;
}

function understood(data: unknown): Said | null {
  if (typeof data !== "string") return null;
  try {
    const { position, runs, gone, notices, reset } = JSON.parse(data) as Record<string, unknown>;
    if (typeof position !== "number") return null;
    return {
      position,
      reset: reset === true,
      runs: Array.isArray(runs) ? (runs as RunRow[]) : [],
      gone: Array.isArray(gone) ? (gone as string[]) : [],
      notices: Array.isArray(notices) ? (notices as Delivery[]) : [],
    };
  } catch {
    return null;
  }
}
