// The outside programs that some suites need, from Debian's packages. They are only installed where the machine is
// disposable: in CI, as root. Elsewhere the person at the keyboard is told what to install.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";

export interface Peers {
  /** Tells the suites where their peers are. */
  environment: Record<string, string>;
  skipped: { suite: string; reason: string }[];
}

export interface Peer {
  suite: string;
  /** What tells that it is there. */
  path: string;
  variable: string;
  debianPackage: string;
  /** What it recommends and its suites need. */
  companions?: readonly string[];
  beforeInstall?(): void;
}

const APT_TIMEOUT_MS = 300_000;
const PEERS: readonly Peer[] = [
  {
    suite: "external PostgreSQL 15 (test/peers/postgres15.test.ts)",
    path: "/usr/lib/postgresql/15/bin",
    variable: "ENLACE_TEST_POSTGRES15",
    debianPackage: "postgresql-15",
    beforeInstall: keepDebianFromStarting,
  },
  {
    suite: "call records in MariaDB (test/peers/mariadb.test.ts)",
    path: "/usr/sbin/mariadbd",
    variable: "ENLACE_TEST_MARIADB",
    debianPackage: "mariadb-server",
    beforeInstall: keepServicesFromStarting,
  },
  {
    suite: "the console in a browser (test/web)",
    path: "/usr/bin/chromium",
    variable: "ENLACE_TEST_CHROMIUM",
    debianPackage: "chromium",
  },
  {
    suite: "calls over a carrier's trunk (test/peers/asterisk/carrier.test.ts)",
    path: "/usr/bin/sipp",
    variable: "ENLACE_TEST_SIPP",
    debianPackage: "sip-tester",
  },
  {
    suite: "audios that are converted (test/flows/audios.test.ts, test/peers/asterisk/sounds.test.ts)",
    path: "/usr/bin/sox",
    variable: "ENLACE_TEST_SOX",
    debianPackage: "sox",
    companions: ["libsox-fmt-mp3"],
  },
  {
    suite: "texts that are spoken (the same files)",
    path: "/usr/bin/espeak-ng",
    variable: "ENLACE_TEST_ESPEAK",
    debianPackage: "espeak-ng",
  },
];

export function preparePeers(env: NodeJS.ProcessEnv, wanted = PEERS): Peers {
  const peers: Peers = { environment: {}, skipped: [] };
  for (const peer of wanted) {
    const reason = existsSync(peer.path) ? undefined : install(peer, env);
    if (reason === undefined) peers.environment[peer.variable] = peer.path;
    else peers.skipped.push({ suite: peer.suite, reason });
  }
  return peers;
}

/** Returns why it could not be had. */
function install(peer: Peer, env: NodeJS.ProcessEnv): string | undefined {
  const packages = [peer.debianPackage, ...(peer.companions ?? [])];
  const wish = `install the Debian package${packages.length > 1 ? "s" : ""} ${packages.join(" and ")}`;
  if (!env.CI) return `${peer.path} is not there: ${wish}, or set CI=true as root to let this do it`;
  if (process.getuid?.() !== 0) return `${peer.path} is not there, and only root could ${wish}`;
  peer.beforeInstall?.();
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
    process.stderr.write(`apt-get ${args.join(" ")}\n`);
    const { status, error } = spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", 2],
      timeout: APT_TIMEOUT_MS,
      env: { ...env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (status !== 0) return `apt-get ${args[0]} failed (${error?.message ?? `code ${status}`})`;
  }
  return existsSync(peer.path) ? undefined : `${peer.debianPackage} did not bring ${peer.path}`;
}

/** We want the program; Debian would also make a server of it that runs on port 5432. */
function keepDebianFromStarting(): void {
  const file = "/etc/postgresql-common/createcluster.conf";
  if (existsSync(file)) return;
  mkdirSync("/etc/postgresql-common", { recursive: true });
  writeFileSync(file, "create_main_cluster = false\n");
}

/** Debian starts a server that it installs, unless this file forbids it. */
function keepServicesFromStarting(): void {
  const file = "/usr/sbin/policy-rc.d";
  if (!existsSync(file)) writeFileSync(file, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
}
