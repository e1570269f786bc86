import { z } from "zod";
import type { Random } from "../../kit/random.ts";
import { newSecret } from "../../kit/random.ts";
import { type ApiClient, parseAnswer } from "../api-client.ts";

/** Who works in the demo's call centre, and who may look at it. */
const NAMES: Readonly<Record<string, string>> = {
  1001: "Marta Ensayo",
  1002: "Pablo Modelo",
  1003: "Irina Probnaya",
  1004: "Javier Muestra",
  1005: "Laia Prova",
  1006: "Diego Simulado",
  1007: "Sara Ficticia",
  1008: "Anton Primerov",
};
export const AGENTS: readonly string[] = Object.keys(NAMES);
const CALL_CENTRE = "Centro de llamadas Ejemplo";

export interface Login {
  username: string;
  password: string;
  id: string;
}

export interface Team {
  supervisor: Login;
  /** Has the first of the phones. */
  agent: Login;
}

const made = z.object({ id: z.string() });

/** Names the call centre, and lets two people sign in beside the administrator. */
export async function addTeam(api: ApiClient, random: Random): Promise<Team> {
  await api.send("PATCH", "/api/v1/tenant", { name: CALL_CENTRE });
  const add = async (username: string, name: string, role: string): Promise<Login> => {
    const password = newSecret(random, 12);
    const { id } = parseAnswer(made, await api.send("POST", "/api/v1/users", { username, name, role, password }));
    return { username, password, id };
  };
  return {
    supervisor: await add("sofia", "Sofía Guía", "supervisor"),
    agent: await add("marta", NAMES[1001] ?? "", "agent"),
  };
}

/** The phones, by the names of those who answer them. */
export async function addExtensions(api: ApiClient, { agent }: Team): Promise<void> {
  for (const [number, name] of Object.entries(NAMES)) {
    const owner = number === AGENTS[0] ? { user_id: agent.id } : {};
    await api.send("PUT", `/api/v1/extensions/${number}`, { name, ...owner });
  }
}
