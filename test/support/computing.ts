/** Gives the processor time that this thread has used since, in milliseconds: a busy machine does not add to it. */
export function computing(): () => number {
  const before = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
}
