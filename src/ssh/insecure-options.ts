const options = /(?<=^|\s)-o\s*(StrictHostKeyChecking|UserKnownHostsFile|ForwardAgent)[=\s]\S+/gi;
const forwards = /(?<=^|\s)-A(?=\s|$)/g;

/**
 * Words of NIX_SSHOPTS that weaken security, and what remains without them: as a text in double quotes of a systemd unit
 * (systemd.syntax(7), systemd.unit(5): SPECIFIERS).
 */
export function insecureIn(words: string): { inNixSshOpts: string; saferNixSshOpts: string } {
  const found = [...words.matchAll(options), ...words.matchAll(forwards)].map(([option]) => option);
  const others = words.replace(options, '').replace(forwards, '').replace(/\s+/g, ' ').trim();
  return {
    inNixSshOpts: found.join(' '),
    saferNixSshOpts: others.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%'),
  };
}
