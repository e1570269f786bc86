import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  Metadata,
  type NumberingPlan,
} from "libphonenumber-js/max";

/**
 * Most numbers a PBX tells are E.164 already, of a country that shares its calling code with no other, and with nothing at
 * their beginning that could be a prefix for calls inside it. For those the library's whole answer is "how long is it",
 * and reading it off here is a tenth of the work. A test holds this against the library for every calling code.
 */

interface Plan {
  lengths: ReadonlySet<number>;
  /** What people there dial before a number at home, and sometimes leave in. */
  prefix: RegExp | null;
}

/** `undefined`: not one of the plain ones, ask the library. `null`: no number has this length. `compact` is `+` and digits. */
export function readPlainNumber(compact: string): string | null | undefined {
  for (let end = 2; end <= 4; end++) {
    const plan = plans.get(compact.slice(1, end));
    if (plan === undefined) continue;
    if (plan.prefix?.test(compact.slice(end))) return undefined;
    return plan.lengths.has(compact.length - end) ? compact : null;
  }
  return undefined;
}

const plans = loadPlans();

function loadPlans(): ReadonlyMap<string, Plan> {
  const countries = Map.groupBy(getCountries(), (country) => String(getCountryCallingCode(country)));
  const alone = [...countries].flatMap(([code, [country, ...others]]) =>
    country && others.length === 0 ? [[code, toPlan(country)] as const] : [],
  );
  return new Map(alone);
}

/** The library has it and does not declare it. */
type PlanWithPrefix = NumberingPlan & { nationalPrefixForParsing(): string | undefined };

function toPlan(country: CountryCode): Plan {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const plan = metadata.numberingPlan as PlanWithPrefix;
  const prefix = plan.nationalPrefixForParsing();
  return { lengths: new Set(plan.possibleLengths()), prefix: prefix ? new RegExp(`^(?:${prefix})`) : null };
}
