import { readFileSync } from 'node:fs';
import { typedPath } from './typed-path.ts';
import { withFleet } from './with-fleet.ts';

const tutorial = readFileSync(new URL('../../docs/tutorial.md', import.meta.url), 'utf8');

/** A file of the tutorial, by the comment in its first line. */
function fileOf(name: string): string {
  const blocks = [...tutorial.matchAll(/^```(?:yaml|handlebars)\n([^]*?)^```$/gm)].map(
    ([, text = '']) => text,
  );
  const found = blocks.find((text) => text.startsWith(`# ${name}\n`));
  if (found === undefined) throw new Error(`the tutorial has no ${name}`);
  return found;
}

withFleet('the tutorial, literally', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder({ name: 'alpha', nix: '2.34' });
  client.machines(builder.line());
  client.host.write('/root/has-motto.yaml', fileOf('has-motto.yaml'));
  // Its day must not be over when this test runs.
  client.host.write('/root/waivers.yaml', fileOf('waivers.yaml').replace(/"\d{4}-/, '"9999-'));
  client.host.write('/root/short.hbs', /^```handlebars\n([^]*?)^```$/m.exec(tutorial)?.[1] ?? '');
  const typed = (line: string): ReturnType<typeof client.host.sh> =>
    client.host.sh(`cd /root && ${line}`, {
      env: { PATH: typedPath(client.host.profile) },
    });
  const lines = [...tutorial.matchAll(/^nix-remote-builder-doctor [^\n#]*/gm)].map(([line]) => line.trim());
  const has = (line: string): string => {
    t.ok(lines.includes(line), `the tutorial says: ${line}`);
    return line;
  };

  t.equal((await typed(has('nix-remote-builder-doctor new has-git.yaml'))).exitCode, 0);
  t.equal((await typed(has('nix-remote-builder-doctor lint has-git.yaml'))).exitCode, 0);
  t.equal((await typed(has('nix-remote-builder-doctor lint has-motto.yaml'))).exitCode, 0);
  const run = has('nix-remote-builder-doctor -s has-motto.yaml -t has-motto');
  const red = await typed(run);
  t.equal(red.exitCode, 1, red.stderr);
  t.match(red.stdout, 'no-motto');
  const fix = /\$ (echo be quick > \S+)/.exec(red.stdout)?.[1];
  t.equal(fix, 'echo be quick > /tmp/motto');

  const waived = await typed(has('nix-remote-builder-doctor -s has-motto.yaml --waive waivers.yaml'));
  t.equal(waived.exitCode, 0, waived.stdout);
  t.match(waived.stdout, /waived until 9999-12-31: the motto is being discussed/);
  const record = has('nix-remote-builder-doctor -s has-motto.yaml --record seen');
  t.equal((await typed(record)).exitCode, 1);

  await builder.host.sh(fix ?? 'false');
  const green = await typed(run);
  t.equal(green.exitCode, 0, green.stdout);
  const replay = has('nix-remote-builder-doctor -s has-motto.yaml --replay seen');
  t.equal((await typed(replay)).exitCode, 1, 'the recording is from before');

  const hasTool = fileOf('has-tool.yaml');
  client.host.write('/root/has-tool.yaml', hasTool);
  const oneTool = has("nix-remote-builder-doctor -s has-tool.yaml -t 'has-tool[tar]'");
  t.equal((await typed(oneTool)).exitCode, 0);
  client.host.write('/root/has-tool.yaml', hasTool.replace('[tar, awk]', '[tar, no-such-tool]'));
  t.equal((await typed(oneTool)).exitCode, 0);
  const lacks = await typed('nix-remote-builder-doctor -s has-tool.yaml -t has-tool');
  t.equal(lacks.exitCode, 1);
  t.match(lacks.stdout, /alpha has no no-such-tool\./);
  t.match(lacks.stdout, /found by has-tool\[no-such-tool\]/);
  const own = await typed(has('nix-remote-builder-doctor -f short.hbs'));
  t.match(own.stdout, /^alpha: healthy$/m);
});
