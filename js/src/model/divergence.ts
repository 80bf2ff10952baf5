/** How a node stands in one of two flows, or of two runs, compared with the other: as words and signs. */

export const MARK_WORDS: Readonly<Record<string, string>> = {
  added: "new",
  removed: "gone",
  changed: "changed",
  diverged: "diverges here",
  same: "the same",
};

/** Beside the words, so that colour is never alone; what is the same has none. */
export const MARK_SIGNS: Readonly<Record<string, string>> = {
  added: "+",
  removed: "−",
  changed: "Δ",
  diverged: "≠",
};
