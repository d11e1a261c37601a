// SPDX-License-Identifier: MIT
// What a hand does on a grid. A mouse draws rectangles and pulls what is chosen; a finger moves the grid,
// pulls what is chosen, and draws a rectangle after it has rested; two fingers zoom.

import { fitZoom, hit, nearest, zoomed, type Layout, type Scroll } from "./geometry";
import { all, column, contains, one, row, type Point, type Selection } from "./selection";
import type { Side } from "../../state/server";

const SLOP_PX = 7;
const REST_MS = 320;
const PX_PER_DB = 4;
const GLIDE_PER_S = 0.04; // of the speed is left after a second

/** What the hand works on. */
export interface Ground {
  readonly side: Side;
  grid(): Layout;
  scroll(): Scroll;
  setScroll(scroll: Scroll): void;
  zoom(): number;
  setZoom(zoom: number): void;
  selection(): Selection | null;
  choose(selection: Selection): void;
  /** a click on the one that was chosen alone */
  toggle(): void;
  /** since the pull began */
  pull(byDb: number, begins: boolean): void;
}

type Doing =
  | { readonly kind: "press"; readonly x: number; readonly y: number; readonly finger: boolean; timer: ReturnType<typeof setTimeout> | undefined }
  | { readonly kind: "draw"; readonly anchor: Point }
  | { readonly kind: "pull"; readonly y: number; last: number }
  | { readonly kind: "move"; x: number; y: number; vx: number; vy: number; at: number }
  | { readonly kind: "pinch"; readonly distance: number; readonly zoom: number }
  | { readonly kind: "nothing" };

export class Hand {
  private doing: Doing = { kind: "nothing" };
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private glide = 0;

  constructor(private readonly ground: Ground) {}

  down(id: number, x: number, y: number, finger: boolean, extend: boolean): void {
    cancelAnimationFrame(this.glide);
    this.fingers.set(id, { x, y });
    this.forget();
    if (this.fingers.size === 2) this.doing = { kind: "pinch", distance: this.two().distance, zoom: this.ground.zoom() };
    if (this.fingers.size >= 2) return;
    const target = hit(this.ground.grid(), this.ground.scroll(), x, y);
    const chosen = this.ground.selection();
    if (extend && target.kind === "cell" && chosen) {
      this.ground.choose({ ...chosen, focus: target.point });
      this.doing = { kind: "draw", anchor: chosen.anchor };
      return;
    }
    const timer = finger && target.kind === "cell" ? setTimeout(() => this.rest(target.point), REST_MS) : undefined;
    this.doing = { kind: "press", x, y, finger, timer };
  }

  move(id: number, x: number, y: number): void {
    const finger = this.fingers.get(id);
    if (!finger) return;
    finger.x = x;
    finger.y = y;
    const { doing, ground } = this;
    if (doing.kind === "press" && Math.hypot(x - doing.x, y - doing.y) > SLOP_PX) this.begin(doing, x, y);
    else if (doing.kind === "draw") ground.choose({ side: ground.side, anchor: doing.anchor, focus: nearest(ground.grid(), ground.scroll(), x, y) });
    else if (doing.kind === "pull") this.pulled(doing, y);
    else if (doing.kind === "move") this.moved(doing, x, y);
    else if (doing.kind === "pinch") this.pinched(doing);
  }

  up(id: number): void {
    const { doing } = this;
    if (!this.fingers.delete(id)) return;
    if (doing.kind === "press") this.tap(doing.x, doing.y);
    if (doing.kind === "move") this.let(doing);
    this.forget();
  }

  cancel(id: number): void {
    this.fingers.delete(id);
    this.forget();
  }

  private forget(): void {
    if (this.doing.kind === "press") clearTimeout(this.doing.timer);
    this.doing = { kind: "nothing" };
  }

