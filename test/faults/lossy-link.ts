import type { Lab } from './fault.ts';

/** So that links of tests that run at the same time have names and networks of their own. */
let count = 0;

/**
 * Puts the builder's sshd into a network namespace of its own, behind a bridge whose ports take no packets larger than
 * `to` (towards the builder) and `back`. A bridge drops them without a word, as a broken tunnel does. The namespace, and the
 * link with it, ends with sshd.
 */
export async function loseLargePackets(
  { client, builder }: Lab,
  { to, back }: { to: number; back: number },
): Promise<void> {
  count += 1;
  const id = `${process.pid % 10_000}-${count}`;
  const network = `10.203.${(process.pid + count) % 250}`;
  const { host } = builder;
  await host.stopSshd();
  await host.sh(`set -e
ip link add there-${id} type veth peer name here-${id}
ip addr add ${network}.1/24 dev there-${id}
ip link set there-${id} up gso_max_segs 1
rm -f /tmp/namespace
unshare -n sh -c '
  echo $$ > /tmp/namespace
  until ip link show here-${id}; do sleep 0.05; done
  ip link add link0 type bridge
  ip link add builder0 type veth peer name port0
  ip addr add ${network}.2/24 dev builder0
  for port in here-${id} port0; do ip link set $port master link0; done
  for device in lo link0 builder0 port0 here-${id}; do ip link set $device up gso_max_segs 1; done
  ip link set port0 mtu ${to}
  ip link set here-${id} mtu ${back}
  sed "/^ListenAddress/d" /etc/ssh/sshd_config > /tmp/sshd_config
  exec /usr/sbin/sshd -D -E /tmp/sshd.log -f /tmp/sshd_config -o ListenAddress=${network}.2
' </dev/null >/tmp/namespace.log 2>&1 &
until [ -s /tmp/namespace ]; do sleep 0.05; done
ip link set here-${id} netns $(cat /tmp/namespace)
until grep -q "Server listening on ${network}" /tmp/sshd.log; do sleep 0.05; done`);
  await client.host.sh(
    `hosts=$(sed 's/^[0-9.]* ${builder.name}$/${network}.2 ${builder.name}/' /etc/hosts); echo "$hosts" > /etc/hosts`,
  );
}
