// SPDX-License-Identifier: MIT
import { describe, expect, it, vi } from "vitest";
import { claimMessage, nowhere, reducePanel, type PanelAction, type PanelState } from "./claim";
import { channelOfDigit, follow, isLatched, isWanted, letAllGo, letGo, noHands, press, refuse, slip } from "./hands";
import { gathered, iceServers, askIceServersAgain, laterMs, withStereo } from "./ice";
import { lossBetween, qualityOf } from "./quality";
import { answerWith, fragmentOf } from "./restart";

const run = (...actions: PanelAction[]): PanelState => actions.reduce(reducePanel, nowhere);
const ask: PanelAction = { type: "ask", wish: { tablet: 3, takeOver: false } };
const claimed: PanelAction = { type: "message", message: { type: "claimed", tablet: 3, secret: "s", keys: [] } };
const said = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

describe("a claim", () => {
  it("asks for one, for the next free one, and takes over only when it is told to", () => {
    expect(said(claimMessage(run(ask), "Anna"))).toEqual({ type: "claim", tablet: 3, label: "Anna" });
    expect(said(claimMessage(run({ type: "ask", wish: { tablet: null, takeOver: false } }), ""))).toEqual({ type: "claim", tablet: null });
    expect(said(claimMessage(run({ type: "ask", wish: { tablet: 3, takeOver: true } }), ""))).toEqual({ type: "claim", tablet: 3, take_over: true });
    expect(claimMessage(nowhere, "")).toBeNull();
    expect(claimMessage(run(ask, claimed), "")).toBeNull();
  });
  it("is refused with who has it", () => {
    const takenBy = { label: "Ben", peer: "10.0.0.2", since: 1, present: true };
    const detail = [{ loc: ["body", "tablet"], msg: "Tablet 3 is taken by Ben" }];
    const state = run(ask, { type: "message", message: { type: "refused", request: "claim", detail, taken_by: takenBy } });
    expect(state).toMatchObject({ phase: "none", takenBy, trouble: "tablet: Tablet 3 is taken by Ben", wish: { tablet: 3 } });
  });
  it("comes back with its secret, without keys", () => {
    const away = run(ask, claimed, { type: "message", message: { type: "keys", keys: [1] } }, { type: "closed" });
    expect(away).toMatchObject({ phase: "away", tablet: 3, keys: [] });
    expect(said(claimMessage(away, ""))).toEqual({ type: "claim", tablet: 3, secret: "s" });
    expect(reducePanel(away, claimed).phase).toBe("claimed");
  });
  it("is asked for once more when somebody else was faster to come back", () => {
    const takenBy = { label: "Ben", peer: "10.0.0.2", since: 1, present: true };
    const refused: PanelAction = { type: "message", message: { type: "refused", request: "claim", detail: "taken", taken_by: takenBy } };
    expect(run(ask, claimed, { type: "closed" }, refused)).toMatchObject({ phase: "none", takenBy, wish: { tablet: 3, takeOver: false } });
  });
  it("ends when somebody else takes it, and says so", () => {
    const lost: PanelAction = { type: "message", message: { type: "lost", tablet: 3, reason: "taken_over", detail: "Taken over by Ben" } };
    expect(run(ask, claimed, lost)).toEqual({ ...nowhere, trouble: "Taken over by Ben" });
    expect(run({ type: "closed" })).toBe(nowhere);
  });
});

