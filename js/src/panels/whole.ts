/**
 * The way to what is loaded later. Here it is simply imported: tests and the page for developers are
 * whole. What users get has something else in this file's place (`scripts/build-widget.mjs`): the
 * other part is a file of its own, which the kernel sends when it is asked for.
 */
import type * as more from "./more";

export type Parts = typeof more;

export function load(_text: () => Promise<string>): Promise<Parts> {
  return import("./more");
}
