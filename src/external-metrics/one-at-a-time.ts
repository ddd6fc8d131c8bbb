/**
 * Makes a function that may be called at any moment of a job that takes a while: it runs once at a time, and once more
 * after a call that came meanwhile. The job must not reject.
 */
export function oneAtATime(job: () => Promise<void>): () => void {
  let wanted = false;
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (wanted) {
      wanted = false;
      await job();
    }
    running = false;
  }

  return () => {
    wanted = true;
    if (!running) void run();
  };
}
