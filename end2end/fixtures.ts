// What every browser test is given: a board, and a page that must keep quiet in the console.
import { test as base, expect, type Page } from '@playwright/test';
import { Board } from './board.ts';

export { expect };
export type { Board, Event } from './board.ts';
export type { Page } from '@playwright/test';

/** Not a bare list, which Playwright would take for a value with options. */
type Expected = { console: RegExp[] };

type Options = {
  /** Whether the board samples this machine. */
  sampler: boolean;
  /** What else is said on the board's command line. */
  further: { args: string[] };
  /** Warnings and errors in the console that a test expects; any other fails it. */
  expected: Expected;
};

/** What Chromium says when nothing listens, or when what listened was killed. */
export const SERVER_DOWN: Expected = { console: [
  /WebSocket connection to '\S+' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED/,
  /WebSocket connection to '\S+' failed: Connection closed before receiving a handshake response/,
  /Failed to load resource: net::ERR_CONNECTION_REFUSED/,
] };

/** What Chromium says of a page that answers 404, as it should. */
export const NOT_FOUND: Expected = {
  console: [/Failed to load resource: the server responded with a status of 404/],
};

export const test = base.extend<Options & { board: Board; quiet: void }>({
  sampler: [false, { option: true }],
  further: [{ args: [] }, { option: true }],
  expected: [{ console: [] }, { option: true }],

  board: async ({ sampler, further }, use) => {
    const board = await Board.create({ sampler, args: further.args });
    await use(board);
    await board.discard();
  },

  baseURL: async ({ board }, use) => use(board.url),

  // A hydration mismatch, a refused script and a panic all show in the console.
  quiet: [
    async ({ context, expected }, use) => {
      const said: string[] = [];
      const hear = (text: string) => {
        if (!expected.console.some((pattern) => pattern.test(text))) said.push(text);
      };
      context.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) hear(`${message.type()}: ${message.text()}`);
      });
      context.on('weberror', (error) => hear(`uncaught: ${error.error().stack ?? error.error()}`));
      context.on('dialog', (dialog) => {
        hear(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await use();
      expect(said, 'the console must be quiet').toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens a page and waits until the browser half runs and its line to the server is up. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(pill(page)).toHaveText('Live');
}

/** How the line to the server is, in words. */
export const pill = (page: Page) => page.locator('.conn [role=status]');

/** A tile by its title. */
export const card = (page: Page, title: string | RegExp) => page.getByRole('region', { name: title });

/** Rows of projects, wherever they are shown, by the project's name. */
export const row = (page: Page, project: string) =>
  page.locator('table.rows tbody tr').filter({ has: page.getByRole('link', { name: project, exact: true }) });

/** Marks the document, so that [`unbroken`] can tell whether it was loaded anew. */
export const mark = (page: Page) => page.evaluate(() => void Object.assign(window, { marked: true }));

/** Fails if the document was loaded anew since it was marked. */
export async function unbroken(page: Page): Promise<void> {
  expect(await page.evaluate(() => 'marked' in window), 'the page must not have been reloaded').toBe(true);
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A time so many milliseconds ago. */
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

type Run = { ago?: number; [member: string]: unknown };

/** A run has ended, `ago` milliseconds ago (now when left out). */
export function run(project: string, status: 'passed' | 'failed' | 'error' | 'skipped', more: Run = {}) {
  const { ago: past, ...data } = more;
  const time = past === undefined ? {} : { time: ago(past) };
  return { type: 'validation.completed', data: { project, status, ...data }, ...time };
}

/** A project exists. */
export const registered = (project: string, data: object = {}) => ({
  type: 'project.registered',
  data: { project, ...data },
});

type Sample = { ago?: number; cpu?: number; memory?: number; load?: number; rx?: number };

/** A host's figures, `ago` milliseconds ago (now when left out). */
export function sampled(host: string, { ago: past, cpu = 20, memory = 40, load = 1, rx = 0 }: Sample = {}) {
  const time = past === undefined ? {} : { time: ago(past) };
  const data = {
    host,
    cpu: { usage_percent: cpu, cores: 8 },
    memory: { total_mb: 16_000, used_mb: 160 * memory, percent: memory },
    disk: { total_gb: 500, used_gb: 250, percent: 50 },
    network: { rx_bytes: rx, tx_bytes: 0 },
    load: [load, load, load],
  };
  return { type: 'host.sampled', data, ...time };
}

/** A small fleet: one project that fails, one that is slow to please, and some that are well. */
export function fleet() {
  const error = { type: 'AssertionError', message: 'expected 2, got 3', file: 'tests/cart.py', line: 12 };
  const well = ['billing', 'gateway', 'mobile', 'search'].flatMap((name, i) => [
    registered(name, { owner: 'core team', tags: ['core', i % 2 ? 'odd' : 'even'] }),
    ...[5, 3, 1].map((hours) => run(name, 'passed', { ago: hours * HOUR, duration_ms: 900 + 100 * i })),
  ]);
  return [
    registered('checkout', { owner: 'shop team', tags: ['shop'], url: 'https://example.org/checkout' }),
    ...[20, 12, 6].map((hours) => run('checkout', 'passed', { ago: hours * HOUR, duration_ms: 2_000 })),
    run('checkout', 'failed', {
      ago: 10 * MINUTE,
      duration_ms: 2_500,
      checks: { total: 40, passed: 38, failed: 2 },
      errors: [{ ...error, count: 2 }],
      branch: 'main',
      commit: '0123456789abcdef',
    }),
    registered('warehouse', { owner: 'shop team', tags: ['shop', 'nightly'] }),
    ...[9, 8, 7, 6, 5].map((hours) => run('warehouse', 'passed', { ago: hours * HOUR, duration_ms: 4_000 })),
    run('warehouse', 'error', { ago: 4 * HOUR, errors: [{ type: 'TimeoutError', message: 'no answer in 30 s' }] }),
    run('warehouse', 'passed', { ago: 2 * HOUR, duration_ms: 4_100 }),
    registered('attic', { owner: 'nobody' }),
    ...well,
  ];
}
