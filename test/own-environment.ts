import processOnSpawn from 'process-on-spawn';

/**
 * Loaded by tap's runner before each test file: takes away what the runner puts into the environment of child processes to
 * follow them. The programs under test would inherit it, and with it start-up time, variables and warnings that no user's
 * machine has.
 */
processOnSpawn.removeAllListeners();
for (const name of Object.keys(process.env))
  if (name === 'NODE_OPTIONS' || name.startsWith('_TAPJS_')) Reflect.deleteProperty(process.env, name);
