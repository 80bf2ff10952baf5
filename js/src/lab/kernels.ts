/**
 * What a notebook's own view does for its kernel, done for one that only has a canvas open: a
 * kernel of its name is started, the file says which kernel it was, and a restart is told.
 */
import { Notification } from "@jupyterlab/apputils";
import type { KernelSpec } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Context } from "./links";
import { whyLocked } from "./locked";
import { trans as translated } from "./words";

/** Start the kernel that the notebook names, or the server's default. */
export async function startKernel(context: Context, specs: KernelSpec.IManager): Promise<void> {
  await specs.ready;
  const named = context.model.defaultKernelName;
  const known = specs.specs?.kernelspecs ?? {};
  const name = named in known ? named : (specs.specs?.default ?? "");
  if (name === "") throw new Error(translated.__("the server has no kernel"));
  await context.sessionContext.changeKernel({ name });
}

/** Follow the kernel of a document whose notebook may be closed; returns how to stop. */
export function followKernel(
  context: Context,
  hasNotebook: () => boolean,
  trans: TranslationBundle,
): () => void {
  const { sessionContext } = context;
  const onKernel = () => {
    if (!hasNotebook()) void rememberKernel(context);
  };
  const onStatus = (_: unknown, status: string) => {
    if (hasNotebook()) return;
    if (status === "autorestarting")
      Notification.warning(
        trans.__(
          "The kernel of %1 died and is being restarted. What was in its memory is lost.",
          context.path,
        ),
        { autoClose: 10000 },
      );
    if (status === "dead")
      Notification.error(
        trans.__("The kernel of %1 died. Choose Restart Kernel to go on.", context.path),
      );
  };
  sessionContext.kernelChanged.connect(onKernel);
  sessionContext.statusChanged.connect(onStatus);
  onKernel();
  return () => {
    sessionContext.kernelChanged.disconnect(onKernel);
    sessionContext.statusChanged.disconnect(onStatus);
  };
}

/** The file says which kernel it was run with, and in which language. */
async function rememberKernel(context: Context): Promise<void> {
  const kernel = context.sessionContext.session?.kernel;
  if (!kernel) return;
  const [spec, info] = await Promise.all([kernel.spec, kernel.info]);
  const { model } = context;
  if (context.isDisposed || kernel.isDisposed || whyLocked(context) !== "") return;
  const named = {
    name: kernel.name,
    display_name: spec?.display_name ?? kernel.name,
    language: spec?.language ?? info.language_info.name,
  };
  put(model, "kernelspec", named);
  put(model, "language_info", info.language_info);
}

function put(model: Context["model"], key: string, value: object): void {
  if (JSON.stringify(model.getMetadata(key)) !== JSON.stringify(value))
    model.setMetadata(key, value);
}
