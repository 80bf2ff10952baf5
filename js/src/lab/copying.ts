/** The link at which others may look at a flow, without changing it. */
import { Clipboard, Notification } from "@jupyterlab/apputils";
import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import type { Contents } from "@jupyterlab/services";
import { trans } from "./words";

export function viewUrl(path: string): string {
  const whole = URLExt.join(PageConfig.getBaseUrl(), "flowbook", "view", URLExt.encodeParts(path));
  return new URL(whole, location.href).href;
}

export function copyLink(path: string, contents: Contents.IManager): void {
  const url = viewUrl(contents.localPath(path));
  Clipboard.copyToSystem(url);
  Notification.success(trans.__("The link to the read-only view of %1 is copied.", path), {
    autoClose: 8000,
    actions: [{ label: trans.__("Open"), callback: () => window.open(url, "_blank", "noopener") }],
  });
}
