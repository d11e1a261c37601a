// SPDX-License-Identifier: MIT
// A few level bars, one below the other, with a word before each.

import { useMemo } from "react";
import { colour, useCanvas, type Painter, type Size } from "../lib/canvas";
import { fallen, share, BOTTOM_DB } from "./scale";

const GAP = 3;
const MARKS_DB = [-40, -20, -9];

/** What a bar shows now, dBFS */
export interface Source {
  readonly word: string;
  readonly level: () => number;
  readonly hold?: () => number;
}

class BarsPainter implements Painter {
  private readonly shown: number[];
  private drawn: number[] = [];
  private gradient: CanvasGradient | null = null;

  constructor(private readonly sources: readonly Source[]) {
    this.shown = sources.map(() => BOTTOM_DB);
  }

  paint(context: CanvasRenderingContext2D, size: Size, seconds: number, fresh: boolean): void {
    if (fresh || !this.gradient) {
      this.gradient = context.createLinearGradient(0, 0, size.width, 0);
      this.gradient.addColorStop(0, colour("meter-low"));
      this.gradient.addColorStop(share(-20), colour("meter-low"));
      this.gradient.addColorStop(share(-9), colour("meter-mid"));
      this.gradient.addColorStop(share(-2), colour("meter-high"));
      this.drawn = [];
    }
    const height = (size.height - GAP * (this.sources.length - 1)) / this.sources.length;
    this.sources.forEach((source, row) => {
      const shown = (this.shown[row] = fallen(this.shown[row] ?? BOTTOM_DB, source.level(), seconds));
      const level = Math.round(share(shown) * size.width * size.scale) / size.scale;
      const hold = Math.round(share(source.hold?.() ?? BOTTOM_DB) * size.width);
      if (this.drawn[row * 2] === level && this.drawn[row * 2 + 1] === hold) return;
      this.drawn[row * 2] = level;
      this.drawn[row * 2 + 1] = hold;
      this.draw(context, size, row * (height + GAP), height, level, hold);
    });
  }

  private draw(context: CanvasRenderingContext2D, size: Size, y: number, height: number, level: number, hold: number): void {
    context.fillStyle = colour("meter-track");
    context.fillRect(0, y, size.width, height);
    if (level > 0) {
      context.fillStyle = this.gradient ?? "";
      context.fillRect(0, y, level, height);
    }
    context.fillStyle = colour("meter-mark");
    for (const mark of MARKS_DB) context.fillRect(Math.round(share(mark) * size.width), y, 1, height);
    if (hold <= 2) return;
    context.fillStyle = colour(hold >= size.width - 1 ? "meter-high" : "meter-hold");
    context.fillRect(Math.min(hold, size.width) - 2, y, 2, height);
  }
}

/** @param sources  must not change while it is shown */
export function Bars({ sources, label }: { readonly sources: readonly Source[]; readonly label: string }) {
  const painter = useMemo(() => new BarsPainter(sources), [sources]);
  const canvas = useCanvas(painter);
  return (
    <div className="bars" role="img" aria-label={label}>
      <div className="bars-words" aria-hidden="true">{sources.map(({ word }) => <span key={word}>{word}</span>)}</div>
      <canvas ref={canvas} />
    </div>
  );
}
