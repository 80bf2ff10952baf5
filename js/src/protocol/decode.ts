/**
 * What arrives, as a `KernelMessage`, or the reason why it is none.
 *
 * Walks the generated shapes: a tag this build does not know, a missing field or a field of the
 * wrong type is refused with its path, so a kernel of another version gets a banner and not a
 * half-drawn canvas. Fields this build does not know are let through.
 */
import { type KernelMessage, SHAPES, type Shape, UNIONS } from "./generated";

export type Decoded =
  | { readonly ok: true; readonly message: KernelMessage }
  | { readonly ok: false; readonly reason: string };

export function decode(content: unknown): Decoded {
  const reason = misfitOf(content, "KernelMessage");
  return reason === null
    ? { ok: true, message: content as KernelMessage }
    : { ok: false, reason: reason };
}

/** Why `content` is no message of that union; null when it is one. */
export function misfitOf(content: unknown, union: string): string | null {
  return misfitUnion(content, UNIONS[union] ?? [], "message");
}

type Plain = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function misfit(value: unknown, shape: Shape, path: string): string | null {
  if (typeof shape === "string") {
    const fits =
      shape === "unknown" || (shape === "null" ? value === null : typeof value === shape);
    return fits ? null : `${path} is not a ${shape}`;
  }
  if ("enum" in shape) {
    return shape.enum.includes(String(value)) ? null : `${path} is ${JSON.stringify(value)}`;
  }
  if ("list" in shape) return misfitList(value, () => shape.list, path);
  if ("tuple" in shape) return misfitList(value, (i) => shape.tuple[i] ?? "unknown", path);
  if ("record" in shape) {
    if (!isPlain(value)) return `${path} is not an object`;
    for (const [key, one] of Object.entries(value)) {
      const reason = misfit(one, shape.record, `${path}.${key}`);
      if (reason !== null) return reason;
    }
    return null;
  }
  if ("ref" in shape) return misfitStruct(value, shape.ref, path);
  return misfitAny(value, shape.any, path);
}

function misfitList(value: unknown, shapeAt: (i: number) => Shape, path: string): string | null {
  if (!Array.isArray(value)) return `${path} is not a list`;
  for (let i = 0; i < value.length; i++) {
    const reason = misfit(value[i], shapeAt(i), `${path}[${i}]`);
    if (reason !== null) return reason;
  }
  return null;
}

function misfitAny(value: unknown, shapes: readonly Shape[], path: string): string | null {
  const refs = shapes.flatMap((one) => (typeof one === "object" && "ref" in one ? [one.ref] : []));
  const tagged = refs.filter((name) => SHAPES[name]?.tag);
  if (tagged.length > 1 && isPlain(value)) return misfitUnion(value, tagged, path);
  let reason: string | null = `${path} fits nothing`;
  for (const one of shapes) {
    reason = misfit(value, one, path);
    if (reason === null) return null;
  }
  return reason;
}

function misfitUnion(value: unknown, names: readonly string[], path: string): string | null {
  if (!isPlain(value)) return `${path} is not an object`;
  for (const name of names) {
    const tag = SHAPES[name]?.tag;
    if (tag && value[tag[0]] === tag[1]) return misfitStruct(value, name, path);
  }
  const field = SHAPES[names[0] ?? ""]?.tag?.[0] ?? "type";
  return `${path}.${field} is ${JSON.stringify(value[field])}, which this page does not know`;
}

function misfitStruct(value: unknown, name: string, path: string): string | null {
  const fields = SHAPES[name];
  if (!fields || !isPlain(value)) return `${path} is not a ${name}`;
  for (const [key, shape] of Object.entries(fields.required)) {
    if (!(key in value)) return `${path}.${key} is missing`;
    const reason = misfit(value[key], shape, `${path}.${key}`);
    if (reason !== null) return reason;
  }
  for (const [key, shape] of Object.entries(fields.optional)) {
    if (value[key] === undefined) continue;
    const reason = misfit(value[key], shape, `${path}.${key}`);
    if (reason !== null) return reason;
  }
  return null;
}
