import { expect, test } from "vitest";
import { around, sought } from "../src/past/model/environment";

const RAN = {
  digest: "0123456789abcdef",
  python: "3.12.4",
  platform: "Linux 6.1 x86_64",
  flowbook: "1.0",
  packages: { pandas: "2.2.3", "pandas-stubs": "2.2.0", numpy: "2.1.0" },
};

test("packages are found by a part of their name, however it is written", () => {
  expect(sought(RAN, "")).toEqual([
    ["numpy", "2.1.0"],
    ["pandas", "2.2.3"],
    ["pandas-stubs", "2.2.0"],
  ]);
  expect(sought(RAN, " Pandas_Stubs ")).toEqual([["pandas-stubs", "2.2.0"]]);
  expect(sought(RAN, "polars")).toEqual([]);
});

test("of much that was different around two runs a few are named", () => {
  const names = ["python", "package a", "package b"].map((name) => ({ name }));
  expect(around([])).toBe("");
  expect(around(names)).toBe("environment python, environment package a, environment package b");
  expect(around(names, 1)).toBe("environment python, 2 more of the environment");
});
