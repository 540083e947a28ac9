// Agents and tasks: seen live, chosen among, and put right, with a worker in another process.
import { card, expect, mark, type Page, open, test, unbroken } from '../fixtures.ts';
import {
  assigned, completed, given, online, progress, queued, started, state, worker, workers,
} from '../work.ts';
import { expectDrawnAtOnce, scroll, watch } from '../scale.ts';

/** A row of tasks by the task's id. */
const task = (page: Page, id: string) =>
  page.locator('table.tasks tbody tr').filter({ has: page.getByRole('link', { name: id, exact: true }) });
const ids = (page: Page) => page.locator('table.tasks [data-row-link]');
const group = (page: Page, error: string | RegExp) => page.locator('.group').filter({ hasText: error });
const tab = (page: Page, name: string | RegExp) => page.getByRole('navigation', { name: 'Work' }).getByRole('link', { name });
const job = (page: Page) => page.locator('.job').first();

test('the board shows what was sent, and changes without a reload', async ({ page, board }) => {
  await open(page, '/work');
  await mark(page);
  await expect(page.getByText('No agent and no task has reported yet')).toBeVisible();

  await board.send(...workers());
  await expect(card(page, /^Agents/).locator('.big')).toHaveText('3 of 4 online');
  await expect(card(page, /^Agents/).locator('.leg')).toHaveText(/1.working.*1.idle.*1.blocked.*1.offline/);
  await expect(card(page, /^Queue All/).locator('.big')).toHaveText(/^1 waiting · 1 running/);
  await expect(card(page, /^Throughput/).locator('.big')).toHaveText(/^2 completed/);
  await expect(card(page, /^Throughput/)).toContainText(/3.k tokens, \$0\.0400/);
  await expect(card(page, /^Failures/)).toContainText('3 dead letters');
  const queue = page.locator('table.queues tbody tr');
  await expect(queue.filter({ hasText: 'build' })).toContainText(/5\.00.s \/ 5\.00.s/);
  await expect(page.locator('.done li')).toHaveCount(2);
  await expect(page.locator('.done li').first()).toContainText('do t-new');
  await expect(page.locator('.verdict .why')).toContainText('ken');

  await board.send(completed('t-run', { agent: 'ada', duration_ms: 90_000 }));
  await expect(card(page, /^Queue All/).locator('.big')).toHaveText(/^1 waiting · 0 running/);
  await expect(page.locator('.done li').first()).toContainText('rebuild the index');
  await expect(tab(page, /Dead letters/)).toContainText('3');
  await unbroken(page);
});

test('a queue is chosen in the address and drawn', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/work');
  await expect(card(page, 'History of all queues')).toBeVisible();
  await page.locator('table.queues').getByRole('link', { name: 'build' }).click();
  await expect(page).toHaveURL(/\/work\?queue=build$/);
  await expect(card(page, 'History of build')).toBeVisible();
  await page.getByRole('link', { name: '1h', exact: true }).click();
  await expect(page, 'the queue stays chosen').toHaveURL(/queue=build.*window=1h/);
  await page.getByRole('link', { name: 'Show all queues' }).click();
  await expect(card(page, 'History of all queues')).toBeVisible();
});

test('agents by state: in shape, colour and word, live, and in the address', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/work/agents');
  await mark(page);
  const agent = (name: string) => page.locator('a.agent', { hasText: name });
  const names = page.locator('a.agent strong');
  await expect(names).toHaveText(['ada', 'grace', 'ken', 'linus']);
  await expect(agent('ada').locator('.st.acc')).toHaveText('working');
  await expect(agent('ada')).toContainText('rebuild the index');
  await expect(agent('linus').locator('.st.warn')).toHaveText('blocked');
  await expect(agent('linus').locator('.flag')).toHaveAttribute('title', /from idle to blocked/);
  await expect(agent('ken').locator('.st.unk')).toHaveText('offline');

  const states = page.getByRole('group', { name: 'State' });
  await states.getByRole('link', { name: /^blocked/ }).click();
  await expect(page).toHaveURL(/\?state=blocked$/);
  await expect(names).toHaveText(['linus']);
  await board.send(state('grace', 'assigned'), state('grace', 'working'), state('grace', 'blocked'));
  await expect(names).toHaveText(['grace', 'linus']);
  await expect(states.getByRole('link', { name: /^blocked/ })).toContainText('2');

  await states.getByRole('link', { name: /^all/ }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('AD');
  await expect(page).toHaveURL(/\?q=AD$/);
  await expect(names).toHaveText(['ada']);
  await unbroken(page);
  await names.click();
  await expect(page).toHaveURL(/\/work\/agents\/ada$/);
});

