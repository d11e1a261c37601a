// SPDX-License-Identifier: MIT
// Every view, in the order of the navigation.

import { matrix } from "./matrix";
import { settings } from "./settings";
import { stations } from "./stations";
import type { View } from "./view";

export const views: readonly [View, ...View[]] = [stations, matrix, settings];
