// A project's page: the score explained, its history, its runs.
import { readFile } from 'node:fs/promises';
import { card, expect, fleet, HOUR, mark, MINUTE, open, type Page, registered, run, test, unbroken } from '../fixtures.ts';

const chart = (page: Page, title: string) =>
  page.locator('figure.ch').filter({ has: page.locator('figcaption', { hasText: title }) });
/** What is drawn of the values: single ones are dots. */
const drawn = (page: Page, title: string, part = '.ch-dots') =>
  chart(page, title).locator(`.ch-series ${part}, .ch-columns ${part}`);

test('the parts of a score are what it lacks', async ({ page, board }) => {
  const error = (count: number) => ({ errors: [{ type: 'TimeoutError', message: 'no answer in 30 s', count }] });
  await board.send(
    ...[30, 28, 26].map((hours) => run('ledger', 'passed', { ago: hours * HOUR })),
    run('ledger', 'passed', { ago: 3 * HOUR }),
    run('ledger', 'failed', { ago: 2 * HOUR, ...error(4) }),
    run('ledger', 'failed', { ago: 1 * HOUR, ...error(5) }),
  );
  await open(page, '/projects/ledger');
  const detail = await board.get('/dashboard/projects/ledger');
  const sum = (points: number[]) => points.reduce((a, b) => a + b, 0);
  expect(sum(detail.score_parts.map((part: any) => part.points))).toBe(100 - detail.score);
  const score = card(page, 'Score');
  await expect(score.locator('.big')).toHaveText(`${detail.score} of 100`);
  const shown = await score.locator('.findings .points').allTextContents();
  expect(shown.length).toBeGreaterThanOrEqual(2);
  expect(sum(shown.map((text) => Number(text.replace('−', ''))))).toBe(100 - detail.score);
  for (const finding of await score.locator('.findings > li').all()) {
    await expect(finding.locator('.resolve')).toHaveText(/Turns green by: \S.{10,}since/);
  }
  await expect(score.locator('.findings > li').first()).toContainText('no answer in 30 s');
  const parts = score.locator('.parts i');
  const flex = await parts.evaluateAll((all) => all.map((i) => Number(getComputedStyle(i).flexGrow)));
  expect(sum(flex)).toBe(100);

  await board.send(run('ledger', 'passed'));
  await expect(score.locator('.findings')).not.toContainText('The last');
  const after = await board.get('/dashboard/projects/ledger');
  expect(after.score).toBeGreaterThan(detail.score);
  await expect(score.locator('.big')).toHaveText(`${after.score} of 100`);
});

test('the range stands in the address and changes the charts', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects/warehouse');
  await mark(page);
  await expect(drawn(page, 'Run time, p95')).toHaveAttribute('d', /^M.*M/);
  await expect(drawn(page, 'Errors', '.ch-area')).toHaveAttribute('d', /^M/);
  const axis = chart(page, 'Score').locator('.ch-x');
  const day = await axis.textContent();

  // Its newest run is two hours old.
  await page.getByRole('link', { name: '15m' }).click();
  await expect(page).toHaveURL(/\?window=15m$/);
  await expect(page.getByRole('link', { name: '15m' })).toHaveAttribute('aria-current', 'true');
  await expect(axis).not.toHaveText(day ?? '');
  await expect(chart(page, 'Run time, p95')).toContainText('No data in this range');
  await page.getByRole('link', { name: '6h' }).click();
  await expect(page).toHaveURL(/\?window=6h$/);
  await expect(drawn(page, 'Run time, p95')).toHaveAttribute('d', /^M/);
  await page.goBack();
  await expect(chart(page, 'Run time, p95')).toContainText('No data in this range');
  await unbroken(page);
});

test('a stretch that is dragged over becomes the range', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects/warehouse');
  await mark(page);
  const plot = chart(page, 'Run time, p95').locator('.ch-plot');
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  const [y, at] = [box.y + box.height / 2, (share: number) => box.x + box.width * share];
  await page.mouse.move(at(0.5), y);
  await page.mouse.down();
  await page.mouse.move(at(0.6), y);
  await page.mouse.move(at(0.75), y);
  await expect(plot.locator('.ch-brush')).toBeVisible();
  await page.mouse.up();
  await expect(page).toHaveURL(/\?from=[^&]+&to=[^&]+$/);
  const query = new URL(page.url()).searchParams;
  const [from, to] = [query.get('from'), query.get('to')].map((text) => Date.parse(text!));
  // A quarter of 24 hours, ending a quarter of them before now.
  expect(to! - from!).toBeGreaterThan(5.5 * HOUR);
  expect(to! - from!).toBeLessThan(6.5 * HOUR);
  expect(Date.now() - to!).toBeGreaterThan(5.5 * HOUR);
  expect(Date.now() - to!).toBeLessThan(6.5 * HOUR);
  await expect(plot.locator('.ch-brush')).toHaveCount(0);
  const zoomed = page.getByRole('link', { name: /^zoomed/ });
  await expect(zoomed).toBeVisible();
  await expect(chart(page, 'Run time, p95').locator('.ch-x')).not.toContainText(new Date().toISOString().slice(11, 13) + ':00');
  await zoomed.click();
  await expect(page).toHaveURL(/\/projects\/warehouse$/);
  await expect(zoomed).toHaveCount(0);
  // A click is no drag.
  await plot.click();
  await expect(page).toHaveURL(/\/projects\/warehouse$/);
  await unbroken(page);
});

