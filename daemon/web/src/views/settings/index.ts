// SPDX-License-Identifier: MIT
import { SettingsIcon } from "../../ui/icons";
import type { View } from "../view";

export const settings: View = { id: "settings", title: "Settings", Icon: SettingsIcon, load: () => import("./Settings") };
