import { mapStrings, remembered } from './strings.ts';

/** In place of a secret. */
export const mask = '[secret removed]';

/** Shapes of secrets, whatever their value. */
const shapes: readonly [RegExp, string, string][] = [
  [
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    mask,
    'private key',
  ],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]+):[^\s@/]+@/gi, `$1:${mask}@`, 'password in a URI'],
  [
    /\b(gh[pousr]_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abp]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16})\b/g,
    mask,
    'token of a service',
  ],
  [/\b(access-tokens\s*=?\s*)\S+(?:[ \t]+\S+=\S+)*/g, `$1${mask}`, 'access token of Nix'],
  [/\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{16,}/g, `$1${mask}`, 'authorization header'],
];

/** Text without secrets that can be told by their shape. */
export function redactText(text: string): string {
  return shapes.reduce((result, [shape, replacement]) => result.replace(shape, replacement), text);
}

/** A name for each secret in the text, once for each place. */
export function secretsIn(text: string, secrets: readonly string[] = []): string[] {
  return [
    ...shapes.flatMap(([shape, , what]) => Array.from(text.matchAll(shape), () => what)),
    ...secrets
      .filter((secret) => secret !== '')
      .flatMap((secret) =>
        Array.from({ length: text.split(secret).length - 1 }, () => 'value that was named secret'),
      ),
  ];
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
