export const machinesHelp = "read this machines file instead of Nix's own `builders` setting";
export const buildersHelp = 'builders as for Nix: machines lines separated by ";", or @FILE';
export const includeHelp =
  'only these builders: a host, a URI, a part of a host name, or a pattern with * and ? (may be repeated)';
export const exitHelp =
  'exit codes for a shell (check) or of a monitoring plugin: 0 OK to 3 UNKNOWN (nagios)';
export const strictHelp = 'a warning counts as a failure for the exit code';
