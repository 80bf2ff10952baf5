import { expect, test } from "vitest";
import { formOf, framed, hasScripts, makerOf, undrawn } from "../src/model/rich";
import { fitting, isRegistry } from "../src/protocol/rendermime";

const LITE = "application/vnd.vegalite";

test("forms are told from each other by their type", () => {
  expect(formOf(`${LITE}.v5+json`)).toBe("chart");
  expect(formOf("application/vnd.plotly.v1+json")).toBe("chart");
  expect(formOf("text/html")).toBe("html");
  expect(formOf("text/x-strange")).toBe("other");
  expect(makerOf("application/vnd.vega.v5+json")).toBe("Vega");
});

test("a chart that is not drawn says why, and what helps", () => {
  expect(undrawn("application/vnd.plotly.v1+json", false)).toContain("Nothing in this page draws");
  expect(undrawn(`${LITE}.v5+json`, true)).toContain("This is its picture");
  expect(undrawn(`${LITE}.v5+json`, true, "no data")).toBe("It could not be drawn: no data");
});

test("a host is asked for the same type, else for another version of it", () => {
  const known = [
    `${LITE}.v4+json`,
    `${LITE}.v5+json`,
    "text/latex",
    "application/vnd.vega.v6+json",
  ];
  expect(fitting(known, `${LITE}.v4+json`)).toBe(`${LITE}.v4+json`);
  expect(fitting(known, `${LITE}.v6+json`)).toBe(`${LITE}.v5+json`);
  expect(fitting(known, "application/vnd.plotly.v1+json")).toBeNull();
  expect(fitting(known, "text/markdown")).toBeNull();
});

test("only what can all of it is taken for the renderers of a page", () => {
  const registry = { mimeTypes: [], createModel: () => ({}), createRenderer: () => ({}) };
  expect(isRegistry(registry)).toBe(true);
  expect(isRegistry({ ...registry, createModel: 1 })).toBe(false);
  expect(isRegistry(undefined)).toBe(false);
});

test("HTML stands in a page that may load nothing, and what it would run is noticed", () => {
  const page = framed("<b>hot</b>", "#000", "#fff", "light");
  expect(page).toContain("default-src 'none'");
  expect(page.endsWith("<b>hot</b>")).toBe(true);
  expect(hasScripts("<b onclick='x()'>")).toBe(true);
  expect(hasScripts("<SCRIPT src=x>")).toBe(true);
  expect(hasScripts("<p>the script of the play</p>")).toBe(false);
});
