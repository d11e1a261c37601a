// SPDX-License-Identifier: MIT
// Every view, in the order of the navigation.

import { gateway } from "./gateway";
import { matrix } from "./matrix";
import { meters } from "./meters";
import { panel } from "./panel";
import { settings } from "./settings";
import { stations } from "./stations";
import { system } from "./system";
import type { View } from "./view";

export const views: readonly [View, ...View[]] = [panel, stations, matrix, meters, gateway, system, settings];