describe("hands on talk keys", () => {
  it("hold a key as long as one of them is on it", () => {
    let hands = press(noHands, 2, "finger", 0, false);
    hands = press(hands, 2, "Space", 10, false);
    hands = letGo(hands, "finger");
    expect(isWanted(hands, 2)).toBe(true);
    expect(isWanted(letGo(hands, "Space"), 1)).toBe(false);
  });
  it("latch by two taps, and the next one lets go", () => {
    let hands = letGo(press(noHands, 1, "a", 0, false), "a");
    expect(isWanted(hands, 1)).toBe(false);
    hands = letGo(press(hands, 1, "a", 200, false), "a");
    expect(isLatched(hands, 1)).toBe(true);
    hands = press(hands, 1, "a", 900, false);
    expect(isWanted(hands, 1)).toBe(false);
    expect(isWanted(press(letGo(hands, "a"), 1, "a", 1000, false), 1)).toBe(true); // no third tap of before
    expect(isLatched(press(letGo(hands, "a"), 1, "a", 1000, false), 1)).toBe(false);
  });
  it("do not latch by two slow presses, and by one where the tablet is in that mode", () => {
    const slow = letGo(press(noHands, 1, "a", 0, false), "a");
    expect(isLatched(press(slow, 1, "a", 400, false), 1)).toBe(false);
    expect(isLatched(press(noHands, 1, "a", 0, true), 1)).toBe(true);
  });
  it("do not latch when a key follows a finger, or another key", () => {
    const finger = letGo(press(noHands, 1, "pointer 1", 0, false), "pointer 1");
    expect(isLatched(press(finger, 1, "pointer 2", 100, false), 1)).toBe(true);
    expect(isLatched(press(finger, 1, "key Space", 100, false), 1)).toBe(false);
  });
  it("leave the page: what is latched stays", () => {
    const hands = letAllGo(press(press(noHands, 1, "a", 0, true), 2, "b", 0, false));
    expect([isWanted(hands, 1), isWanted(hands, 2)]).toEqual([true, false]);
    expect(isWanted(refuse(hands, 1), 1)).toBe(false);
  });
  it("lose a key that was down and is let go by somebody else, not one that is still on its way", () => {
    const wanted = (hands: typeof noHands) => [1, 2].map((channel) => isWanted(hands, channel));
    const pressed = press(press(noHands, 1, "pointer 1", 1000, false), 2, "key Digit2", 1000, false);
    expect(wanted(slip(follow(pressed, [], 1100), 9000))).toEqual([true, true]);
    const missing = follow(follow(pressed, [1, 7], 1100), [7], 1200);
    expect(slip(missing, 1300)).toBe(missing);
    expect(wanted(slip(missing, 2000))).toEqual([false, true]);
    expect(wanted(slip(follow(press(slip(missing, 2000), 1, "pointer 2", 5000, false), [], 5100), 9000))).toEqual([true, true]);
  });
  it("keep a latch while what was said of its first tap comes in", () => {
    let hands = press(noHands, 1, "pointer 1", 1000, false);
    hands = press(letGo(hands, "pointer 1"), 1, "pointer 1", 1200, false);
    for (const keys of [[1], [], [1]]) hands = follow(hands, keys, 1300);
    expect(isLatched(slip(hands, 9000), 1)).toBe(true);
  });
  it("find channels by number", () => {
    expect(["Digit1", "Numpad9", "Digit0", "KeyA", "Space"].map(channelOfDigit)).toEqual([1, 9, 10, null, null]);
  });
});

describe("the connection", () => {
  it("is judged by its worst side", () => {
    expect(qualityOf({ lossPercent: 0, jitterMs: 3, roundTripMs: 4 })).toBe(4);
    expect(qualityOf({ lossPercent: 1, jitterMs: 3, roundTripMs: 4 })).toBe(3);
    expect(qualityOf({ lossPercent: 0, jitterMs: 90, roundTripMs: null })).toBe(2);
    expect(qualityOf({ lossPercent: 20, jitterMs: 0, roundTripMs: 0 })).toBe(1);
  });
  it("counts what was lost since", () => {
    expect(lossBetween({ received: 100, lost: 5 }, { received: 190, lost: 15 })).toBe(10);
    expect(lossBetween({ received: 100, lost: 5 }, { received: 100, lost: 5 })).toBe(0);
    expect(lossBetween({ received: 100, lost: 5 }, { received: 0, lost: 0 })).toBe(0); // another connection
  });
});

