/**
 * Widgets of a notebook whose view is closed while its canvas stays.
 *
 * The document's own connection answers comms for as long as any view of it is open, and ipywidgets
 * lives and dies with the notebook's view. Without it, JupyterLab answers a new widget by closing
 * its comm, which leaves it half dead for ever; and comms of a view that was closed stay on the
 * connection, where the next view's manager trips over them. So while no notebook view is open,
 * comms of widgets are forgotten: not answered, not closed, for a closed comm takes the subshell of
 * its target along.
 */
import type { Kernel } from "@jupyterlab/services";

const WIDGETS = "jupyter.widget";

/** What a connection has beyond its published interface; looked at, never relied on. */
type Connection = Kernel.IKernelConnection & { readonly _comms?: unknown };

export function guardWidgets(connection: Kernel.IKernelConnection | null | undefined): void {
  if (!connection?.handleComms) return;
  const { _comms: comms } = connection as Connection;
  connection.registerCommTarget(WIDGETS, (comm) => {
    if (comms instanceof Map) comms.delete(comm.commId);
    else comm.dispose();
  });
  if (comms instanceof Map) comms.clear();
}
