import { useSyncExternalStore } from "react";
import { currentLive, type LivePicture, subscribeLive } from "../../api/live.ts";

/** One part of what happens now; drawn anew when that part changes. The stream runs while somebody looks. */
export function useLive<T>(pick: (picture: LivePicture) => T): T {
  return useSyncExternalStore(subscribeLive, () => pick(currentLive()));
}
