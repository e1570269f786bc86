import type { Connector } from "./connector.ts";
import { vtiger } from "./vtiger/connector.ts";
import { webhook } from "./webhook/connector.ts";

/** Every outside system Enlace can deliver to. A new one is its folder and one line here. */
export const connectors: readonly Connector[] = [vtiger, webhook];