test('values are read by pointer and by keys', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects/warehouse');
  const plot = chart(page, 'Run time, p95').locator('.ch-plot');
  const readout = plot.locator('.ch-readout');
  await expect(readout).toHaveCount(0);
  await plot.hover();
  await expect(readout).toContainText(/\d\d:\d\d:\d\d/);
  await expect(readout).toContainText(/p95\s*4\.\d+.s/);
  await page.mouse.move(0, 0);
  await expect(readout).toHaveCount(0);

  await plot.focus();
  await page.keyboard.press('ArrowLeft');
  const time = readout.locator('time');
  await expect(time).toBeVisible();
  const last = await time.textContent();
  await page.keyboard.press('ArrowLeft');
  await expect(time).not.toHaveText(last ?? '');
  await page.keyboard.press('ArrowRight');
  await expect(time).toHaveText(last ?? '');
  await page.keyboard.press('Home');
  await expect(time).not.toHaveText(last ?? '');
  await page.keyboard.press('Escape');
  await expect(readout).toHaveCount(0);
});

test('a chart can be read as a table', async ({ page, board }) => {
  await board.send(...fleet());
  await board.send(run('warehouse', 'failed', { ago: 5 * MINUTE, errors: [{ type: 'E', count: 7 }] }));
  await open(page, '/projects/warehouse?window=15m');
  const figure = chart(page, 'Errors');
  await expect(figure.getByRole('table')).toHaveCount(0);
  await figure.getByText('Show as table').click();
  const table = figure.getByRole('table');
  await expect(table).toBeVisible();
  await expect(table.getByRole('columnheader')).toHaveText(['Time', 'errors']);
  const cells = await table.getByRole('cell').allTextContents();
  expect(cells.map(Number).reduce((a, b) => a + b, 0)).toBe(7);
});

test('a run opens to its errors, and a new one comes in on top', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects/checkout');
  const runs = card(page, 'Runs').locator('.runs > li');
  await expect(runs).toHaveCount(4);
  const failed = runs.first();
  await expect(failed).toContainText('38 of 40 checks passed');
  await expect(failed).toContainText('0123456789');
  await expect(failed.locator('.run-errors')).toBeHidden();
  await failed.locator('summary').click();
  await expect(failed.locator('.run-errors')).toContainText('AssertionError');
  await expect(failed.locator('.run-errors')).toContainText('tests/cart.py:12');
  await expect(failed.locator('.run-errors')).toContainText('expected 2, got 3');

  await board.send(run('checkout', 'passed', { duration_ms: 1_234 }));
  await expect(runs).toHaveCount(5);
  await expect(runs.first()).toContainText(/passed.*1\.23.s/);
  await expect(runs.nth(1).locator('.run-errors'), 'what was open stays open').toBeVisible();
});

test('history goes on as runs come in', async ({ page, board }) => {
  await board.send(registered('fresh'));
  await open(page, '/projects/fresh?window=15m');
  await mark(page);
  await expect(chart(page, 'Run time, p95')).toContainText('No data in this range');
  await board.send(run('fresh', 'failed', { duration_ms: 700, errors: [{ type: 'E', message: 'no' }] }));
  await expect(drawn(page, 'Run time, p95')).toHaveAttribute('d', /^M/);
  await expect(drawn(page, 'Errors', '.ch-area')).toHaveAttribute('d', /^M/);
  await unbroken(page);
});

test('a report that a test runner wrote appears as it is imported', async ({ page, board }) => {
  const file = new URL('../../src/tests/fixtures/junit/pytest.xml', import.meta.url);
  // As if the tests had run just now; what is too old is history only.
  const xml = (await readFile(file, 'utf8')).replace(/timestamp="[^"]*"/, `timestamp="${new Date().toISOString()}"`);
  await board.send(run('ledger', 'passed', { ago: HOUR }));
  await open(page, '/projects/ledger');
  await mark(page);
  await expect(page.locator('.heading .st')).toHaveText('healthy');
  await board.importJunit('ledger', xml);
  await expect(page.locator('.heading .st')).toHaveText('critical');
  const imported = card(page, 'Runs').locator('.runs > li').first();
  await expect(imported).toContainText('4 of 11 checks passed, 2 skipped');
  await expect(imported).toContainText('5 errors');
  await imported.locator('summary').click();
  await expect(imported.locator('.run-errors')).toContainText('tests/test_ledger.py:17');
  await expect(card(page, /^Errors/)).toContainText('ConnectionError');
  await unbroken(page);
});

test('from one project to another', async ({ page, board }) => {
  await board.send(...fleet());
  await open(page, '/projects/checkout');
  await page.keyboard.press('Control+k');
  // All projects are offered before a letter is typed; what is chosen must be what was typed.
  await expect(page.getByRole('option', { name: /checkout/ })).toBeVisible();
  await page.getByRole('combobox').fill('warehouse');
  await expect(page.getByRole('option', { name: /warehouse/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('warehouse');
  await expect(page.locator('.heading')).toContainText('warehouse');
  await expect(page).toHaveTitle(/^(\(\d+\) )?warehouse · Bellwether$/);
  await expect(card(page, 'Runs').locator('.runs > li')).toHaveCount(7);
  await board.send(run('warehouse', 'failed'));
  await expect(page.locator('.heading .st')).toHaveText('critical');
});
