import type { Ground } from "./app-ground.ts";
import type { Rooms } from "./app-rooms.ts";
import type { App } from "./http/app-instance.ts";

/** The dialer's routes: each part of it registers its own here. */
export function registerDialerDoors(_app: App, _ground: Ground, _rooms: Rooms): void {
  // None yet.
}
