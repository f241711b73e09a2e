import { withFleet } from './with-fleet.ts';

/** A builder that builds nothing itself; it sends on what users bring with all inputs, which Nix asks only of the others. */
for (const nix of ['2.8', '2.34'] as const)
  withFleet(`a builder with builders of its own, Nix ${nix}`, async (t, fleet) => {
    const [client, builder, behind] = await Promise.all([
      fleet.client({ nix }),
      fleet.builder({
        nix,
        user: { name: 'nix' },
        nixConf: { 'max-jobs': '0', 'require-sigs': 'false' },
      }),
      fleet.builder({ name: 'behind', nix }),
    ]);
    const { host } = builder;
    host.write('/root/.ssh/id_ed25519', client.host.read('/root/.ssh/id_ed25519'), 0o600);
    host.write('/root/.ssh/known_hosts', `behind ${behind.hostKey}\n`);
    host.write('/etc/nix/machines', 'ssh-ng://root@behind x86_64-linux - 4\n');
    await host.sh(
      `echo '${behind.host.address} behind' >> /etc/hosts; cp -r /home/nix/.ssh/authorized_keys /root/.ssh/`,
    );
    await host.restartDaemon();
    client.machines(
      `ssh-ng://root@${builder.name} x86_64-linux - 4`,
      `ssh-ng://nix@${builder.name} x86_64-linux - 4`,
    );
    const { report } = await client.check();
    const [asRoot, asNix] = report.builders;
    t.match(asRoot?.rootCause, { scenario: 'local-to-remote-build', cause: 'builder-max-jobs-zero' });
    t.equal(asNix?.verdict, nix === '2.8' ? 'unhealthy' : 'healthy', JSON.stringify(asNix?.rootCause));
  });
