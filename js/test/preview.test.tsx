import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Output } from "../src/panels/output/Output";
import type { ArrayPreview, Preview } from "../src/protocol/generated";

const ARRAY: ArrayPreview = {
  show: "array",
  dtype: "float64",
  shape: [1200, 3],
  values: [0.5, null, 12],
  nulls: 7,
  min: -1.25,
  max: 12,
  mean: 2.71333,
  summarized: null,
  median: 0.5,
  bars: [1, 0, 4],
  sampled: null,
};

function words(preview: Preview): string {
  const html = renderToStaticMarkup(<Output preview={preview} />);
  return html
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

test("an array shows its shape, its type, its figures and its first values", () => {
  const shown = words(ARRAY);
  expect(shown).toContain(
    "shape 1,200 × 3 type float64 min -1.25 median 0.5 mean 2.713 max 12 missing 7",
  );
  expect(shown).toContain("0.5 – 12.0");
  expect(shown).toContain("first 3 of 3,600 values");
  expect(shown).not.toContain("the figures are of");
});

test("what is not known of an array is left out, and a partial summary says so", () => {
  const bare = {
    ...ARRAY,
    shape: [2],
    values: ["a", "b"],
    min: null,
    max: null,
    mean: null,
    median: null,
    bars: [],
  };
  expect(words({ ...bare, nulls: null })).toBe("shape 2 type float64 a b 2 values");
  expect(words({ ...bare, shape: [1], values: ["a"], nulls: 0 })).toContain("1 value");
  expect(words({ ...ARRAY, summarized: 20 })).toContain("figures are of the first 20 values");
  expect(words({ ...bare, nulls: null, shape: [0, 4], values: [] })).toContain("0 values");
});

test("a picture says what it is to who cannot see it", () => {
  const html = renderToStaticMarkup(
    <Output
      preview={{
        ...{ show: "image", mime: "image/png", content: "AA==", alt: "Rain" },
        ...{ width: null, height: null },
      }}
    />,
  );
  expect(html).toContain('src="data:image/png;base64,AA=="');
  expect(html).toContain('alt="Rain"');
});
