/** Flowbook's part of the Jupyter server, as the page of a run asks it. */
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { type Method, PageError } from "../../protocol/runPage";

export type Ask = (method: Method, path: string, body?: object) => Promise<unknown>;

export function asking(settings: ServerConnection.ISettings): Ask {
  return async (method, path, body) => {
    const url = `${URLExt.join(settings.baseUrl, "flowbook", "api", "v1")}/${path}`;
    const request = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    let reply: Response;
    try {
      reply = await ServerConnection.makeRequest(url, request, settings);
    } catch {
      throw new PageError("The Jupyter server does not answer.", "Is it running?", 0);
    }
    const said = await reply.json().catch(() => null);
    if (reply.ok) return said;
    const { message, hint } = (said ?? {}) as { message?: string; hint?: string | null };
    throw new PageError(message ?? reply.statusText, hint ?? "", reply.status);
  };
}
