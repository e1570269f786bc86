/*
 * How surely a share is known, and how many of some lines will be picked up. Pure; shares are 0 … 1.
 */

/**
 * Upper end of the exact (Clopper–Pearson) one-sided interval of a share, of which `hits` in `tries` were seen: the true share
 * is above it with a probability of at most `1 - confidence`. Without tries: 1.
 */
export function upperBound(hits: number, tries: number, confidence = 0.95): number {
  if (tries === 0 || hits >= tries) return 1;
  if (hits === 0) return 1 - (1 - confidence) ** (1 / tries);
  // P(X <= hits) falls as the share grows: the bound is where it has fallen to what is left of certainty.
  let [low, high] = [hits / tries, 1];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (chanceOfAtMost(hits, tries, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/** The most `hits` of which `upperBound` says no more than `share`; -1 where even none would say more. */
export function mostSurely(tries: number, share: number, confidence = 0.95): number {
  let logTerm = tries * Math.log1p(-share);
  const logOdds = Math.log(share) - Math.log1p(-share);
  let sum = Math.exp(logTerm);
  let hits = -1;
  while (sum <= 1 - confidence && hits < tries) {
    hits++;
    logTerm += Math.log((tries - hits) / (hits + 1)) + logOdds;
    sum += Math.exp(logTerm);
  }
  return hits;
}

/** Upper end of Wilson's one-sided 95 % interval: less exact than `upperBound`, and as quick for a million tries as for ten. */
export function roughUpperBound(hits: number, tries: number): number {
  if (tries === 0) return 1;
  const z = 1.645;
  const share = hits / tries;
  const spread = z * Math.sqrt((share * (1 - share)) / tries + (z * z) / (4 * tries * tries));
  return Math.min(1, (share + (z * z) / (2 * tries) + spread) / (1 + (z * z) / tries));
}

/** P(X <= most) of a binomial, summed from the largest term down so that nothing underflows. */
export function chanceOfAtMost(most: number, tries: number, share: number): number {
  if (most >= tries) return 1;
  if (share <= 0) return 1;
  if (share >= 1) return 0;
  let logTerm = tries * Math.log1p(-share);
  const logOdds = Math.log(share) - Math.log1p(-share);
  let sum = Math.exp(logTerm);
  for (let hits = 1; hits <= most; hits++) {
    logTerm += Math.log((tries - hits + 1) / hits) + logOdds;
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** Of `lines` that are each picked up with the chance `share`: how many more than `free` to expect. */
export function expectedOverflow(lines: number, free: number, share: number): number {
  let [overflow, _below] = [0, chanceOfAtMost(free, lines, share)];
  let term = chanceOfAtMost(free, lines, share) - (free > 0 ? chanceOfAtMost(free - 1, lines, share) : 0);
  for (let picked = free + 1; picked <= lines; picked++) {
    term = share >= 1 ? (picked === lines ? 1 : 0) : (term * (lines - picked + 1) * share) / (picked * (1 - share));
    _below += term;
    overflow += term * (picked - free);
  }
  return overflow;
}

/** How many more than `free` are picked up at most, but for a chance of `1 - confidence`. */
export function worstOverflow(
  lines: number,
  free: number,
  { share, confidence }: { share: number; confidence: number },
): number {
  let picked = free;
  while (picked < lines && chanceOfAtMost(picked, lines, share) < confidence) picked++;
  return picked - free;
}
