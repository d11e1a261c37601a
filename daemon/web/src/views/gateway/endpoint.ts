// SPDX-License-Identifier: MIT
import { useChannels, useTablets } from "../../state/app";
import { channelName, tabletName } from "../../state/server";

/** "channel.2" as people call it. */
export function useEndpointName(): (endpoint: string) => string {
  const tablets = useTablets();
  const channels = useChannels();
  return (endpoint) => {
    const [kind, number] = endpoint.split(".");
    const id = Number(number);
    return (kind === "tablet" ? tabletName(tablets[id - 1]) : channelName(channels[id - 1])) || endpoint;
  };
}
