// SPDX-License-Identifier: MIT
// Every view, in the order of the navigation.

import { settings } from "./settings";
import type { View } from "./view";

export const views: readonly [View, ...View[]] = [settings];
