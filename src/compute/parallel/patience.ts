/** What the promise brings, or `instead` when it brings nothing within this many milliseconds. Keeps the process alive. */
export async function within<T>(ms: number, promise: Promise<T>, instead: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    // The longest that a timer can be.
    timer = setTimeout(() => resolve(instead), Math.min(ms, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
