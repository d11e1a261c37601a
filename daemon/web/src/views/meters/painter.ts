// SPDX-License-Identifier: MIT
// Draws a bridge of meters: bars at the display's rate, and of each only what has moved.

import { colour, type Painter, type Size } from "../../lib/canvas";
import { inLines } from "../../lib/fit";
import { BOTTOM_DB, TICKS_DB, fallen, share } from "../../meters/scale";
import { CLIP_HEIGHT, SCALE_WIDTH, arrange, type Arrangement, type Place } from "./arrange";

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const CLIP_DB = -0.1; // the peak has reached full scale
const HOLD_PX = 3;

export interface Strip {
  readonly name: string;
  readonly number: string;
  readonly muted: boolean;
  readonly level: () => number;
  readonly hold: () => number;
}

export class BridgePainter implements Painter {
  private arrangement: Arrangement = arrange(0, 0, 0);
  private shown = new Float32Array(0);
  private drawnLevel = new Float32Array(0);
  private drawnHold = new Float32Array(0);
  private clipped: boolean[] = [];
  private gradient: CanvasGradient | null = null;
  private strips: readonly Strip[] = [];
  private stale = true;

  /** Other names, mutes, or another group. */
  show(strips: readonly Strip[]): void {
    if (strips.length !== this.strips.length) {
      this.shown = new Float32Array(strips.length).fill(BOTTOM_DB);
      this.clipped = strips.map(() => false);
    }
    this.strips = strips;
    this.stale = true;
  }

  clearClips(): void {
    this.clipped.fill(false);
    this.stale = true;
  }

  paint(context: CanvasRenderingContext2D, size: Size, seconds: number, fresh: boolean): void {
    if (fresh || this.stale) this.background(context, size);
    const { places } = this.arrangement;
    for (let i = 0; i < this.strips.length; i++) {
      const strip = this.strips[i], place = places[i];
      if (strip && place) this.bar(context, i, strip, place, seconds);
    }
  }

  private bar(context: CanvasRenderingContext2D, i: number, strip: Strip, place: Place, seconds: number): void {
    const shown = fallen(this.shown[i] ?? BOTTOM_DB, strip.level(), seconds), peak = strip.hold();
    this.shown[i] = shown;
    const level = Math.round(share(shown) * place.height), hold = Math.round(share(peak) * place.height);
    if (peak >= CLIP_DB && !this.clipped[i]) {
      this.clipped[i] = true;
      this.clip(context, place, true);
    }
    if (this.drawnLevel[i] === level && this.drawnHold[i] === hold) return;
    this.drawnLevel[i] = level;
    this.drawnHold[i] = hold;
    const { x, y, width, height } = place;
    context.fillStyle = colour("meter-track");
    context.fillRect(x, y, width, height - level);
    // one gradient for every row: it is moved to where the bar is
    context.save();
    context.translate(0, y);
    context.fillStyle = this.gradient ?? "";
    context.fillRect(x, height - level, width, level);
    context.restore();
    if (hold <= HOLD_PX) return;
    context.fillStyle = colour(peak > -3 ? "meter-high" : "meter-hold");
    context.fillRect(x, y + height - hold, width, HOLD_PX);
  }

  private clip(context: CanvasRenderingContext2D, { x, y, width }: Place, on: boolean): void {
    context.fillStyle = colour(on ? "meter-high" : "meter-track");
    context.fillRect(x, y - CLIP_HEIGHT, width, CLIP_HEIGHT - 4);
  }

  private background(context: CanvasRenderingContext2D, size: Size): void {
    this.stale = false;
    this.arrangement = arrange(this.strips.length, size.width, size.height);
    this.drawnLevel = new Float32Array(this.strips.length).fill(-1);
    this.drawnHold = new Float32Array(this.strips.length).fill(-1);
    const { barHeight, rows, places } = this.arrangement;
    this.gradient = context.createLinearGradient(0, barHeight, 0, 0);
    this.gradient.addColorStop(0, colour("meter-low"));
    this.gradient.addColorStop(share(-19), colour("meter-low"));
    this.gradient.addColorStop(share(-17), colour("meter-mid"));
    this.gradient.addColorStop(share(-9), colour("meter-mid"));
    this.gradient.addColorStop(share(-5), colour("meter-high"));
    context.clearRect(0, 0, size.width, size.height);
    context.textBaseline = "middle";
    for (const top of rows) this.scale(context, size, top, barHeight);
    this.strips.forEach((strip, i) => {
      const place = places[i];
      if (!place) return;
      this.clip(context, place, this.clipped[i] ?? false);
      this.label(context, strip, place);
    });
  }

  private scale(context: CanvasRenderingContext2D, size: Size, top: number, height: number): void {
    context.textAlign = "right";
    context.font = `500 12px ${FONT}`;
    for (const db of TICKS_DB) {
      const y = Math.round(top + height - share(db) * height);
      context.fillStyle = colour("line");
      context.fillRect(SCALE_WIDTH - 4, y, size.width - SCALE_WIDTH + 4, 1);
      context.fillStyle = colour("soft");
      context.fillText(db === 0 ? "0" : `\u2212${-db}`, SCALE_WIDTH - 8, Math.max(y, top + 5));
    }
  }

  private label(context: CanvasRenderingContext2D, strip: Strip, { x, y, width, height }: Place): void {
    context.textAlign = "center";
    context.fillStyle = colour(strip.muted ? "alarm-ink" : "text");
    context.font = `650 ${width < 24 ? 12 : 14}px ${FONT}`;
    context.fillText(strip.number, x + width / 2, y + height + 12, width + 4);
    if (width < 44) return;
    context.fillStyle = colour(strip.muted ? "alarm-ink" : "soft");
    context.font = `500 12px ${FONT}`;
    const lines = inLines(strip.name, width + 2, 2, (words) => context.measureText(words).width);
    lines.forEach((line, i) => context.fillText(line, x + width / 2, y + height + 28 + 14 * i));
  }
}
