// Every page reads well without JavaScript.
import { ADMIN, close, PASSWORD, signIn } from '../access.ts';
import { alerts, cleared, DEEP, depth, raised } from '../alerts.ts';
import { workers } from '../work.ts';
import { card, expect, fleet, NOT_FOUND, row, run, sampled, test } from '../fixtures.ts';

/** Nobody uses what is loaded ahead for the browser half. */
const PRELOADED = /was preloaded using link preload but not used/;

test.use({ javaScriptEnabled: false, expected: { console: [PRELOADED] } });

test('the overview', async ({ page, board }) => {
  await board.send(...fleet(), sampled('build-01', { cpu: 37 }));
  await page.goto('/');
  await expect(page).toHaveTitle(/^(\(\d+\) )?Bellwether$/);
  await expect(page.locator('.verdict .word')).toHaveText('Critical');
  await expect(page.locator('.verdict .why')).toContainText('The last validation of checkout failed.');
  await expect(card(page, /^Projects/).locator('.leg')).toHaveText(/4\s*healthy.*1\s*warning.*1\s*critical.*1\s*unknown/);
  await expect(card(page, /^Errors/).locator('.big')).toContainText('3 errors');
  await expect(card(page, /^Errors/)).toContainText('AssertionError');
  await expect(card(page, /^System/).locator('.big')).toHaveText(/37.%.*build-01/);
  await expect(row(page, 'checkout').locator('.st')).toHaveText('critical');
  await expect(row(page, 'warehouse').locator('.st')).toHaveText('warning');
  await expect(page.locator('.tick li').first()).toContainText('validation.completed');
  await expect(page.locator('.conn')).toHaveText('As rendered');
  await expect(card(page, /^Projects/).locator('.foot')).toHaveText(/^as of \d\d:\d\d:\d\d UTC$/);

  await row(page, 'checkout').getByRole('link', { name: 'checkout' }).click();
  await expect(page.getByRole('heading', { name: 'checkout', level: 1 })).toBeVisible();
  await page.getByRole('navigation').getByRole('link', { name: 'Projects' }).click();
  await expect(page.locator('.count')).toHaveText('7 projects');
});

test('the list, filtered by its form, sorted by its links', async ({ page, board }) => {
  await board.send(...fleet());
  await page.goto('/projects');
  await expect(page.locator('table.list tbody:not(.spacer) tr')).toHaveCount(7);
  await page.getByRole('searchbox').fill('shop');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/[?&]q=shop/);
  await expect(page.locator('.count')).toHaveText('2 projects');
  await expect(row(page, 'checkout')).toBeVisible();
  await expect(row(page, 'gateway')).toHaveCount(0);

  await page.getByRole('link', { name: 'All', exact: true }).click();
  await page.getByRole('columnheader', { name: 'Project' }).getByRole('link').click();
  await expect(page).toHaveURL(/sort=name/);
  await expect(page.getByRole('columnheader', { name: 'Project' })).toHaveAttribute('aria-sort', 'ascending');

  await page.goto('/projects?status=critical');
  await expect(page.locator('.count')).toHaveText('1 project');
  await page.goto('/projects?q=no-such-project');
  await expect(page.getByText('No project is like that')).toBeVisible();
});

test('the list, page by page', async ({ page, board }) => {
  const name = (i: number) => `project-${String(i).padStart(3, '0')}`;
  await board.send(...Array.from({ length: 150 }, (_, i) => run(name(i), 'passed')));
  await page.goto('/projects?sort=name');
  await expect(page.locator('table.list tbody:not(.spacer) tr')).toHaveCount(100);
  await expect(page.locator('.count')).toHaveText('150 projects');
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page.locator('table.list tbody:not(.spacer) tr')).toHaveCount(50);
  await expect(row(page, name(100))).toBeVisible();
  await expect(row(page, name(149))).toBeVisible();
  await expect(row(page, name(99))).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Next page' })).toHaveCount(0);
});

test('a project', async ({ page, board }) => {
  await board.send(...fleet());
  await page.goto('/projects/checkout');
  await expect(page.locator('.heading')).toContainText('looked after by shop team');
  const detail = await board.get('/dashboard/projects/checkout');
  await expect(card(page, 'Score').locator('.big')).toContainText(`${detail.score} of 100`);
  const finding = card(page, 'Score').locator('.findings li').first();
  await expect(finding).toContainText('The last validation of checkout failed.');
  await expect(finding).toContainText('Turns green by: One validation that passes.');
  await expect(card(page, /^Errors/)).toContainText('expected 2, got 3');
  await expect(card(page, 'Figures')).toContainText('within 1 %');
  const runs = card(page, 'Runs').locator('.runs > li');
  await expect(runs).toHaveCount(4);
  await expect(runs.first()).toContainText('38 of 40 checks passed');
  // A run opens without script too.
  await runs.first().locator('summary').click();
  await expect(runs.first().locator('.run-errors')).toContainText('tests/cart.py:12');
  const times = page.getByRole('img', { name: /^Run time, p95; latest 2\.50.s/ });
  await expect(times.locator('.ch-dots')).toHaveAttribute('d', /^M/);
  await page.getByRole('link', { name: '7d' }).click();
  await expect(page).toHaveURL(/window=7d/);
  await expect(page.getByRole('link', { name: '7d' })).toHaveAttribute('aria-current', 'true');
});

