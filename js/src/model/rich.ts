/** What can be said of a value that describes itself in a form the canvas cannot draw. Pure. */

export type Form = "chart" | "html" | "markdown" | "latex" | "other";

export function formOf(mime: string): Form {
  if (mime === "text/html") return "html";
  if (mime === "text/markdown") return "markdown";
  if (mime === "text/latex") return "latex";
  return mime.startsWith("application/vnd.plotly.") || mime.startsWith("application/vnd.vega")
    ? "chart"
    : "other";
}

/** What draws it, as people call that. */
export function makerOf(mime: string): string {
  if (mime.startsWith("application/vnd.plotly.")) return "Plotly";
  if (mime.startsWith("application/vnd.vegalite.")) return "Vega-Lite";
  return mime.startsWith("application/vnd.vega.") ? "Vega" : mime;
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  Plotly: "In JupyterLab it is drawn where the package plotly is installed beside it.",
  "Vega-Lite": "In JupyterLab it is drawn.",
  Vega: "In JupyterLab it is drawn.",
};

/** Why it is not drawn as what it is, and what helps. */
export function undrawn(mime: string, picture: boolean, failure = ""): string {
  const maker = makerOf(mime);
  if (failure !== "") return `It could not be drawn: ${failure}`;
  const here = picture ? "This is its picture: nothing" : "Nothing";
  return `${here} in this page draws charts of ${maker}. ${EXTENSIONS[maker] ?? ""}`.trim();
}

export function hasScripts(html: string): boolean {
  return /<script\b|\son\w+\s*=|javascript:/i.test(html);
}

/** A page of its own around a piece of HTML, which may load and run nothing. */
export function framed(html: string, ink: string, ground: string, scheme: string): string {
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
  return [
    "<!doctype html><meta charset=utf-8>",
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<style>:root{color-scheme:${scheme}}body{margin:8px;color:${ink};background:${ground};`,
    "font:13px/1.45 system-ui,sans-serif}table{border-collapse:collapse}",
    "th,td{padding:3px 8px;text-align:end}</style>",
    html,
  ].join("");
}
