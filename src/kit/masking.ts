/** Fields that carry credentials, in URLs, forms, JSON and headers; compared without case, `-` and `_`. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "accesskey",
  "accesstoken",
  "apikey",
  "authorization",
  "clientsecret",
  "cookie",
  "password",
  "phpsessid",
  "proxyauthorization",
  "refreshtoken",
  "secret",
  "session",
  "sessionid",
  "sessionname",
  "setcookie",
  "signature",
  "token",
  "vtigersignature",
  "webhooksignature",
  "xapikey",
  "xsignature",
]);
/** Names come again and again: those of headers and fields, with every exchange. */
const REMEMBERED_MAX = 1_000;
const remembered = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const is = SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ""));
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(name, is);
  return is;
}

const MASK = "[redacted]";
/** Shorter texts are no secrets, and replacing them would make holes everywhere. */
const SECRET_LENGTH_MIN = 4;

/** Removes the given texts, however they are written: plain, URL-encoded or inside a JSON string. */
export function maskTexts(text: string, secrets: readonly string[]): string {
  return createTextMask(secrets)(text);
}

/** The same for many texts. */
export function createTextMask(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= SECRET_LENGTH_MIN).flatMap(toForms))].sort(
    (a, b) => b.length - a.length,
  );
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, MASK), text);
}

const toForms = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams({ s: secret }).toString().slice(2),
  JSON.stringify(secret).slice(1, -1),
];

/** Blanks `name=value` of secret names in a query string or a form body. */
export function maskForm(text: string): string {
  return text.replaceAll(/(^|[?&;])([^=&?;\s]+)=([^&;\s]*)/g, (whole, before: string, name: string) =>
    isSecretName(name) ? `${before}${name}=${MASK}` : whole,
  );
}

/** Blanks `"name": "value"` and `"name": 123` of secret names in JSON, whole or broken off, and in JSON inside a JSON string. */
export function maskJson(text: string): string {
  const plain = /"([A-Za-z][\w-]{0,40})"(\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|$)|-?\d[\d.]*)/gs;
  const nested = /(\\+")([A-Za-z][\w-]{0,40})\1(\s*:\s*)\1[^"]*(?:"|$)/g;
  return text
    .replaceAll(nested, (whole, quote: string, name: string, colon: string) =>
      isSecretName(name) ? `${quote}${name}${quote}${colon}${quote}${MASK}${quote}` : whole,
    )
    .replaceAll(plain, (whole, name: string, colon: string) =>
      isSecretName(name) ? `"${name}"${colon}"${MASK}"` : whole,
    );
}

export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecretName(name) ? MASK : value]));
}
