import stringWidth from 'string-width';

/**
 * Breaks text at blanks so that no line is wider than `width`; what has no blank stays whole, to be copied.
 * Not a library: string-width does the hard part, and the rest is these lines.
 */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && stringWidth(line) + 1 + stringWidth(word) > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}
