// SPDX-License-Identifier: MIT
// Draws the part of a grid that is in sight, when anything of it has changed.

import { colour, type Painter, type Size } from "../../lib/canvas";
import { formatDb, isOff } from "../../lib/gains";
import { fitNames, type Name } from "../../lib/fit";
import { currentTalkers } from "../../meters/stream";
import { channelName, tabletName, type ServerState, type Side } from "../../state/server";
import { corner, layout, type Layout, type Scroll } from "./geometry";
import { contains, dbAt, type Selection } from "./selection";

const GAP = 3;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const NUMBERS_FROM_PX = 38; // narrower cells show colour alone
const TWO_LINES_FROM_PX = 34; // lower rows have one
const MUTED = "\u2715";
const STRONGEST_DB = 6;
const WEAKEST_DB = -40;

/** What is drawn: the grid's component keeps it up to date. */
export interface Scene {
  readonly side: Side;
  server: ServerState;
  selection: Selection | null;
  focused: boolean;
  zoom: number;
  scroll: Scroll;
}

const strength = (db: number) => Math.min(1, Math.max(0.14, (db - WEAKEST_DB) / (STRONGEST_DB - WEAKEST_DB)));

/** Names as they fit into heads, kept for as long as they are the same. */
class Heads {
  px = 0;
  lines: readonly (readonly string[])[] = [];
  private before = "";

  /** @param px  of one line, and of two */
  fit(context: CanvasRenderingContext2D, names: readonly Name[], px: readonly [number, number], most: 1 | 2): void {
    const key = JSON.stringify([names, px, most]);
    if (key === this.before) return;
    this.before = key;
    const measure = (words: string) => context.measureText(words).width;
    context.font = `600 ${px[0]}px ${FONT}`;
    const fits = names.every(({ text, room }) => measure(text) <= room);
    this.px = fits ? px[0] : px[1];
    context.font = `600 ${this.px}px ${FONT}`;
    this.lines = fitNames(names, most, measure);
  }

  /** @param y  of the middle of its lines */
  draw(context: CanvasRenderingContext2D, index: number, x: number, y: number): void {
    const lines = this.lines[index] ?? [], step = this.px + 2;
    context.font = `600 ${this.px}px ${FONT}`;
    lines.forEach((line, i) => context.fillText(line, x, y + (i - (lines.length - 1) / 2) * step));
  }
}

export class GridPainter implements Painter {
  private before: readonly unknown[] = [];
  private readonly rows = new Heads();
  private readonly columns = new Heads();

  constructor(private readonly scene: Scene) {}

  paint(context: CanvasRenderingContext2D, size: Size, _seconds: number, fresh: boolean): void {
    const { server, selection, focused, zoom, scroll, side } = this.scene;
    const talkers = currentTalkers();
    const now = [server[side], server.tablets, server.channels, selection, focused, zoom, scroll.left, scroll.top, talkers];
    if (!fresh && now.every((value, i) => value === this.before[i])) return;
    this.before = now;
    const grid = layout({ channels: server.channels.length, tablets: server.tablets.length }, zoom, size.width);
    context.fillStyle = colour("sheet");
    context.fillRect(0, 0, size.width, size.height);
    this.cells(context, size, grid);
    this.rowHeads(context, size, grid);
    this.columnHeads(context, size, grid);
    context.fillStyle = colour("sheet");
    context.fillRect(0, 0, grid.headWidth, grid.headHeight);
    context.fillStyle = colour("soft");
    context.font = `500 13px ${FONT}`;
    context.textAlign = "left";
    context.fillText(side === "uplink" ? "says to \u2192" : "\u2190 hears", 12, grid.headHeight / 2);
  }

