// SPDX-License-Identifier: MIT
import { createRoot } from "react-dom/client";
import { Docs } from "./Docs";
import type { OpenApi } from "./openapi";
import "../styles/base.css";
import "./docs.css";

const answer = await fetch("/openapi.json");
const root = document.getElementById("root");
if (root) createRoot(root).render(<Docs document={(await answer.json()) as OpenApi} />);
