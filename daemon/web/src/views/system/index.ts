// SPDX-License-Identifier: MIT
import { SystemIcon } from "../../ui/icons";
import type { View } from "../view";

export const system: View = { id: "system", title: "System", Icon: SystemIcon, load: () => import("./System") };
