/** What the demo was promised: every call whose end Enlace accepted must be in the CRM exactly once. */
export interface Ledger {
  onAccepted(uuid: string, isEnd: boolean): void;
  onRefused(): void;
  accepted(): number;
  refused(): number;
  /** Compares with how often each call stands in the CRM. */
  compare(inCrm: ReadonlyMap<string, number>): Comparison;
}

export interface Comparison {
  expected: number;
  missing: number;
  doubled: number;
}

export function createLedger(): Ledger {
  const ended = new Set<string>();
  let [accepted, refused] = [0, 0];
  return {
    onAccepted: (uuid, isEnd) => {
      accepted++;
      if (isEnd) ended.add(uuid);
    },
    onRefused: () => {
      refused++;
    },
    accepted: () => accepted,
    refused: () => refused,
    compare: (inCrm) => ({
      expected: ended.size,
      missing: [...ended].filter((uuid) => !inCrm.has(uuid)).length,
      doubled: [...inCrm].filter(([, times]) => times > 1).length,
    }),
  };
}

/** Everything arrived, and once. */
export function isExact({ missing, doubled }: Comparison): boolean {
  return missing === 0 && doubled === 0;
}
