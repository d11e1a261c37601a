// SPDX-License-Identifier: MIT
// Where everything of a grid is: pure. Rows are tablets, columns are channels.

import type { Extent, Point } from "./selection";

export const ZOOM_MIN = 0.4;
export const ZOOM_MAX = 2;
const CELL_WIDTH = 62;
const CELL_WIDTH_MAX = 200;
const CELL_HEIGHT = 44;
const HEAD_WIDTHS = [132, 176] as const;
const HEAD_WIDTHS_NARROW = [92, 132] as const;
const HEAD_HEIGHT = 46;
const NARROW = 480;

/** CSS pixels */
export interface Layout {
  readonly extent: Extent;
  readonly headWidth: number;
  readonly headHeight: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** of all of it */
  readonly width: number;
  readonly height: number;
}

/** @param viewWidth  names, then cells become wider where there is room */
export function layout(extent: Extent, zoom: number, viewWidth: number): Layout {
  const [least, most] = viewWidth < NARROW ? HEAD_WIDTHS_NARROW : HEAD_WIDTHS;
  const headWidth = Math.min(most, Math.max(least, viewWidth - CELL_WIDTH * extent.channels));
  const room = (viewWidth - headWidth) / Math.max(1, extent.channels);
  const cellWidth = Math.max(Math.round(CELL_WIDTH * zoom), Math.min(CELL_WIDTH_MAX * Math.max(1, zoom), Math.floor(room)));
  const cellHeight = Math.round(CELL_HEIGHT * zoom);
  return {
    extent, headWidth, headHeight: HEAD_HEIGHT, cellWidth, cellHeight,
    width: headWidth + cellWidth * extent.channels,
    height: HEAD_HEIGHT + cellHeight * extent.tablets,
  };
}

export interface Scroll {
  readonly left: number;
  readonly top: number;
}

export type Hit =
  | { readonly kind: "cell"; readonly point: Point }
  | { readonly kind: "row"; readonly tablet: number }
  | { readonly kind: "column"; readonly channel: number }
  | { readonly kind: "corner" }
  | { readonly kind: "nothing" };

/** What is at a place of the window onto the grid; heads stay in sight. */
export function hit(grid: Layout, scroll: Scroll, x: number, y: number): Hit {
  const inHead = y < grid.headHeight, inRowHead = x < grid.headWidth;
  if (inHead && inRowHead) return { kind: "corner" };
  const channel = Math.floor((x + scroll.left - grid.headWidth) / grid.cellWidth) + 1;
  const tablet = Math.floor((y + scroll.top - grid.headHeight) / grid.cellHeight) + 1;
  const isChannel = channel >= 1 && channel <= grid.extent.channels, isTablet = tablet >= 1 && tablet <= grid.extent.tablets;
  if (inHead) return isChannel ? { kind: "column", channel } : { kind: "nothing" };
  if (inRowHead) return isTablet ? { kind: "row", tablet } : { kind: "nothing" };
  return isChannel && isTablet ? { kind: "cell", point: { channel, tablet } } : { kind: "nothing" };
}

/** The crosspoint that is nearest to a place, for a hand that has left the grid. */
export function nearest(grid: Layout, scroll: Scroll, x: number, y: number): Point {
  const fit = (value: number, max: number) => Math.min(max, Math.max(1, value));
  return {
    channel: fit(Math.floor((x + scroll.left - grid.headWidth) / grid.cellWidth) + 1, grid.extent.channels),
    tablet: fit(Math.floor((y + scroll.top - grid.headHeight) / grid.cellHeight) + 1, grid.extent.tablets),
  };
}

/** Top left corner of a crosspoint in the window. */
export const corner = (grid: Layout, scroll: Scroll, { channel, tablet }: Point): readonly [x: number, y: number] => [
  grid.headWidth + (channel - 1) * grid.cellWidth - scroll.left,
  grid.headHeight + (tablet - 1) * grid.cellHeight - scroll.top,
];

/** How far to scroll until a crosspoint is in sight. */
export function scrollTo(grid: Layout, scroll: Scroll, view: { readonly width: number; readonly height: number }, point: Point): Scroll {
  const x = (point.channel - 1) * grid.cellWidth, y = (point.tablet - 1) * grid.cellHeight;
  const roomX = view.width - grid.headWidth - grid.cellWidth, roomY = view.height - grid.headHeight - grid.cellHeight;
  return {
    left: Math.max(Math.min(scroll.left, x), Math.min(x, x - roomX)),
    top: Math.max(Math.min(scroll.top, y), Math.min(y, y - roomY)),
  };
}

/** Two fingers: what was between them stays between them. */
export function zoomed(before: Layout, after: Layout, scroll: Scroll, x: number, y: number): Scroll {
  const column = (x + scroll.left - before.headWidth) / before.cellWidth, line = (y + scroll.top - before.headHeight) / before.cellHeight;
  return {
    left: Math.max(0, column * after.cellWidth + after.headWidth - x),
    top: Math.max(0, line * after.cellHeight + after.headHeight - y),
  };
}

export const fitZoom = (zoom: number): number => Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom));
