/** Who is in which bridge, and which Local channels are halves of one pair: who can hear whom. */
export interface Bridges {
  /** Returns who is in it now, `leg` included. */
  enter(bridge: string, leg: string): ReadonlySet<string>;
  leave(leg: string): void;
  /** Declares a half of a Local pair by the name both halves share. */
  pair(pair: string, leg: string): void;
  forget(leg: string): void;
  /** The other half of a Local pair. */
  otherHalf(leg: string): string | undefined;
  /** All legs that hear `leg`, itself excluded. */
  heardBy(leg: string): Set<string>;
  /** Entries held, for tests of leaks. */
  size(): number;
}

export function createBridges(): Bridges {
  const bridgeOf = new Map<string, string>();
  const members = new Map<string, Set<string>>();
  const pairOf = new Map<string, string>();
  const halves = new Map<string, Set<string>>();

  function remove(of: Map<string, string>, groups: Map<string, Set<string>>, leg: string): void {
    const name = of.get(leg);
    if (name === undefined) return;
    of.delete(leg);
    const group = groups.get(name);
    group?.delete(leg);
    if (group?.size === 0) groups.delete(name);
  }

  function add(of: Map<string, string>, groups: Map<string, Set<string>>, name: string, leg: string): Set<string> {
    remove(of, groups, leg);
    of.set(leg, name);
    const group = groups.get(name) ?? new Set();
    groups.set(name, group.add(leg));
    return group;
  }

  const neighbours = (leg: string): string[] => [
    ...(members.get(bridgeOf.get(leg) ?? "") ?? []),
    ...(halves.get(pairOf.get(leg) ?? "") ?? []),
  ];

  return {
    enter: (bridge, leg) => add(bridgeOf, members, bridge, leg),
    leave: (leg) => remove(bridgeOf, members, leg),
    pair: (pair, leg) => void add(pairOf, halves, pair, leg),
    forget: (leg) => {
      remove(bridgeOf, members, leg);
      remove(pairOf, halves, leg);
    },
    otherHalf: (leg) => [...(halves.get(pairOf.get(leg) ?? "") ?? [])].find((half) => half !== leg),
    heardBy: (leg) => {
      const heard = new Set([leg]);
      for (const known of heard) for (const next of neighbours(known)) heard.add(next);
      heard.delete(leg);
      return heard;
    },
    size: () => bridgeOf.size + members.size + pairOf.size + halves.size,
  };
}
