// Workers and the order of answers. Tasks are handed out as workers become free; answers come back in the order of the
// tasks, whatever order they were finished in, so that output never depends on the number of workers. Only a few
// answers wait for an earlier one at a time: memory does not grow with the evidence.
import { Worker } from 'node:worker_threads';
import { executor } from './execute.js';
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

const waiting: Worker[] = [];

function startWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB },
  });
}

/** Starts workers that the next `runTasks` will use: they load their code while the caller still loads rules. */
export function prestartWorkers(threads: number): void {
  if (threads <= 1) return;
  while (waiting.length < threads) {
    const w = startWorker();
    w.unref();
    waiting.push(w);
  }
}

/**
 * Runs tasks on `threads` workers (in this thread if 1) and yields answers in the order of the tasks. `tasks` is asked
 * for the next task only when a worker can take it.
 */
export async function* runTasks(
  tasks: Iterable<Task>,
  setup: WorkerSetup,
  threads: number,
): AsyncGenerator<{ task: Task; answer: Answer }> {
  if (threads <= 1) {
    const local = executor(setup, true);
    for (const task of tasks) {
      yield { task, answer: local.run(task) };
      // Lets signals and progress through between tasks.
      await new Promise((r) => setImmediate(r));
    }
    return;
  }
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

  const give = (): void => {
    while (!exhausted && idle.length > 0 && next - due < threads * AHEAD) {
      const step = iterator.next();
      if (step.done === true) {
        exhausted = true;
        return;
      }
      const worker = idle.pop()!;
      const id = next++;
      given.set(id, step.value);
      worker.postMessage({ id, task: step.value });
    }
  };
  for (let i = 0; i < threads; i++) {
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
  try {
    give();
    while (!(exhausted && due === next)) {
      if (failure !== null) throw failure as Error;
      const answer = done.get(due);
      if (answer === undefined) {
        await new Promise<void>((r) => {
          wake = r;
        });
        continue;
      }
      const task = given.get(due)!;
      done.delete(due);
      given.delete(due);
      due++;
      give();
      yield { task, answer };
    }
  } finally {
    await Promise.all(workers.map((w) => w.terminate()));
  }
}
