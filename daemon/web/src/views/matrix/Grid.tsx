// SPDX-License-Identifier: MIT
// One direction's crosspoints: a window of canvas onto a grid that scrolls natively.

import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useCanvas } from "../../lib/canvas";
import { OFF_DB, parseDb, withUnit } from "../../lib/gains";
import { store, toast } from "../../state/app";
import { channelName, tabletName, type Gains, type ServerState, type Side } from "../../state/server";
import { changeGains } from "../../state/change-gains";
import { corner, layout, scrollTo, type Layout, type Scroll } from "./geometry";
import { Hand, type Ground } from "./hand";
import { GridPainter, type Scene } from "./painter";
import { all, dbAt, dragAll, moved, one, points, setAll, stepAll, toggleAll, contains, type Remembered, type Selection } from "./selection";

export interface GridProps {
  readonly side: Side;
  readonly label: string;
  readonly server: ServerState;
  readonly selection: Selection | null;
  readonly remembered: Remembered;
  readonly choose: (selection: Selection) => void;
}

interface View {
  readonly width: number;
  readonly height: number;
}

export function describe(server: ServerState, { side, focus }: Selection): string {
  const tablet = tabletName(server.tablets[focus.tablet - 1]), channel = channelName(server.channels[focus.channel - 1]);
  return side === "uplink" ? `${tablet} \u2192 ${channel}` : `${channel} \u2192 ${tablet}`;
}

const server = () => store.get().server;

const KEY_MOVES: Readonly<Record<string, readonly [channels: number, tablets: number]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-64, 0], End: [64, 0], PageUp: [0, -8], PageDown: [0, 8],
};

/** Everything that hands and keys need of a grid, the same for as long as it is there. */
class Control implements Ground {
  readonly scene: Scene;
  scroller: HTMLDivElement | null = null;
  view: View = { width: 0, height: 0 };
  props: GridProps;
  onZoom: (zoom: number) => void = () => undefined;
  private began: Gains = [];

  constructor(props: GridProps) {
    this.props = props;
    this.scene = { side: props.side, server: props.server, selection: null, focused: false, zoom: 1, scroll: { left: 0, top: 0 } };
  }

  get side(): Side {
    return this.props.side;
  }
  grid(): Layout {
    const { channels, tablets } = this.props.server;
    return layout({ channels: channels.length, tablets: tablets.length }, this.scene.zoom, this.view.width);
  }
  scroll(): Scroll {
    return this.scene.scroll;
  }
  setScroll(scroll: Scroll): void {
    this.scroller?.scrollTo(scroll);
  }
  zoom(): number {
    return this.scene.zoom;
  }
  setZoom(zoom: number): void {
    this.scene.zoom = zoom;
    this.onZoom(zoom);
  }
  selection(): Selection | null {
    return this.props.selection?.side === this.side ? this.props.selection : null;
  }
  choose(selection: Selection): void {
    this.props.choose(selection);
  }
  toggle(): void {
    const selection = this.selection(), gains = server()?.[this.side];
    if (selection && gains) changeGains(toggleAll(selection, gains, this.props.remembered));
  }
  pull(byDb: number, begins: boolean): void {
    const selection = this.selection();
    if (begins) this.began = server()?.[this.side] ?? [];
    else if (selection) changeGains(dragAll(selection, this.began, byDb));
  }
  step(by: number): void {
    const selection = this.selection(), gains = server()?.[this.side];
    if (selection && gains) changeGains(stepAll(selection, gains, by));
  }
  off(): void {
    const selection = this.selection();
    if (selection) changeGains(setAll(selection, OFF_DB));
  }
  go(dChannel: number, dTablet: number, extend: boolean): void {
    const grid = this.grid();
    const next = moved(this.selection() ?? one(this.side, { channel: 1, tablet: 1 }), dChannel, dTablet, grid.extent, extend);
    this.choose(next);
    this.setScroll(scrollTo(grid, this.scroll(), this.view, next.focus));
  }

  /** @returns whether the key was meant for the grid */
  key(event: KeyboardEvent, type: (first: string) => void): boolean {
    const { key, shiftKey } = event;
    if ((event.ctrlKey || event.metaKey) && key === "a") this.choose(all(this.side, this.grid().extent));
    else if (event.ctrlKey || event.metaKey) return false;
    else if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) this.step(key === "ArrowUp" ? 1 : -1);
    else if (KEY_MOVES[key]) this.go(KEY_MOVES[key][0], KEY_MOVES[key][1], shiftKey);
    else if (key === " " || key === "Enter") this.toggle();
    else if (key === "+") this.step(1);
    else if (key === "Delete" || key === "Backspace") this.off();
    else if (key === "Escape") this.go(0, 0, false);
    else if (/^[-0-9]$/.test(key)) type(key);
    else return false;
    return true;
  }
}

