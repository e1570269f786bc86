// The tabs of pages, for the palette. They come with their pages, so they are asked for when somebody types, not on the first load.
import { useQuery } from "@tanstack/react-query";
import { useMay } from "./current-user.ts";
import type { Part } from "./TabbedPage.tsx";

export interface PalettePart extends Pick<Part, "name" | "label"> {
  to: "/dialer/$part" | "/admin/$part";
}

/** The tabs that this person may see, once `isWanted`. */
export function usePaletteParts(isWanted: boolean): readonly PalettePart[] {
  const may = useMay();
  const { data = [] } = useQuery({
    queryKey: ["palette-parts"],
    queryFn: loadParts,
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data.filter(({ needs }) => may(needs));
}

async function loadParts(): Promise<(PalettePart & Pick<Part, "needs">)[]> {
  const [{ DIALER_PARTS }, { ADMIN_PARTS }] = await Promise.all([
    import("../pages/dialer/Dialer.tsx"),
    import("../pages/admin/Admin.tsx"),
  ]);
  return [
    ...DIALER_PARTS.map(({ name, label, needs }) => ({ to: "/dialer/$part" as const, name, label, needs })),
    ...ADMIN_PARTS.map(({ name, label, needs }) => ({ to: "/admin/$part" as const, name, label, needs })),
  ];
}
