/** Draws something of what only pages of recorded runs have. */
import { late } from "../panels/late";
import { load } from "./whole";

export const { Part: PastPart } = late("past", load);
