/** How long something waited, also on a machine that is busy with other things. */

const BEAT_MS = 20;

/**
 * The time that `action` takes, in milliseconds, without the time in which this process got no processor or computed.
 * What waits for a timer, an answer or a reader is measured in full.
 */
export async function waitedMs(action: () => Promise<unknown>): Promise<number> {
  const startMono = performance.now();
  let lastMono = startMono;
  let lostMs = 0;
  const beat = (): void => {
    const mono = performance.now();
    const lateMs = mono - lastMono - BEAT_MS;
    // A timer may be late by a little on any machine.
    lostMs += lateMs > BEAT_MS ? lateMs : 0;
    lastMono = mono;
  };
  const beats = setInterval(beat, BEAT_MS);
  try {
    await action();
  } finally {
    clearInterval(beats);
  }
  beat();
  return lastMono - startMono - lostMs;
}
