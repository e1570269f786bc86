import { useSyncExternalStore } from "react";
import { currentLive, type LivePicture, subscribeLive } from "../../api/live.ts";

/** The calls of this moment and what they go through; the stream runs while somebody looks. */
export function useLive(): LivePicture {
  return useSyncExternalStore(subscribeLive, currentLive);
}
