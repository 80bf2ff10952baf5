// What an isolate holds before an expression comes. Makes the function that the host calls with one
// JSON text and that gives one text back: "=" and the value, "?" and why that is no value, or "!"
// and what was thrown. Everything it needs later is taken hold of now: what an expression does to
// the built-in objects reaches only its own isolate, which is thrown away after it.
(() => {
  "use strict";
  const { parse, stringify } = JSON;
  const { construct, apply } = Reflect;
  const { isFinite } = Number;
  const compile = Function;
  const kinds = [
    [Promise, "a promise, and nothing waits for one here"],
    [Map, "a Map: give Object.fromEntries(it)"],
    [Set, "a Set: give [...it]"],
  ];
  let refused;

  // A snapshot would give each isolate the same numbers by chance: sfc32, seeded by the host.
  let [a, b, c, d] = [0, 0, 0, 1];
  const random = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  Object.defineProperty(Math, "random", { value: random, configurable: true, writable: true });

  const refuse = (what) => {
    refused = { what };
    throw refused;
  };

  // JSON.stringify leaves out or flattens what it has no form for; a result says so instead.
  const checked = (key, value) => {
    const kind = typeof value;
    if (kind === "number") {
      if (!isFinite(value)) refuse(`the result holds ${value}, which JSON has no form for`);
    } else if (kind === "function" || kind === "symbol" || kind === "bigint") {
      refuse(`the result holds a ${kind}, which JSON has no form for`);
    } else if (kind === "object" && value !== null) {
      for (let i = 0; i < kinds.length; i++) {
        if (value instanceof kinds[i][0]) refuse(`the result holds ${kinds[i][1]}`);
      }
    }
    return value;
  };

  const told = (error) => {
    try {
      if (error === refused && refused) return `?${refused.what}`;
      if (error instanceof Error) {
        return `!${stringify([`${error.name}`, `${error.message}`, `${error.stack}`])}`;
      }
      return `!${stringify(["", `${error}`, ""])}`;
    } catch {
      return '!["","it threw something that has no text",""]';
    }
  };

  return (text) => {
    try {
      const { source, names, others, values, seed } = parse(text);
      [a, b, c, d] = seed;
      const byName = (name) => {
        for (let i = 0; i < names.length; i++) if (names[i] === name) return values[i];
        for (let i = 0; i < others.length; i++) {
          if (others[i] === name) return values[names.length + i];
        }
        throw new ReferenceError(`there is no input called ${stringify(`${name}`)}`);
      };
      const body = `"use strict"; return (\n${source}\n)`;
      const parameters = [];
      const given = [];
      for (let i = 0; i < names.length; i++) {
        parameters[i] = names[i];
        given[i] = values[i];
      }
      const at = names.length;
      parameters[at] = "$";
      parameters[at + 1] = body;
      given[at] = byName;
      const json = stringify(apply(construct(compile, parameters), undefined, given), checked);
      return `=${json === undefined ? "null" : json}`;
    } catch (error) {
      return told(error);
    }
  };
})();
