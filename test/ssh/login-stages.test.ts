import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { explainsHang } from '../../src/connection/explain-hang.ts';
import { slowestStage, watchStages } from '../../src/ssh/login-stages.ts';
import { readSshLog } from '../../src/ssh/debug-log.ts';
import { never } from '../connection/sshd.ts';

const authenticating =
  'debug1: Connecting to alpha [127.0.0.1] port 22.\ndebug1: SSH2_MSG_NEWKEYS received\n';

t.test('the time of each stage is told by what ssh -v writes', async (t) => {
  const log = join(t.testdir({ log: '' }), 'log');
  const watch = watchStages({ log, explains: () => Promise.resolve(false), signal: never });
  writeFileSync(log, authenticating);
  await sleep(1_600);
  const times = watch.stop();
  t.equal(slowestStage(times).stage, 'authentication', JSON.stringify(times));
});

t.test('a login that waits for a person need not be waited for', async (t) => {
  const beside = (): Promise<boolean> => Promise.reject(new Error('no login is made'));
  const waits = `${authenticating}# To authenticate, visit: https://login.example/a/1\n`;
  t.ok(await explainsHang({ withSeparateConnection: beside }, readSshLog(waits), never));
  t.notOk(await explainsHang({ withSeparateConnection: beside }, readSshLog(authenticating), never));
});

t.test('addresses that do not answer are read', (t) => {
  const log = 'debug1: connect to address 192.0.2.1 port 22: Connection timed out\n';
  t.same(readSshLog(log).deadAddresses, ['192.0.2.1']);
  t.end();
});
