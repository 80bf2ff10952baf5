/** The way to what is loaded for pages of recorded runs; see `panels/whole.ts`. */
import type * as past from "./past";

export type Parts = typeof past;

export function load(_text: () => Promise<string>): Promise<Parts> {
  return import("./past");
}
