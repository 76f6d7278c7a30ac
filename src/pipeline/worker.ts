// The worker's side of the pool: a setup first, then tasks.
import { parentPort } from 'node:worker_threads';
import { executor } from './execute.js';
import type { Answer, Task, WorkerSetup } from './work.js';

const port = parentPort;
if (port === null) throw new Error('this file runs in a worker');
let run: ((task: Task) => Answer) | null = null;
port.on('message', (message: { setup: WorkerSetup } | { id: number; task: Task }) => {
  if ('setup' in message) {
    run = executor(message.setup).run;
    return;
  }
  const answer = run!(message.task);
  const moved: ArrayBuffer[] = [];
  if (answer.kind === 'dump') moved.push(answer.bytes.buffer as ArrayBuffer);
  if ((answer.kind === 'scan' || answer.kind === 'text') && answer.batch !== null)
    for (const c of [...answer.batch.records, ...answer.batch.facts.flatMap((f) => f.columns)])
      moved.push(c.buffer as ArrayBuffer);
  port.postMessage({ id: message.id, answer }, moved);
});
