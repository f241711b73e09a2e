import t from 'tap';
import { greetingOf, magicOffset, readGreeting } from '../../src/nix/protocol/greeting.ts';
import { Incomplete, integers, WireReader } from '../../src/nix/protocol/reader.ts';

/** A string as Nix sends it. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integers(bytes.length), bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

// What `nix-daemon --stdio` of Nix 2.26.3 answers, as captured.
const daemon226 = Buffer.from(
  '6f697864000000002601000000000000' +
    '0600000000000000322e32362e330000' +
    '0100000000000000' +
    '73746c6100000000',
  'hex',
);

t.test('the greeting of a daemon tells its protocol, its Nix version and whether it trusts us', (t) => {
  t.same(readGreeting(daemon226, 0, 'worker'), {
    protocol: 'worker',
    protocolVersion: '1.38',
    nixVersion: '2.26.3',
    trusted: 'yes',
    error: '',
  });
  t.end();
});

t.test('a greeting that is cut short anywhere is incomplete, never wrong', (t) => {
  for (let length = 0; length < daemon226.length; length += 1) {
    t.equal(readGreeting(daemon226.subarray(0, length), 0, 'worker'), null, `${length} bytes`);
  }
  t.end();
});

t.test('an old daemon says neither version nor trust, and is understood', (t) => {
  const bytes = Buffer.concat([integers(0x6478696f, 0x115, 0x616c7473)]);
  t.match(readGreeting(bytes, 0, 'worker'), { protocolVersion: '1.21', nixVersion: '', trusted: 'unknown' });
  t.end();
});

t.test('an untrusted user is told so', (t) => {
  const bytes = Buffer.concat([integers(0x6478696f, 0x123), text('2.15.0'), integers(2, 0x616c7473)]);
  t.match(readGreeting(bytes, 0, 'worker'), { trusted: 'no' });
  t.end();
});

t.test('messages before the last word are passed over, and an error is kept', (t) => {
  const refusal = Buffer.concat([
    integers(0x6478696f, 0x122),
    text('2.8.0'),
    integers(0x6f6c6d67),
    text('a line of log\n'),
    integers(0x63787470),
    ...[
      text('Error'),
      integers(0),
      text('Error'),
      text("user 'bob' is not allowed to connect"),
      integers(0, 0),
    ],
  ]);
  t.equal(readGreeting(refusal, 0, 'worker')?.error, "user 'bob' is not allowed to connect");
  t.end();
});

t.test('the serve protocol is found behind noise', (t) => {
  const bytes = Buffer.concat([Buffer.from('Welcome!\n'), integers(0x5452eecb, 0x207)]);
  const offset = magicOffset(bytes, 'serve');
  t.equal(offset, 9);
  t.equal(readGreeting(bytes, offset, 'serve')?.protocolVersion, '2.7');
  t.equal(magicOffset(bytes, 'worker'), -1);
  t.end();
});

t.test('what we send is what Nix sends', (t) => {
  t.equal(greetingOf.serve.toString('hex'), 'eb9d0c39000000000702000000000000');
  t.equal(greetingOf.worker.subarray(0, 16).toString('hex'), '6378696e000000002501000000000000');
  t.end();
});

t.test('a reader that runs out of bytes says so', (t) => {
  t.throws(() => new WireReader(Buffer.alloc(7)).integer(), Incomplete);
  t.throws(() => new WireReader(integers(5)).string(), Incomplete);
  t.end();
});
