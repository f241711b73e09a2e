/** What tap's runner hooks into: https://github.com/cfware/process-on-spawn, which ships no types. */
declare module 'process-on-spawn' {
  const processOnSpawn: { removeAllListeners(): void };
  export default processOnSpawn;
}
