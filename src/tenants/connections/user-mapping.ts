import type { CrmUser, UserReport } from "../../connectors/connector.ts";

/** An extension of ours, of the CRM's or of the setting, and who over there gets its calls. */
export interface MappedExtension {
  extension: string;
  /** What we call it; `null`: it is none of ours. */
  name: string | null;
  /** Ids of those who have it over there. */
  claimedBy: readonly string[];
  /** What the setting says. */
  mapped: string | null;
  /** Who gets its calls; `null`: whoever gets all that belong to nobody. */
  ownerId: string | null;
  problem: MappingProblem | null;
  /** Who it may well be, where nobody has it yet. */
  suggestedId: string | null;
}

/**
 * `contested`: several have it over there, and no setting decides. `overruled`: the setting names somebody else than the one who
 * has it over there, who wins. `unknown_owner`: the setting names nobody. `nobody`: nobody has it. `not_here`: it is none of ours.
 */
export type MappingProblem = "contested" | "overruled" | "unknown_owner" | "nobody" | "not_here";
export const MAPPING_PROBLEMS = ["contested", "overruled", "unknown_owner", "nobody", "not_here"] as const;

/** Pure. `extensions` are ours; what the other side knows of phones wins over the setting, unless several have one phone. */
export function toUserMapping(
  { users, owners }: Pick<UserReport, "users" | "owners">,
  extensions: readonly { number: string; name: string }[],
): MappedExtension[] {
  const names = new Map(extensions.map(({ number, name }) => [number, name]));
  const claims = Map.groupBy(users, ({ extension }) => extension);
  const claimed = [...claims.keys()].filter((extension) => extension !== null);
  const all = new Set([...names.keys(), ...claimed, ...Object.keys(owners)]);
  const isAnyOurs = names.size > 0;
  return [...all].sort(inOrder).map((extension) => {
    const claimants = claims.get(extension) ?? [];
    const mapped = owners[extension] ?? null;
    const wished = mapped === null ? undefined : users.find(({ id, name }) => id === mapped || name === mapped);
    const owner = claimants.length === 1 ? claimants[0] : wished;
    const name = names.get(extension) ?? null;
    const problem = findProblem({ claimants, mapped, wished, isOurs: !isAnyOurs || name !== null });
    const suggested = problem === "nobody" ? suggest({ extension, name }, users) : undefined;
    return {
      ...{ extension, name, mapped, problem },
      claimedBy: claimants.map(({ id }) => id),
      ownerId: owner?.id ?? null,
      suggestedId: suggested?.id ?? null,
    };
  });
}

interface Found {
  claimants: readonly CrmUser[];
  mapped: string | null;
  wished: CrmUser | undefined;
  isOurs: boolean;
}

function findProblem({ claimants, mapped, wished, isOurs }: Found): MappingProblem | null {
  if (mapped !== null && !wished) return "unknown_owner";
  if (claimants.length > 1 && !wished) return "contested";
  if (claimants.length === 1 && wished && wished !== claimants[0]) return "overruled";
  if (claimants.length === 0 && !wished) return "nobody";
  return isOurs ? null : "not_here";
}

/** Whose phone over there has these digits ("Ext. 101"), else who is called as the extension is; only when it is just one. */
function suggest({ extension, name }: { extension: string; name: string | null }, users: readonly CrmUser[]) {
  const byDigits = users.filter((user) => user.extension?.replaceAll(/\D/g, "") === extension);
  if (byDigits.length === 1) return byDigits[0];
  const wanted = fold(name ?? "");
  const byName = users.filter((user) => [user.label, user.name].some((one) => wanted !== "" && fold(one) === wanted));
  return byName.length === 1 ? byName[0] : undefined;
}

const fold = (text: string): string => text.normalize("NFD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();
const inOrder = (left: string, right: string): number =>
  left.localeCompare(right, "en", { numeric: true }) || (left < right ? -1 : 1);
