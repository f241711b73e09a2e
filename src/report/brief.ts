/** The text, or as much of it as fits with a word on what was left out: outputs for people have an end. */
export function brief(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).toWellFormed()} … (${text.length - most} more characters)`;
}
