// SPDX-License-Identifier: MIT
import { MetersIcon } from "../../ui/icons";
import type { View } from "../view";

export const meters: View = { id: "meters", title: "Meters", Icon: MetersIcon, load: () => import("./Meters") };
