import { join } from "node:path";
import { ensurePrivateFile } from "./private-file.ts";
import { newSecret, type Random } from "./random.ts";

const SECRET_FILE = "secret";
const SECRET_BYTES = 48;

/**
 * The secret from which every key of this installation is derived: the one given, else the one in the data folder, made at
 * the first start. Without it nothing sealed opens again, so it belongs into a safe place beside the backups.
 */
export async function ensureInstallationSecret(
  given: string | undefined,
  { dataFolder, random }: { dataFolder: string; random: Random },
): Promise<string> {
  return given ?? ensurePrivateFile(join(dataFolder, SECRET_FILE), () => newSecret(random, SECRET_BYTES));
}
