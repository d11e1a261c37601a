// SPDX-License-Identifier: MIT
import type { ComponentType } from "react";

/** One view of the page: an entry of the navigation and what it shows. */
export interface View {
  /** in the address: #matrix */
  readonly id: string;
  /** one short word */
  readonly title: string;
  readonly Icon: ComponentType;
  /** loaded when it is first shown */
  readonly load: () => Promise<{ readonly default: ComponentType }>;
}