test('an agent has a page of its own, which is live', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/work/agents/ada');
  await mark(page);
  await expect(page.locator('.heading .st').first()).toHaveText('working');
  await expect(page.locator('.heading')).toContainText('python');
  await expect(page.locator('.heading').getByRole('link', { name: 'rebuild the index' })).toBeVisible();
  await expect(task(page, 't-run').locator('.status')).toHaveText(/working\s*40.%/);
  await board.send(completed('t-run', { agent: 'ada', duration_ms: 1_000 }));
  await expect(page.locator('.heading .st').first()).toHaveText('idle');
  await expect(card(page, 'Tasks, last hour').locator('.big')).toHaveText(/^1 completed/);
  await expect(task(page, 't-run').locator('.status')).toHaveText('completed');
  await unbroken(page);
  await page.goto('/work/agents/linus');
  await expect(page.locator('.facts .warned')).toContainText('from idle to blocked');
});

test('tasks are chosen in the address, and a change is lit on its row', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/work/tasks');
  await mark(page);
  await expect(page.locator('.count')).toHaveText('8 tasks');
  const status = page.getByRole('group', { name: 'Status' });
  await status.getByRole('link', { name: /^dead letter/ }).click();
  await expect(page).toHaveURL(/\?status=dead_letter$/);
  await expect(page.locator('.count')).toHaveText('3 tasks');
  await page.getByLabel('Queue').selectOption('review');
  await expect(page).toHaveURL(/queue=review/);
  await expect(ids(page)).toHaveText(['t-dead-3']);
  await status.getByRole('link', { name: /^all/ }).click();
  await page.getByLabel('Queue').selectOption('');
  await page.getByRole('searchbox').fill('INDEX');
  await expect(page).toHaveURL(/q=INDEX/);
  await expect(ids(page)).toHaveText(['t-run']);

  const row = task(page, 't-run');
  await expect(row.locator('.status')).toHaveText(/working\s*40.%/);
  await expect(row).not.toHaveClass(/hit/);
  await board.send(progress('t-run', 70));
  await expect(row.locator('.status')).toHaveText(/working\s*70.%/);
  await expect(row).toHaveClass(/hit-odd/);
  await unbroken(page);
  await page.goto('/work/tasks?q=nothing-like-it');
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(page.locator('.count')).toHaveText('8 tasks');
});

test('tasks come page by page', async ({ page, board }) => {
  const name = (i: number) => `t-${String(i).padStart(3, '0')}`;
  await board.send(...Array.from({ length: 120 }, (_, i) => queued(name(i), { ago: (200 - i) * 1_000 })));
  await open(page, '/work/tasks');
  await expect(ids(page)).toHaveCount(50);
  await expect(ids(page).first()).toHaveText(name(119));
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page).toHaveURL(/after=/);
  await expect(ids(page).first()).toHaveText(name(69));
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(ids(page)).toHaveCount(20);
  await expect(page.getByRole('link', { name: 'Next page' })).toHaveCount(0);
  await page.getByRole('link', { name: 'First page' }).click();
  await expect(ids(page).first()).toHaveText(name(119));
});

test('a command is asked for on a row, and says how it stands', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/work/tasks?status=queued');
  const row = task(page, 't-wait');
  await row.getByRole('button', { name: 'Cancel t-wait' }).click();
  await expect(row.locator('.acts .st')).toHaveText('cancel pending');
  await expect(row.getByRole('button')).toHaveCount(0);
  const stop = await worker(board.url);
  try {
    await expect(page.getByText('No task is like that')).toBeVisible();
  } finally {
    stop();
  }
  await page.goto('/work');
  await expect(page.getByRole('list', { name: 'Newest commands' }).locator('li')).toContainText(['cancel done']);
});

