import type { ReactNode } from "react";

interface FormPartProps {
  title: string;
  isOpen?: boolean;
  children: ReactNode;
}

/** Fields of a long form that belong together; folded away unless they are the ones that most people need. */
export function FormPart({ title, isOpen = false, children }: FormPartProps) {
  return (
    <details className="settings-group" open={isOpen}>
      <summary>{title}</summary>
      <div className="form-grid">{children}</div>
    </details>
  );
}