/** A field over the crosspoint; Enter takes it, Escape and leaving do not. */
function Typed({ first, at, grid, done }: { readonly first: string; readonly at: readonly [number, number]; readonly grid: Layout; readonly done: (text: string | null) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.setSelectionRange(first.length, first.length);
  }, [first]);
  return (
    <input ref={input} className="typed" inputMode="decimal" aria-label="Gain in dB, or off" defaultValue={first}
      style={{ left: at[0], top: at[1], width: Math.max(64, grid.cellWidth), height: Math.max(40, grid.cellHeight) }}
      onBlur={() => done(null)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") done(event.currentTarget.value);
        else if (event.key === "Escape") done(null);
      }} />
  );
}

export function Grid(props: GridProps) {
  const { side, label, server: state, selection } = props;
  const [control] = useState(() => new Control(props));
  const [hand] = useState(() => new Hand(control));
  const [zoom, setZoom] = useState(1);
  const [view, setView] = useState<View>({ width: 0, height: 0 });
  const [typed, setTyped] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const painter = useMemo(() => new GridPainter(control.scene), [control]);
  const canvas = useCanvas(painter);
  const own = selection?.side === side ? selection : null;

  useEffect(() => {
    control.props = props;
    control.scene.server = state;
    control.scene.selection = own;
  });
  useEffect(() => {
    const node = scroller.current;
    if (!node) return undefined;
    control.scroller = node;
    control.onZoom = setZoom;
    const observer = new ResizeObserver(() => {
      control.view = { width: node.clientWidth, height: node.clientHeight };
      setView(control.view);
    });
    observer.observe(node);
    const onScroll = () => (control.scene.scroll = { left: node.scrollLeft, top: node.scrollTop });
    const onWheel = (event: WheelEvent) => {
      const box = node.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      if (event.ctrlKey) hand.zoomAt(control.zoom() * 1.0015 ** -event.deltaY, x, y);
      else {
        const grid = control.grid(), chosen = control.selection();
        const channel = Math.floor((x + node.scrollLeft - grid.headWidth) / grid.cellWidth) + 1, tablet = Math.floor((y + node.scrollTop - grid.headHeight) / grid.cellHeight) + 1;
        // the grid scrolls until the wheel is over what is chosen
        if (x < grid.headWidth || y < grid.headHeight || !chosen || !contains(chosen, { channel, tablet })) return;
        control.step(event.deltaY < 0 ? 1 : -1);
      }
      event.preventDefault();
    };
    node.addEventListener("scroll", onScroll);
    node.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      observer.disconnect();
      node.removeEventListener("scroll", onScroll);
      node.removeEventListener("wheel", onWheel);
    };
  }, [control, hand]);

  const place = (event: PointerEvent<HTMLCanvasElement>): readonly [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const finishTyping = (text: string | null) => {
    setTyped(null);
    scroller.current?.focus({ preventScroll: true });
    if (text === null || !own) return;
    const db = parseDb(text);
    if (Number.isNaN(db)) toast("A number from \u2212240 to +20, or off");
    else changeGains(setAll(own, db));
  };
  const grid = layout({ channels: state.channels.length, tablets: state.tablets.length }, zoom, view.width);
  const cellId = `cell-${side}`;
  return (
    <section className={`side ${side}`} aria-label={label}>
      <div ref={scroller} className="window" role="grid" tabIndex={0} aria-label={label} aria-rowcount={state.tablets.length} aria-colcount={state.channels.length} data-head={grid.headWidth}
        aria-multiselectable="true" aria-activedescendant={own ? cellId : undefined}
        onFocus={() => {
          control.scene.focused = true;
          if (!control.selection() && scroller.current?.matches(":focus-visible")) control.go(0, 0, false); // by the keyboard
        }}
        onBlur={() => (control.scene.focused = false)}
        onKeyDown={(event) => {
          if (control.key(event, setTyped)) event.preventDefault();
        }}>
        <div className="only-heard" role="row" aria-rowindex={own?.focus.tablet ?? 1}>
          <span id={cellId} role="gridcell" aria-selected={own !== null} aria-colindex={own?.focus.channel ?? 1}>
            {own ? `${describe(state, own)}: ${withUnit(dbAt(state[side], own.focus))}${points(own).length > 1 ? `, ${points(own).length} chosen` : ""}` : ""}
          </span>
        </div>
        <div className="extent" role="presentation" style={{ width: grid.width, height: grid.height }}>
          <canvas ref={canvas} aria-hidden="true" style={{ width: view.width, height: view.height }}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              hand.down(event.pointerId, ...place(event), event.pointerType === "touch", event.shiftKey);
            }}
            onPointerMove={(event) => hand.move(event.pointerId, ...place(event))}
            onPointerUp={(event) => hand.up(event.pointerId)}
            onPointerCancel={(event) => hand.cancel(event.pointerId)}
            onContextMenu={(event) => event.preventDefault()} />
        </div>
      </div>
      {typed !== null && own ? <Typed first={typed} at={corner(grid, control.scroll(), own.focus)} grid={grid} done={finishTyping} /> : null}
    </section>
  );
}
