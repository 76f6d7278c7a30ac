// The worker's side of the pool: a setup once, then tasks.
import { parentPort, workerData } from 'node:worker_threads';
import { executor } from './execute.js';
import type { Answer, Task, WorkerSetup } from './work.js';

const port = parentPort;
if (port === null) throw new Error('this file runs in a worker');
const { run } = executor(workerData as WorkerSetup);
port.on('message', ({ id, task }: { id: number; task: Task }) => {
  const answer: Answer = run(task);
  port.postMessage({ id, answer }, answer.kind === 'dump' ? [answer.bytes.buffer as ArrayBuffer] : []);
});
