/** What only pages of recorded runs have; loaded when one is opened. */
// biome-ignore-all lint/performance/noBarrelFile: it is the root of a file of its own
export { Below } from "./Below";
export { Beside } from "./Beside";
export { Head } from "./Head";
