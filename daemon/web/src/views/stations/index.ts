// SPDX-License-Identifier: MIT
import { StationsIcon } from "../../ui/icons";
import type { View } from "../view";

export const stations: View = { id: "stations", title: "Stations", Icon: StationsIcon, load: () => import("./Stations") };
