/** Where a picture lies in its frame, and how large. Pure. */
import type { Point } from "./layout";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The picture's left top corner in the frame, and how many pixels of the frame one of its own is. */
export interface Look extends Point {
  readonly scale: number;
}

export const STEP = 1.25;
const LARGEST = 16;
const TALLEST = 420;

/** How large it is where all of it is seen; never larger than it is. */
export function fitScale(picture: Size, frame: Size): number {
  if (picture.width === 0 || picture.height === 0) return 1;
  return Math.min(1, frame.width / picture.width, frame.height / picture.height);
}

/** How tall a frame so wide is, for all of the picture to be seen in it. */
export function frameHeight(picture: Size, width: number): number {
  if (picture.width === 0) return 0;
  return Math.max(60, Math.min(TALLEST, picture.height * Math.min(1, width / picture.width)));
}

export function fitted(picture: Size, frame: Size): Look {
  return settled({ scale: fitScale(picture, frame), x: 0, y: 0 }, picture, frame);
}

/** The same larger or smaller; what is at `at` stays there. */
export function zoomed(look: Look, by: number, at: Point, picture: Size, frame: Size): Look {
  const least = Math.min(0.1, fitScale(picture, frame));
  const scale = Math.min(LARGEST, Math.max(least, look.scale * by));
  const ratio = scale / look.scale;
  const moved = { scale, x: at.x - (at.x - look.x) * ratio, y: at.y - (at.y - look.y) * ratio };
  return settled(moved, picture, frame);
}

export function panned(look: Look, by: Point, picture: Size, frame: Size): Look {
  return settled({ ...look, x: look.x + by.x, y: look.y + by.y }, picture, frame);
}

/** In the middle where there is room, else without an empty place beside it. */
export function settled(look: Look, picture: Size, frame: Size): Look {
  const { scale } = look;
  return {
    scale,
    x: along(look.x, picture.width * scale, frame.width),
    y: along(look.y, picture.height * scale, frame.height),
  };
}

function along(at: number, length: number, room: number): number {
  if (length <= room) return (room - length) / 2;
  return Math.min(0, Math.max(room - length, at));
}
