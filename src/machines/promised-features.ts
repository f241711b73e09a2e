import type { Builder } from './builder.ts';

/** Whether a word is a host key: the base64 of a public key line, or the key inside such a line. */
export function looksLikeHostKey(text: string): boolean {
  return /^(c3NoL|ZWNkc2|c2st|AAAA)/.test(text) || /^[A-Za-z0-9+/]{61,}={0,2}$/.test(text);
}

/** The features that the entry promises. A host key that slipped into their columns is none: no build needs it. */
export function promisedFeatures({
  supportedFeatures,
  mandatoryFeatures,
}: Pick<Builder, 'supportedFeatures' | 'mandatoryFeatures'>): string[] {
  return [...new Set([...supportedFeatures, ...mandatoryFeatures])].filter((one) => !looksLikeHostKey(one));
}
