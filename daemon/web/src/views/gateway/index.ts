// SPDX-License-Identifier: MIT
import { GatewayIcon } from "../../ui/icons";
import type { View } from "../view";

export const gateway: View = { id: "gateway", title: "Gateway", Icon: GatewayIcon, load: () => import("./Gateway") };
