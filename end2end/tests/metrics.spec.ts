// The explorer, and a board of one's own.
import { readFile } from 'node:fs/promises';
import { close, enter, html, refused, user } from '../access.ts';
import { card, expect, mark, NOT_FOUND, open, type Page, test, unbroken } from '../fixtures.ts';
import { asked, course, figure, observed, several, tile } from '../metrics.ts';

const legend = (page: Page) => page.locator('.ch-legend .ch-key');
const form = (page: Page) => page.getByRole('search', { name: 'What is shown' });
const dialog = (page: Page) => page.getByRole('dialog').filter({ visible: true });

async function pin(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'Pin to my board' }).click();
  await dialog(page).getByLabel('Title').fill(title);
  await dialog(page).getByRole('button', { name: 'Pin', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Pinned to your board' })).toBeVisible();
}

test('a metric is picked, narrowed down, and the link shows the same', async ({ page, board }) => {
  await board.send(...several());
  await open(page, '/explore');
  await mark(page);
  const line = page.locator('table.cards tbody tr').filter({ has: page.getByRole('link', { name: 'latency', exact: true }) });
  await expect(line).toContainText('ms');
  await expect(line).toContainText('3');
  await page.getByLabel("Part of a metric's name").fill('laten');
  await expect(page.getByRole('status').filter({ hasText: /^1 metric$/ })).toBeVisible();
  await line.getByRole('link', { name: 'latency' }).click();
  await expect(page).toHaveURL(/\/explore\?metric=latency$/);
  await expect(page).toHaveTitle(/latency · Bellwether$/);
  await expect(legend(page)).toHaveCount(3);
  await expect(figure(page, 'latency, avg').locator('.ch-series .ch-line')).toHaveCount(3);

  await form(page).getByLabel('zone').fill('eu');
  await form(page).getByLabel('zone').press('Enter');
  await expect(page).toHaveURL(/label\.zone=eu/);
  await expect(legend(page)).toHaveCount(2);
  await expect(legend(page).first()).toContainText('web-1');
  await form(page).getByLabel('Values of a step').selectOption('max');
  await expect(figure(page, 'latency, max')).toBeVisible();
  await form(page).getByLabel('Series').selectOption('all as one');
  await expect(legend(page)).toHaveCount(0);
  await page.getByRole('link', { name: '1h', exact: true }).click();
  await expect(page).toHaveURL(/window=1h/);
  expect(asked(page)).toEqual({ metric: 'latency', 'label.zone': 'eu', aggregation: 'max', by: '-', window: '1h' });
  await unbroken(page);
  // The greatest of both hosts in the newest minute.
  const said = page.getByRole('img', { name: /^latency, max; latest 89.ms/ });
  await expect(said).toBeVisible();

  await page.reload();
  await expect(said).toBeVisible();
  await expect(form(page).getByLabel('Metric')).toHaveValue('latency');
  await expect(form(page).getByLabel('zone')).toHaveValue('eu');
  await expect(form(page).getByLabel('Values of a step')).toHaveValue('max');
  await expect(form(page).getByLabel('Series')).toHaveValue('-');
  await expect(page.getByRole('link', { name: '1h', exact: true })).toHaveAttribute('aria-current', 'true');

  // Another metric: what it does not have does not narrow it down.
  await open(page, page.url().replace(board.url, ''));
  await form(page).getByLabel('Metric').fill('orders');
  await form(page).getByLabel('Metric').press('Enter');
  await expect(figure(page, 'orders, max, in boxes')).toBeVisible();
  expect(asked(page)).toEqual({ metric: 'orders', aggregation: 'max', window: '1h' });
});

test('several series are told apart, switched off, and read at the crosshair', async ({ page, board }) => {
  await board.send(...several());
  await open(page, '/explore?metric=latency&window=1h');
  const drawn = page.locator('.ch-series');
  await expect(drawn).toHaveCount(3);
  const looks = await drawn.locator('.ch-line').evaluateAll((all) =>
    all.map((path) => { const { stroke, strokeDasharray } = getComputedStyle(path); return `${stroke} ${strokeDasharray}`; }));
  expect(new Set(looks).size, 'no two look the same').toBe(3);
  await expect(legend(page)).toHaveText([/host=web-1, zone=eu/, /host=web-2, zone=eu/, /host=web-3, zone=us/]);

  await page.locator('.ch-plot').hover({ position: { x: 400, y: 100 } });
  await page.locator('.ch-plot').focus();
  await page.keyboard.press('End');
  await expect(page.locator('.ch-readout .ch-value')).toHaveText([/web-1.*49.ms/, /web-2.*89.ms/, /web-3.*171.ms/]);
  await legend(page).filter({ hasText: 'web-3' }).click();
  await expect(legend(page).filter({ hasText: 'web-3' })).toHaveAttribute('aria-pressed', 'false');
  await expect(drawn.nth(2).locator('.ch-line')).toHaveAttribute('d', '');
  await page.locator('.ch-plot').focus();
  await page.keyboard.press('End');
  await expect(page.locator('.ch-readout .ch-value')).toHaveCount(2);

  await form(page).getByLabel('Series').selectOption('by zone');
  await expect(page).toHaveURL(/by=zone/);
  await expect(legend(page)).toHaveText([/^eu/, /^us/]);
  await page.getByText('Show as table').click();
  await expect(page.locator('.ch-table tbody tr')).toHaveCount(30);
});

test('more series than can be told apart are not drawn, and it is said so', async ({ page, board }) => {
  const hosts = Array.from({ length: 20 }, (_, i) => `h-${String(i).padStart(2, '0')}`);
  await board.send(...hosts.flatMap((host) => course('load', () => 1, { labels: { host } }).slice(0, 2)));
  await open(page, '/explore?metric=load');
  await expect(page.locator('.ch-series')).toHaveCount(12);
  await expect(page.getByText('there are 8 more')).toBeVisible();
  await form(page).getByLabel('host').fill('h-19');
  await form(page).getByLabel('host').press('Enter');
  await expect(page.locator('.ch-series')).toHaveCount(1);
  await expect(page.getByText('more: narrow them down')).toHaveCount(0);
  await form(page).getByLabel('host').fill('h-77');
  await form(page).getByLabel('host').press('Enter');
  await expect(page.getByText('It has no series with these labels')).toBeVisible();
  await page.getByRole('link', { name: 'Without labels' }).click();
  await expect(page.locator('.ch-series')).toHaveCount(12);
});

test('a stretch is zoomed into, and what is shown is downloaded', async ({ page, board }) => {
  await board.send(...several());
  await open(page, '/explore?metric=latency&window=1h&label.host=web-1&aggregation=max');
  await expect(page.locator('.ch-line').first()).toHaveAttribute('d', /L/);
  const saved = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const download = await saved;
  const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
  expect(lines[0]).toContain('timestamp');
  expect(lines.length, 'a line a minute, below the head').toBe(31);
  expect(lines.join('\n')).toContain('web-1');
  expect(lines.join('\n')).not.toContain('web-2');

  const box = (await page.locator('.ch-plot').boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.7, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 50, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
  const { from, to, ...rest } = asked(page);
  expect(rest).toEqual({ metric: 'latency', 'label.host': 'web-1', aggregation: 'max' });
  const minutes = (Date.parse(to) - Date.parse(from)) / 60_000;
  expect(minutes).toBeGreaterThan(5);
  expect(minutes).toBeLessThan(7);
  await expect(page.locator('.foot').filter({ hasText: 'as of' }).first()).not.toContainText('read again');
  await page.getByRole('link', { name: 'zoomed; show 24h' }).click();
  await expect(page).toHaveURL(/label\.host=web-1/);
  await expect(page).not.toHaveURL(/from=/);
});

test('a new value appears by itself, and the link is copied', async ({ page, board, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await board.send(...course('orders', () => 5));
  await open(page, '/explore?metric=orders&window=15m&aggregation=max');
  await expect(page.getByText('read again every 10')).toBeVisible();
  await page.getByRole('button', { name: 'Copy link' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  await mark(page);
  await board.send(observed('orders', 77));
  await expect(page.getByRole('img', { name: /^orders, max; latest 77/ })).toBeVisible({ timeout: 25_000 });
  await unbroken(page);
});

test('a chart is pinned to a board of one’s own, and taken off again', async ({ page, board, browser }) => {
  await close(board);
  await user(board, 'olga', 'operator');
  await user(board, 'boris', 'operator');
  await board.send(...several());
  await enter(page, 'olga', '/board');
  await expect(page.getByText('Nothing is pinned to your board yet')).toBeVisible();
  await page.getByRole('link', { name: 'Explorer' }).last().click();
  await page.getByRole('link', { name: 'latency', exact: true }).click();
  await expect(legend(page)).toHaveCount(3);
  await form(page).getByLabel('zone').fill('eu');
  await form(page).getByLabel('zone').press('Enter');
  await expect(legend(page)).toHaveCount(2);
  await pin(page, 'Latency in Europe');
  await open(page, '/explore?metric=orders&window=1h&aggregation=sum');
  await pin(page, 'Orders');
  await page.getByRole('link', { name: 'Pinned to your board' }).click();
  await expect(page).toHaveURL(/\/board$/);
  await expect(page.locator('section.pin h2')).toHaveText(['Latency in Europe', 'Orders']);
  await expect(tile(page, 'Latency in Europe').locator('.ch-series .ch-line')).toHaveCount(2);
  await page.reload();
  await expect(page.locator('section.pin h2')).toHaveText(['Latency in Europe', 'Orders']);
  await expect(tile(page, 'Orders').locator('.ch-line')).toHaveAttribute('d', /L/);
  await expect(tile(page, 'Orders')).toContainText('sum of orders, last 1h');
  await expect(tile(page, 'Orders').locator('.foot')).toContainText('as of');

  // Nobody else sees it.
  const elsewhere = await browser.newContext({ baseURL: board.url });
  const other = await elsewhere.newPage();
  await enter(other, 'boris', '/board');
  await expect(other.getByText('Nothing is pinned to your board yet')).toBeVisible();
  await elsewhere.close();

  await open(page, '/board');
  await tile(page, 'Latency in Europe').getByRole('link', { name: 'Latency in Europe' }).click();
  await expect(page).toHaveURL(/\/explore\?metric=latency&label\.zone=eu$/);
  await expect(legend(page)).toHaveCount(2);
  await open(page, '/board');
  await tile(page, 'Latency in Europe').getByRole('button', { name: 'Take off Latency in Europe' }).click();
  await dialog(page).getByRole('button', { name: 'Take it off' }).click();
  await expect(page.locator('section.pin h2')).toHaveText(['Orders']);
  await page.reload();
  await expect(page.locator('section.pin h2')).toHaveText(['Orders']);
});

test('an alert rule is begun with what is shown', async ({ page, board }) => {
  await board.send(...several());
  await open(page, '/explore?metric=latency&label.host=web-1&aggregation=p95');
  await page.getByRole('link', { name: 'Alert rule' }).click();
  await expect(page).toHaveURL(/\/alerts\/rules\/new\?metric=latency/);
  await expect(page.getByLabel('Watches')).toHaveValue('metric');
  await expect(page.getByLabel('Metric', { exact: true })).toHaveValue('latency');
  await expect(page.getByLabel('Of series with')).toHaveValue(/^host=web-1\s*$/);
  await expect(page.getByLabel('Taken as')).toHaveValue('p95');
  await expect(page.getByLabel('Threshold')).toHaveValue('');
});

test('nothing was sent yet, and it is said how to', async ({ page, board }) => {
  await open(page, '/explore');
  await expect(page.getByText('No metric has been sent yet')).toBeVisible();
  await expect(page.locator('.snippet')).toContainText(`curl ${board.url}/api/v1/events`);
  await board.send(observed('orders', 1));
  await expect(page.getByRole('link', { name: 'orders', exact: true })).toBeVisible({ timeout: 25_000 });
  await expect(page.getByText('No metric has been sent yet')).toHaveCount(0);
});

test.describe('a metric that nobody knows', () => {
  test.use({ expected: NOT_FOUND });

  test('is said to be unknown', async ({ page, board }) => {
    await board.send(observed('orders', 1));
    await open(page, '/explore?metric=no-such-metric');
    await expect(page.getByRole('alert').filter({ hasText: 'no-such-metric' })).toBeVisible();
    await form(page).getByLabel('Metric').fill('orders');
    await form(page).getByLabel('Metric').press('Enter');
    await expect(figure(page, 'orders, avg')).toBeVisible();
  });
});

test.describe('whoever may not see metrics', () => {
  test.use({ expected: refused(403) });

  test('sees neither the explorer nor a board', async ({ page, board }) => {
    await close(board);
    await board.call('/api/v1/roles', { name: 'porter', permissions: ['view_projects'] });
    await user(board, 'peter', 'porter');
    await board.send(...several());
    await enter(page, 'peter', '/');
    for (const path of ['/explore?metric=latency', '/board']) {
      const sent = await html(page, path);
      expect(sent.status).toBe(403);
      expect(sent.text).not.toContain('web-1');
      await open(page, path);
      await expect(page.getByText('You may not see this page')).toBeVisible();
      await expect(card(page, 'Course')).toHaveCount(0);
    }
  });
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expected: { console: [/was preloaded using link preload but not used/] } });

  test('the explorer is a form, and the board is read', async ({ page, board }) => {
    await board.send(...several());
    await page.goto('/explore');
    await page.getByRole('link', { name: 'latency', exact: true }).click();
    await expect(legend(page)).toHaveCount(3);
    await form(page).getByLabel('zone').fill('eu');
    await form(page).getByLabel('Values of a step').selectOption('min');
    await form(page).getByRole('button', { name: 'Show' }).click();
    await expect(page).toHaveURL(/label\.zone=eu/);
    await expect(legend(page)).toHaveCount(2);
    await expect(figure(page, 'latency, min').locator('.ch-series .ch-line').first()).toHaveAttribute('d', /^M/);
    await page.getByRole('link', { name: '1h', exact: true }).click();
    await expect(page).toHaveURL(/label\.zone=eu.*window=1h/);
    await form(page).getByLabel('Series').selectOption('all as one');
    await form(page).getByRole('button', { name: 'Show' }).click();
    expect(asked(page)).toMatchObject({ window: '1h', by: '-', aggregation: 'min', 'label.zone': 'eu' });
    await expect(page.getByRole('img', { name: /^latency, min; latest 49.ms/ })).toBeVisible();

    await board.call('/api/ui/pin', { chart: { title: 'Orders', metric: 'orders', aggregation: 'avg', window: '1h' } });
    await page.goto('/board');
    await expect(tile(page, 'Orders').locator('.ch-line')).toHaveAttribute('d', /^M/);
    await expect(tile(page, 'Orders').locator('.foot')).toContainText('as of');
  });
});
