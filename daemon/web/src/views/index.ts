// SPDX-License-Identifier: MIT
// Every view, in the order of the navigation.

import { gateway } from "./gateway";
import { matrix } from "./matrix";
import { settings } from "./settings";
import { stations } from "./stations";
import { system } from "./system";
import type { View } from "./view";

export const views: readonly [View, ...View[]] = [stations, matrix, gateway, system, settings];