  private cells(context: CanvasRenderingContext2D, size: Size, grid: Layout): void {
    const { scroll, server, side, selection } = this.scene;
    const { cellWidth, cellHeight } = grid;
    const first = { channel: Math.floor(scroll.left / cellWidth) + 1, tablet: Math.floor(scroll.top / cellHeight) + 1 };
    const numbers = cellWidth >= NUMBERS_FROM_PX && cellHeight >= 22;
    context.font = `600 ${Math.min(17, Math.max(12, cellHeight * 0.36))}px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let tablet = first.tablet; tablet <= server.tablets.length; tablet++) {
      for (let channel = first.channel; channel <= server.channels.length; channel++) {
        const point = { channel, tablet };
        const [x, y] = corner(grid, scroll, point);
        if (x > size.width || y > size.height) break;
        const chosen = selection !== null && contains(selection, point);
        this.cell(context, x, y, grid, dbAt(server[side], point), chosen, numbers);
      }
    }
    if (selection) this.frame(context, grid);
  }

  private cell(context: CanvasRenderingContext2D, x: number, y: number, grid: Layout, db: number, chosen: boolean, numbers: boolean): void {
    const width = grid.cellWidth - GAP, height = grid.cellHeight - GAP;
    const off = isOff(db), radius = Math.min(8, height / 4);
    context.beginPath();
    context.roundRect(x + GAP / 2, y + GAP / 2, width, height, radius);
    context.fillStyle = off ? colour("raised") : `rgb(${colour("cell")} / ${(strength(db) * 0.62).toFixed(3)})`;
    context.fill();
    if (chosen) {
      context.fillStyle = colour("choice");
      context.fill();
    }
    if (!numbers) return;
    context.fillStyle = colour(off && !chosen ? "faint" : "text");
    context.fillText(off ? "\u2013" : formatDb(db), x + grid.cellWidth / 2, y + grid.cellHeight / 2 + 1);
  }

  /** Around what is chosen, and around where the keyboard is. */
  private frame(context: CanvasRenderingContext2D, grid: Layout): void {
    const { selection, scroll, focused } = this.scene;
    if (!selection) return;
    const { anchor, focus } = selection;
    const [x1, y1] = corner(grid, scroll, { channel: Math.min(anchor.channel, focus.channel), tablet: Math.min(anchor.tablet, focus.tablet) });
    const [x2, y2] = corner(grid, scroll, { channel: Math.max(anchor.channel, focus.channel) + 1, tablet: Math.max(anchor.tablet, focus.tablet) + 1 });
    context.strokeStyle = colour("accent");
    context.lineWidth = 2.5;
    context.beginPath();
    context.roundRect(x1 + 1.25, y1 + 1.25, x2 - x1 - 2.5, y2 - y1 - 2.5, 9);
    context.stroke();
    if (!focused || (anchor.channel === focus.channel && anchor.tablet === focus.tablet)) return;
    const [x, y] = corner(grid, scroll, focus);
    context.strokeStyle = colour("text");
    context.lineWidth = 2;
    context.beginPath();
    context.roundRect(x + 4, y + 4, grid.cellWidth - 8, grid.cellHeight - 8, 6);
    context.stroke();
  }

  private rowHeads(context: CanvasRenderingContext2D, size: Size, grid: Layout): void {
    const { scroll, server, selection } = this.scene;
    context.fillStyle = colour("sheet");
    context.fillRect(0, 0, grid.headWidth, size.height);
    context.textAlign = "left";
    context.textBaseline = "middle";
    const px = Math.min(15, Math.max(11, grid.cellHeight * 0.34));
    const names = server.tablets.map((tablet) => ({ id: tablet.id, text: tabletName(tablet), room: grid.headWidth - (tablet.mute ? 42 : 26) }));
    this.rows.fit(context, names, [px, Math.min(13, px)], grid.cellHeight >= TWO_LINES_FROM_PX ? 2 : 1);
    const talking = new Set(currentTalkers().flat());
    for (const tablet of server.tablets) {
      const y = corner(grid, scroll, { channel: 1, tablet: tablet.id })[1];
      if (y + grid.cellHeight < grid.headHeight || y > size.height) continue;
      const chosen = selection !== null && tablet.id >= Math.min(selection.anchor.tablet, selection.focus.tablet)
        && tablet.id <= Math.max(selection.anchor.tablet, selection.focus.tablet);
      const middle = y + grid.cellHeight / 2;
      this.tally(context, 9, middle, Math.min(5, grid.cellHeight / 5), tablet.keys.length > 0, talking.has(tablet.id));
      context.fillStyle = colour(tablet.mute ? "alarm-ink" : chosen ? "text" : "soft");
      this.rows.draw(context, tablet.id - 1, 20, middle + 1);
      if (tablet.mute) context.fillText(MUTED, grid.headWidth - 19, middle + 1);
    }
  }

  private columnHeads(context: CanvasRenderingContext2D, size: Size, grid: Layout): void {
    const { scroll, server, selection } = this.scene;
    context.fillStyle = colour("sheet");
    context.fillRect(0, 0, size.width, grid.headHeight);
    context.textAlign = "center";
    const narrow = grid.cellWidth < 50;
    const names = server.channels.map((channel) => {
      context.font = `600 12px ${FONT}`;
      // a number says more than "Chan…"
      const fits = channel.name || context.measureText(channelName(channel)).width <= grid.cellWidth - 8;
      return { id: channel.id, text: narrow || !fits ? String(channel.id) : channelName(channel), room: grid.cellWidth - 8 };
    });
    this.columns.fit(context, names, narrow ? [11, 11] : [14, 12], narrow ? 1 : 2);
    const talkers = currentTalkers();
    for (const channel of server.channels) {
      const x = corner(grid, scroll, { channel: channel.id, tablet: 1 })[0];
      if (x + grid.cellWidth < grid.headWidth || x > size.width) continue;
      const chosen = selection !== null && channel.id >= Math.min(selection.anchor.channel, selection.focus.channel)
        && channel.id <= Math.max(selection.anchor.channel, selection.focus.channel);
      const middle = x + grid.cellWidth / 2;
      this.tally(context, middle, 8, 4, channel.active_tablets.length > 0, (talkers[channel.id - 1]?.length ?? 0) > 0);
      context.fillStyle = colour(channel.mute ? "alarm-ink" : chosen ? "text" : "soft");
      this.columns.draw(context, channel.id - 1, middle, grid.headHeight / 2 + 6);
      if (channel.mute) context.fillText(MUTED, middle + 14, 9);
    }
  }

  /** Orange: a key is held. Green: somebody talks. */
  private tally(context: CanvasRenderingContext2D, x: number, y: number, radius: number, keyed: boolean, talks: boolean): void {
    if (!keyed && !talks) return;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour(talks ? "live" : "talk");
    context.fill();
    if (!talks || !keyed) return;
    context.strokeStyle = colour("talk");
    context.lineWidth = 2.5;
    context.stroke();
  }
}
