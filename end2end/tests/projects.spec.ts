// The list of projects: filter, order, address, and thousands of rows.
import { expect, fleet, HOUR, open, type Page, row, run, test } from '../fixtures.ts';
import { expectDrawnAtOnce, scroll, watch } from '../scale.ts';

const names = (page: Page) => page.locator('table.list [data-row-link]');
const head = (page: Page, word: string) => page.getByRole('columnheader', { name: word });

test('the filter answers as one types, and stands in the address', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects');
  await page.keyboard.press('/');
  const filter = page.getByRole('searchbox', { name: 'Filter by name or owner' });
  await expect(filter).toBeFocused();
  await page.keyboard.type('house');
  await expect(filter).toHaveValue('house');
  await expect(page).toHaveURL(/\?q=house$/);
  await expect(names(page)).toHaveText(['warehouse']);
  await expect(page.locator('.count')).toHaveText('1 of 7 projects');
  await filter.fill('SHOP team');
  await expect(page).toHaveURL(/\?q=SHOP%20team$/);
  await expect(names(page)).toHaveText(['checkout', 'warehouse']);
  await filter.fill('nothing like it');
  await expect(page.getByText('No project is like that')).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(names(page)).toHaveCount(7);
  await expect(filter).toHaveValue('');
});

test('statuses and tags narrow the list', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects');
  const choose = (word: string) => page.getByRole('group', { name: 'Status' }).getByRole('link', { name: word });
  for (const [word, found] of [
    ['Critical', ['checkout']],
    ['Warning', ['warehouse']],
    ['Unknown', ['attic']],
    ['Healthy', ['billing', 'gateway', 'mobile', 'search']],
  ] as const) {
    await choose(word).click();
    await expect(choose(word)).toHaveAttribute('aria-current', 'true');
    await expect(page).toHaveURL(new RegExp(`status=${word.toLowerCase()}`));
    await expect(names(page)).toHaveText([...found]);
  }
  await page.getByLabel('Tag').selectOption('odd');
  await expect(page).toHaveURL(/tag=odd/);
  await expect(names(page)).toHaveText(['gateway', 'search']);
  await choose('All').click();
  await page.getByLabel('Tag').selectOption('nightly');
  await expect(names(page)).toHaveText(['warehouse']);
  await page.getByLabel('Tag').selectOption('');
  await expect(names(page)).toHaveCount(7);
});

test('every head sorts, and then the other way round', async ({ page, board }) => {
  await board.send(
    run('alpha', 'passed', { ago: 3 * HOUR, duration_ms: 300 }),
    run('beta', 'failed', { ago: 1 * HOUR, duration_ms: 100, errors: [{ type: 'E', count: 3 }] }),
    run('beta', 'passed', { duration_ms: 100 }),
    run('gamma', 'failed', { ago: 2 * HOUR, duration_ms: 200, errors: [{ type: 'E', count: 9 }] }),
  );
  await open(page, '/projects');
  for (const [word, key, first, last] of [
    ['Project', 'name', 'alpha', 'gamma'],
    ['Score', 'score', 'gamma', 'beta'],
    ['Success', 'success', 'gamma', 'alpha'],
    ['p95', 'p95', 'beta', 'alpha'],
    ['Errors', 'errors', 'alpha', 'gamma'],
    ['Last run', 'last_run', 'alpha', 'beta'],
    ['Status', 'status', 'gamma', 'beta'],
  ] as const) {
    await head(page, word).getByRole('link').click();
    await expect(head(page, word)).toHaveAttribute('aria-sort', 'ascending');
    await expect(page).toHaveURL(new RegExp(`sort=${key}$`));
    await expect(names(page).first()).toHaveText(first);
    await expect(names(page).last()).toHaveText(last);
    await head(page, word).getByRole('link').click();
    await expect(head(page, word)).toHaveAttribute('aria-sort', 'descending');
    await expect(page).toHaveURL(new RegExp(`sort=-${key}$`));
    await expect(names(page).first()).not.toHaveText(first);
    await expect(page.locator('[aria-sort]')).toHaveCount(1);
  }
});

test('an address can be shared, and one can go back', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects?status=healthy&sort=-errors&q=e');
  await expect(names(page)).toHaveText(['billing', 'gateway', 'mobile', 'search']);
  await expect(head(page, 'Errors')).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('searchbox')).toHaveValue('e');

  const status = page.getByRole('group', { name: 'Status' });
  await status.getByRole('link', { name: 'Critical' }).click();
  await expect(names(page)).toHaveText(['checkout']);
  await names(page).click();
  await expect(page).toHaveURL(/\/projects\/checkout$/);
  await expect(page.locator('.heading')).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/status=critical/);
  await expect(names(page)).toHaveText(['checkout']);
  await page.goBack();
  await expect(names(page)).toHaveText(['billing', 'gateway', 'mobile', 'search']);
  await page.goForward();
  await expect(names(page)).toHaveText(['checkout']);
});

test('a change redraws its own row and no other', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects?sort=name');
  await expect(page.locator('.count'), 'the whole list has come').toHaveText('7 projects');
  const rows = page.locator('table.list tbody:not(.spacer) tr');
  await rows.evaluateAll((all) => all.forEach((tr, i) => Object.assign(tr, { mark: i })));
  const marks = () => rows.evaluateAll((all) => all.map((tr) => (tr as any).mark));
  // Whatever else is written into the table is counted, row by row.
  await page.evaluate(() => {
    const touched: string[] = [];
    Object.assign(window, { touched });
    new MutationObserver((seen) => {
      for (const { target } of seen) {
        const element = target instanceof Element ? target : target.parentElement;
        const tr = element?.closest('tr');
        touched.push(tr?.querySelector('a')?.textContent ?? 'the table itself');
      }
    }).observe(document.querySelector('table.list tbody:not(.spacer)')!, {
      subtree: true, childList: true, attributes: true, characterData: true,
    });
  });

  await board.send(run('gateway', 'failed'));
  await expect(row(page, 'gateway').locator('.st')).toHaveText('critical');
  expect(await marks()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  // Ages of other rows go on by the clock; anything else of them must not be touched.
  const touched = await page.evaluate(() => (window as any).touched as string[]);
  expect(touched).toContain('gateway');
  expect(touched).not.toContain('the table itself');
});

test.describe('five thousand projects', () => {
  const name = (i: number) => `project-${String(i).padStart(4, '0')}`;

  test('draw only the rows in sight', async ({ page, board }) => {
    for (let from = 0; from < 5_000; from += 1_000) {
      await board.send(...Array.from({ length: 1_000 }, (_, i) => run(name(from + i), 'passed')));
    }
    await open(page, '/projects?sort=name');
    await expect(page.locator('.count')).toHaveText('5,000 projects');
    const drawn = page.locator('table.list tbody:not(.spacer) tr');
    await expect.poll(() => drawn.count()).toBeLessThan(200);
    await expect(row(page, name(0))).toBeVisible();

    await watch(page);
    await scroll(page, 40, async () => expect(await drawn.count()).toBeLessThan(200));
    await expect(row(page, name(4_999))).toBeInViewport();
    await expectDrawnAtOnce(page, 2_000);

    await page.keyboard.press('/');
    await page.keyboard.type('4242');
    await expect(names(page)).toHaveText([name(4_242)]);
    await expect(page.locator('.count')).toHaveText('1 of 5,000 projects');
    await board.send(run(name(4_242), 'failed'));
    await expect(row(page, name(4_242)).locator('.st')).toHaveText('critical');
  });
});
