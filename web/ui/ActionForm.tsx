import type { UseMutationResult } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { ErrorNote } from "./ErrorNote.tsx";

interface ActionFormProps<T> {
  /** Is given what the fields say. */
  action: UseMutationResult<T, Error, FormData>;
  className?: string;
  /** Its fields are emptied once it went well: for the next one of the same kind. */
  isEmptied?: boolean;
  children: ReactNode;
}

/** Fields and a button; a refusal is said below them. */
export function ActionForm<T>({ action, className = "stack", isEmptied = false, children }: ActionFormProps<T>) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    action.mutate(new FormData(form), { ...(isEmptied && { onSuccess: () => form.reset() }) });
  };
  return (
    <form className={className} onSubmit={submit}>
      {children}
      {action.error && <ErrorNote error={action.error} />}
    </form>
  );
}