describe("an ICE restart", () => {
  const offer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\na=mid:0\r\n";

  it("sends the offer's names and nothing else", () => {
    expect(fragmentOf(offer)).toBe("a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n");
    expect(fragmentOf("v=0\r\na=ice-ufrag:ysXw\r\n")).toBe("");
  });

  it("sends the candidates that the offer has", () => {
    const candidates = ["a=candidate:1 1 udp 1677729535 203.0.113.7 50312 typ srflx raddr 192.0.2.7 rport 50312", "a=end-of-candidates"];
    expect(fragmentOf(`${offer}${candidates.join("\r\n")}\r\n`)).toBe(`${fragmentOf(offer)}m=audio 9 RTP/AVP 0\r\na=mid:0\r\n${candidates.join("\r\n")}\r\n`);
  });

  it("takes the server's names into the answer, in their places", () => {
    const fragment = "a=ice-lite\r\na=ice-ufrag:289b\r\na=ice-pwd:0b66f472495ef0ccac7bda65\r\nm=audio 9 RTP/AVP 0\r\n";
    expect(answerWith(offer, fragment)).toBe(offer.replace("ysXw", "289b").replace("vw5LmwG4y/e6dPP/zAP9Gp5k", "0b66f472495ef0ccac7bda65"));
    expect(answerWith(offer, "<html>")).toBe("");
    const candidate = (host: string): string => `a=candidate:1 1 udp 2130706431 ${host} 8001 typ host\r\n`;
    const moved = answerWith(`${offer}${candidate("192.0.2.1")}${candidate("192.0.2.2")}a=end-of-candidates\r\n`, `${fragment}${candidate("192.0.2.9")}`);
    expect(moved.endsWith(`a=mid:0\r\n${candidate("192.0.2.9")}a=end-of-candidates\r\n`)).toBe(true);
  });
});

describe("the way beyond NAT", () => {
  class Connection extends EventTarget {
    iceGatheringState: RTCIceGatheringState = "gathering";
    turnTo(state: RTCIceGatheringState): void {
      this.iceGatheringState = state;
      this.dispatchEvent(new Event("icegatheringstatechange"));
    }
  }
  const isDone = async (promise: Promise<void>): Promise<boolean> => Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);

  it("waits for all candidates, and no longer than it may", async () => {
    vi.useFakeTimers();
    try {
      const quick = new Connection(), slow = new Connection();
      quick.iceGatheringState = "complete"; // from before
      const [first, second] = [gathered(quick as never, 2000), gathered(slow as never, 2000)];
      expect(await isDone(first)).toBe(false);
      quick.turnTo("gathering");
      expect(await isDone(first)).toBe(false);
      quick.turnTo("complete");
      expect(await isDone(first)).toBe(true);
      vi.advanceTimersByTime(1999);
      expect(await isDone(second)).toBe(false);
      vi.advanceTimersByTime(1);
      expect(await isDone(second)).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is asked for once, again by another connection, and again when nobody answered", async () => {
    const servers = [{ urls: "stun:a:1" }];
    const call = vi.fn(() => Promise.resolve(new Response(JSON.stringify(servers))));
    vi.stubGlobal("fetch", call);
    try {
      expect(await iceServers()).toEqual(servers);
      await iceServers();
      expect(call).toHaveBeenCalledTimes(1);
      askIceServersAgain();
      await iceServers();
      expect(call).toHaveBeenCalledTimes(2);
      call.mockRejectedValueOnce(new TypeError("no network"));
      askIceServersAgain();
      await expect(iceServers()).rejects.toThrow("The server does not answer");
      expect(await iceServers()).toEqual(servers);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("is asked for later when the server says when", () => {
    expect(laterMs(503, "1")).toBe(1000);
    expect([laterMs(503, "0"), laterMs(503, "86400")]).toEqual([250, 10_000]);
    expect([laterMs(503, null), laterMs(503, "Fri, 31 Dec 1999 23:59:59 GMT"), laterMs(429, "1"), laterMs(201, null)]).toEqual([null, null, null, null]);
  });

  it("asks for stereo, once", () => {
    const line = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=mid:0\r\n";
    const asked = line.replace("fec=1", "fec=1;stereo=1");
    expect(withStereo(line)).toBe(asked);
    expect(withStereo(asked)).toBe(asked);
    expect(withStereo("a=fmtp:111 minptime=10;stereo=1;useinbandfec=1\r\n")).toBe("a=fmtp:111 minptime=10;stereo=1;useinbandfec=1\r\n");
  });
});
