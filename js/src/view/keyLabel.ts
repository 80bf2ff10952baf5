const MAC = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);
const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** A key of a command as keyboards have it: `Mod+Shift+g` is Ctrl+Shift+G, on a Mac ⌘⇧G. */
export function keyLabel(key: string, mac = MAC): string {
  const parts = key.split("+").map((part) => {
    if (part === "Mod") return mac ? "⌘" : "Ctrl";
    if (mac && part === "Shift") return "⇧";
    if (mac && part === "Alt") return "⌥";
    return SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
  return parts.join(mac ? "" : "+");
}