test('the system', async ({ page, board }) => {
  await board.send(
    ...[50, 40, 30].map((s) => sampled('build-01', { ago: s * 1_000, cpu: 20 })),
    sampled('build-01', { cpu: 64, memory: 41 }),
    sampled('build-02', { cpu: 11 }),
  );
  await page.goto('/system');
  const host = page.locator('a.host', { hasText: 'build-01' });
  await expect(host).toContainText(/CPU\s*64.%/);
  await expect(host).toContainText(/Memory\s*41.%/);
  await expect(card(page, 'Intake')).toContainText(/accepted\s*\d/);
  await expect(page.getByRole('img', { name: /^CPU; mean latest 64/ })).toBeVisible();
  await expect(card(page, 'Journal')).toContainText(/on disk\s*\d/);
  await page.locator('a.host', { hasText: 'build-02' }).click();
  await expect(page).toHaveURL(/host=build-02/);
  await expect(card(page, 'History of build-02')).toBeVisible();
});

test('work, its agents and its tasks', async ({ page, board }) => {
  await board.send(...workers());
  await page.goto('/work');
  await expect(page.locator('.verdict .word')).toHaveText('Warning');
  await expect(card(page, /^Agents/).locator('.big')).toHaveText('3 of 4 online');
  await expect(page.locator('table.queues tbody tr')).toHaveCount(2);
  await expect(page.getByRole('img', { name: /^Run time, p95/ })).toBeVisible();

  await page.getByRole('navigation', { name: 'Work' }).getByRole('link', { name: 'Agents' }).click();
  await page.getByRole('group', { name: 'State' }).getByRole('link', { name: /blocked/ }).click();
  await expect(page.locator('a.agent strong')).toHaveText(['linus']);
  await page.locator('a.agent').click();
  await expect(page.locator('.facts')).toContainText('from idle to blocked');

  await page.goto('/work/tasks');
  await page.getByLabel('Queue').selectOption('review');
  await page.getByRole('searchbox').fill('patch');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/q=patch/);
  await expect(page.locator('table.tasks [data-row-link]')).toHaveText(['t-wait']);
  await page.goto('/work/tasks/t-new');
  await expect(page.locator('.timeline li')).toHaveCount(4);
  await expect(card(page, 'Result')).toContainText('"pages": 12');
  await expect(page.getByRole('button', { name: /Retry|Cancel/ })).toHaveCount(0);

  await page.goto('/work/dead-letters');
  await page.getByRole('link', { name: /out of memory/ }).click();
  await expect(page.locator('table.tasks [data-row-link]')).toHaveText(['t-dead-3']);
});

test('alerts, one of them, and what there was', async ({ page, board }) => {
  await board.call('/api/v1/alert-rules', DEEP);
  await board.send(raised('db-1', 'critical'), raised('gone', 'warning'), depth(20), depth(250));
  await alerts(board, 3);
  await board.send(cleared('gone'));
  await expect.poll(() => board.get('/api/v1/alerts?state=firing')).toHaveLength(2);
  await page.goto('/alerts');
  await expect(page).toHaveTitle('(2) Alerts · Bellwether');
  await expect(page.getByRole('status').filter({ hasText: '2 need somebody' })).toBeVisible();
  await expect(page.getByRole('button', { name: /Acknowledge|Silence/ })).toHaveCount(0);
  await page.getByRole('link', { name: /The queue is deep/ }).click();
  await expect(page.locator('.timeline')).toContainText('It fired');
  await expect(card(page, 'What was measured').locator('.ch-threshold')).toHaveAttribute('d', /^M/);
  await page.getByRole('navigation', { name: 'Alerts' }).getByRole('link', { name: 'History' }).click();
  await page.getByLabel('Stage').selectOption('resolved');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/state=resolved/);
  await expect(page.locator('table.cards tbody tr')).toContainText('gone is down');
  for (const path of ['/alerts/silences', '/alerts/rules', '/alerts/channels']) {
    await page.goto(path);
    await expect(page.locator('main')).toContainText(/Nothing is silenced|Quiet sources|Alerts reach nobody yet/);
  }
});

test('the first admin, signing out and in, and who did that', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Create the first admin' }).click();
  await page.getByLabel('User name').fill(ADMIN);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create the first admin' }).click();
  await expect(page.getByText('No project has reported yet')).toBeVisible();
  await page.locator('button.who').click();
  await page.getByRole('link', { name: 'Account' }).click();
  await expect(page.locator('.person')).toContainText('admin');
  await expect(page.getByRole('button', { name: 'Change password' })).toBeHidden();
  await page.locator('button.who').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login$/);

  await signIn(page, ADMIN, PASSWORD, '/login?next=/audit');
  await expect(page).toHaveURL(/\/audit$/);
  const lines = page.locator('table.cards tbody tr');
  await expect(lines.first()).toContainText('session.open');
  await page.getByLabel('What', { exact: true }).selectOption('Users');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page).toHaveURL(/action=user/);
  await expect(lines).toHaveCount(1);
  await expect(lines).toContainText('user.create');
  await expect(lines).toContainText(/\d\d:\d\d/);
});

test.describe('a wrong password', () => {
  test.use({ expected: { console: [/status of 401/] } });

  test('is told', async ({ page, board }) => {
    await close(board);
    await signIn(page, ADMIN, 'wrong');
    await expect(page.getByRole('alert')).toContainText('password is wrong');
  });
});

test.describe('where nothing is', () => {
  test.use({ expected: { console: [PRELOADED, ...NOT_FOUND.console] } });

  for (const path of ['/nowhere', '/projects/no-such-project', '/work/tasks/no-such-task', '/work/agents/nobody']) {
    test(`${path} says so with status 404`, async ({ page }) => {
      const response = await page.goto(path);
      expect(response?.status()).toBe(404);
      await expect(page.getByRole('alert')).toBeVisible();
      await page.getByRole('alert').getByRole('link', { name: 'Overview' }).click();
      await expect(page).toHaveURL(/:\d+\/$/);
      await expect(page.getByText('No project has reported yet')).toBeVisible();
    });
  }
});
