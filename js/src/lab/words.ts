/**
 * What this extension says, in the user's language: of JupyterLab's bundle for it, once it is known.
 *
 * Those who are made by many hands speak by this one instead of being handed a bundle each.
 */
import type { TranslationBundle } from "@jupyterlab/translation";

type Words = Pick<TranslationBundle, "__">;

let bundle: Words | null = null;

export function speak(translated: Words): void {
  bundle = translated;
}

export const trans: Words = {
  __: (text, ...args) =>
    bundle?.__(text, ...args) ??
    text.replace(/%(\d)/g, (_, number: string) => String(args[Number(number) - 1])),
};
