import { TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

interface TextFilterProps {
  label: string;
  value: string | undefined;
  onChange(value: string): void;
}

/** A filter that is typed: it counts once the person presses Enter or goes elsewhere. */
export function TextFilter({ label, value = "", onChange }: TextFilterProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const apply = (): void => {
    if (typed.trim() !== value) onChange(typed.trim());
  };
  return (
    <TextInput
      label={label}
      value={typed}
      maxLength={100}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => {
        if (event.key === "Enter") apply();
      }}
    />
  );
}
