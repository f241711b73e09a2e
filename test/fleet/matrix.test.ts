import { combinations, isHealthy, tryCombination } from './matrix.ts';
import type { ProfileName } from './profiles/index.ts';
import { profiles } from './profiles/index.ts';
import { withFleet } from './with-fleet.ts';

/** `NRBD_PROFILE`: a profile's name, or `all`; else the Debian that most people have. */
const wanted = process.env['NRBD_PROFILE'] ?? 'debian-12';
const names = (Object.keys(profiles) as ProfileName[]).filter((name) => wanted === 'all' || name === wanted);

for (const combination of combinations(names)) {
  const { profile, nix, role } = combination;
  withFleet(`a healthy ${role} of ${profile} with Nix ${nix} is healthy`, async (t, fleet) => {
    for (const row of await tryCombination(fleet, combination))
      t.ok(isHealthy(row), `${row.scheme}: ${row.verdict} ${row.wrong.join('; ')}`);
  });
}

withFleet('a builder that is not healthy is found out', async (t, fleet) => {
  const add = fleet.builder.bind(fleet);
  fleet.builder = async (options) => {
    const builder = await add(options);
    await builder.host.stopSshd();
    return builder;
  };
  const rows = await tryCombination(fleet, { profile: 'plain', nix: '2.8', role: 'builder' });
  for (const row of rows) t.notOk(isHealthy(row), row.scheme);
});