test('a dead letter is retried from its page, and a worker in another process completes it', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/work/dead-letters');
  await mark(page);
  await group(page, 'no answer from').getByRole('link').first().click();
  await expect(page).toHaveURL(/\?group=/);
  await expect(ids(page)).toHaveCount(2);
  await task(page, 't-dead-1').getByRole('link', { name: 't-dead-1' }).click();
  await expect(page).toHaveURL(/\/work\/tasks\/t-dead-1$/);
  await expect(page.locator('.heading .st').first()).toHaveText('dead letter');
  await page.getByRole('button', { name: 'Retry t-dead-1' }).click();
  await expect(page.locator('.heading')).toContainText('retry pending');

  const stop = await worker(board.url);
  try {
    await expect(page.locator('.heading .st').first()).toHaveText('completed');
    await expect(card(page, 'Result')).toContainText('"mended": true');
    const steps = page.locator('.timeline li');
    await expect(steps.first()).toContainText(/completed\s*robot/);
    await expect(page.locator('.timeline')).toContainText('dead lettered');
    await expect(page.locator('.timeline')).toContainText(/command requested|requested/);
    await unbroken(page);
  } finally {
    stop();
  }
});

test('many dead letters are retried after a preview, as a job that shows how far it is', async ({ page, board }) => {
  const name = (i: number) => `t-${String(i).padStart(3, '0')}`;
  const many = Array.from({ length: 70 }, (_, i) => given(name(i), `no answer from host ${i} in ${i}00 ms`, (200 - i) * 1_000));
  await board.send(online('ada'), ...many.flat(), ...given('other', 'out of memory'));
  await open(page, '/work/dead-letters');
  await mark(page);
  const alike = group(page, 'no answer from');
  await expect(alike.locator('.line .num')).toHaveText('70');
  await alike.getByRole('link').first().click();
  await expect(ids(page)).toHaveCount(50);

  await page.getByRole('checkbox', { name: 'Select t-069' }).check();
  await page.getByRole('checkbox', { name: 'Select t-067' }).check();
  await expect(page.locator('.selection')).toContainText('2 tasks selected');
  await page.getByRole('checkbox', { name: 'Select this page' }).check();
  await expect(page.locator('.selection')).toContainText('50 tasks selected');
  await page.getByRole('button', { name: 'Select all 70 that match' }).click();
  await expect(page.locator('.selection')).toContainText('All 70 tasks that match are selected');
  await page.getByRole('button', { name: 'Retry selected…' }).click();

  const question = page.getByRole('dialog', { name: 'Retry' });
  await expect(question.getByRole('heading')).toHaveText('Retry 70 tasks?');
  await expect(question.locator('.sample-list li')).toHaveCount(10);
  await expect(question).toContainText('and 60 more');
  await expect(question.getByRole('checkbox')).toBeChecked();
  await question.getByRole('textbox', { name: 'Tasks a second' }).fill('fast');
  await question.getByRole('button', { name: 'Retry 70 tasks' }).click();
  await expect(question.getByRole('alert')).toContainText('must be a number above 0');
  await question.getByRole('textbox', { name: 'Tasks a second' }).fill('0');
  await question.getByRole('button', { name: 'Retry 70 tasks' }).click();
  await expect(question.getByRole('alert')).toContainText('must be a number above 0');
  await question.getByRole('textbox', { name: 'Tasks a second' }).fill('200');
  await question.getByRole('button', { name: 'Retry 70 tasks' }).click();
  await expect(question).toBeHidden();
  await expect(job(page)).toContainText(/1 of 70 tasks asked.*the first task is the canary/);

  const stop = await worker(board.url);
  try {
    await expect(job(page).locator('.st')).toHaveText('done', { timeout: 40_000 });
    await expect(job(page)).toContainText('70 completed');
    await expect(job(page).getByRole('progressbar')).toHaveAttribute('aria-valuenow', '100');
    await expect(group(page, 'no answer from')).toHaveCount(0);
    await expect(group(page, 'out of memory').locator('.line .num')).toHaveText('1');
    await unbroken(page);
  } finally {
    stop();
  }
});

