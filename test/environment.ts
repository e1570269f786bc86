export const WEBHOOK_SECRET = "supersecreto123";
export const ADMIN_PASSWORD = "a password for flows";

interface Places {
  databaseUrl: string;
  dataFolder: string;
  crmUrl: string;
}

/** What every Enlace of the tests is told: the older middleware's names configure the default tenant. */
export function toEnvironment({ databaseUrl, dataFolder, crmUrl }: Places): Record<string, string> {
  return {
    ENLACE_HOST: "127.0.0.1",
    ENLACE_PORT: "0",
    ENLACE_DATA: dataFolder,
    ENLACE_SECRET: "a secret for flows, at least 32 characters",
    ENLACE_ADMIN_PASSWORD: ADMIN_PASSWORD,
    ENLACE_ALLOW_LOOPBACK_TARGETS: "true",
    DATABASE_URL: databaseUrl,
    WEBHOOK_SECRET,
    VTIGER_URL: crmUrl,
    VTIGER_USERNAME: "apiuser",
    VTIGER_ACCESS_KEY: "apiuserkey123456",
    MAX_RETRIES: "5",
  };
}
