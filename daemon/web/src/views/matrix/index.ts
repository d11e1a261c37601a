// SPDX-License-Identifier: MIT
import { MatrixIcon } from "../../ui/icons";
import type { View } from "../view";

export const matrix: View = { id: "matrix", title: "Matrix", Icon: MatrixIcon, load: () => import("./Matrix") };
