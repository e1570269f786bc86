import { NativeSelect, type NativeSelectProps } from "@mantine/core";
import { useText } from "../../locales/text.tsx";
import { useProjects } from "./lists.ts";

interface ProjectChoiceProps extends Omit<NativeSelectProps, "data"> {
  /** What stands for no project at all; left out, one must be chosen. */
  none?: string;
}

/** One of the projects that this person sees. */
export function ProjectChoice({ none, ...more }: ProjectChoiceProps) {
  const { t } = useText();
  const projects = useProjects();
  return (
    <NativeSelect
      label={t("dialer.project")}
      data={[
        ...(none === undefined ? [] : [{ value: "", label: none }]),
        ...(projects.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name })),
      ]}
      {...more}
    />
  );
}
