import { mapStrings, remembered } from './strings.ts';

const mask = '[secret removed]';

/** Shapes of secrets, whatever their value. */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, mask],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]+):[^\s@/]+@/gi, `$1:${mask}@`],
  [
    /\b(gh[pousr]_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abp]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16})\b/g,
    mask,
  ],
  [/\b(access-tokens\s*=?\s*)\S+(?:[ \t]+\S+=\S+)*/g, `$1${mask}`],
  [/\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{16,}/g, `$1${mask}`],
];

/** Text without secrets that can be told by their shape. */
export function redactText(text: string): string {
  return shapes.reduce((result, [shape, replacement]) => result.replace(shape, replacement), text);
}

/** Passwords that stand in URIs of this text, to be removed wherever else they are said. */
export function passwordsIn(text: string): string[] {
  return [...text.matchAll(/:\/\/[^\s:@/]+:([^\s@/]+)@/g)].flatMap(([, password]) => password ?? []);
}

/** Takes secrets out of data: by shape, and each of `secrets` wherever it stands, in names of properties too. */
export function redactor(secrets: readonly string[] = []): <T>(value: T) => T {
  const values = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const clean = remembered((text) =>
    values.reduce((result, secret) => result.replaceAll(secret, mask), redactText(text)),
  );
  return (value) => mapStrings(value, clean) as typeof value;
}

/** As it is, and as shells, URIs, JSON and protocols write it. */
function formsOf(secret: string): string[] {
  if (secret === '') return [];
  return [
    secret,
    secret.replaceAll("'", "'\\''"),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ];
}
