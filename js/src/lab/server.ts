/** Flowbook's part of the Jupyter server, as this extension asks it. */
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { type Post, Unreachable } from "./serverLine";
import { trans } from "./words";

export function canvasOfServer(settings: ServerConnection.ISettings): Post {
  return async (asked) => {
    const url = URLExt.join(settings.baseUrl, "flowbook", "api", "v1", "canvas");
    const request = { method: "POST", body: JSON.stringify(asked) };
    const reply = await ServerConnection.makeRequest(url, request, settings).catch((failure) => {
      throw failure instanceof ServerConnection.NetworkError ? new Unreachable() : failure;
    });
    if (reply.status === 404) throw new Error(trans.__("flowbook is not installed there"));
    const said = await reply.json();
    if (!reply.ok) throw new Error(said.message ?? reply.statusText);
    return said;
  };
}
