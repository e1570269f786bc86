import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { showDone } from "./notices.tsx";

interface Action<T, V> {
  run(value: V): Promise<T>;
  /** Said when it went well. */
  done?: string;
  /** What it is about, as `useDecision` names it: asked after every decision about the same. */
  about?: string | undefined;
  onDone?(result: T): void;
  onError?(error: Error): void;
}

/** Something a person does to the server: afterwards every list is asked for anew. */
export function useAction<T, V = void>({
  run,
  done,
  about,
  onDone,
  onError,
}: Action<T, V>): UseMutationResult<T, Error, V> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async (result) => {
      if (done) showDone(done);
      onDone?.(result);
      await queries.invalidateQueries();
    },
    ...(about !== undefined && { scope: { id: about } }),
    ...(onError && { onError }),
  });
}
