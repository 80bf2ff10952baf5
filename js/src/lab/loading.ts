/** Flowbook in a kernel where nobody has loaded it: without a prompt, an output or a trace. */
import type { Kernel } from "@jupyterlab/services";
import { trans } from "./words";

/** Not by `%load_ext`, which would have the notebook's own say that it comes too late. */
const CODE = '__import__("flowbook").load_ipython_extension(get_ipython())';

/** Null when it is loaded; else why it cannot be, in words. */
export async function loadFlowbook(
  kernels: Kernel.IManager,
  model: Kernel.IModel,
): Promise<string | null> {
  const connection = kernels.connectTo({ model, handleComms: false });
  try {
    const { language_info } = await connection.info;
    if (language_info.name !== "python")
      return trans.__("this kernel speaks %1", language_info.name);
    const silent = { code: CODE, silent: true, store_history: false, allow_stdin: false };
    const { content } = await connection.requestExecute(silent).done;
    if (content.status === "ok") return null;
    if (!("ename" in content)) return trans.__("the kernel was interrupted");
    return content.ename === "ModuleNotFoundError"
      ? trans.__("flowbook is not installed where this kernel runs")
      : `${content.ename}: ${content.evalue}`;
  } finally {
    connection.dispose();
  }
}
