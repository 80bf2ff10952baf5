/** What is dragged onto the canvas. */

/** A kind of node, as text, from the palette. */
export const KIND_MIME = "application/x-flowbook-kind";
