// Vtiger's query language as its lexer and parser were observed to read it, faults included.

/** An error as the web service tells it, with HTTP 200. */
export class WsError extends Error {
  readonly code: string | number;
  constructor(code: string | number, message: string) {
    super(message);
    this.code = code;
  }
}
export const unknownError = (): WsError =>
  new WsError("INTERNAL_SERVER_ERROR", "Unknown Error while processing request");

export interface Condition {
  column: string;
  operator: string;
  values: readonly string[];
}
export interface Statement {
  /** `*`, `count(*)` or column names. */
  columns: readonly string[];
  module: string;
  /** Any of these groups, all conditions of which hold: AND binds before OR. */
  where: readonly (readonly Condition[])[];
  orderBy: readonly { column: string; descending: boolean }[];
  offset: number;
  limit: number;
}

const ROWS_MAX = 100;
const TOKEN = /\s*(?:('(?:[^']|'')+')|(-?\d+(?!\w)|\w+)|(<=|>=|!=|[*,()=<>;]))/y;

interface Tokens {
  peek(): string;
  next(): string;
  take(word: string): boolean;
  expect(word: string, name: string): void;
}

/** Throws `WsError` exactly where Vtiger does: QUERY_SYNTAX_ERROR from the parser, INTERNAL_SERVER_ERROR from the lexer. */
export function parseStatement(text: string): Statement {
  const tokens = createTokens(tokenize(text));
  tokens.expect("select", "SELECT");
  const columns = parseColumns(tokens);
  tokens.expect("from", "FROM");
  const module = tokens.next();
  const where = tokens.take("where") ? parseWhere(tokens) : [];
  const orderBy = tokens.take("order") ? parseOrder(tokens) : [];
  const { offset, limit } = tokens.take("limit") ? parseLimit(tokens) : { offset: 0, limit: ROWS_MAX };
  tokens.expect(";", "SEMICOLON");
  return { columns, module, where, orderBy, offset, limit: Math.min(ROWS_MAX, limit) };
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (match === null) return [...tokens, UNREADABLE]; // read as the parser goes, so an earlier error comes first
    tokens.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return tokens;
}

const UNREADABLE = "\u0000";

function createTokens(list: readonly string[]): Tokens {
  let at = 0;
  const look = (): string => {
    if (list[at] === UNREADABLE) throw unknownError();
    return list[at] ?? "";
  };
  const is = (word: string): boolean => look().toLowerCase() === word;
  return {
    peek: look,
    next: () => (look() === "" ? fail(list, at, "COLUMNNAME") : (list[at++] ?? "")),
    take: (word) => is(word) && at++ >= 0,
    expect: (word, name) => {
      if (!is(word)) fail(list, at, name);
      at++;
    },
  };
}

function fail(list: readonly string[], at: number, expected: string): never {
  const token = list[at];
  const found = token === undefined ? "Unexpected End of Input(0)" : `Unexpected ${nameToken(token, at)}(${token})`;
  const shown = token ?? list.at(-1) ?? "";
  throw new WsError(
    "QUERY_SYNTAX_ERROR",
    `Syntax Error on line 1: token '${shown}' ${found}, expected one of: ${expected}`,
  );
}

const nameToken = (token: string, at: number): string =>
  token === "(" ? "PARENOPEN" : at > 0 && /^\w+$/.test(token) ? "COLUMNNAME" : "Unknown";

function parseColumns(tokens: Tokens): string[] {
  if (tokens.take("*")) return ["*"];
  const columns: string[] = [];
  do {
    const name = tokens.next();
    if (name.toLowerCase() === "count" && tokens.take("(")) {
      tokens.expect("*", "ASTERISK");
      tokens.expect(")", "PARENCLOSE");
      return ["count(*)"];
    }
    columns.push(name);
  } while (tokens.take(","));
  return columns;
}

function parseWhere(tokens: Tokens): Condition[][] {
  const groups: Condition[][] = [[]];
  for (;;) {
    if (tokens.peek() === "(") tokens.expect("COLUMNNAME", "COLUMNNAME");
    groups.at(-1)?.push(parseCondition(tokens));
    if (tokens.take("or")) groups.push([]);
    else if (!tokens.take("and")) return groups;
  }
}

function parseCondition(tokens: Tokens): Condition {
  const column = tokens.next();
  const operator = tokens.next().toLowerCase();
  if (!/^(=|!=|<=|>=|<|>|like|in)$/.test(operator)) {
    throw new WsError(
      "QUERY_SYNTAX_ERROR",
      `Syntax Error on line 1: token '${operator}', expected one of: EQ, LIKE, IN`,
    );
  }
  if (operator !== "in") return { column, operator, values: [toValue(tokens.next())] };
  tokens.expect("(", "PARENOPEN");
  const values = [toValue(tokens.next())];
  while (tokens.take(",")) values.push(toValue(tokens.next()));
  tokens.expect(")", "PARENCLOSE");
  return { column, operator, values };
}

/** The literal is pasted into MySQL, which takes a backslash for an escape. */
function toValue(token: string): string {
  return token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'").replaceAll(/\\(.)/gs, "$1") : token;
}

function parseOrder(tokens: Tokens): { column: string; descending: boolean }[] {
  tokens.expect("by", "BY");
  const order: { column: string; descending: boolean }[] = [];
  do {
    const column = tokens.next();
    const descending = tokens.take("desc");
    if (!descending) tokens.take("asc");
    order.push({ column, descending });
  } while (tokens.take(","));
  return order;
}

function parseLimit(tokens: Tokens): { offset: number; limit: number } {
  const first = Number(tokens.next());
  return tokens.take(",") ? { offset: first, limit: Number(tokens.next()) } : { offset: 0, limit: first };
}

/** MySQL's utf8_general_ci: neither case nor accents count, nor spaces at the end. */
const fold = (text: string): string => {
  const plain = text.toLowerCase().trimEnd();
  return /^[ -~]*$/.test(plain) ? plain : plain.normalize("NFD").replaceAll(/\p{M}/gu, "");
};

/** Does the stored text meet the condition? */
export function meets(stored: string, { operator, values }: Condition): boolean {
  const text = fold(stored);
  const [first = ""] = values.map(fold);
  switch (operator) {
    case "=":
      return text === first;
    case "!=":
      return text !== first;
    case "in":
      return values.some((value) => fold(value) === text);
    case "like":
      return likeToPattern(first).test(text);
    case "<":
      return text < first;
    case ">":
      return text > first;
    case "<=":
      return text <= first;
    default:
      return text >= first;
  }
}

function likeToPattern(like: string): RegExp {
  const source = like
    .replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")
    .replaceAll("%", "[^]*")
    .replaceAll("_", "[^]");
  return new RegExp(`^${source}$`);
}
