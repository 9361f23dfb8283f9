import { parentPort, workerData } from 'node:worker_threads';
import { answerSearch, type SearchTask } from './answer-search.ts';

// The thread that search-thread.ts starts: tasks come in one after the other, an answer to each goes out.
const cancelled = new Int32Array(workerData as SharedArrayBuffer);
parentPort?.on('message', (task: SearchTask) => {
  void answerSearch(task, () => Atomics.load(cancelled, 0) === 1).then((answer) => {
    parentPort?.postMessage(answer);
  });
});
