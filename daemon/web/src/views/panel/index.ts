// SPDX-License-Identifier: MIT
import { PanelIcon } from "../../ui/icons";
import type { View } from "../view";

export const panel: View = { id: "panel", title: "Panel", Icon: PanelIcon, load: () => import("./Panel") };
