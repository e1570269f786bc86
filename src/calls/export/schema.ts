import { z } from "zod";

/** How a file is asked for. */
export const formatField = z.enum(["csv", "xlsx"]).default("csv");
export const separatorField = z.enum(["comma", "semicolon"]).default("comma").meta({
  description: "Of CSV: spreadsheets of countries with a decimal comma expect a semicolon",
});
