import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { originHelp, sourcesOf } from "../src/model/sources";
import { Sources } from "../src/panels/Sources";
import type { NodeView } from "../src/protocol/generated";
import { PLAIN } from "./flows";

const NODE: NodeView = {
  name: "daily",
  kind: "http",
  x: 0,
  y: 0,
  inputs: [
    { name: "url", source: "server.url", required: true, origin: "upstream", takes: "" },
    { name: "city", source: "parameter city", required: true, origin: "parameter", takes: "" },
    { name: "lost", source: "nothing", required: true, origin: "nothing", takes: "" },
  ],
  outputs: ["daily"],
  options: {},
  cell: null,
  index: null,
  ...PLAIN,
  settings: [
    { name: "headers", origin: "secret", text: "{{ secrets.WEATHER }}" },
    { name: "method", origin: "literal", text: "GET" },
  ],
};

test("every input and every setting says where it comes from, inputs first", () => {
  expect(sourcesOf(NODE).map((row) => [row.name, row.origin, row.text])).toEqual([
    ["url", "upstream", "server.url"],
    ["city", "parameter", "city"],
    ["lost", "nothing", ""],
    ["headers", "secret", "{{ secrets.WEATHER }}"],
    ["method", "literal", "GET"],
  ]);
});

test("each line has a badge with its word, and the word is explained", () => {
  const html = renderToStaticMarkup(<Sources node={NODE} />);
  const badges = [...html.matchAll(/data-origin="(\w+)" title="([^"]+)"/g)].map((one) => one[1]);
  expect(badges).toEqual(["upstream", "parameter", "nothing", "secret", "literal"]);
  expect(originHelp("secret")).toContain("never shown");
});

test("inputs and settings of one name are told apart", () => {
  const url = { name: "url", origin: "expression", text: "{{ url }}/daily" };
  const html = renderToStaticMarkup(<Sources node={{ ...NODE, settings: [url] }} />);
  expect([...html.matchAll(/<h3>(\w+)</g)].map((one) => one[1])).toEqual(["Inputs", "Settings"]);
  expect(html.indexOf("server.url")).toBeLessThan(html.indexOf("<h3>Settings"));
});

test("a node of nothing, or of a kernel that names no origins, shows no list", () => {
  const silent = NODE.inputs.map((one) => ({ ...one, origin: "" }));
  expect(renderToStaticMarkup(<Sources node={{ ...NODE, inputs: silent, settings: [] }} />)).toBe(
    "",
  );
});