test('a job is paused, resumed and ended; a canary that fails stops it', async ({ page, board }) => {
  const all = Array.from({ length: 12 }, (_, i) => given(`t-${i}`, 'out of memory', (100 + i) * 1_000)).flat();
  await board.send(online('ada'), ...all);
  await open(page, '/work/dead-letters');
  const ask = async () => {
    await group(page, 'out of memory').getByRole('button', { name: /^Retry/ }).first().click();
    await page.getByRole('dialog', { name: 'Retry' }).getByRole('button', { name: /^Retry \d+ tasks/ }).click();
  };
  await ask();
  await job(page).getByRole('button', { name: 'Pause' }).click();
  await expect(job(page).locator('.st')).toHaveText('paused');
  await job(page).getByRole('button', { name: 'Resume' }).click();
  await expect(job(page).locator('.st')).toHaveText('running');
  await job(page).getByRole('button', { name: 'End' }).click();
  await expect(job(page).locator('.st')).toHaveText('cancelled');
  await expect(job(page).getByRole('button')).toHaveCount(0);

  const stop = await worker(board.url, 'fail');
  try {
    await expect(page.locator('.job')).toHaveCount(1);
    await ask();
    await expect(page.locator('.job')).toHaveCount(2);
    await expect(job(page).locator('.st')).toHaveText('stopped');
    await expect(job(page)).toContainText(/1 failed again/);
  } finally {
    stop();
  }
});

test('the palette finds an agent', async ({ page, board }) => {
  await board.send(...workers());
  await open(page, '/');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('lin');
  await expect(page.getByRole('option')).toHaveText([/linus.*agent.*blocked/]);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/work\/agents\/linus$/);
});

test.describe('two thousand agents and many tasks', () => {
  test.setTimeout(240_000);
  const name = (i: number) => `agent-${String(i).padStart(4, '0')}`;

  test('draw only what is in sight, however one scrolls and filters', async ({ page, board }) => {
    const at = Array.from({ length: 2_000 }, (_, i) => i);
    await board.send(...at.map((i) => online(name(i))));
    await board.send(...at.filter((i) => i % 3 === 0).flatMap((i) => [
      queued(`run-${i}`, { queue: 'build', description: `build ${i}` }), assigned(`run-${i}`, name(i)), started(`run-${i}`, name(i)),
    ]));
    for (let from = 0; from < 100_000; from += 5_000) {
      await board.send(...Array.from({ length: 5_000 }, (_, i) => queued(`t-${from + i}`, { queue: `q-${i % 20}` })));
    }

    await open(page, '/work/agents');
    const states = page.getByRole('group', { name: 'State' });
    await expect(states.getByRole('link', { name: /^all/ })).toContainText('2,000');
    await expect(page.getByRole('link', { name: `${name(0)} working` })).toBeVisible();
    await watch(page);
    await scroll(page, 20);
    await expect(page.getByRole('link', { name: `${name(1_999)} idle` })).toBeInViewport();
    await page.getByRole('group', { name: 'Size' }).getByRole('link', { name: 'cells' }).click();
    await expect(page.locator('a.cell').first()).toBeVisible();
    await scroll(page, 30);
    await expect(page.locator('a.cell', { hasText: name(1_999) })).toBeInViewport();
    expect(await page.locator('a.cell').count()).toBeLessThan(500);
    await states.getByRole('link', { name: /^working/ }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('agent-0300');
    await expect(page.locator('a.cell')).toHaveCount(1);
    await board.send(completed('run-300', { agent: name(300) }));
    await expect(page.getByText('No agent is like that')).toBeVisible();
    await expectDrawnAtOnce(page, 3_000);

    await open(page, '/work/tasks');
    await watch(page);
    await page.getByRole('group', { name: 'Status' }).getByRole('link', { name: /^queued/ }).click();
    await expect(ids(page)).toHaveCount(50);
    await page.getByRole('searchbox').fill('t-4242');
    await expect(task(page, 't-42420')).toBeVisible();
    await scroll(page, 5);
    await expectDrawnAtOnce(page, 3_000);
  });
});
