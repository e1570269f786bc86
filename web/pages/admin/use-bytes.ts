import { useText } from "../../locales/text.tsx";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Writes sizes as people of the shown language read them. */
export function useBytes(): (bytes: number) => string {
  const { language } = useText();
  return (bytes) => {
    const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
    const format = { style: "unit", unit: UNITS[power] ?? "byte", maximumFractionDigits: 1 } as const;
    return new Intl.NumberFormat(language, format).format(bytes / 1024 ** power);
  };
}