  private tap(x: number, y: number): void {
    const { ground } = this, { side } = ground, grid = ground.grid();
    const target = hit(grid, ground.scroll(), x, y);
    const chosen = ground.selection();
    if (target.kind === "corner") ground.choose(all(side, grid.extent));
    else if (target.kind === "row") ground.choose(row(side, target.tablet, grid.extent));
    else if (target.kind === "column") ground.choose(column(side, target.channel, grid.extent));
    else if (target.kind === "cell") {
      const { channel, tablet } = target.point;
      const again = chosen?.side === side && [chosen.anchor, chosen.focus].every((point) => point.channel === channel && point.tablet === tablet);
      if (again) ground.toggle();
      else ground.choose(one(side, target.point));
    }
  }

  private rest(point: Point): void {
    this.doing = { kind: "draw", anchor: point };
    this.ground.choose(one(this.ground.side, point));
    if ("vibrate" in navigator) navigator.vibrate(15);
  }

  private begin(press: Doing & { kind: "press" }, x: number, y: number): void {
    const { ground } = this;
    const target = hit(ground.grid(), ground.scroll(), press.x, press.y);
    const chosen = ground.selection();
    this.forget();
    if (target.kind === "cell" && chosen?.side === ground.side && contains(chosen, target.point) && Math.abs(y - press.y) > Math.abs(x - press.x)) {
      this.doing = { kind: "pull", y: press.y, last: 0 };
      ground.pull(0, true);
    } else if (press.finger) {
      this.doing = { kind: "move", x, y, vx: 0, vy: 0, at: performance.now() };
    } else if (target.kind === "cell") {
      this.doing = { kind: "draw", anchor: target.point };
      ground.choose(one(ground.side, target.point));
    }
    this.move([...this.fingers.keys()][0] ?? 0, x, y);
  }

  private pulled(doing: Doing & { kind: "pull" }, y: number): void {
    const byDb = Math.round((doing.y - y) / PX_PER_DB);
    if (byDb === doing.last) return;
    doing.last = byDb;
    this.ground.pull(byDb, false);
  }

  private moved(doing: Doing & { kind: "move" }, x: number, y: number): void {
    const scroll = this.ground.scroll(), now = performance.now();
    const seconds = Math.max(0.001, (now - doing.at) / 1000);
    this.ground.setScroll({ left: scroll.left + doing.x - x, top: scroll.top + doing.y - y });
    doing.vx = 0.6 * doing.vx + (0.4 * (doing.x - x)) / seconds;
    doing.vy = 0.6 * doing.vy + (0.4 * (doing.y - y)) / seconds;
    doing.x = x;
    doing.y = y;
    doing.at = now;
  }

  /** It goes on a little, as everything does that fingers move. */
  private let(doing: Doing & { kind: "move" }): void {
    let { vx, vy, at } = doing;
    if (performance.now() - at > 80) return;
    const step = (now: number) => {
      const seconds = Math.min(0.05, Math.max(0, (now - at) / 1000)), scroll = this.ground.scroll();
      at = now;
      this.ground.setScroll({ left: scroll.left + vx * seconds, top: scroll.top + vy * seconds });
      vx *= GLIDE_PER_S ** seconds;
      vy *= GLIDE_PER_S ** seconds;
      if (Math.hypot(vx, vy) > 12) this.glide = requestAnimationFrame(step);
    };
    this.glide = requestAnimationFrame(step);
  }

  private two(): { distance: number; x: number; y: number } {
    const [a, b] = [...this.fingers.values()];
    if (!a || !b) return { distance: 1, x: 0, y: 0 };
    return { distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }

  private pinched(doing: Doing & { kind: "pinch" }): void {
    const { distance, x, y } = this.two();
    this.zoomAt(doing.zoom * (distance / doing.distance), x, y);
  }

  zoomAt(zoom: number, x: number, y: number): void {
    const { ground } = this, before = ground.grid(), scroll = ground.scroll();
    ground.setZoom(fitZoom(zoom));
    ground.setScroll(zoomed(before, ground.grid(), scroll, x, y));
  }
}
