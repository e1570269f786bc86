import { access, constants, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { tryListen } from "../port.ts";
import { examine, type Finding } from "./finding.ts";

/** What `readConfig` of config.ts says, as far as the doctor looks at it. */
export interface ServerSettings {
  host: string;
  port: number;
  dataFolder: string;
  /** `undefined`: the embedded database. */
  databaseUrl: string | undefined;
  secret: string | undefined;
  webhookSecret: string | undefined;
}

const NODE_MAJOR_MIN = 24;
const GIB = 1024 ** 3;

export function examineNode(version: string): Finding {
  const isNew = Number(version.split(".")[0]) >= NODE_MAJOR_MIN;
  if (isNew) return { level: "ok", subject: "node", message: `Node.js ${version}` };
  return {
    level: "error",
    subject: "node",
    message: `Node.js ${version} is too old: Enlace needs ${NODE_MAJOR_MIN} or newer`,
    mend: "Start with `npm start`, which brings the right one, or install it.",
  };
}

export async function examineDataFolder({ dataFolder }: ServerSettings): Promise<Finding[]> {
  const mend = "Make the folder and give it to the user that runs Enlace, or set ENLACE_DATA.";
  try {
    await access(dataFolder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      return [{ level: "warning", subject: "data_folder", message: `${dataFolder} does not exist yet`, mend }];
    return [{ level: "error", subject: "data_folder", message: `${dataFolder} cannot be written to`, mend }];
  }
  const { bavail, bsize } = await statfs(dataFolder);
  return [{ level: "ok", subject: "data_folder", message: dataFolder }, toSpaceFinding(bavail * bsize)];
}

export function toSpaceFinding(freeBytes: number): Finding {
  const message = `${(freeBytes / GIB).toFixed(1)} GiB free`;
  if (freeBytes >= 2 * GIB) return { level: "ok", subject: "free_space", message };
  const mend = "Free some space, or lower ENLACE_RETENTION_MONTHS: a full disk stops the database.";
  return { level: freeBytes < GIB / 4 ? "error" : "warning", subject: "free_space", message: `only ${message}`, mend };
}

export async function examineSecret({ secret, dataFolder }: ServerSettings): Promise<Finding> {
  const subject = "secret";
  if (secret !== undefined) return { level: "ok", subject, message: "ENLACE_SECRET is set" };
  const path = join(dataFolder, "secret");
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) return { level: "ok", subject, message: `${path}, readable by its owner only` };
    return { level: "error", subject, message: `others can read ${path}`, mend: `chmod 600 ${path}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { level: "ok", subject, message: "will be made at the first start" };
  }
}

/** Only asked when no Enlace answers: then the port must be free. */
export async function examinePort({ host, port }: ServerSettings): Promise<Finding> {
  const subject = "port";
  if (port === 0) return { level: "ok", subject, message: "takes a free one at each start" };
  const tried = await tryListen(host, port);
  if ("port" in tried) return { level: "ok", subject, message: `${host}:${port} is free` };
  const taken = tried.problem === "EADDRINUSE";
  return {
    level: "error",
    subject,
    message: taken
      ? `another program listens on ${host}:${port}`
      : `${host}:${port} cannot be listened on (${tried.problem})`,
    mend: taken ? "Stop that program or set ENLACE_PORT." : "Set ENLACE_HOST to an address of this machine.",
  };
}

/** Everything that needs neither Enlace nor its database. */
export async function examineHost(settings: ServerSettings, nodeVersion: string): Promise<Finding[]> {
  return [
    examineNode(nodeVersion),
    ...(await examine("data_folder", () => examineDataFolder(settings))),
    ...(await examine("secret", () => examineSecret(settings))),
  ];
}
