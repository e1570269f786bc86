// Enlace as a simulated machine runs it: the whole program, only its clock is faster.
import { startApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { createLog } from "../../src/kit/log.ts";
import { createFastClock } from "../fast-clock.ts";
import { CLOCK_FACTOR } from "./simulated-time.ts";

const config = readConfig(process.env);
const log = createLog(config.log);
const clock = createFastClock({ factor: CLOCK_FACTOR, epochMs: Number(process.env.SIMULATION_EPOCH_MS) });
/** Looking around thirty times as often would be most of the work. */
const deliveryLimits = { sweepMs: 8_000, heartbeatMs: 8_000 };
const app = await startApp(config, { log, version: "simulation", clock, deliveryLimits });
process.once("SIGTERM", () => void app.stop());
