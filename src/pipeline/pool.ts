// Workers and the order of answers. Tasks are handed out as workers become free; answers come back in the order of the
// tasks, whatever order they were finished in, so that output never depends on the number of workers. Only a few
// answers wait for an earlier one at a time: memory does not grow with the evidence.
import { Worker } from 'node:worker_threads';
import { CHUNK_SIZE } from '../formats/evtx/index.js';
import { executor } from './execute.js';
import type { Crew } from './plan.js';
import type { Answer, Task, WorkerSetup } from './work.js';

/** Tasks that a worker holds at a time: the one at hand and the next ones. */
const QUEUED = 3;

/** Tasks given out ahead of the answer that is due, per worker. */
const AHEAD = 6;

/** Room for short-lived strings: with V8's default most of the time would go into collecting them. */
const YOUNG_MB = 24;

/**
 * Bound of a worker's long-lived heap. Plans of 3,754 rules need some 100 MiB; below a bound that is near, V8 collects
 * sooner, which keeps the peak of the whole process down.
 */
const OLD_MB = 1024;

/** Work of so many milliseconds must be left before further threads are started: each needs 1 to 2 s to warm up. */
const WORTH_MS = 5000;
/** How long this thread works alone before it looks at what is left, and how far back its speed is measured. */
const ALONE_MS = 1500;
const WINDOW_MS = 400;

const waiting: Worker[] = [];

function startWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB },
  });
}

/** Starts workers that the next `runTasks` will use: they load their code while the caller still loads rules. */
export function prestartWorkers(crew: Crew): void {
  if (!crew.atOnce) return;
  while (waiting.length < crew.threads - 1) {
    const w = startWorker();
    w.unref();
    waiting.push(w);
  }
}

/** Chunks' bytes that a task reads. */
const weightOf = (task: Task): number =>
  task.kind === 'hash' ? 0 : task.kind === 'text' ? task.to - task.from : task.spans.length * CHUNK_SIZE;

/**
 * Runs tasks on up to `crew.threads` threads, of which this one is the first, and yields answers in the order of the
 * tasks. `tasks` is asked for the next task only when a thread can take it.
 */
export async function* runTasks(
  tasks: Iterable<Task>,
  setup: WorkerSetup,
  crew: Crew,
): AsyncGenerator<{ task: Task; answer: Answer }> {
  const { threads } = crew;
  // Alone, this thread hands its answers on before it makes the next.
  const local = executor(setup, threads <= 1);
  const iterator = tasks[Symbol.iterator]();
  const done = new Map<number, Answer>();
  const given = new Map<number, Task>();
  const idle: Worker[] = [];
  const workers: Worker[] = [];
  let next = 0;
  let due = 0;
  let exhausted = false;
  let failure: Error | null = null;
  let wake: () => void = () => {};

  const take = (): number => {
    const step = iterator.next();
    if (step.done === true) {
      exhausted = true;
      return -1;
    }
    given.set(next, step.value);
    return next++;
  };
  const give = (): void => {
    while (!exhausted && idle.length > 0 && next - due < threads * AHEAD) {
      const id = take();
      if (id < 0) return;
      idle.pop()!.postMessage({ id, task: given.get(id) });
    }
  };
  const start = (): void => {
    for (let i = 0; i < threads - 1; i++) {
      const worker = waiting.pop() ?? startWorker();
      worker.ref();
      worker.postMessage({ setup });
      worker.on('message', ({ id, answer }: { id: number; answer: Answer }) => {
        done.set(id, answer);
        idle.push(worker);
        give();
        wake();
      });
      worker.on('error', (e) => {
        failure = e instanceof Error ? e : new Error(String(e));
        wake();
      });
      workers.push(worker);
    }
    // Each worker may hold several tasks, so that it never waits for the next one to be sent.
    for (let k = 0; k < QUEUED; k++) idle.push(...workers);
    give();
  };

  if (threads > 1 && crew.atOnce) start();
  const began = performance.now();
  let mark = { at: began, bytes: 0 };
  let bytes = 0;
  const worthMore = (): boolean => {
    const now = performance.now();
    if (now - began < ALONE_MS) {
      mark = { at: now, bytes };
      return false;
    }
    if (now - mark.at < WINDOW_MS) return false;
    const speed = (bytes - mark.bytes) / (now - mark.at);
    mark = { at: now, bytes };
    return (crew.bytes - bytes) / Math.max(1, speed) > WORTH_MS;
  };
  try {
    while (!(exhausted && due === next)) {
      if (failure !== null) throw failure as Error;
      const answer = done.get(due);
      if (answer !== undefined) {
        const task = given.get(due)!;
        done.delete(due);
        given.delete(due);
        due++;
        give();
        yield { task, answer };
        continue;
      }
      if (!exhausted && next - due < threads * AHEAD) {
        const id = take();
        if (id < 0) continue;
        const task = given.get(id)!;
        done.set(id, local.run(task));
        bytes += weightOf(task);
        if (threads > 1 && workers.length === 0 && worthMore()) start();
        // Lets answers, signals and progress through between tasks.
        await new Promise((r) => setImmediate(r));
        continue;
      }
      await new Promise<void>((r) => {
        wake = r;
      });
    }
  } finally {
    await Promise.all(workers.map((w) => w.terminate()));
  }
}
