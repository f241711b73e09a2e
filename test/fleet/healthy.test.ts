import { withFleet } from './with-fleet.ts';

withFleet('the healthy builders are a value for --builders', async (t, fleet) => {
  const client = await fleet.client({ nix: '2.34' });
  const [broken, good] = await Promise.all([
    fleet.builder({ nixConf: { 'max-jobs': '0' } }),
    fleet.builder({ nix: '2.34' }),
  ]);
  client.machines(`${broken.line()} # it builds nothing`, good.line('ssh', 'x86_64-linux\t- 4 2'));
  const healthy = await client.doctor(['healthy']);
  t.equal(healthy.exitCode, 0);
  t.equal(healthy.stdout, `ssh://root@${good.name} x86_64-linux - 4 2\n`);
  t.match(healthy.stderr, `left out: ${broken.name}: `);
  const expression =
    'derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }';
  const built = await client.host.run([
    ...['nix-build', '--no-out-link', '-j0', '--builders', healthy.stdout.trim(), '-E', expression],
  ]);
  t.match(built, { exitCode: 0, stderr: ` on 'ssh://root@${good.name}'` });
  const none = await client.doctor(['healthy', '-e', good.name]);
  t.match(none, { exitCode: 1, stdout: /^\n$/ });
});
