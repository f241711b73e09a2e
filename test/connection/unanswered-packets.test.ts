import t from 'tap';
import { timesAskedAgain } from '../../src/connection/unanswered-packets.ts';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (remote: string, state: string, again: string): string =>
  `${head}   0: 0100007F:A0C2 ${remote} ${state} 00000001:00000000 01:00000B5A ${again}     0        0 99 2 0 800 0 0 1 7\n`;
const builder = [{ address: '127.1.2.3', family: 4 }];
const builder6 = [{ address: '2001:db8::a:1', family: 6 }];

t.test('how often a connection was asked for in vain is read from the tables of Linux', async (t) => {
  t.equal(timesAskedAgain(line('0302017F:0016', '02', '00000004'), builder, 22), 4);
  t.equal(timesAskedAgain(line('0302017F:0016', '01', '00000004'), builder, 22), 0, 'it is connected');
  t.equal(timesAskedAgain(line('0302017F:08AE', '02', '00000004'), builder, 22), 0, 'another port');
  t.equal(timesAskedAgain(line('0402017F:0016', '02', '00000004'), builder, 22), 0, 'another machine');
  t.equal(timesAskedAgain(line('B80D0120000000000000000001000A00:0016', '02', '0000000a'), builder6, 22), 10);
  t.equal(timesAskedAgain('', builder, 22), 0);
});
