/** Cells that speak of flows: whether any does, and when one was run, here or elsewhere on its kernel. */
import type { ISharedNotebook } from "@jupyter/ydoc";
import type { KernelMessage } from "@jupyterlab/services";

const SPEAKS_OF_FLOWS = /%flow|flowbook/;

export function speaksOfFlows({ cells }: Pick<ISharedNotebook, "cells">): boolean {
  return cells.some((cell) => SPEAKS_OF_FLOWS.test(cell.getSource()));
}

/** Follows what a kernel says to all: true when a cell that speaks of flows has just been run. */
export class Overhearing {
  private asked: string | null = null;

  forget(): void {
    this.asked = null;
  }

  hasRun(message: KernelMessage.IMessage): boolean {
    const parent = (message.parent_header as { msg_id?: string }).msg_id ?? null;
    if (message.header.msg_type === "execute_input") {
      const { code } = message.content as KernelMessage.IExecuteInputMsg["content"];
      if (SPEAKS_OF_FLOWS.test(code)) this.asked = parent;
    } else if (message.header.msg_type === "status" && this.asked === parent && parent !== null) {
      const { execution_state } = message.content as KernelMessage.IStatusMsg["content"];
      if (execution_state !== "idle") return false;
      this.asked = null;
      return true;
    }
    return false;
  }
}
