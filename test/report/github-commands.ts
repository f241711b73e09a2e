/** A workflow command as GitHub's runner reads it from a line of the log. */
export interface WorkflowCommand {
  command: string;
  properties: Record<string, string>;
  data: string;
}

/** Reads one line as GitHub's runner does (actions/runner, ActionCommand.TryParseV2); null for a line that is only text. */
export function readWorkflowCommand(line: string): WorkflowCommand | null {
  const text = line.trimStart();
  const end = text.indexOf('::', 2);
  if (!text.startsWith('::') || end < 0) return null;
  const info = text.slice(2, end);
  const blank = info.indexOf(' ');
  const pairs =
    blank < 0
      ? []
      : info
          .slice(blank + 1)
          .trim()
          .split(',');
  return {
    command: blank < 0 ? info : info.slice(0, blank),
    properties: Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), unescape(pair.slice(at + 1), true)];
      }),
    ),
    data: unescape(text.slice(end + 2), false),
  };
}

function unescape(text: string, property: boolean): string {
  const line = text.replaceAll('%0D', '\r').replaceAll('%0A', '\n');
  return (property ? line.replaceAll('%3A', ':').replaceAll('%2C', ',') : line).replaceAll('%25', '%');
}
