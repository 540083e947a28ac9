// Agents and tasks for the browser tests, and a worker in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ago, type Event, MINUTE } from './fixtures.ts';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** Who owns the tasks of these tests. */
export const OWNER = 'e2e';

type Data = { ago?: number; source?: string; [member: string]: unknown };

function event(type: string, { ago: past, source = OWNER, ...data }: Data): Event {
  return { type, source, data, ...(past === undefined ? {} : { time: ago(past) }) };
}

export const online = (agent: string, more: Data = {}) => event('agent.online', { agent, ...more });
export const state = (agent: string, to: string, more: Data = {}) =>
  event('agent.state_changed', { agent, state: to, ...more });
export const queued = (task: string, more: Data = {}) => event('task.queued', { task, ...more });
export const assigned = (task: string, agent: string, more: Data = {}) => event('task.assigned', { task, agent, ...more });
export const started = (task: string, agent: string, more: Data = {}) => event('task.started', { task, agent, ...more });
export const progress = (task: string, percent: number, more: Data = {}) => event('task.progress', { task, percent, ...more });
export const completed = (task: string, more: Data = {}) => event('task.completed', { task, ...more });
export const failed = (task: string, error: string, more: Data = {}) => event('task.failed', { task, error, ...more });
export const dead = (task: string, error: string, more: Data = {}) =>
  event('task.dead_lettered', { task, error, retry_count: 3, ...more });

/** A task from its queue to its end, the last of it `past` milliseconds ago. */
export const done = (task: string, agent: string, past = 0, more: Data = {}) => [
  queued(task, { ago: past + 9_000, queue: 'build', description: `do ${task}` }),
  assigned(task, agent, { ago: past + 6_000 }),
  started(task, agent, { ago: past + 5_000 }),
  completed(task, { ago: past, agent, duration_ms: 5_000, tokens_used: 1_500, cost_usd: 0.02, ...more }),
];

/** A task that was tried and given up. */
export const given = (task: string, error: string, past = 5 * MINUTE, queue = 'build') => [
  queued(task, { ago: past + 9_000, queue, description: `do ${task}` }),
  started(task, 'ada', { ago: past + 5_000 }),
  dead(task, error, { ago: past }),
];

/** A small fleet with something of everything. */
export function workers(): Event[] {
  return [
    online('ada', { ago: 40 * MINUTE, capabilities: ['python', 'gpu'] }),
    online('grace', { ago: 40 * MINUTE }),
    online('linus', { ago: 40 * MINUTE }),
    online('ken', { ago: 40 * MINUTE }),
    ...done('t-old', 'grace', 20 * MINUTE),
    ...done('t-new', 'grace', MINUTE, { result: { pages: 12 } }),
    queued('t-run', { ago: 3 * MINUTE, queue: 'build', priority: 0, description: 'rebuild the index' }),
    assigned('t-run', 'ada', { ago: 2 * MINUTE }),
    started('t-run', 'ada', { ago: 2 * MINUTE }),
    progress('t-run', 40, { ago: 5_000, note: 'four of ten' }),
    queued('t-wait', { ago: 2 * MINUTE, queue: 'review', priority: 3, description: 'read the patch' }),
    ...given('t-dead-1', 'no answer from 10.0.0.1 in 3000 ms'),
    ...given('t-dead-2', 'no answer from 10.0.0.2 in 4000 ms'),
    ...given('t-dead-3', 'out of memory', 7 * MINUTE, 'review'),
    queued('t-failed', { ago: 9 * MINUTE, queue: 'review' }),
    started('t-failed', 'linus', { ago: 8 * MINUTE }),
    failed('t-failed', 'exit status 1', { ago: 8 * MINUTE, will_retry: false, attempt: 1 }),
    // Nobody is blocked without having worked first.
    state('linus', 'idle', { ago: 8 * MINUTE }),
    state('linus', 'blocked', { ago: 4 * MINUTE }),
    event('agent.offline', { agent: 'ken', ago: 3 * MINUTE }),
    ...['ada', 'grace', 'linus'].map((agent) => event('agent.heartbeat', { agent })),
  ];
}

/** Starts a worker in another process; it is ended with the returned function. */
export async function worker(url: string, mood: 'mend' | 'fail' = 'mend'): Promise<() => void> {
  const child: ChildProcess = spawn(process.execPath, [WORKER, url, OWNER, mood], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((ready, fail) => {
    child.stdout!.once('data', () => ready());
    child.once('exit', (code) => fail(new Error(`the worker ended at once with ${code}`)));
  });
  return () => void child.kill();
}
