/** What the panel asks of flowbook's part of the Jupyter server. */
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import type { Failure } from "./list";
import type { Socket } from "./live";
import type { Deletion, FlowSummary, RunPage, RunRow } from "./run";

export type Asked = Readonly<Record<string, string | boolean>>;

/** From where, with what, and how a run is to be replayed. */
export interface Replay {
  readonly from?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

export interface RunsApi {
  page(asked: Asked, limit: number, cursor: string | null): Promise<RunPage>;
  flows(): Promise<readonly FlowSummary[]>;
  nodes(run: string): Promise<readonly string[]>;
  pin(run: string, pinned: boolean): Promise<RunRow>;
  control(run: string, what: "cancel" | "pause" | "resume"): Promise<void>;
  rerun(run: string): Promise<string>;
  replay(run: string, how: Replay): Promise<string>;
  /** `pinned`: also where it is pinned. */
  delete(run: string, pinned: boolean): Promise<Deletion>;
  deleteWhere(asked: Asked, dryRun: boolean): Promise<Deletion>;
}

/** The server says no, or nothing. */
export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** Why something failed, whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Refused) return thrown.failure;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { message, hint: null, kind: "refused" };
}

export class RunsServer implements RunsApi {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  page(asked: Asked, limit: number, cursor: string | null): Promise<RunPage> {
    const query = { ...words(asked), limit: String(limit), ...(cursor && { cursor }) };
    return this.ask("GET", ["runs"], { query });
  }

  async flows(): Promise<readonly FlowSummary[]> {
    const { flows } = await this.ask<{ flows: readonly FlowSummary[] }>("GET", ["flows"]);
    return flows;
  }

  async nodes(run: string): Promise<readonly string[]> {
    type Nodes = { nodes: readonly { readonly node: string; readonly scope: string }[] };
    const { nodes } = await this.ask<Nodes>("GET", ["runs", run, "nodes"]);
    return nodes.filter(({ scope }) => scope === "").map(({ node }) => node);
  }

  async pin(run: string, pinned: boolean): Promise<RunRow> {
    const said = await this.ask<{ run: RunRow }>("POST", ["runs", run, "pin"], {
      body: { pinned },
    });
    return said.run;
  }

  async control(run: string, what: "cancel" | "pause" | "resume"): Promise<void> {
    await this.ask("POST", ["runs", run, what], { body: {} });
  }

  async rerun(run: string): Promise<string> {
    return idOf(await this.ask("POST", ["runs", run, "rerun"], { body: {} }));
  }

  async replay(run: string, how: Replay): Promise<string> {
    return idOf(await this.ask("POST", ["runs", run, "replay"], { body: how }));
  }

  delete(run: string, pinned: boolean): Promise<Deletion> {
    return this.ask("DELETE", ["runs", run], pinned ? { query: { pinned: "true" } } : {});
  }

  deleteWhere(asked: Asked, dryRun: boolean): Promise<Deletion> {
    return this.ask("POST", ["runs", "delete"], { body: { ...asked, dry_run: dryRun } });
  }

  private async ask<T>(
    method: string,
    path: readonly string[],
    { query, body }: { query?: Record<string, string>; body?: object } = {},
  ): Promise<T> {
    const place = URLExt.join(this.settings.baseUrl, "flowbook", "api", "v1", ...path);
    const url = place + (query ? URLExt.objectToQueryString(query) : "");
    const request = { method, ...(body && { body: JSON.stringify(body) }) };
    let reply: Response;
    try {
      reply = await ServerConnection.makeRequest(url, request, this.settings);
    } catch (failure) {
      throw new Refused({ message: String(failure), hint: null, kind: "offline" });
    }
    const said = await json(reply);
    if (reply.ok && said !== null) return said as T;
    throw new Refused(refusal(reply.status, reply.statusText, said));
  }
}

/** A new line by which the server tells what changes, from a position on or from now. */
export function lineOfNews(settings: ServerConnection.ISettings, since: number | null): Socket {
  const query: Record<string, string> = {};
  if (since !== null) query.since = String(since);
  if (settings.appendToken && settings.token) query.token = settings.token;
  const place = URLExt.join(settings.wsUrl, "flowbook", "api", "v1", "live");
  return new settings.WebSocket(place + URLExt.objectToQueryString(query)) as unknown as Socket;
}

function words(asked: Asked): Record<string, string> {
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, String(value)]));
}

function idOf(said: unknown): string {
  const { run } = said as { readonly run: string | { readonly id: string } };
  return typeof run === "string" ? run : run.id;
}

async function json(reply: Response): Promise<unknown> {
  try {
    return await reply.json();
  } catch {
    return null;
  }
}

/** Pages of Jupyter itself and of proxies are no answers of ours. */
function refusal(status: number, text: string, said: unknown): Failure {
  const { message, hint, kind } = (said ?? {}) as Partial<Record<string, string>>;
  const ours = hint !== undefined || kind !== undefined;
  if (!ours && (status === 404 || status === 200))
    return { message: "", hint: null, kind: "absent" };
  return {
    message: message ?? `${status} ${text}`,
    hint: hint ?? null,
    kind: status === 503 ? "busy" : status >= 502 && !ours ? "offline" : "refused",
  };
}
