import t from 'tap';
import { flawIn } from '../../src/ssh/user-certificate.ts';

const listing = (valid: string, principals: string, options = '', kind = 'user'): string =>
  `/k-cert.pub:
        Type: ssh-ed25519-cert-v01@openssh.com ${kind} certificate
        Public key: ED25519-CERT SHA256:a
        Signing CA: ED25519 SHA256:b (using ssh-ed25519)
        Key ID: "id"
        Serial: 0
        Valid: ${valid}
        Principals: ${principals}
        Critical Options: ${options === '' ? '(none)' : `\n                ${options}`}
        Extensions: 
                permit-pty
`;
const now = new Date('2026-06-01T00:00:00');
const root = '\n                admin\n                root';

t.test('a certificate says why a server refuses it', (t) => {
  const rows: [string, string][] = [
    [listing('forever', root), ''],
    [listing('from 2026-01-01T00:00:00 to 2027-01-01T00:00:00', root), ''],
    [listing('from 2020-01-01T00:00:00 to 2020-01-02T00:00:00', root), 'expired at 2020-01-02T00:00:00'],
    [listing('before 2020-01-02T00:00:00', root), 'expired at 2020-01-02T00:00:00'],
    [listing('after 2030-01-01T00:00:00', root), 'is not valid before 2030-01-01T00:00:00'],
    [listing('forever', '\n                admin'), 'names the principals admin, and not root'],
    [listing('forever', '(none)'), 'names no principal'],
    [listing('forever', root, 'source-address 192.0.2.0/24'), 'may be used from 192.0.2.0/24 only'],
    [listing('forever', root, '', 'host'), 'is one for hosts, and not for users'],
  ];
  for (const [text, flaw] of rows) t.equal(flawIn(text, 'root', now), flaw, flaw);
  t.end();
});
