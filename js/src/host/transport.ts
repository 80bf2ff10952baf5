/** The way to the kernel, whoever carries it. */
export type { Transport } from "../protocol/handle";
