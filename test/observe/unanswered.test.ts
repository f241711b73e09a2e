import t from 'tap';
import { isUnanswered } from '../../src/observe/unanswered.ts';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (remote: string, state: string, again: string): string =>
  `${head}   0: 0100007F:A0C2 ${remote} ${state} 00000001:00000000 01:00000B5A ${again}     0        0 99 2 0 800 0 0 1 7\n`;
const builder = [{ address: '127.1.2.3', family: 4 }];
const builder6 = [{ address: '2001:db8::a:1', family: 6 }];

t.test('a connection that asked often and has no answer is found in the tables of Linux', async (t) => {
  t.ok(isUnanswered(line('0302017F:0016', '02', '00000004'), builder, 22));
  t.notOk(isUnanswered(line('0302017F:0016', '02', '00000003'), builder, 22), 'it may be slow');
  t.notOk(isUnanswered(line('0302017F:0016', '01', '00000004'), builder, 22), 'it is connected');
  t.notOk(isUnanswered(line('0302017F:08AE', '02', '00000004'), builder, 22), 'another port');
  t.notOk(isUnanswered(line('0402017F:0016', '02', '00000004'), builder, 22), 'another machine');
  t.ok(isUnanswered(line('B80D0120000000000000000001000A00:0016', '02', '00000004'), builder6, 22));
  t.notOk(isUnanswered('', builder, 22));
});
