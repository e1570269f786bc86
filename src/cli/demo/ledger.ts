/** What the demo was promised: every call whose end Enlace was told must be in the CRM exactly once. */
export interface Ledger {
  onAccepted(uuid: string, isEnd: boolean): void;
  onRefused(): void;
  /** A call of the simulated PBX is over. `isForCrm`: it did not stay inside. */
  onPbxCall(uuid: string, isForCrm: boolean): void;
  accepted(): number;
  refused(): number;
  pbxCalls(): number;
  /** Compares with how often each call stands in the CRM. */
  compare(inCrm: ReadonlyMap<string, number>): Comparison;
}

export interface Comparison {
  expected: number;
  /** Of these, told by the simulated PBX. */
  fromPbx: number;
  missing: number;
  doubled: number;
}

export function createLedger(): Ledger {
  const ended = new Set<string>();
  const fromPbx = new Set<string>();
  let [accepted, refused, pbxCalls] = [0, 0, 0];
  return {
    onAccepted: (uuid, isEnd) => {
      accepted++;
      if (isEnd) ended.add(uuid);
    },
    onRefused: () => {
      refused++;
    },
    onPbxCall: (uuid, isForCrm) => {
      pbxCalls++;
      if (isForCrm) fromPbx.add(uuid);
    },
    accepted: () => accepted,
    refused: () => refused,
    pbxCalls: () => pbxCalls,
    compare: (inCrm) => ({
      expected: ended.size + fromPbx.size,
      fromPbx: fromPbx.size,
      missing: [...ended, ...fromPbx].filter((uuid) => !inCrm.has(uuid)).length,
      doubled: [...inCrm].filter(([, times]) => times > 1).length,
    }),
  };
}

/** Everything arrived, and once. */
export function isExact({ missing, doubled }: Comparison): boolean {
  return missing === 0 && doubled === 0;
}
