/** A field of which nothing is known. */
import { type Field, fieldOf } from "../../model/schema";

export const ANY: Field = fieldOf("", {});
