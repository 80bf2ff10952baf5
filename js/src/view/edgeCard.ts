import { type ComponentType, createContext } from "react";
import type { EdgeView } from "../protocol/generated";

export interface EdgeCardProps {
  readonly edge: EdgeView;
  /** Where on the canvas it begins. */
  readonly at: { readonly x: number; readonly y: number };
}

/** What is shown of an edge that somebody points at or has selected. */
export const EdgeCardContext = createContext<ComponentType<EdgeCardProps>>(() => null);
