/**
 * Shell that prints, in sections, what a builder needs to fetch sources: CA certificates, a way out, and a name server.
 * It asks nobody outside. Reads `settings` through `value`, and calls `look` and `section`. The daemon has an environment
 * of its own, which is asked for only where something is missing.
 */
export const listFetchMeans = `
section certificates
named=\${NIX_SSL_CERT_FILE:-\${SSL_CERT_FILE:-$(value ssl-cert-file)}}
found= first=
for path in $named /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-bundle.crt /etc/pki/tls/certs/ca-bundle.crt /nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  found=$(look certificates "$path" read)
  first=\${first:-$found}
  # What is named is taken, whether it is there or not.
  case $found in *' missing '*) [ -z "$named" ] || break ;; *) break ;; esac
done
case $found in *' missing '*) echo "$first" ;; esac
section routes; cat /proc/net/route 2>/dev/null
section routes6; cat /proc/net/ipv6_route 2>/dev/null
section resolver; cat /etc/resolv.conf 2>/dev/null; grep '^hosts:' /etc/nsswitch.conf 2>/dev/null
section ports; cat /proc/net/udp 2>/dev/null
section proxies; env | grep -i '^[a-z]*_proxy='
case $found in *' missing '*) systemctl show -p Environment nix-daemon.service 2>/dev/null ;; esac`;

/** What keeps fetches from working on a builder, by what is seen there. Empty or false: nothing. */
export interface FetchMeans {
  /** The file of CA certificates that Nix would read there, and that does not exist. */
  missingCertificates: string;
  /** No network beyond its own is known to the kernel, and no proxy to the login. */
  noRoute: boolean;
  /** No name server is set, and none listens on the machine itself. */
  noNameServer: boolean;
}

const none: FetchMeans = { missingCertificates: '', noRoute: false, noNameServer: false };

/** From the sections of {@link listFetchMeans}. A builder without a substituter on the network is cut off on purpose. */
export function fetchMeansIn(section: (name: string) => string, substituters: readonly string[]): FetchMeans {
  if (!substituters.some((url) => /^(https?|s3):/.test(url))) return none;
  const [, missing = ''] = /^certificates missing (.*)$/m.exec(section('certificates')) ?? [];
  const proxies = section('proxies');
  const routes = section('routes');
  // macOS has no such files, and says nothing here.
  const isSeen = routes !== '' && !/_proxy=/i.test(proxies);
  return {
    missingCertificates: /SSL_CERT_FILE=/.test(proxies) ? '' : missing,
    noRoute: isSeen && !hasDefaultRoute(routes) && !hasDefaultRoute6(section('routes6')),
    noNameServer: isSeen && hasNoNameServer(section('resolver'), section('ports')),
  };
}

/** proc(5): the second column is the destination, the eighth the mask. */
function hasDefaultRoute(routes: string): boolean {
  return routes.split('\n').some((line) => {
    const [, destination, , , , , , mask] = line.trim().split(/\s+/);
    return destination === '00000000' && mask === '00000000';
  });
}

/** Destination and length of its prefix come first, the device last; the loopback has one that leads nowhere. */
function hasDefaultRoute6(routes: string): boolean {
  return routes.split('\n').some((line) => /^0{32} 00 .*(?<!\blo)$/.test(line.trim()));
}

/** glibc asks the machine itself where none is set; systemd's module needs no file. */
function hasNoNameServer(resolver: string, ports: string): boolean {
  if (/^\s*nameserver\s/m.test(resolver) || /^hosts:.*\bresolve\b/m.test(resolver)) return false;
  return !/^\s*\d+: (0100007F|00000000):0035 /m.test(ports);
}
